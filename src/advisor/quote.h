/* SPDX-License-Identifier: Apache-2.0
 * advisor/quote.h - identifiers as SQL text. Pure. */
#ifndef ADVISOR_QUOTE_H
#define ADVISOR_QUOTE_H

#include <stddef.h>

/* In double quotes unless it is plain lower case and no reserved word. Cut to size. Returns dst. */
char *quote_identifier(const char *name, char *dst, size_t size);

#endif
