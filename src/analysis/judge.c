/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/judge.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/inquest.h"
#include "analysis/keep.h"
#include "analysis/receipt.h"
#include "analysis/report.h"
#include "base/clock.h"
#include "base/hash.h"
#include "proto/http/http_head.h"

#define JUDGE_MAGIC       0x6a756467u
#define NAMES_MAX         1024u
#define DEPLOYS_MAX       32u
#define EVALUATE_EVERY_NS NS_PER_S
#define FLUSH_EVERY_NS    (10 * NS_PER_S)
#define BASE_EVERY_NS     (60 * NS_PER_S)
#define DEPLOY_WINDOW_NS  (30 * 60 * NS_PER_S) /* so long a deploy may be to blame */
#define DEPLOY_TIE_NS     (5 * 60 * NS_PER_S)  /* onset that soon after it */
#define HOLD_SINCE_NS     (2 * NS_PER_S)       /* a change must be seen for so long */
#define HOLD_DRIFT_NS     (15 * NS_PER_S)
#define CALM_NS           (60 * NS_PER_S)
#define CLOSE_AFTER_NS    (30 * 60 * NS_PER_S)
#define RESTORED_SPAN_NS  (10 * 60 * NS_PER_S)
#define NOVELTIES_MAX     4u
#define PROBABILITY_MIN   0.5f

struct deploy {
    char name[128];
    uint64_t at_ns;
};

struct judge {
    unsigned magic;
    struct judge_config config;
    struct judge_out out;
    uint64_t now_ns;
    uint64_t wall_offset_ns;
    struct map names;  /* id -> char *, of databases */
    struct map routes; /* ingest's index + 1 -> watch */
    struct watch *watch[JUDGE_ROUTES_MAX];
    unsigned watch_count;
    struct recent_budget budget;
    struct statement_table statements;
    struct sameness sameness;
    struct load load;
    struct series_table series;
    struct advice *advice;
    struct proof *proof;
    struct deploy deploy[DEPLOYS_MAX];
    unsigned deploy_count;                          /* ever; the ring holds the last ones */
    struct incident *incident[JUDGE_INCIDENTS_MAX]; /* oldest first */
    unsigned incident_count;
    json_t *archive; /* documents of incidents that came back without their state */
    uint32_t next_id;
    uint64_t evaluated_ns, flushed_ns, rows_asked_ns;
    uint64_t traces, unlinked, routes_refused, evaluations;
};

int
judge_new(const struct judge_config *config, const struct judge_out *out, uint64_t now_ns,
          uint64_t wall_ns, struct judge **ret_judge)
{
    struct judge *j = check_alloc(1, sizeof(*j));
    j->magic = JUDGE_MAGIC;
    j->config = *config;
    j->out = *out;
    j->now_ns = now_ns;
    j->wall_offset_ns = wall_ns - now_ns;
    j->flushed_ns = now_ns;
    j->budget.bytes_max = JUDGE_RECENT_BYTES_MAX;
    j->next_id = 1;
    map_init(&j->names, NAMES_MAX);
    map_init(&j->routes, (size_t)JUDGE_ROUTES_MAX * 4);
    statement_table_init(&j->statements, JUDGE_STATEMENTS_MAX);
    sameness_init(&j->sameness, JUDGE_STATEMENTS_MAX);
    series_table_init(&j->series);
    j->advice = advice_new(out->ask, out->ctx);
    j->proof = proof_new();
    j->archive = json_array();
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
    series_table_fini(&j->series);
    for (unsigned i = 0; i < j->watch_count; i++) {
        watch_free(&j->watch[i]);
    }
    statement_table_fini(&j->statements);
    sameness_fini(&j->sameness);
    advice_free(&j->advice);
    proof_free(&j->proof);
    json_decref(j->archive);
    j->magic = 0;
    free(j);
    *judge = NULL;
}

static const char *
name_of(void *ctx, uint32_t id)
{
    const struct judge *j = ctx;
    const char *name = map_get(&j->names, id);
    return name != NULL ? name : "";
}

static uint64_t
wall(const struct judge *j, uint64_t at_ns)
{
    return at_ns == 0 ? 0 : at_ns + j->wall_offset_ns;
}

static void
tell(const struct judge *j, const char *event, const char *text)
{
    if (j->out.log != NULL) {
        j->out.log(j->out.ctx, event, text);
    }
}

static void
give(const struct judge *j, const struct stored *record)
{
    if (j->out.store != NULL) {
        j->out.store(j->out.ctx, record);
    }
}

/* ---- what comes in */

