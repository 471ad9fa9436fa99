/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/shed.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"

struct shed {
    struct map by_statement;
    struct map by_route;
    struct intake_folded statements[SHED_MAX + 1];
    struct intake_folded_route routes[SHED_MAX + 1];
    size_t statement_count;
    size_t route_count;
    uint64_t traces;
};

struct shed *
shed_new(void)
{
    struct shed *s = check_alloc(1, sizeof(*s));
    map_init(&s->by_statement, SHED_MAX + 1);
    map_init(&s->by_route, SHED_MAX + 1);
    return s;
}

void
shed_free(struct shed **shed)
{
    if (*shed != NULL) {
        map_fini(&(*shed)->by_statement);
        map_fini(&(*shed)->by_route);
        free(*shed);
        *shed = NULL;
    }
}

static struct intake_folded *
statement_sum(struct shed *s, uint64_t fingerprint, uint32_t database)
{
    uint64_t key = hash_combine(fingerprint, database);
    struct intake_folded *sum = map_get(&s->by_statement, key);
    if (sum != NULL) {
        return sum;
    }
    if (s->statement_count >= SHED_MAX && fingerprint != 0) {
        return statement_sum(s, 0, 0);
    }
    sum = &s->statements[s->statement_count++];
    *sum = (struct intake_folded){.fingerprint = fingerprint, .database = database};
    int full = map_put(&s->by_statement, key, sum);
    assert(full == 0);
    return sum;
}

static struct intake_folded_route *
route_sum(struct shed *s, uint32_t route)
{
    struct intake_folded_route *sum = map_get(&s->by_route, route);
    if (sum != NULL) {
        return sum;
    }
    if (s->route_count >= SHED_MAX && route != TRACE_ROUTE_UNLINKED) {
        return route_sum(s, TRACE_ROUTE_UNLINKED);
    }
    sum = &s->routes[s->route_count++];
    *sum = (struct intake_folded_route){.route = route};
    int full = map_put(&s->by_route, route, sum);
    assert(full == 0);
    return sum;
}

void
shed_trace(struct shed *s, struct trace **trace)
{
    const struct trace *t = *trace;
    s->traces++;
    if (t->route != TRACE_ROUTE_UNLINKED) {
        struct intake_folded_route *r = route_sum(s, t->route);
        r->requests++;
        r->errors += t->status >= 500;
        r->time_ns += t->end_ns - t->start_ns;
    }
    for (uint32_t i = 0; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        struct intake_folded *sum = statement_sum(s, q->fingerprint, q->database);
        sum->calls++;
        sum->errors += (q->flags & QUERY_ERROR) != 0;
        sum->rows += q->rows;
        sum->time_ns += trace_query_cost_ns(q);
    }
    if (t->queries_folded > 0) {
        struct intake_folded *sum = statement_sum(s, 0, 0);
        sum->calls += t->queries_folded;
        sum->time_ns += t->folded_ns;
    }
    trace_free(trace);
}

void
shed_flush(struct shed *s, struct intake *in, uint64_t now_ns)
{
    while (s->statement_count > 0) {
        struct intake_folded *sum = &s->statements[s->statement_count - 1];
        struct intake_item *item = intake_item_new(INTAKE_FOLDED, now_ns, 0, NULL);
        item->folded = *sum;
        if (intake_put(in, &item) != 0) {
            intake_item_free(&item);
            return;
        }
        map_remove(&s->by_statement, hash_combine(sum->fingerprint, sum->database));
        s->statement_count--;
    }
    while (s->route_count > 0) {
        struct intake_folded_route *sum = &s->routes[s->route_count - 1];
        struct intake_item *item = intake_item_new(INTAKE_FOLDED_ROUTE, now_ns, 0, NULL);
        item->folded_route = *sum;
        if (intake_put(in, &item) != 0) {
            intake_item_free(&item);
            return;
        }
        map_remove(&s->by_route, sum->route);
        s->route_count--;
    }
}

uint64_t
shed_count(const struct shed *s)
{
    return s->traces;
}
