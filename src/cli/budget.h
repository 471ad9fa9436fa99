/* SPDX-License-Identifier: Apache-2.0
 * cli/budget.h - what each route may do, as a file that people review, and what requests did.
 *
 *   [GET /api/orders]
 *   queries = 4                 most in one request
 *   repeats = 1                 most executions of one statement in one request
 *   errors = 0                  requests that failed and queries that did, in all
 *   scans = 0                   statements that read a whole table of scan_rows or more
 *   scan_rows = 1000            (this where the line is missing; kept by --update)
 *   owner = shop-team           kept by --update; so is `expires`
 *   expires = 2027-03-01
 *   statement = 00f1...e2 orders by user_id
 *
 * A statement is its fingerprint; the words behind it are for people. What is measured is counts
 * alone, so the same requests give the same verdict. Both are JSON objects by route, with the
 * members above (statements: words by fingerprint); `line` is where the file names the route. What
 * is measured has `scanned` in place of scans: {table, rows} of the largest by fingerprint, and no
 * such member where nobody could tell. */
#ifndef CLI_BUDGET_H
#define CLI_BUDGET_H

#include <jansson.h>
#include <stdio.h>

#include "base/check.h"

#define BUDGET_LINE_MAX   2048
#define BUDGET_ROUTES_MAX 2000u
#define BUDGET_BYTES_MAX  (8u * 1024 * 1024)
#define BUDGET_SCAN_ROWS  1000 /* a smaller table is as well read as a whole */

/* NULL: it says on stderr what is wrong, with the line. */
json_t *budget_read(const char *verb, const char *path);

/* Routes and statements in order of their text, so that a change is a small diff. */
void budget_print(FILE *out, const json_t *budget);

/* Adds one line of a request log (its JSON) to what was measured. */
void budget_measure(json_t *measured, const json_t *request);

/* What the plans of the statements say, as scans_find (advisor/scans.h) has it with `fingerprint`:
 * each route gets `scanned`. */
void budget_measure_scans(json_t *measured, const json_t *statements);

/* Is there a limit of scans for a route that was measured? */
bool budget_limits_scans(const json_t *budget, const json_t *measured);

/* What goes beyond: [{route, rule, allowed, seen, what, line}]; rule: queries, repeats, errors,
 * scans, statement (a new one) or route (it has no budget). */
json_t *budget_verdict(const json_t *budget, const json_t *measured);

/* What was measured becomes the budget of its routes; others stay. */
void budget_accept(json_t *budget, const json_t *measured);

/* Keys in order of their text; the caller frees the array, the texts are the object's. */
const char **budget_sorted_keys(const json_t *object, size_t *ret_count);

#endif