static void
emit_window(void *ctx, const struct series *s)
{
    struct judge *j = ctx;
    uint8_t sketch[SKETCH_SAVED_MAX];
    size_t n = sketch_save(&s->window_sketch, sketch, sizeof(sketch));
    struct stored record = {.kind = STORED_WINDOW,
                            .window = {
                                .start_wall_ns = s->window_number * SERIES_WINDOW_NS,
                                .length_s = SERIES_WINDOW_NS / NS_PER_S,
                                .upstream = s->upstream,
                                .database = slice_from_str(name_of(j, s->database)),
                                .route = slice_from_str(s->route),
                                .fingerprint = s->fingerprint,
                                .calls = s->window.calls,
                                .errors = s->window.errors,
                                .rows = s->window.rows,
                                .time_ns = s->window.time_ns,
                                .max_ns = s->window.max_ns,
                                .sketch = slice_of(sketch, n),
                            }};
    give(j, &record);
}

static void
add_series(struct judge *j, enum series_kind kind, const char *route, uint64_t fingerprint,
           uint32_t database, uint16_t upstream, const struct series_sums *sums)
{
    struct series *s = series_get(&j->series, kind, route, fingerprint);
    s->database = database != 0 ? database : s->database;
    s->upstream = upstream;
    series_add(s, sums, kind != SERIES_BOTH, wall(j, j->now_ns), emit_window, j);
}

static struct watch *
watch_of(struct judge *j, struct slice text, bool guessed, uint8_t method)
{
    for (unsigned i = 0; i < j->watch_count; i++) {
        if (slice_eq(slice_from_str(j->watch[i]->text), text)) {
            return j->watch[i];
        }
    }
    if (j->watch_count == JUDGE_ROUTES_MAX) {
        j->routes_refused++;
        return NULL;
    }
    struct watch *w = watch_new(text, guessed, method, &j->budget);
    j->watch[j->watch_count++] = w;
    for (unsigned i = 0; i < j->incident_count; i++) { /* one that came back after a restart */
        if (j->incident[i]->watch == NULL && strcmp(j->incident[i]->subject, w->text) == 0) {
            j->incident[i]->watch = w;
        }
    }
    return w;
}

static void
on_route(struct judge *j, const struct intake_route *r)
{
    char text[sizeof(((struct watch *)0)->text)];
    bool has_method = r->method != METHOD_OTHER;
    snprintf(text, sizeof(text), "%s%s%.*s", has_method ? http_method_name(r->method) : "",
             has_method ? " " : "", SLICE_ARG(r->text));
    struct watch *w = watch_of(j, slice_from_str(text), r->guessed, r->method);
    if (w == NULL || map_put(&j->routes, (uint64_t)r->index + 1, w) != 0) {
        return;
    }
    struct stored record = {.kind = STORED_ROUTE,
                            .route = {slice_from_str(w->text), w->guessed, wall(j, j->now_ns)}};
    give(j, &record);
}

static void
store_statement(struct judge *j, struct statement *s)
{
    struct stored record = {.kind = STORED_FINGERPRINT,
                            .fingerprint = {.fingerprint = s->fingerprint,
                                            .database = slice_from_str(name_of(j, s->database)),
                                            .text = slice_from_str(s->text),
                                            .kind = s->kind,
                                            .seen_wall_ns = wall(j, s->first_ns)}};
    s->kept = true;
    give(j, &record);
}

static void
on_statement(struct judge *j, const struct intake_statement *in)
{
    struct statement *s =
        statement_add(&j->statements, in->fingerprint, in->database, in->kind, in->text, j->now_ns);
    if (s == NULL) {
        return;
    }
    s->database = in->database; /* a restored one knew no id yet */
    if (!s->kept) {
        store_statement(j, s);
    }
}

static struct incident *
active_incident(const struct judge *j)
{
    for (unsigned i = j->incident_count; i-- > 0;) {
        enum incident_state state = j->incident[i]->state;
        if (state == INCIDENT_OPEN || state == INCIDENT_FIXING) {
            return j->incident[i];
        }
    }
    return NULL;
}

static bool
has_failed(const struct trace *t)
{
    return t->status >= 500 || (t->request_flags & REQUEST_UPSTREAM_FAILED) != 0 ||
           (t->request_flags & REQUEST_CLIENT_ABORTED) != 0;
}

static void
note_failure(struct judge *j, const struct trace *t, const char *route)
{
    struct incident *inc = active_incident(j);
    if (inc == NULL || inc->first_error_noted) {
        return;
    }
    char text[256];
    snprintf(text, sizeof(text), "first failed request since then: %.160s, status %u", route,
             t->status);
    inc->first_error_noted = true;
    incident_note(inc, t->end_ns, "error", text);
}

