/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/judge/judge.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/state.h"
#include "analysis/report/tables.h"
#include "base/clock.h"

#define EVALUATE_EVERY_NS NS_PER_S
#define FLUSH_EVERY_NS    (10 * NS_PER_S)
#define CLOSE_AFTER_NS    (30 * 60 * NS_PER_S)
#define WATCHED_MAX       16u

int
judge_new(const struct judge_config *config, const struct judge_out *out, uint64_t now_ns,
          uint64_t wall_ns, struct judge **ret_judge)
{
    struct judge *j = check_alloc(1, sizeof(*j));
    j->magic = JUDGE_MAGIC;
    j->config = *config;
    j->out = *out;
    j->now_ns = now_ns;
    wall_clock_init(&j->clock, now_ns, wall_ns);
    j->flushed_ns = now_ns;
    j->budget.bytes_max = JUDGE_RECENT_BYTES_MAX;
    j->samples.bytes_max = JUDGE_SAMPLE_BYTES_MAX;
    j->next_id = 1;
    map_init(&j->names, JUDGE_NAMES_MAX);
    map_init(&j->routes, (size_t)JUDGE_ROUTES_MAX * 4);
    statement_table_init(&j->statements, JUDGE_STATEMENTS_MAX);
    sameness_init(&j->sameness, JUDGE_STATEMENTS_MAX);
    stampedes_init(&j->stampedes);
    series_table_init(&j->series, SERIES_MAX);
    metrics_init(&j->metrics);
    fine_init(&j->fine, FINE_BYTES_MAX);
    j->advice = advice_new(out->ask, out->ctx);
    advice_on_plan(j->advice, judge_keep_plan, j);
    j->proof = proof_new();
    judge_monitor_init(j);
    j->archive = json_array();
    j->old_traces = json_array();
    *ret_judge = j;
    return 0;
}

void
judge_free(struct judge **judge)
{
    struct judge *j = *judge;
    if (j == NULL) {
        return;
    }
    OBJ_CHECK(j, JUDGE_MAGIC);
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&j->names, &at)) != NULL) {
        free(slot->value);
    }
    map_fini(&j->names);
    map_fini(&j->routes);
    for (unsigned i = 0; i < j->incident_count; i++) {
        free(j->incident[i]);
    }
    judge_monitor_fini(j);
    fine_fini(&j->fine);
    series_table_fini(&j->series);
    metrics_fini(&j->metrics);
    for (unsigned i = 0; i < j->watch_count; i++) {
        watch_free(&j->watch[i]);
    }
    statement_table_fini(&j->statements);
    sameness_fini(&j->sameness);
    stampedes_fini(&j->stampedes);
    advice_free(&j->advice);
    proof_free(&j->proof);
    json_decref(j->archive);
    json_decref(j->old_traces);
    for (unsigned i = 0; i < JUDGE_DEPLOYS_MAX; i++) {
        free(j->deploy[i].names);
    }
    j->magic = 0;
    free(j);
    *judge = NULL;
}

const char *
judge_name(const struct judge *j, uint32_t id)
{
    const char *name = map_get(&j->names, id);
    return name != NULL ? name : "";
}

const char *
judge_name_of(void *ctx, uint32_t id)
{
    return judge_name(ctx, id);
}

uint64_t
judge_wall(const struct judge *j, uint64_t at_ns)
{
    return wall_clock_of(&j->clock, at_ns);
}

uint64_t
judge_mono(const struct judge *j, int64_t wall_s)
{
    return wall_clock_back(&j->clock, (uint64_t)MAX(wall_s, 1) * NS_PER_S);
}

unsigned
judge_active(const struct judge *j, struct incident *list[JUDGE_ACTIVE_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < j->incident_count && n < JUDGE_ACTIVE_MAX; i++) {
        if (incident_is_active(j->incident[i])) {
            list[n++] = j->incident[i];
        }
    }
    return n;
}

void
judge_answer(struct judge *j, uint64_t now_ns, uint32_t id, struct slice json)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    (void)advice_answer(j->advice, id, json, &j->statements, now_ns);
}

/* The advisor sees what the server's processes use only where they run beside it. */
unsigned
judge_cores(const struct judge *j)
{
    return advice_waiting(j->advice)->sums.server_cpu < 0 ? 0 : j->config.cores;
}

