/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/report/trace.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/iso_time.h"
#include "model/json_text.h"
#include "proto/http/http_head.h"

static json_t *
ms_json(uint64_t ns)
{
    return json_real(round(clock_ns_to_ms(ns) * 1000) / 1000);
}

static json_t *
share_json(float probability)
{
    return json_real(round((double)probability * 10000) / 10000);
}

static json_t *
span_json(const uint8_t id[8])
{
    char hex[17];
    for (unsigned i = 0; i < 8; i++) {
        snprintf(hex + i * 2, 3, "%02x", id[i]);
    }
    return json_string(hex);
}

static json_t *
summary_json(const struct watch *w, const struct sample *s, const char *time_key,
             const struct wall_clock *clock)
{
    char hex[33];
    char at[ISO_TIME_SIZE];
    for (unsigned i = 0; i < 16; i++) {
        snprintf(hex + i * 2, 3, "%02x", s->trace_id[i]);
    }
    iso_time_write(wall_clock_of(clock, s->start_ns), at);
    json_t *o = json_object();
    bool is_request = s->status != 0;
    json_object_set_new(o, "trace_id", json_string(hex));
    json_object_set_new(o, "route", json_text(slice_from_str(w->text)));
    json_object_set_new(o, "route_basis", json_string(route_basis_name(w->basis)));
    json_object_set_new(o, "method",
                        is_request ? json_string(http_method_name(s->method)) : json_null());
    json_object_set_new(o, "status", is_request ? json_integer(s->status) : json_null());
    json_object_set_new(o, "failed", json_boolean(s->has_failed));
    json_object_set_new(o, time_key, json_string(at));
    json_object_set_new(o, "duration_ms", ms_json(s->end_ns - s->start_ns));
    json_object_set_new(o, "db_ms", ms_json(s->query_ns));
    json_object_set_new(o, "app_ms", ms_json(s->app_ns));
    json_object_set_new(o, "queries", json_integer(s->queries));
    json_object_set_new(o, "unlinked_sessions", json_integer(s->unlinked_sessions));
    json_object_set_new(o, "basis",
                        s->queries == 0 ? json_null()
                                        : json_string(link_basis_name((enum link_basis)s->basis)));
    json_object_set_new(o, "probability", share_json(s->probability));
    return o;
}

static json_t *
kept_json(const struct watch *w, const struct sample *s, enum sampler_reason reason,
          const struct wall_clock *clock)
{
    json_t *o = summary_json(w, s, "started_at", clock);
    json_object_set_new(o, "kept", json_string(sampler_reason_name(reason)));
    return o;
}

/* Where the documents' names come from. */
struct names {
    const struct statement_table *statements;
    const char *(*name_of)(void *ctx, uint32_t id);
    void *ctx;
};

static json_t *
row_json(const struct sample_row *row, const struct names *names)
{
    char hex[17], summary[STATEMENT_SUMMARY_LEN];
    const struct statement *st = statement_get(names->statements, row->fingerprint);
    snprintf(hex, sizeof(hex), "%016" PRIx64, row->fingerprint);
    statement_summary(st, summary);
    json_t *o = json_object();
    json_object_set_new(o, "fingerprint", json_string(hex));
    json_object_set_new(o, "short", json_text(slice_from_str(st != NULL ? st->label : "")));
    json_object_set_new(o, "statement", json_text(slice_from_str(st != NULL ? st->text : "")));
    json_object_set_new(o, "summary", json_text(slice_from_str(summary)));
    json_object_set_new(
        o, "database",
        json_text(slice_from_str(st != NULL ? names->name_of(names->ctx, st->database) : "")));
    json_object_set_new(o, "upstream", json_integer(row->upstream));
    json_object_set_new(o, "calls", json_integer(row->calls));
    json_object_set_new(o, "distinct_values", json_integer(row->distinct));
    json_object_set_new(o, "rows", json_integer((json_int_t)row->rows));
    json_object_set_new(o, "errors", json_integer(row->errors));
    json_object_set_new(o, "sqlstate",
                        row->sqlstate[0] != '\0' ? json_text(slice_from_str(row->sqlstate))
                                                 : json_null());
    json_object_set_new(o, "start_ms", ms_json(row->start_ns));
    json_object_set_new(o, "end_ms", ms_json(row->end_ns));
    json_object_set_new(o, "total_ms", ms_json(row->cost_ns));
    json_object_set_new(o, "app_before_ms", ms_json(row->app_before_ns));
    json_object_set_new(o, "app_between_ms", ms_json(row->app_between_ns));
    json_object_set_new(o, "basis", json_string(link_basis_name((enum link_basis)row->basis)));
    json_object_set_new(o, "probability", share_json(row->probability));
    return o;
}

json_t *
report_trace(const struct watch *w, const struct sample *s, enum sampler_reason reason,
             const struct statement_table *statements, const struct wall_clock *clock,
             const char *(*name_of)(void *ctx, uint32_t id), void *ctx)
{
    const struct names names = {statements, name_of, ctx};
    static const uint8_t none[sizeof(s->parent_span)];
    json_t *o = kept_json(w, s, reason, clock);
    json_object_set_new(o, "span_id", span_json(s->span_id));
    json_object_set_new(
        o, "parent_span_id",
        memcmp(s->parent_span, none, sizeof(none)) == 0 ? json_null() : span_json(s->parent_span));
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->row_count; i++) {
        json_array_append_new(list, row_json(&s->row[i], &names));
    }
    json_object_set_new(o, "statements", list);
    json_object_set_new(o, "more_queries", json_integer(s->more_queries));
    json_object_set_new(o, "more_ms", ms_json(s->more_ns));
    json_object_set_new(o, "app_after_ms", ms_json(s->app_after_ns));
    return o;
}