static void
on_query(struct judge *j, const struct trace *t, const struct trace_query *q, const char *route)
{
    bool failed = (q->flags & QUERY_ERROR) != 0;
    uint64_t cost_ns = trace_query_cost_ns(q);
    struct series_sums sums = {1, failed ? 1 : 0, q->rows, q->bytes_out, cost_ns, cost_ns};
    add_series(j, SERIES_STATEMENT, NULL, q->fingerprint, q->database, t->upstream, &sums);
    if (route != NULL) {
        add_series(j, SERIES_BOTH, route, q->fingerprint, q->database, t->upstream, &sums);
    }
    sameness_add(&j->sameness, q);
    const struct statement *s = statement_get(&j->statements, q->fingerprint);
    for (unsigned i = 0; s != NULL && i < s->writes.count; i++) {
        sameness_wrote(&j->sameness, s->writes.name[i], q->end_ns);
    }
}

static void
on_trace(struct judge *j, const struct trace *t)
{
    struct watch *w =
        t->route == TRACE_ROUTE_UNLINKED ? NULL : map_get(&j->routes, (uint64_t)t->route + 1);
    const char *route = w == NULL ? NULL : w->text;
    double busy_ms = clock_ns_to_ms(t->folded_ns);
    for (uint32_t i = 0; i < t->query_count; i++) {
        on_query(j, t, &t->queries[i], route);
        busy_ms += clock_ns_to_ms(trace_query_cost_ns(&t->queries[i]));
    }
    bool failed = has_failed(t);
    bool request = t->route != TRACE_ROUTE_UNLINKED;
    load_add(&j->load, t->end_ns, request ? 1 : 0, t->query_count + t->queries_folded,
             failed ? 1 : 0, busy_ms);
    j->traces++;
    j->unlinked += request ? 0 : 1;
    if (w == NULL) {
        return;
    }
    uint64_t total_ns = t->end_ns - MIN(t->start_ns, t->end_ns);
    struct series_sums sums = {1, failed ? 1 : 0, 0, t->bytes_out, total_ns, total_ns};
    add_series(j, SERIES_ROUTE, route, 0, 0, t->upstream, &sums);
    if (t->probability >= PROBABILITY_MIN) {
        watch_trace(w, t);
        proof_trace(j->proof, t);
    }
    if (failed) {
        note_failure(j, t, route);
    }
}

static void
on_folded(struct judge *j, const struct intake_folded *f, uint64_t at_ns)
{
    struct series_sums sums = {f->calls, f->errors, f->rows, 0, f->time_ns, 0};
    add_series(j, SERIES_STATEMENT, NULL, f->fingerprint, f->database, 0, &sums);
    load_add(&j->load, at_ns, 0, f->calls, 0, clock_ns_to_ms(f->time_ns));
}

static void
on_folded_route(struct judge *j, const struct intake_folded_route *f, uint64_t at_ns)
{
    struct watch *w =
        f->route == TRACE_ROUTE_UNLINKED ? NULL : map_get(&j->routes, (uint64_t)f->route + 1);
    struct series_sums sums = {f->requests, f->errors, 0, 0, f->time_ns, 0};
    add_series(j, SERIES_ROUTE, w == NULL ? "other" : w->text, 0, 0, 0, &sums);
    load_add(&j->load, at_ns, f->requests, 0, f->errors, 0);
}

static void
on_name(struct judge *j, const struct intake_name *n)
{
    if (n->kind != NAME_DATABASE || map_get(&j->names, n->id) != NULL) {
        return;
    }
    char *text = check_alloc(1, n->text.len + 1);
    slice_to_str(n->text, text, n->text.len + 1);
    if (map_put(&j->names, n->id, text) != 0) {
        free(text);
    }
}

void
judge_item(struct judge *j, uint64_t now_ns, const struct intake_item *item)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->now_ns = MAX(j->now_ns, now_ns);
    switch (item->kind) {
    case INTAKE_TRACE:
        on_trace(j, item->trace);
        break;
    case INTAKE_STATEMENT:
        on_statement(j, &item->statement);
        break;
    case INTAKE_ROUTE:
        on_route(j, &item->route);
        break;
    case INTAKE_NAME:
        on_name(j, &item->name);
        break;
    case INTAKE_FOLDED:
        on_folded(j, &item->folded, item->time_ns);
        break;
    case INTAKE_FOLDED_ROUTE:
        on_folded_route(j, &item->folded_route, item->time_ns);
        break;
    case INTAKE_LENS_VALUES:
        proof_values(j->proof, &item->lens_values);
        advice_sample(j->advice, &item->lens_values);
        break;
    case INTAKE_LENS_ROWS:
        proof_rows(j->proof, &item->lens_rows);
        break;
    default:
        break; /* counters and sessions are the status page's */
    }
}

void
judge_answer(struct judge *j, uint64_t now_ns, uint32_t id, struct slice json)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    (void)advice_answer(j->advice, id, json, &j->statements, now_ns);
}

