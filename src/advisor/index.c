/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/index.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advisor/quote.h"
#include "advisor/statistics.h"

struct candidate {
    const struct plan_scan *scan;
    struct names columns;
    double cost;   /* of the whole plan with it */
    json_t *nodes; /* that plan's, where it helps */
    bool helps;
    bool only_equal; /* the order of its columns is free */
};

const struct plan_scan *
index_worst_scan(const struct plan *plan)
{
    const struct plan_scan *worst = NULL;
    for (unsigned i = 0; i < plan->scan_count; i++) {
        const struct plan_scan *s = &plan->scan[i];
        if (s->is_sequential && (worst == NULL || s->table_rows - s->rows_returned >
                                                      worst->table_rows - worst->rows_returned)) {
            worst = s;
        }
    }
    return worst;
}

/* --- Candidates ----------------------------------------------------------------------------- */

struct candidates {
    unsigned count;
    bool some_exist;
    char unused[INDEX_NAME_LEN];
    struct candidate list[INDEX_CANDIDATES_MAX];
};

static bool
same_columns(const struct names *a, const struct names *b)
{
    bool same = a->count == b->count;
    for (unsigned i = 0; same && i < a->count; i++) {
        same = strcmp(a->name[i], b->name[i]) == 0;
    }
    return same;
}

static void
add(struct candidates *all, struct login *s, const struct plan_scan *scan,
    const struct names *first, unsigned first_count, const struct names *second,
    unsigned second_count, bool only_equal)
{
    struct candidate c = {.scan = scan, .only_equal = only_equal};
    char existing[INDEX_NAME_LEN] = "";
    for (unsigned i = 0; i < MIN(first->count, first_count); i++) {
        if (c.columns.count < INDEX_WIDTH_MAX) {
            names_add(&c.columns, first->name[i]);
        }
    }
    for (unsigned i = 0; second != NULL && i < MIN(second->count, second_count); i++) {
        if (c.columns.count < INDEX_WIDTH_MAX) {
            names_add(&c.columns, second->name[i]);
        }
    }
    if (c.columns.count == 0 || all->count == INDEX_CANDIDATES_MAX) {
        return;
    }
    for (unsigned i = 0; i < all->count; i++) {
        if (all->list[i].scan == scan && same_columns(&all->list[i].columns, &c.columns)) {
            return;
        }
    }
    if (statistics_is_indexed(s, scan->schema, scan->table, &c.columns, only_equal, existing,
                              sizeof(existing))) {
        all->some_exist = true;
        if (scan->is_sequential) {
            memcpy(all->unused, existing, sizeof(existing));
        }
        return;
    }
    all->list[all->count++] = c;
}

/* Most distinct first: the best order when one of them must lead. */
static void
sort_by_distinct(struct login *s, const struct plan_scan *scan, struct names *columns)
{
    double distinct[NAMES_MAX];
    for (unsigned i = 0; i < columns->count; i++) {
        struct statistics_column c;
        statistics_column(s, scan->schema, scan->table, columns->name[i], scan->table_rows, &c);
        distinct[i] = c.distinct;
    }
    for (unsigned i = 1; i < columns->count; i++) {
        for (unsigned k = i; k > 0 && distinct[k] > distinct[k - 1]; k--) {
            double d = distinct[k];
            char name[NAMES_LEN_MAX];
            distinct[k] = distinct[k - 1];
            distinct[k - 1] = d;
            memcpy(name, columns->name[k], NAMES_LEN_MAX);
            memcpy(columns->name[k], columns->name[k - 1], NAMES_LEN_MAX);
            memcpy(columns->name[k - 1], name, NAMES_LEN_MAX);
        }
    }
}

