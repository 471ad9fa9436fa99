/* SPDX-License-Identifier: Apache-2.0
 * advisor/names.h - a short list of names without repetition. Plain data; what does not fit is left
 * out. */
#ifndef ADVISOR_NAMES_H
#define ADVISOR_NAMES_H

#include <jansson.h>

#include "base/check.h"

#define NAMES_MAX     32
#define NAMES_LEN_MAX 132

struct names {
    unsigned count;
    char name[NAMES_MAX][NAMES_LEN_MAX];
};

void names_add(struct names *n, const char *name);
bool names_has(const struct names *n, const char *name);

/* A new JSON array. */
json_t *names_to_json(const struct names *n);

#endif
