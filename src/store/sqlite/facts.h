/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/facts.h - what few windows have, as the JSON of one column:
 * {"errors":{"deadlock":3},"oldest_ms":25000}. Empty: none of it. Pure. */
#ifndef STORE_SQLITE_FACTS_H
#define STORE_SQLITE_FACTS_H

#include "model/stored.h"

#define FACTS_MAX 512u

/* The text, which is dst's or empty. */
struct slice facts_write(const struct stored_window *w, char dst[FACTS_MAX]);

/* Adds its counts to the window's; the older age stays. What cannot be read is nothing. */
void facts_add(struct slice text, struct stored_window *w);

#endif