static void
add_of_scan(struct candidates *all, struct login *s, const struct plan_scan *scan)
{
    struct names equal = scan->equal;
    equal.count = MIN(equal.count, 6);
    sort_by_distinct(s, scan, &equal);
    add(all, s, scan, &equal, 1, NULL, 0, true);
    add(all, s, scan, &scan->join, 1, NULL, 0, true);
    add(all, s, scan, &equal, 2, NULL, 0, true);
    add(all, s, scan, &equal, 3, NULL, 0, true);
    add(all, s, scan, &equal, 2, &scan->range, 1, false);
    add(all, s, scan, &equal, 2, &scan->order, 2, false);
    add(all, s, scan, &scan->join, 1, &equal, 2, true);
    add(all, s, scan, &scan->range, 1, NULL, 0, false);
    add(all, s, scan, &scan->order, 2, NULL, 0, false);
}

/* --- Trying --------------------------------------------------------------------------------- */

static void
ddl_of(const struct candidate *c, const char *lead, char *dst, size_t size)
{
    char name[140];
    size_t len = (size_t)snprintf(dst, size, "%s ", lead);
    len += strlen(quote_identifier(c->scan->schema, dst + len, size - len));
    len += (size_t)snprintf(dst + len, size - len, ".");
    len += strlen(quote_identifier(c->scan->table, dst + len, size - len));
    for (unsigned i = 0; i < c->columns.count && len < size; i++) {
        len += (size_t)snprintf(dst + len, size - len, "%s%s", i == 0 ? " (" : ", ",
                                quote_identifier(c->columns.name[i], name, sizeof(name)));
    }
    snprintf(dst + MIN(len, size - 1), size - MIN(len, size - 1), ")");
}

static void
reset(struct login *s)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "SELECT %shypopg_reset()", s->hypopg);
    AUTO_RESULT PGresult *r = login_query(s, sql, 0, NULL, NULL);
}

/* Plans with the candidate as a hypothetical index. */
static void
try_one(struct explain *e, const struct plan *plan, struct candidate *c)
{
    char sql[256];
    char ddl[768];
    struct login *s = e->login;
    snprintf(sql, sizeof(sql), "SELECT indexname FROM %shypopg_create_index($1)", s->hypopg);
    ddl_of(c, "CREATE INDEX ON", ddl, sizeof(ddl));
    const char *const values[] = {ddl};
    AUTO_RESULT PGresult *r = login_query(s, sql, 1, values, NULL);
    json_t *with = r != NULL && PQntuples(r) == 1 ? explain_run(e) : NULL;
    struct plan after;
    if (with != NULL && plan_read(with, &after) == 0) {
        double node = plan_index_cost(with, c->scan->alias, PQgetvalue(r, 0, 0));
        c->cost = after.cost;
        bool whole = after.cost * INDEX_GAIN <= plan->cost;
        bool part =
            node * INDEX_GAIN <= c->scan->cost && after.cost <= plan->cost * (1 - INDEX_PART);
        c->helps = node >= 0 && (whole || part);
        c->nodes = c->helps ? plan_nodes(with) : NULL;
    }
    json_decref(with);
    reset(s);
}

static struct candidate *
choose(struct candidates *all)
{
    struct candidate *best = NULL;
    for (unsigned i = 0; i < all->count; i++) {
        struct candidate *c = &all->list[i];
        if (c->helps && (best == NULL || c->cost < best->cost)) {
            best = c;
        }
    }
    struct candidate *narrow = best;
    for (unsigned i = 0; best != NULL && i < all->count; i++) {
        struct candidate *c = &all->list[i];
        bool near = c->helps && c->cost <= best->cost * 1.1;
        if (near && c->columns.count < narrow->columns.count) {
            narrow = c;
        }
    }
    return narrow;
}

