/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/facts.h - what only some windows have: the columns behind those that all have.
 *
 *   facts   {"errors":{"deadlock":3},"oldest_ms":25000}; empty: none of it
 *   bytes, ... as model/window_amount.tbl has them; NULL: nobody knows
 *   plan    the shape of the plan that was learned in it; empty: none was */
#ifndef STORE_SQLITE_FACTS_H
#define STORE_SQLITE_FACTS_H

#include <sqlite3.h>

#include "model/stored.h"

/* As a SELECT and an INSERT of them write it. */
#define FACTS_COLUMNS       "facts, bytes, requests_repeating, same_value_calls, rows_read, lock_ms, plan"
#define FACTS_COLUMNS_COUNT ((int)WINDOW_AMOUNT_COUNT + 2)

#define FACTS_MAX 512u

/* Binds them to the parameters from `at` on. */
void facts_bind(sqlite3_stmt *s, int at, const struct stored_window *w);

/* Adds what stands in the columns from `at` on; the plan is borrowed from the row, and stays as it
 * is where there is none. */
void facts_add_columns(sqlite3_stmt *s, int at, struct stored_window *w);

/* The text, which is dst's or empty. */
struct slice facts_write(const struct stored_window *w, char dst[FACTS_MAX]);

/* Adds its counts to the window's; the older age stays. What cannot be read is nothing. */
void facts_add(struct slice text, struct stored_window *w);

#endif