void
judge_deploy(struct judge *j, uint64_t now_ns, uint64_t wall_ns, struct slice name)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    struct deploy *d = &j->deploy[j->deploy_count++ % DEPLOYS_MAX];
    slice_to_str(name, d->name, sizeof(d->name));
    d->at_ns = now_ns;
    struct stored record = {.kind = STORED_DEPLOY,
                            .deploy = {slice_from_str(d->name), wall_ns, SLICE_LIT("marked")}};
    give(j, &record);
    struct incident *inc = active_incident(j);
    if (inc != NULL) {
        incident_note(inc, now_ns, "deploy", d->name);
    }
    tell(j, "deploy", d->name);
}

/* ---- what goes out */

static void
store_incident(struct judge *j, struct incident *inc)
{
    json_t *doc = report_incident(inc, &j->statements, j->wall_offset_ns, j->config.cores);
    char *text = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    AUTO_BUF struct buf blob;
    buf_init(&blob, 1u << 20);
    if (text == NULL || keep_incident(inc, j->wall_offset_ns, &blob) != 0) {
        free(text);
        return;
    }
    struct stored record = {.kind = STORED_INCIDENT,
                            .incident = {inc->id, slice_from_str(incident_state_name(inc->state)),
                                         wall(j, inc->opened_ns), wall(j, inc->updated_ns),
                                         wall(j, inc->closed_ns), slice_from_str(text),
                                         buf_slice(&blob)}};
    give(j, &record);
    for (; inc->stored_timeline < inc->timeline_count; inc->stored_timeline++) {
        const struct incident_entry *e = &inc->timeline[inc->stored_timeline];
        struct stored entry = {.kind = STORED_TIMELINE,
                               .timeline = {inc->id, wall(j, e->at_ns), slice_from_str(e->kind),
                                            slice_from_str(e->text)}};
        give(j, &entry);
    }
    free(text);
    inc->dirty = false;
}

/* Told, stored and shown at once, not at the next flush. */
static void
publish(struct judge *j, struct incident *inc)
{
    inc->updated_ns = MAX(inc->updated_ns, j->now_ns);
    store_incident(j, inc);
    if (j->out.changed != NULL) {
        j->out.changed(j->out.ctx);
    }
}

static void
store_watch(struct judge *j, struct watch *w)
{
    AUTO_BUF struct buf blob, name;
    buf_init(&blob, 1u << 16);
    buf_init(&name, 1024);
    (void)buf_printf(&name, "watch:%s", w->text);
    if (keep_watch(w, &blob) != 0) {
        return;
    }
    struct stored record = {.kind = STORED_STATE, .state = {buf_slice(&name), buf_slice(&blob)}};
    give(j, &record);
    w->base_dirty = false;
}

void
judge_flush(struct judge *j, uint64_t now_ns)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->flushed_ns = now_ns;
    series_flush(&j->series, emit_window, j);
    for (unsigned i = 0; i < j->watch_count; i++) {
        if (j->watch[i]->base_dirty) {
            store_watch(j, j->watch[i]);
        }
    }
    for (unsigned i = 0; i < j->incident_count; i++) {
        if (j->incident[i]->dirty) {
            store_incident(j, j->incident[i]);
        }
    }
}

/* ---- restart */

static int
restore_incident(struct judge *j, const struct stored_incident *in)
{
    struct incident *inc = NULL;
    j->next_id = MAX(j->next_id, in->id + 1);
    if (j->incident_count < JUDGE_INCIDENTS_MAX &&
        keep_incident_back(in->blob, j->wall_offset_ns, &inc) == 0) {
        for (unsigned i = 0; i < j->watch_count; i++) {
            inc->watch = strcmp(j->watch[i]->text, inc->subject) == 0 ? j->watch[i] : inc->watch;
        }
        unsigned at = j->incident_count++; /* oldest first, in whatever order they come */
        for (; at > 0 && j->incident[at - 1]->id > inc->id; at--) {
            j->incident[at] = j->incident[at - 1];
        }
        j->incident[at] = inc;
        return 0;
    }
    json_t *doc = json_loadb((const char *)in->json.ptr, in->json.len, 0, NULL);
    if (!json_is_object(doc) || json_array_size(j->archive) >= JUDGE_INCIDENTS_MAX) {
        json_decref(doc);
        return -EBADMSG;
    }
    json_array_append_new(j->archive, doc);
    return 0;
}

static int
restore_state(struct judge *j, const struct stored_state *in)
{
    struct slice prefix = SLICE_LIT("watch:");
    if (!slice_starts_with_ci(in->name, prefix)) {
        return -EBADMSG;
    }
    struct slice text = slice_sub(in->name, prefix.len, in->name.len);
    struct watch *w = watch_of(j, slice_sub(text, 0, sizeof(w->text) - 1), false, 0);
    return w == NULL || w->recent.requests > 0 ? -EBADMSG : keep_watch_back(in->blob, w);
}

