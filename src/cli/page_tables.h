/* SPDX-License-Identifier: Apache-2.0
 * cli/page_tables.h - the two tables of an incident's page: what changed, and what helps.
 *
 * A figure that an error is known of has it behind it: "338.0 ± 12.1", half of the 95 % interval;
 * on a page that is too narrow for that it stands alone. Widths are in columns. Pure but for
 * `out`. */
#ifndef CLI_PAGE_TABLES_H
#define CLI_PAGE_TABLES_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

void page_print_changes(FILE *out, const json_t *incident, size_t page_width);
void page_print_actions(FILE *out, const json_t *incident, size_t page_width);

/* What a column is wide, where `right` has to stand beside it on a page of this width. */
size_t page_column(size_t wanted, size_t right, size_t page_width);

#endif
