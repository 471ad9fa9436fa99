/* SPDX-License-Identifier: Apache-2.0
 * advisor/statistics.h - what the catalog knows about tables, columns and indexes.
 *
 * Each function is one or two catalog queries on an open session. Names are checked against the
 * catalog by the server; nothing is pasted into SQL. */
#ifndef ADVISOR_STATISTICS_H
#define ADVISOR_STATISTICS_H

#include "advisor/login.h"
#include "advisor/names.h"

#define STATISTICS_INDEXES_MAX 40

/* pg_class's estimate of the rows and the bytes of the heap. 0 or -ENOENT. */
MUST_CHECK int statistics_table(struct login *s, const char *schema, const char *table,
                                double *ret_rows, double *ret_bytes);

struct statistics_column {
    double distinct; /* values; 0: not known */
    double width;    /* bytes */
};
/* Defaults (0 and 8) where there are no statistics or no right to read them. */
void statistics_column(struct login *s, const char *schema, const char *table, const char *column,
                       double table_rows, struct statistics_column *ret_column);

/* Whether the first columns of a valid, complete index are these, in this order (any_order false)
 * or in any; ret_name gets its name. */
bool statistics_is_indexed(struct login *s, const char *schema, const char *table,
                           const struct names *columns, bool any_order, char *ret_name,
                           size_t name_size);

/* The valid indexes of these tables, at most STATISTICS_INDEXES_MAX of them: a new array of
 * {table, name, columns, unique, partial}; "(expression)" for a column that is one. */
json_t *statistics_indexes(struct login *s, const struct names *tables);

/* schema.table as the session sees the name; "" when there is none. */
void statistics_resolve(struct login *s, const char *name, char *dst, size_t size);

/* The answer to "tables", without those that there are not; of 64 tables at most. A new array. */
json_t *statistics_counters(struct login *s, const json_t *names);

/* {schema, table, column}, or NULL. */
json_t *statistics_attribute(struct login *s, json_int_t table_oid, json_int_t attnum);

#endif
