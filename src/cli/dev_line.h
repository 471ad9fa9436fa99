/* SPDX-License-Identifier: Apache-2.0
 * cli/dev_line.h - one request in one line, and many in a summary, as `slowburn dev` prints them.
 *
 *   GET /api/orders 200 388 ms · 23 queries, 21 the same shape ⚠ items by order_id · 1 table scan
 */
#ifndef CLI_DEV_LINE_H
#define CLI_DEV_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* request: a line of the request log; `scans` as dev_scans.h has it. number: what it is called; 0:
 * it has none. */
void dev_line_print(FILE *out, const json_t *request, unsigned number, bool colour);

/* measured: as budget.h has it, with `total_ms` in each route. */
void dev_summary_print(FILE *out, const json_t *measured, bool colour);

#endif