static void
restore_window(struct judge *j, const struct stored_window *in)
{
    enum series_kind kind = in->route.len == 0     ? SERIES_STATEMENT
                            : in->fingerprint == 0 ? SERIES_ROUTE
                                                   : SERIES_BOTH;
    const char *route = NULL;
    if (kind != SERIES_STATEMENT) {
        struct watch *w = watch_of(j, slice_sub(in->route, 0, sizeof(w->text) - 1), false, 0);
        route = w == NULL ? "other" : w->text;
    }
    struct series *s = series_get(&j->series, kind, route, in->fingerprint);
    uint32_t database = (uint32_t)hash_bytes(in->database);
    struct intake_name name = {database, NAME_DATABASE, in->database};
    if (in->database.len > 0) {
        on_name(j, &name);
        s->database = database;
    }
    s->upstream = in->upstream;
    struct series_sums sums = {in->calls, in->errors, in->rows, 0, in->time_ns, in->max_ns};
    series_add(s, &sums, false, in->start_wall_ns, NULL, NULL);
    struct sketch sketch = {0};
    if (sketch_load(in->sketch, &sketch) == 0) {
        sketch_merge(&s->total_sketch, &sketch);
        if (in->start_wall_ns / SERIES_WINDOW_NS == s->window_number) {
            sketch_merge(&s->window_sketch, &sketch);
        }
    }
    sketch_fini(&sketch);
    s->dirty = false;
}

int
judge_restore(struct judge *j, const struct stored *record)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    switch (record->kind) {
    case STORED_INCIDENT:
        return restore_incident(j, &record->incident);
    case STORED_STATE:
        return restore_state(j, &record->state);
    case STORED_WINDOW:
        restore_window(j, &record->window);
        return 0;
    case STORED_FINGERPRINT: {
        const struct stored_fingerprint *f = &record->fingerprint;
        uint32_t database = (uint32_t)hash_bytes(f->database);
        struct intake_name name = {database, NAME_DATABASE, f->database};
        on_name(j, &name);
        struct statement *s =
            statement_add(&j->statements, f->fingerprint, database, f->kind, f->text, 1);
        if (s != NULL) {
            s->kept = true;
        }
        return 0;
    }
    default:
        return 0;
    }
}

/* ---- judging */

static struct inquest
inquest(struct judge *j)
{
    return (struct inquest){
        .out = &j->out,
        .statements = &j->statements,
        .sameness = &j->sameness,
        .advice = j->advice,
        .proof = j->proof,
        .database_of = name_of,
        .ctx = j,
        .now_ns = j->now_ns,
        .rows_asked_ns = &j->rows_asked_ns,
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
        const char *of = name_of(j, s->database);
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

/* The start of the last stretch in which groups of ten requests are all as bad as now. */
static uint64_t
find_onset(const struct shift_route *r, uint64_t not_before_ns)
{
    const struct recent *ring = &r->watch->recent;
    double limit = r->before.p50_ms + 0.3 * (r->now.p50_ms - r->before.p50_ms);
    double group[10];
    unsigned n = 0;
    uint64_t onset = r->now.from_ns;
    for (uint32_t k = ring->count; k-- > 0;) {
        const struct recent_request *req = recent_at(ring, k);
        if (req->start_ns < not_before_ns) {
            break;
        }
        group[n++] = req->total_ms;
        if (n == ARRAY_LEN(group)) {
            if (stats_median(group, n) < limit) {
                break;
            }
            onset = req->start_ns;
            n = 0;
        }
    }
    return onset;
}

static void
tie_deploy(struct judge *j, struct incident *inc, uint64_t novelty_ns)
{
    unsigned count = MIN(j->deploy_count, DEPLOYS_MAX);
    for (unsigned i = 0; i < count; i++) {
        const struct deploy *d = &j->deploy[i];
        bool near =
            inc->onset_ns + 60 * NS_PER_S >= d->at_ns && inc->onset_ns <= d->at_ns + DEPLOY_TIE_NS;
        if (near && (!inc->has_deploy || d->at_ns > inc->deploy_ns)) {
            inc->has_deploy = inc->deploy_marked = true;
            inc->deploy_ns = d->at_ns;
            memcpy(inc->deploy_name, d->name, sizeof(inc->deploy_name));
        }
    }
    if (!inc->has_deploy && novelty_ns != 0) {
        inc->has_deploy = true;
        inc->deploy_ns = novelty_ns;
        snprintf(inc->deploy_name, sizeof(inc->deploy_name), "unnamed (new statements)");
    }
}

static void
freeze_bases(struct shift *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *r = &s->route[i];
        if (r->before.n >= 10) {
            r->watch->base = r->before;
            r->watch->base_dirty = true;
        }
    }
}

static void
make_place(struct judge *j)
{
    if (j->incident_count < JUDGE_INCIDENTS_MAX) {
        return;
    }
    free(j->incident[0]); /* the store has it */
    memmove(&j->incident[0], &j->incident[1], (JUDGE_INCIDENTS_MAX - 1) * sizeof(j->incident[0]));
    j->incident_count--;
}

static void
open_incident(struct judge *j, struct shift *s, struct shift_route *r)
{
    uint64_t fingerprint = 0;
    uint64_t from = j->now_ns - MIN(j->now_ns, DEPLOY_WINDOW_NS);
    uint64_t novelty = watch_novelty(r->watch, from, &fingerprint);
    uint64_t onset = find_onset(r, s->mode == SHIFT_SINCE ? r->before.to_ns : 0);
    if (novelty != 0 && novelty <= onset + DEPLOY_TIE_NS && onset <= novelty + DEPLOY_TIE_NS) {
        onset = s->mode == SHIFT_SINCE ? novelty : onset;
    } else {
        novelty = 0;
    }
    make_place(j);
    struct incident *inc = incident_new(j->next_id++, r, onset, j->now_ns);
    j->incident[j->incident_count++] = inc;
    tie_deploy(j, inc, novelty);
    freeze_bases(s);
    inc->load_before = s->load_before;
    if (inc->has_deploy) {
        incident_note(inc, inc->deploy_ns, "deploy", inc->deploy_name);
    }
    incident_note(inc, inc->onset_ns, "onset", "requests become slower than before");
    char text[256];
    snprintf(text, sizeof(text), "%.120s: mean %.1f ms, was %.1f ms", inc->subject, r->now.mean_ms,
             r->before.mean_ms);
    incident_note(inc, j->now_ns, "opened", text);
    tell(j, "incident-opened", text);
}

/* A candidate must be seen without a break for some seconds, and has its evidence gathered
 * meanwhile. Returns the worst one that has held. */
static struct shift_route *
pick(struct judge *j, struct shift *s, const struct watch *only)
{
    struct shift_route *worst = NULL;
    uint64_t hold_ns = s->mode == SHIFT_SINCE ? HOLD_SINCE_NS : HOLD_DRIFT_NS;
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *r = &s->route[i];
        if (only != NULL && r->watch != only) {
            continue;
        }
        bool burn = shift_is_burn(s, r);
        bool looks_bad =
            r->before.n >= 15 && r->now.n >= 8 && r->own_ms >= shift_threshold_ms(r) && r->z >= 4;
        if (burn || looks_bad) {
            struct inquest q = inquest(j);
            inquest_gather(&q, s, r);
        }
        if (!burn) {
            continue;
        }
        if (r->watch->suspected_ns == 0) {
            r->watch->suspected_ns = j->now_ns;
        }
        r->watch->still_suspected = true;
        bool held = j->now_ns >= r->watch->suspected_ns + hold_ns;
        if (held && (worst == NULL || r->own_ms * r->now.n > worst->own_ms * worst->now.n)) {
            worst = r;
        }
    }
    return worst;
}

