/* SPDX-License-Identifier: Apache-2.0
 * cli/page.h - one incident as the page that is read at 3 a.m., from its JSON document.
 *
 * Everything on it comes from the document (doc/api.md); what is missing there is left out here.
 * `now` is wall-clock seconds, for "open 3 m 20 s". `width` is that of the terminal, which nothing
 * is wider than from 60 columns on; 0: there is none, and lines are as long as they are. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <jansson.h>
#include <stdio.h>

void page_print(FILE *out, const json_t *incident, double now, size_t width);

/* One line, for the list. */
void page_print_line(FILE *out, const json_t *incident, double now);

#endif
