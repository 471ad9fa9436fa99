/* SPDX-License-Identifier: Apache-2.0
 * model/error_class.h - classes of failure (error_class.tbl), from SQLSTATEs and by name.
 *
 * Pure; any thread. */
#ifndef MODEL_ERROR_CLASS_H
#define MODEL_ERROR_CLASS_H

#include <stdbool.h>

#include "base/slice.h"

enum error_class {
#define ERROR_CLASS(name, text, doc) ERROR_CLASS_##name,
#include "model/error_class.tbl"
#undef ERROR_CLASS
    ERROR_CLASS_COUNT
};

/* Static. */
const char *error_class_name(enum error_class c);
const char *error_class_doc(enum error_class c);

/* No waiting brings it about, and no time is lost by it. */
bool error_class_is_by_itself(enum error_class c);

/* ERROR_CLASS_COUNT: no such name. */
enum error_class error_class_by_name(struct slice name);

/* Five characters as the wire has them; anything else is OTHER. */
enum error_class error_class_of_sqlstate(struct slice sqlstate);

#endif