static bool
try_to_open(struct judge *j, enum shift_mode mode, uint64_t split_ns, const struct watch *only)
{
    struct shift *s = shift_new(j->watch, j->watch_count, &j->load, mode, split_ns, j->now_ns);
    struct shift_route *r = pick(j, s, only);
    if (r != NULL) {
        open_incident(j, s, r);
    }
    shift_free(&s);
    return r != NULL;
}

/* While nothing is suspected, what is normal is taken afresh now and then. */
static void
learn_bases(struct judge *j)
{
    bool due = false;
    for (unsigned i = 0; i < j->watch_count; i++) {
        const struct watch *w = j->watch[i];
        if (w->suspected_ns != 0) {
            return;
        }
        due = due || (w->recent.count >= WATCH_REQUESTS_MIN &&
                      j->now_ns >= w->base_ns + (w->base.n == 0 ? 10 * NS_PER_S : BASE_EVERY_NS));
    }
    if (!due) {
        return;
    }
    struct shift *s = shift_new(j->watch, j->watch_count, &j->load, SHIFT_DRIFT, 0, j->now_ns);
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *r = &s->route[i];
        struct watch *w = r->watch;
        bool reaches_back = !w->base_restored || j->now_ns > w->recent.first_ns + RESTORED_SPAN_NS;
        w->base_restored = w->base_restored && !reaches_back;
        if (reaches_back && r->before.n >= WATCH_REQUESTS_MIN) {
            w->base = r->before;
            w->base_dirty = true;
            w->base_ns = j->now_ns;
        }
    }
    shift_free(&s);
}

