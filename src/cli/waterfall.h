/* SPDX-License-Identifier: Apache-2.0
 * cli/waterfall.h - one trace from its JSON document, as a terminal shows it: 80 columns, its
 * statements in order, repeats folded, the application's time between them. */
#ifndef CLI_WATERFALL_H
#define CLI_WATERFALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* now: wall-clock seconds, for the date. */
void waterfall_print(FILE *out, const json_t *trace, double now, bool colour);

/* "values 99.8 %", or only the basis where it is certain: how one query, or a request's weakest,
 * was tied. */
void waterfall_basis(const json_t *of, char *dst, size_t size);

#endif