/* Without HypoPG: a scan that reads much and keeps little would gain, if nothing else matters. */
static struct candidate *
suspect(struct candidates *all, const struct plan *plan)
{
    for (unsigned i = 0; i < all->count; i++) {
        struct candidate *c = &all->list[i];
        const struct plan_scan *s = c->scan;
        if (c->only_equal && s->is_sequential && s->table_rows >= INDEX_ROWS_MIN &&
            s->rows_returned <= s->table_rows * INDEX_SELECTIVE) {
            /* a descent, then one page read at random for each row (random_page_cost 4) */
            double scan_cost = 4.0 * (2 + s->rows_returned);
            c->cost = plan->cost - s->cost + MIN(scan_cost, s->cost);
            return c;
        }
    }
    return NULL;
}

/* --- Estimates ------------------------------------------------------------------------------ */

static json_t *
to_json(struct login *s, const struct candidate *c, const char *evidence, double cost_before)
{
    double rows = MAX(c->scan->table_rows, 1);
    double key = 0;
    double groups = 1;
    char ddl[768];
    for (unsigned i = 0; i < c->columns.count; i++) {
        struct statistics_column column;
        statistics_column(s, c->scan->schema, c->scan->table, c->columns.name[i], rows, &column);
        key += column.width;
        groups *= column.distinct > 0 ? column.distinct : rows;
    }
    key = ceil(key / 8) * 8;
    groups = MIN(groups, rows);
    bool shares = groups < rows / 2; /* equal keys share one entry */
    double size = (shares ? groups * (8 + key) + 6 * rows : rows * (8 + key + 4)) / 0.9;
    double build_ms = c->scan->table_bytes / 400e3 + rows * log2(rows + 1) * 25e-6 + size / 200e3;
    double write_us = 4 + 2 * ceil(log(rows + 1) / log(250));
    ddl_of(c, "CREATE INDEX CONCURRENTLY ON", ddl, sizeof(ddl));
    json_t *columns = names_to_json(&c->columns);
    json_t *nodes = c->nodes == NULL ? json_null() : json_incref(c->nodes);
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:f, s:f, s:f, s:f, s:f, s:o}", "evidence",
                     evidence, "schema", c->scan->schema, "table", c->scan->table, "columns",
                     columns, "ddl", ddl, "cost_before", cost_before, "cost_after", c->cost,
                     "build_ms", round(build_ms), "size_bytes", round(size), "write_us", write_us,
                     "nodes", nodes);
}

json_t *
index_advise(struct explain *e, const struct plan *plan, const char **ret_reason,
             char ret_unused[INDEX_NAME_LEN])
{
    struct candidates *all = check_alloc(1, sizeof(*all));
    struct login *s = e->login;
    bool proves = s->hypopg[0] != '\0';
    for (unsigned i = 0; i < plan->scan_count; i++) {
        const struct plan_scan *scan = &plan->scan[i];
        if (scan->is_sequential || scan->has_filter) {
            add_of_scan(all, s, scan);
        }
    }
    memcpy(ret_unused, all->unused, INDEX_NAME_LEN);
    struct candidate *chosen = NULL;
    if (all->count == 0) {
        *ret_reason = all->some_exist ? "an index on these columns exists; the planner does not "
                                        "use it for these values"
                                      : "no predicate that an index could serve";
    } else if (!proves) {
        chosen = suspect(all, plan);
        *ret_reason = "HypoPG is not there to prove it, and the statistics do not suggest it";
    } else {
        reset(s);
        for (unsigned i = 0; i < all->count && e->budget->tokens >= 1; i++) {
            try_one(e, plan, &all->list[i]);
        }
        chosen = choose(all);
        *ret_reason = "no candidate lowers the planned cost enough";
    }
    bool certain = proves && e->path.doubt[0] == '\0';
    json_t *answer =
        chosen == NULL ? NULL : to_json(s, chosen, certain ? "proved" : "suspected", plan->cost);
    if (answer != NULL && e->path.doubt[0] != '\0') {
        json_object_set_new(answer, "doubt", json_string(e->path.doubt));
    }
    for (unsigned i = 0; i < all->count; i++) {
        json_decref(all->list[i].nodes);
    }
    free(all);
    return answer;
}
