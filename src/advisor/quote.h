/* SPDX-License-Identifier: Apache-2.0
 * advisor/quote.h - identifiers as SQL text. Pure. */
#ifndef ADVISOR_QUOTE_H
#define ADVISOR_QUOTE_H

#include <stddef.h>

/* What surely holds one of PostgreSQL's 63 bytes, whatever they are, and schema.table of two. */
#define QUOTE_IDENTIFIER_SIZE (2 * 63 + 3)
#define QUOTE_QUALIFIED_SIZE  (2 * QUOTE_IDENTIFIER_SIZE)

/* In double quotes unless it is plain lower case and no reserved word. Cut to size. Returns dst. */
char *quote_identifier(const char *name, char *dst, size_t size);
char *quote_qualified(const char *schema, const char *table, char dst[QUOTE_QUALIFIED_SIZE]);

#endif