struct inquest
judge_inquest(struct judge *j)
{
    return (struct inquest){
        .out = &j->out,
        .statements = &j->statements,
        .sameness = &j->sameness,
        .stampedes = &j->stampedes,
        .advice = j->advice,
        .proof = j->proof,
        .database_of = judge_name_of,
        .ctx = j,
        .now_ns = j->now_ns,
        .rows_asked_ns = &j->rows_asked_ns,
        .cores = judge_cores(j),
    };
}

static void
describe_statements(struct judge *j)
{
    struct statement *list[QUESTION_STATEMENTS_MAX];
    unsigned n = 0;
    const char *database = NULL;
    size_t at = 0;
    struct map_slot *slot;
    while (n < ARRAY_LEN(list) && (slot = map_next(&j->statements.by_fingerprint, &at)) != NULL) {
        struct statement *s = slot->value;
        const char *of = judge_name(j, s->database);
        if (s->asked || statement_is_exempt(s) || (database != NULL && strcmp(database, of) != 0)) {
            continue;
        }
        database = of;
        list[n++] = s;
    }
    if (n > 0) {
        advice_ask_describe(j->advice, list, n, database, j->now_ns);
    }
}

static void
close_old(struct judge *j)
{
    for (unsigned i = 0; i < j->incident_count; i++) {
        struct incident *inc = j->incident[i];
        if (inc->state == INCIDENT_RECOVERED && j->now_ns > inc->recovered_ns + CLOSE_AFTER_NS) {
            inc->state = INCIDENT_CLOSED;
            inc->closed_ns = j->now_ns;
            incident_note(inc, j->now_ns, "closed", "30 minutes after it had recovered");
            judge_publish(j, inc);
        }
    }
}

static void
evaluate(struct judge *j)
{
    j->evaluations++;
    advice_expire(j->advice, j->now_ns);
    describe_statements(j);
    close_old(j);
    judge_expire_mutes(j);
    judge_note_trouble(j);
    struct incident *active[JUDGE_ACTIVE_MAX];
    if (judge_active(j, active) < JUDGE_ACTIVE_MAX) {
        judge_look_for_burns(j);
    }
    unsigned n = judge_active(j, active);
    bool none_is_large = true;
    for (unsigned i = 0; i < n; i++) {
        bool is_new = active[i]->stored_timeline == 0;
        none_is_large = none_is_large && incident_is_small(active[i]);
        judge_follow(j, active[i]);
        judge_announce(j, active[i]);
        if (is_new) {
            judge_publish(j, active[i]);
        }
    }
    judge_merge(j);
    if (none_is_large) {
        judge_learn_bases(j);
    }
    judge_shapes_turn(j);
    judge_survey(j);
    judge_ask_counters(j);
}

void
judge_tick(struct judge *j, uint64_t now_ns, uint64_t wall_ns)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->now_ns = MAX(j->now_ns, now_ns);
    wall_clock_look(&j->clock, j->now_ns, wall_ns + (j->now_ns - now_ns));
    judge_monitor_turn(j);
    if (j->now_ns >= j->evaluated_ns + EVALUATE_EVERY_NS) {
        j->evaluated_ns = j->now_ns;
        evaluate(j);
    }
    if (j->now_ns >= j->flushed_ns + FLUSH_EVERY_NS) {
        judge_flush(j, j->now_ns);
    }
}

/* What is slower and is no incident: nothing explains it, and it has not lasted. */
static json_t *
watched_json(const struct judge *j)
{
    json_t *list = json_array();
    char text[256];
    if (j->slump.since_ns != 0) {
        double seconds = (double)(j->now_ns - j->slump.since_ns) / NS_PER_S;
        json_array_append_new(list, json_pack("{s:s, s:f, s:s}", "subject", "everything", "for_s",
                                              round(seconds), "known",
                                              slump_text(&j->slump, text, sizeof(text))));
    }
    for (unsigned i = 0; i < j->watch_count; i++) {
        const struct watch *w = j->watch[i];
        if (w->is_watched && json_array_size(list) < WATCHED_MAX) {
            double seconds = (double)(j->now_ns - w->suspected_ns) / NS_PER_S;
            snprintf(text, sizeof(text), "mean %.1f ms, was %.1f ms; no statement explains it",
                     w->watched_ms, w->watched_was_ms);
            json_array_append_new(list, json_pack("{s:s, s:f, s:s}", "subject", w->text, "for_s",
                                                  round(seconds), "known", text));
        }
    }
    return list;
}