static void
look_for_burns(struct judge *j)
{
    for (unsigned i = 0; i < j->watch_count; i++) {
        j->watch[i]->still_suspected = false;
    }
    uint64_t from = j->now_ns - MIN(j->now_ns, DEPLOY_WINDOW_NS);
    uint64_t last = 0;
    for (unsigned i = 0; i < MIN(j->deploy_count, DEPLOYS_MAX); i++) {
        last = MAX(last, j->deploy[i].at_ns);
    }
    bool opened = last >= from && last != 0 && try_to_open(j, SHIFT_SINCE, last, NULL);
    unsigned novelties = 0;
    for (unsigned i = 0; i < j->watch_count && !opened && novelties < NOVELTIES_MAX; i++) {
        uint64_t fingerprint = 0;
        uint64_t at = watch_novelty(j->watch[i], from, &fingerprint);
        if (at != 0) {
            novelties++;
            opened = try_to_open(j, SHIFT_SINCE, at, j->watch[i]);
        }
    }
    if (!opened) {
        (void)try_to_open(j, SHIFT_DRIFT, 0, NULL);
    }
    for (unsigned i = 0; i < j->watch_count; i++) {
        struct watch *w = j->watch[i];
        w->suspected_ns = w->still_suspected ? w->suspected_ns : 0;
    }
}

/* ---- an open incident */

static void
rule_out(struct judge *j, struct incident *inc, const struct shift *s)
{
    char text[64], lock[32], samples[32];
    double change = s->rate_before > 0 ? 100 * (s->rate_now / s->rate_before - 1) : NAN;
    snprintf(text, sizeof(text), "%+.0f %%", change);
    incident_rule_out(inc, "traffic", fabs(change) <= 25 ? text : NULL);
    incident_rule_out(inc, "errors", inc->errors_now < 0.5 ? "0" : NULL);
    struct advice_waits w = advice_waits(j->advice, false);
    if (w.samples > 0) {
        snprintf(text, sizeof(text), "%s of %s samples", detect_count(w.lock_waits, lock),
                 detect_count(w.samples, samples));
        incident_rule_out(inc, "lock waits", w.lock_waits < 0.05 * w.samples ? text : NULL);
    }
    double growth = NAN;
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        const struct statement *st = statement_get(&j->statements, f->fingerprint);
        for (unsigned k = 0; st != NULL && k < f->tables.count; k++) {
            const struct advice_table *t =
                advice_table(j->advice, name_of(j, st->database), f->tables.name[k]);
            if (t != NULL && t->answers > 1 && t->rows_first > 0) {
                growth = fmax(isnan(growth) ? 0 : growth, 100 * (t->rows / t->rows_first - 1));
            }
        }
    }
    snprintf(text, sizeof(text), "%.0f %%", isnan(growth) ? 0 : fabs(growth) < 0.5 ? 0 : growth);
    incident_rule_out(inc, "table growth", !isnan(growth) && growth < 10 ? text : NULL);
}

static const char *
database_of_incident(struct judge *j, const struct incident *inc)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct statement *s =
            statement_get(&j->statements, inc->cause[i].finding.fingerprint);
        if (s != NULL) {
            return name_of(j, s->database);
        }
    }
    return "";
}

static void
end_burn(struct judge *j, struct incident *inc, enum incident_state state, const char *kind,
         const char *text)
{
    inc->state = state;
    incident_note(inc, j->now_ns, kind, text);
    tell(j, kind, text);
    for (unsigned i = 0; i < j->watch_count; i++) { /* normal begins anew */
        struct watch *w = j->watch[i];
        w->settled_ns = j->now_ns;
        w->suspected_ns = 0;
        w->base_restored = false;
        w->base.n = 0;
        w->base_ns = j->now_ns;
    }
    publish(j, inc);
}

static bool
follow_calm(struct judge *j, struct incident *inc, const struct shift_route *r)
{
    if (r == NULL || !receipt_is_calm(inc, r)) {
        inc->calm_ns = 0;
        return false;
    }
    if (inc->calm_ns == 0) {
        inc->calm_ns = j->now_ns;
    }
    bool unmeasured = false;
    for (unsigned i = 0; i < inc->action_count; i++) {
        unmeasured = unmeasured || inc->action[i].state == ACTION_LANDED;
    }
    /* A receipt that is still being counted is waited for, though not for ever. */
    return j->now_ns >= inc->calm_ns + (unmeasured ? 3 * CALM_NS : CALM_NS);
}

static void
follow_incident(struct judge *j, struct incident *inc)
{
    struct shift *s = shift_new(j->watch, j->watch_count, &j->load, SHIFT_FROZEN, 0, j->now_ns);
    struct shift_route *r = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    bool news = false;
    if (r != NULL && r->now.n >= 5) {
        r->before = inc->before; /* the judge's own base may be another burn's */
        struct inquest q = inquest(j);
        if (inc->state == INCIDENT_OPEN) {
            inquest_gather(&q, s, r);
            news = inquest_find(&q, inc, s, r, "");
        }
        incident_follow(inc, s, &j->load, &j->statements, j->config.cores, j->now_ns);
        incident_weigh(inc, s, &j->statements);
        rule_out(j, inc, s);
        unsigned entries = inc->timeline_count;
        news = receipt_look(inc, s, j->advice, database_of_incident(j, inc), j->now_ns) || news;
        for (; entries < inc->timeline_count; entries++) {
            tell(j, inc->timeline[entries].kind, inc->timeline[entries].text);
        }
    }
    if (news) {
        publish(j, inc);
    } else if (j->out.changed != NULL) {
        j->out.changed(j->out.ctx);
    }
    if (follow_calm(j, inc, r)) {
        inc->recovered_ns = j->now_ns;
        end_burn(j, inc, INCIDENT_RECOVERED, "recovered", "back to what it was before");
    }
    shift_free(&s);
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
            publish(j, inc);
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
    struct incident *inc = active_incident(j);
    if (inc == NULL) {
        look_for_burns(j);
        inc = active_incident(j);
        if (inc == NULL) {
            learn_bases(j);
        }
    }
    if (inc != NULL) {
        bool is_new = inc->stored_timeline == 0;
        follow_incident(j, inc);
        if (is_new) {
            publish(j, inc);
        }
    }
}