static json_t *
short_json(const struct sample_row *row, const struct statement_table *statements)
{
    char hex[17];
    const struct statement *st = statement_get(statements, row->fingerprint);
    snprintf(hex, sizeof(hex), "%016" PRIx64, row->fingerprint);
    json_t *o = json_object();
    json_object_set_new(o, "fingerprint", json_string(hex));
    json_object_set_new(o, "short", json_text(slice_from_str(st != NULL ? st->label : "")));
    json_object_set_new(o, "calls", json_integer(row->calls));
    json_object_set_new(o, "distinct_values", json_integer(row->distinct));
    json_object_set_new(o, "total_ms", ms_json(row->cost_ns));
    return o;
}

/* The same with what a reader of one request asks next. */
static json_t *
listed_json(const struct sample_row *row, const struct statement_table *statements)
{
    json_t *o = short_json(row, statements);
    json_object_set_new(o, "rows", json_integer((json_int_t)row->rows));
    json_object_set_new(o, "errors", json_integer(row->errors));
    json_object_set_new(o, "basis", json_string(link_basis_name((enum link_basis)row->basis)));
    json_object_set_new(o, "probability", share_json(row->probability));
    return o;
}

static json_t *
execution_json(const struct trace_query *q, const struct wall_clock *clock)
{
    char hex[17];
    snprintf(hex, sizeof(hex), "%016" PRIx64, q->fingerprint);
    json_t *o = json_object();
    json_object_set_new(o, "fingerprint", json_string(hex));
    json_object_set_new(o, "server_pid",
                        q->server_pid == 0 ? json_null() : json_integer(q->server_pid));
    json_object_set_new(o, "start_us",
                        json_integer((json_int_t)(wall_clock_of(clock, q->start_ns) / NS_PER_US)));
    json_object_set_new(o, "duration_ms", ms_json(q->end_ns - q->start_ns));
    json_object_set_new(o, "basis", json_string(link_basis_name((enum link_basis)q->basis)));
    json_object_set_new(o, "probability", share_json(q->probability));
    return o;
}

static json_t *
executions_json(const struct trace *t, const struct wall_clock *clock)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < t->query_count; i++) {
        json_array_append_new(list, execution_json(&t->queries[i], clock));
    }
    return list;
}

json_t *
report_request(const struct watch *w, const struct sample *s, const struct trace *t,
               enum report_detail detail, const struct statement_table *statements,
               const struct wall_clock *clock)
{
    json_t *o = summary_json(w, s, "time", clock);
    json_t *repeated = json_array();
    json_t *all = json_array();
    const struct sample_row *slowest = NULL;
    uint64_t errors = 0;
    for (uint32_t i = 0; i < s->row_count; i++) {
        const struct sample_row *row = &s->row[i];
        errors += row->errors;
        slowest = slowest == NULL || row->cost_ns > slowest->cost_ns ? row : slowest;
        if (row->calls >= RECENT_REPEATS_MIN) {
            json_array_append_new(repeated, short_json(row, statements));
        }
        if (detail >= REPORT_STATEMENTS) {
            json_array_append_new(all, listed_json(row, statements));
        }
    }
    json_object_set_new(o, "errors", json_integer((json_int_t)errors));
    json_object_set_new(o, "partial", json_boolean(t->is_partial));
    json_object_set_new(o, "repeated", repeated);
    json_object_set_new(o, "slowest",
                        slowest == NULL ? json_null() : short_json(slowest, statements));
    if (detail >= REPORT_STATEMENTS) {
        json_object_set_new(o, "statements", all);
        json_object_set_new(o, "more_queries", json_integer(s->more_queries));
    } else {
        json_decref(all);
    }
    if (detail >= REPORT_EXECUTIONS) {
        json_object_set_new(o, "executions", executions_json(t, clock));
    }
    return o;
}

struct listed {
    uint64_t start_ns;
    json_t *json;
};

struct listing {
    const struct watch *watch;
    const struct wall_clock *clock;
    struct listed *rows;
    size_t count;
};

static void
count_sample(void *ctx, const struct sample *sample, enum sampler_reason reason)
{
    ++*(size_t *)ctx;
}

static void
list_sample(void *ctx, const struct sample *sample, enum sampler_reason reason)
{
    struct listing *l = ctx;
    l->rows[l->count++] =
        (struct listed){sample->start_ns, kept_json(l->watch, sample, reason, l->clock)};
}

static int
newest_first(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    return (x->start_ns < y->start_ns) - (x->start_ns > y->start_ns);
}

json_t *
report_traces(struct watch *const *watches, unsigned watch_count, const struct wall_clock *clock)
{
    size_t count = 0;
    for (unsigned i = 0; i < watch_count; i++) {
        sampler_each(&watches[i]->samples, count_sample, &count);
    }
    struct listing l = {.clock = clock, .rows = check_alloc(MAX(count, 1u), sizeof(*l.rows))};
    for (unsigned i = 0; i < watch_count; i++) {
        l.watch = watches[i];
        sampler_each(&watches[i]->samples, list_sample, &l);
    }
    qsort(l.rows, l.count, sizeof(l.rows[0]), newest_first);
    json_t *list = json_array();
    for (size_t i = 0; i < l.count; i++) {
        json_array_append_new(list, l.rows[i].json);
    }
    free(l.rows);
    return list;
}
