/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/statistics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As a parameter of json_array_elements_text; the caller owns it. */
static char *
names_parameter(const struct names *names)
{
    json_t *list = names_to_json(names);
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text;
}

int
statistics_table(struct login *s, const char *schema, const char *table, double *ret_rows,
                 double *ret_bytes)
{
    const char *const values[] = {schema, table};
    AUTO_RESULT PGresult *r = login_query(
        s,
        "SELECT greatest(c.reltuples, 0), pg_relation_size(c.oid) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
        2, values, NULL);
    if (r == NULL || PQntuples(r) != 1) {
        return -ENOENT;
    }
    *ret_rows = strtod(PQgetvalue(r, 0, 0), NULL);
    *ret_bytes = strtod(PQgetvalue(r, 0, 1), NULL);
    return 0;
}

void
statistics_column(struct login *s, const char *schema, const char *table, const char *column,
                  double table_rows, struct statistics_column *ret_column)
{
    const char *const values[] = {schema, table, column};
    AUTO_RESULT PGresult *r =
        login_query(s,
                    "SELECT n_distinct, avg_width FROM pg_stats "
                    "WHERE schemaname = $1 AND tablename = $2 AND attname = $3",
                    3, values, NULL);
    *ret_column = (struct statistics_column){0, 8};
    if (r == NULL || PQntuples(r) < 1) {
        return;
    }
    double distinct = strtod(PQgetvalue(r, 0, 0), NULL);
    ret_column->distinct = distinct < 0 ? -distinct * table_rows : distinct;
    ret_column->width = strtod(PQgetvalue(r, 0, 1), NULL);
}

bool
statistics_is_indexed(struct login *s, const char *schema, const char *table,
                      const struct names *columns, bool any_order, char *ret_name, size_t name_size)
{
    char *text = names_parameter(columns);
    const char *const values[] = {schema, table, text, any_order ? "t" : "f"};
    AUTO_RESULT PGresult *r = login_query(
        s,
        "WITH wanted AS (SELECT array_agg(v ORDER BY o) AS cols "
        "  FROM json_array_elements_text($3::json) WITH ORDINALITY AS e(v, o)), "
        "have AS (SELECT ic.relname AS name, "
        "  (SELECT array_agg(a.attname::text ORDER BY k.o) "
        "     FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, o) "
        "     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
        "    WHERE k.o <= least(cardinality(wanted.cols), i.indnkeyatts)) AS cols "
        "  FROM wanted, pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid "
        "  JOIN pg_am am ON am.oid = ic.relam AND am.amname = 'btree' "
        "  JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace "
        "  WHERE n.nspname = $1 AND t.relname = $2 AND i.indisvalid AND i.indpred IS NULL) "
        "SELECT have.name FROM have, wanted WHERE have.cols = wanted.cols "
        "  OR ($4::bool AND have.cols @> wanted.cols AND have.cols <@ wanted.cols) LIMIT 1",
        4, values, NULL);
    free(text);
    bool found = r != NULL && PQntuples(r) == 1;
    if (found) {
        snprintf(ret_name, name_size, "%s", PQgetvalue(r, 0, 0));
    }
    return found;
}

json_t *
statistics_indexes(struct login *s, const struct names *tables)
{
    char *text = names_parameter(tables);
    const char *const values[] = {text};
    AUTO_RESULT PGresult *r = login_query(
        s,
        "SELECT w.name, ic.relname, i.indisunique, i.indpred IS NOT NULL, "
        "(SELECT json_agg(coalesce(a.attname::text, '(expression)') ORDER BY k.o)::text "
        "   FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, o) "
        "   LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
        "     AND k.attnum > 0 WHERE k.o <= i.indnkeyatts) "
        "FROM json_array_elements_text($1::json) WITH ORDINALITY AS w(name, o) "
        "JOIN pg_index i ON i.indrelid = to_regclass(w.name) AND i.indisvalid "
        "JOIN pg_class ic ON ic.oid = i.indexrelid ORDER BY w.o, ic.relname LIMIT 40",
        1, values, NULL);
    free(text);
    json_t *list = json_array();
    for (int i = 0; r != NULL && i < PQntuples(r); i++) {
        json_t *columns = json_loads(PQgetvalue(r, i, 4), 0, NULL);
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b, s:o}", "table",
                                              PQgetvalue(r, i, 0), "name", PQgetvalue(r, i, 1),
                                              "unique", PQgetvalue(r, i, 2)[0] == 't', "partial",
                                              PQgetvalue(r, i, 3)[0] == 't', "columns",
                                              columns == NULL ? json_array() : columns));
    }
    return list;
}