void
judge_tick(struct judge *j, uint64_t now_ns, uint64_t wall_ns)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->now_ns = MAX(j->now_ns, now_ns);
    j->wall_offset_ns = wall_ns - now_ns;
    if (j->now_ns >= j->evaluated_ns + EVALUATE_EVERY_NS) {
        j->evaluated_ns = j->now_ns;
        evaluate(j);
    }
    if (j->now_ns >= j->flushed_ns + FLUSH_EVERY_NS) {
        judge_flush(j, j->now_ns);
    }
}

static struct incident *
incident_by_id(const struct judge *j, uint32_t id)
{
    for (unsigned i = 0; i < j->incident_count; i++) {
        if (j->incident[i]->id == id) {
            return j->incident[i];
        }
    }
    return NULL;
}

int
judge_ack(struct judge *j, uint64_t now_ns, uint32_t id)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    struct incident *inc = incident_by_id(j, id);
    if (inc == NULL) {
        return -ENOENT;
    }
    if (inc->acknowledged_ns == 0) {
        inc->acknowledged_ns = now_ns;
        incident_note(inc, now_ns, "acknowledged", "someone is on it");
        publish(j, inc);
    }
    return 0;
}

int
judge_close(struct judge *j, uint64_t now_ns, uint32_t id)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    struct incident *inc = incident_by_id(j, id);
    if (inc == NULL) {
        return -ENOENT;
    }
    if (inc->state == INCIDENT_CLOSED) {
        return 0;
    }
    j->now_ns = MAX(j->now_ns, now_ns);
    inc->closed_ns = now_ns;
    if (inc->state == INCIDENT_RECOVERED) {
        inc->state = INCIDENT_CLOSED;
        incident_note(inc, now_ns, "closed", "closed by hand");
        publish(j, inc);
    } else {
        end_burn(j, inc, INCIDENT_CLOSED, "closed", "closed by hand; as it is now is normal");
    }
    return 0;
}

static json_t *
status_json(const struct judge *j)
{
    struct incident *inc = active_incident(j);
    json_t *o = json_object();
    json_object_set_new(o, "traces", json_integer((json_int_t)j->traces));
    json_object_set_new(o, "unlinked", json_integer((json_int_t)j->unlinked));
    json_object_set_new(o, "routes", json_integer(j->watch_count));
    json_object_set_new(o, "routes_refused", json_integer((json_int_t)j->routes_refused));
    json_object_set_new(o, "statements",
                        json_integer((json_int_t)j->statements.by_fingerprint.count));
    json_object_set_new(o, "statements_refused", json_integer((json_int_t)j->statements.refused));
    json_object_set_new(o, "series", json_integer((json_int_t)j->series.by_key.count));
    json_object_set_new(o, "series_overflowed", json_integer((json_int_t)j->series.overflowed));
    json_object_set_new(o, "recent_bytes", json_integer((json_int_t)j->budget.bytes));
    json_object_set_new(o, "evaluations", json_integer((json_int_t)j->evaluations));
    json_object_set_new(o, "open_incident", inc == NULL ? json_null() : json_integer(inc->id));
    return o;
}

static json_t *
incidents_json(const struct judge *j)
{
    json_t *list = json_array();
    for (unsigned i = j->incident_count; i-- > 0;) {
        json_array_append_new(list, report_incident(j->incident[i], &j->statements,
                                                    j->wall_offset_ns, j->config.cores));
    }
    for (size_t i = json_array_size(j->archive); i-- > 0;) {
        json_array_append(list, json_array_get(j->archive, i));
    }
    return list;
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
        doc = report_queries(&j->series, &j->statements, name_of, j);
        break;
    case JUDGE_REQUESTS:
        doc = report_requests(&j->series, &j->statements);
        break;
    case JUDGE_STATUS:
        doc = status_json(j);
        break;
    }
    char *text = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    int err = text == NULL ? -E2BIG : buf_append_str(ret_json, text);
    free(text);
    return err;
}
