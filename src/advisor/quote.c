/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/quote.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

/* PostgreSQL 15's reserved words, and those that may not be a column's or table's name. */
static const char reserved[] =
    " all analyse analyze and any array as asc asymmetric authorization between bigint binary bit "
    "boolean both case cast char character check coalesce collate collation column concurrently "
    "constraint create cross current_catalog current_date current_role current_schema current_time "
    "current_timestamp current_user dec decimal default deferrable desc distinct do else end "
    "except exists extract false fetch float for foreign freeze from full grant greatest group "
    "grouping having ilike in initially inner inout int integer intersect interval into is isnull "
    "join lateral leading least left like limit localtime localtimestamp national natural nchar "
    "none normalize not notnull null nullif numeric offset on only or order out outer overlaps "
    "overlay placing position precision primary real references returning right row select "
    "login_user setof similar smallint some substring symmetric table tablesample then time "
    "timestamp to trailing treat trim true union unique user using values varchar variadic verbose "
    "when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces "
    "xmlparse xmlpi xmlroot xmlserialize xmltable ";

static bool
is_plain(const char *name)
{
    char padded[68];
    size_t len = strlen(name);
    if (len == 0 || len > 63 || (name[0] >= '0' && name[0] <= '9')) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    padded[0] = ' ';
    memcpy(padded + 1, name, len);
    padded[len + 1] = ' ';
    padded[len + 2] = '\0';
    return strstr(reserved, padded) == NULL;
}

char *
quote_identifier(const char *name, char *dst, size_t size)
{
    size_t at = 0;
    bool plain = is_plain(name);
    if (size == 0) {
        return dst;
    }
    if (!plain && at + 1 < size) {
        dst[at++] = '"';
    }
    for (const char *c = name; *c != '\0' && at + 3 < size; c++) {
        if (*c == '"') {
            dst[at++] = '"';
        }
        dst[at++] = *c;
    }
    if (!plain && at + 1 < size) {
        dst[at++] = '"';
    }
    dst[at] = '\0';
    return dst;
}

char *
quote_qualified(const char *schema, const char *table, char dst[QUOTE_QUALIFIED_SIZE])
{
    size_t len = strlen(quote_identifier(schema, dst, QUOTE_IDENTIFIER_SIZE));
    dst[len++] = '.';
    (void)quote_identifier(table, dst + len, QUOTE_IDENTIFIER_SIZE);
    return dst;
}