void
statistics_resolve(struct login *s, const char *name, char *dst, size_t size)
{
    const char *const values[] = {name};
    AUTO_RESULT PGresult *r = login_query(
        s,
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = "
        "coalesce(to_regclass($1)::oid, "
        "(SELECT min(k.oid) FROM pg_class k JOIN pg_namespace m ON m.oid = k.relnamespace "
        "WHERE k.relname = (parse_ident($1))[1] AND array_length(parse_ident($1), 1) = 1 "
        "AND k.relkind IN ('r', 'p', 'v', 'm', 'f') AND m.nspname !~ '^pg_' "
        "AND m.nspname <> 'information_schema' HAVING count(*) = 1))",
        1, values, NULL);
    snprintf(dst, size, "%s", r != NULL && PQntuples(r) == 1 ? PQgetvalue(r, 0, 0) : "");
}

json_t *
statistics_counters(struct login *s, const json_t *names)
{
    static const char *const keys[] = {"rows",     "bytes",       "inserted",
                                       "updated",  "deleted",     "seq_scans",
                                       "seq_rows", "index_scans", "index_rows"};
    char *text = json_dumps(names, JSON_COMPACT);
    const char *const values[] = {text};
    AUTO_RESULT PGresult *r = login_query(
        s,
        "SELECT w.name, greatest(c.reltuples, 0)::bigint, pg_relation_size(c.oid), "
        "coalesce(t.n_tup_ins, 0), coalesce(t.n_tup_upd, 0), coalesce(t.n_tup_del, 0), "
        "coalesce(t.seq_scan, 0), coalesce(t.seq_tup_read, 0), coalesce(t.idx_scan, 0), "
        "coalesce(t.idx_tup_fetch, 0) FROM json_array_elements_text($1::json) AS w(name) "
        /* One that is no name at all would be an error. */
        "JOIN pg_class c ON c.oid = CASE WHEN w.name ~ "
        "'^(\"[^\"]+\"|[^\".\\s]+)(\\.(\"[^\"]+\"|[^\".\\s]+))?$' THEN to_regclass(w.name) END "
        "LEFT JOIN pg_stat_user_tables t ON t.relid = c.oid LIMIT 64",
        1, values, NULL);
    free(text);
    json_t *list = json_array();
    for (int i = 0; r != NULL && i < PQntuples(r); i++) {
        json_t *o = json_pack("{s:s}", "name", PQgetvalue(r, i, 0));
        for (int k = 0; k < (int)ARRAY_LEN(keys); k++) {
            json_object_set_new(o, keys[k],
                                json_integer(strtoll(PQgetvalue(r, i, k + 1), NULL, 10)));
        }
        json_array_append_new(list, o);
    }
    return list;
}

json_t *
statistics_attribute(struct login *s, json_int_t table_oid, json_int_t attnum)
{
    char oid[24];
    char number[24];
    snprintf(oid, sizeof(oid), "%lld", (long long)table_oid);
    snprintf(number, sizeof(number), "%lld", (long long)attnum);
    const char *const values[] = {oid, number};
    AUTO_RESULT PGresult *r = login_query(
        s,
        "SELECT n.nspname, c.relname, a.attname FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE a.attrelid = $1::bigint::oid AND a.attnum = $2::int AND a.attnum > 0",
        2, values, NULL);
    if (r == NULL || PQntuples(r) != 1) {
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s}", "schema", PQgetvalue(r, 0, 0), "table", PQgetvalue(r, 0, 1),
                     "column", PQgetvalue(r, 0, 2));
}