static json_t *
status_json(const struct judge *j)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    json_t *o = json_object();
    json_t *open = json_array();
    for (unsigned i = 0; i < n; i++) {
        json_array_append_new(open, json_integer(active[i]->id));
    }
    json_object_set_new(o, "traces", json_integer((json_int_t)j->traces));
    json_object_set_new(o, "unlinked", json_integer((json_int_t)j->unlinked));
    json_object_set_new(o, "routes", json_integer(j->watch_count));
    json_object_set_new(o, "routes_refused", json_integer((json_int_t)j->routes_refused));
    json_object_set_new(o, "statements",
                        json_integer((json_int_t)j->statements.by_fingerprint.count));
    json_object_set_new(o, "statements_refused", json_integer((json_int_t)j->statements.refused));
    json_object_set_new(o, "series", json_integer((json_int_t)j->series.by_key.count));
    json_object_set_new(o, "series_overflowed", json_integer((json_int_t)j->series.overflowed));
    json_object_set_new(o, "series_displaced", json_integer((json_int_t)j->series.displaced));
    json_object_set_new(o, "fine_windows_bytes", json_integer((json_int_t)fine_bytes(&j->fine)));
    json_object_set_new(o, "fine_windows_refused", json_integer((json_int_t)j->fine.refused));
    json_object_set_new(o, "recent_bytes", json_integer((json_int_t)j->budget.bytes));
    json_object_set_new(o, "samples_bytes", json_integer((json_int_t)j->samples.bytes));
    json_object_set_new(o, "traces_untold", json_integer((json_int_t)j->traces_untold));
    json_object_set_new(o, "samples_refused", json_integer((json_int_t)j->samples.refused));
    json_object_set_new(o, "evaluations", json_integer((json_int_t)j->evaluations));
    json_object_set_new(o, "open_incident", n == 0 ? json_null() : json_integer(active[n - 1]->id));
    json_object_set_new(o, "open_incidents", open);
    json_object_set_new(o, "watched", watched_json(j));
    json_object_set_new(o, "monitor", judge_monitor_json(j));
    json_object_set_new(o, "objectives", judge_objectives_json(j));
    return o;
}

static json_t *
incidents_json(const struct judge *j)
{
    json_t *list = json_array();
    for (unsigned i = j->incident_count; i-- > 0;) {
        json_array_append_new(list, judge_incident_json(j, j->incident[i]));
    }
    for (size_t i = json_array_size(j->archive); i-- > 0;) {
        json_array_append_new(list, judge_archived_json(j, json_array_get(j->archive, i)));
    }
    return list;
}

static json_t *
metrics_json(struct judge *j)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    json_t *o = report_metrics(&j->metrics, &j->series, &j->statements, j->watch, j->watch_count,
                               judge_name_of, j);
    uint64_t minute_ns = MIN(j->now_ns, 60 * NS_PER_S);
    struct load_rate minute = load_between(&j->load, j->now_ns - minute_ns, j->now_ns);
    json_object_set_new(o, "database_load", json_real(minute.database));
    unsigned n = judge_active(j, active), quiet = 0;
    for (unsigned i = 0; i < n; i++) {
        quiet += judge_is_quiet(j, active[i]);
    }
    json_object_set_new(o, "incidents_open", json_integer(n - quiet));
    json_object_set_new(o, "incidents_quiet", json_integer(quiet));
    json_object_set_new(o, "objectives", judge_objectives_json(j));
    return o;
}

int
judge_document(struct judge *j, uint64_t now_ns, enum judge_document which, struct buf *ret_json)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    json_t *doc = NULL;
    switch (which) {
    case JUDGE_INCIDENTS:
        doc = incidents_json(j);
        break;
    case JUDGE_QUERIES:
        doc = report_queries(&j->series, &j->statements, judge_name_of, j);
        break;
    case JUDGE_REQUESTS:
        doc = report_requests(&j->series, &j->statements, j->watch, j->watch_count);
        break;
    case JUDGE_STATUS:
        doc = status_json(j);
        break;
    case JUDGE_METRICS:
        doc = metrics_json(j);
        break;
    case JUDGE_MUTES:
        doc = judge_mutes_json(j);
        break;
    }
    char *text = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    int err = text == NULL ? -E2BIG : buf_append_str(ret_json, text);
    free(text);
    return err;
}
