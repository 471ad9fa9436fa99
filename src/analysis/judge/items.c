/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/state.h"
#include "base/clock.h"
#include "base/hash.h"
#include "proto/http/http_head.h"

#define PROBABILITY_MIN 0.5f

struct watch *
judge_watch_of(struct judge *j, struct slice text, enum route_basis basis, uint8_t method)
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
    struct watch *w = watch_new(text, basis, method, &j->budget);
    sampler_init(&w->samples, &j->samples, hash_bytes(text));
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
    struct watch *w = judge_watch_of(j, slice_from_str(text), r->basis, r->method);
    if (w != NULL) { /* one that came back from the store knew neither */
        bool is_named = w->basis == ROUTE_BASIS_APPLICATION; /* of another listener's, too */
        w->basis = is_named ? w->basis : r->basis;
        w->method = r->method;
    }
    if (w == NULL || map_put(&j->routes, (uint64_t)r->index + 1, w) != 0) {
        return;
    }
    struct stored record = {.kind = STORED_ROUTE,
                            .route = {slice_from_str(w->text), w->basis, judge_wall(j, j->now_ns)}};
    judge_give(j, &record);
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
    if (s->kept_ns == 0) {
        judge_keep_statement(j, s);
    }
}

static void
note_failure(struct judge *j, const struct trace *t, const char *route)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    struct incident *inc = n == 0 ? NULL : active[0];
    for (unsigned i = n; i-- > 0;) { /* the one that has to do with the route, or the oldest */
        inc = incident_concerns(active[i], route) ? active[i] : inc;
    }
    if (inc == NULL || inc->first_error_noted) {
        return;
    }
    char text[256];
    if ((t->request_flags & REQUEST_CLIENT_ABORTED) != 0) {
        snprintf(text, sizeof(text), "first failed request since then: %.160s, the client gave up",
                 route);
    } else {
        snprintf(text, sizeof(text), "first failed request since then: %.160s, status %u", route,
                 t->status);
    }
    inc->first_error_noted = true;
    incident_note(inc, t->end_ns, "error", text);
}

void
judge_count(struct judge *j, struct series *s, const struct series_sums *sums)
{
    uint64_t wall_ns = judge_wall(j, j->now_ns);
    bool to_sketch = s->kind == SERIES_STATEMENT || s->kind == SERIES_ROUTE;
    series_add(s, sums, to_sketch, wall_ns, judge_keep_window, j);
    fine_add(&j->fine, s, sums, to_sketch, wall_ns);
}

/* upstream: NULL where that is not known. */
static void
add_to(struct judge *j, struct series *s, const uint16_t *upstream, const struct series_sums *sums)
{
    if (upstream != NULL) {
        series_place(s, *upstream);
    }
    judge_count(j, s, sums);
}

static void
add_series(struct judge *j, enum series_kind kind, const char *route, uint64_t fingerprint,
           uint32_t database, const uint16_t *upstream, const struct series_sums *sums)
{
    add_to(j, series_get(&j->series, kind, route, fingerprint, database), upstream, sums);
}

static void
tell_slow(const struct judge *j, const struct trace_query *q, const struct statement *s,
          const char *route)
{
    bool failed = (q->flags & QUERY_ERROR) != 0;
    struct judge_slow slow = {
        .fingerprint = q->fingerprint,
        .time_ns = trace_query_cost_ns(q),
        .rows = q->rows,
        .statement = slice_from_str(s == NULL ? "" : s->text),
        .database = slice_from_str(judge_name(j, q->database)),
        .user = slice_from_str(judge_name(j, q->user)),
        .route = slice_from_str(route == NULL ? "" : route),
        .sqlstate = slice_of(q->sqlstate, failed ? sizeof(q->sqlstate) : 0),
    };
    j->out.slow(j->out.ctx, &slow);
}

static enum error_class
class_of_query(const struct trace_query *q)
{
    return error_class_of_sqlstate(slice_of(q->sqlstate, sizeof(q->sqlstate)));
}

/* In a transaction that has failed already every statement does: that says nothing of it. */
static bool
is_failure(const struct trace_query *q)
{
    return (q->flags & QUERY_ERROR) != 0 && memcmp(q->sqlstate, "25P02", 5) != 0;
}

/* Also of a request that was answered as it should be, and says that somebody could not log in. */
static enum error_class
class_of_request(const struct trace *t)
{
    if ((t->request_flags & REQUEST_UPSTREAM_FAILED) != 0) {
        return t->status == 504 ? ERROR_CLASS_TIMEOUT : ERROR_CLASS_REFUSED;
    }
    if ((t->request_flags & REQUEST_CLIENT_ABORTED) != 0) {
        return ERROR_CLASS_TIMEOUT;
    }
    if ((t->request_flags & REQUEST_ERROR_BODY) != 0) {
        return ERROR_CLASS_BODY;
    }
    return t->status >= 500   ? ERROR_CLASS_SERVER
           : t->status == 401 ? ERROR_CLASS_LOGIN
                              : ERROR_CLASS_COUNT;
}

/* Where a statement's queries are counted: looked for once where they follow one another. */
struct places {
    struct series *of_statement;
    struct series *in_route;             /* NULL: no route */
    struct sameness_statement *sameness; /* NULL: not asked */
    const struct statement *statement;   /* NULL: not known yet */
};

static struct places
places_of(struct judge *j, const struct trace_query *q, const char *route)
{
    struct series_table *t = &j->series;
    struct places at = {
        .of_statement = series_get(t, SERIES_STATEMENT, NULL, q->fingerprint, q->database),
        .in_route =
            route == NULL ? NULL : series_get(t, SERIES_BOTH, route, q->fingerprint, q->database),
        .sameness = sameness_of(&j->sameness, q),
        .statement = statement_get(&j->statements, q->fingerprint),
    };
    if (at.statement != NULL && at.of_statement->fingerprint == q->fingerprint) {
        at.of_statement->plan = at.statement->plan_hash;
    }
    if (at.statement != NULL && at.in_route != NULL && at.in_route->fingerprint == q->fingerprint) {
        at.in_route->plan = at.statement->plan_hash;
    }
    return at;
}

static void
on_query(struct judge *j, const struct trace_query *q, const char *route, const struct places *at)
{
    bool failed = is_failure(q);
    uint64_t cost_ns = trace_query_cost_ns(q);
    struct series_sums sums = {.calls = 1,
                               .errors = failed ? 1 : 0,
                               .rows = q->rows,
                               .time_ns = cost_ns,
                               .max_ns = cost_ns};
    window_amounts_add(&sums.amounts, AMOUNT_BYTES, q->bytes_out);
    if (failed) {
        sums.errors_by_class[class_of_query(q)] = 1;
    }
    enum sameness_answer same =
        at->sameness == NULL ? SAMENESS_UNKNOWN : sameness_add(at->sameness, q);
    if (same != SAMENESS_UNKNOWN) {
        window_amounts_add(&sums.amounts, AMOUNT_SAME_VALUES, same == SAMENESS_SEEN ? 1 : 0);
    }
    add_to(j, at->of_statement, &q->upstream, &sums);
    if (at->in_route != NULL) {
        window_amounts_add(&sums.amounts, AMOUNT_REPEATING, 0);
        add_to(j, at->in_route, &q->upstream, &sums);
    }
    stampedes_add(&j->stampedes, q);
    const struct statement *s = at->statement;
    for (unsigned i = 0; s != NULL && i < s->writes.count; i++) {
        sameness_wrote(&j->sameness, s->writes.name[i], q->end_ns);
    }
    if (j->slow_query_ns > 0 && cost_ns >= j->slow_query_ns && j->out.slow != NULL) {
        tell_slow(j, q, s, route);
    }
}

/* Once for each request that calls it so, as against its calls. */
static void
add_repeating(struct judge *j, const struct trace *t, const char *route)
{
    const struct trace_query *list[REPEATING_STATEMENTS_MAX];
    unsigned n = repeating_of(t, list);
    struct series_sums sums = {0};
    window_amounts_add(&sums.amounts, AMOUNT_REPEATING, 1);
    for (unsigned i = 0; i < n; i++) {
        add_series(j, SERIES_BOTH, route, list[i]->fingerprint, list[i]->database, NULL, &sums);
    }
}

static void
add_ties(struct judge *j, const struct trace *t, const char *route, uint64_t busy_ns)
{
    struct series_ties *ties = &series_get(&j->series, SERIES_ROUTE, route, 0, 0)->ties;
    uint64_t queries = (uint64_t)t->query_count + t->queries_folded;
    ties->requests++;
    ties->queries += (double)queries;
    ties->db_ns += (double)busy_ns;
    if (queries > 0 && t->basis < LINK_BASIS_COUNT) {
        ties->basis[t->basis]++;
    }
}

/* Tied to no request, and yet most likely theirs. */
static void
add_shares(struct judge *j, const struct trace *t, uint64_t busy_ns)
{
    for (uint32_t i = 0; i < t->shares.count; i++) {
        const struct watch *w = map_get(&j->routes, (uint64_t)t->shares.of[i].route + 1);
        if (w == NULL) {
            continue;
        }
        struct series_ties *ties = &series_get(&j->series, SERIES_ROUTE, w->text, 0, 0)->ties;
        double share = (double)t->shares.of[i].share;
        ties->queries += share * (t->query_count + t->queries_folded);
        ties->db_ns += share * (double)busy_ns;
    }
}

static void
on_trace(struct judge *j, const struct trace *t)
{
    struct watch *w =
        t->route == TRACE_ROUTE_UNLINKED ? NULL : map_get(&j->routes, (uint64_t)t->route + 1);
    const char *route = w == NULL ? NULL : w->text;
    uint64_t busy_ns = t->folded_ns;
    struct places at = {0};
    for (uint32_t i = 0; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        if (i == 0 || q->fingerprint != q[-1].fingerprint || q->database != q[-1].database) {
            at = places_of(j, q, route);
        }
        on_query(j, q, route, &at);
        busy_ns += trace_query_cost_ns(q);
        if (q->session_seq == 0) {
            load_add_connection(&j->load, t->end_ns, setup_ms(&j->setup, q->session, q->start_ns));
        }
    }
    bool failed = trace_has_failed(t);
    bool request = t->route != TRACE_ROUTE_UNLINKED;
    load_add(&j->load, t->end_ns, request ? 1 : 0, t->query_count + t->queries_folded,
             failed ? 1 : 0, clock_ns_to_ms(busy_ns));
    j->traces++;
    j->unlinked += request ? 0 : 1;
    add_shares(j, t, busy_ns);
    if (w == NULL) {
        return;
    }
    uint64_t total_ns = t->end_ns - MIN(t->start_ns, t->end_ns);
    struct series_sums sums = {
        .calls = 1, .errors = failed ? 1 : 0, .time_ns = total_ns, .max_ns = total_ns};
    window_amounts_add(&sums.amounts, AMOUNT_BYTES, t->bytes_out);
    enum error_class class = class_of_request(t);
    if (class != ERROR_CLASS_COUNT) {
        sums.errors_by_class[class] = 1;
    }
    add_series(j, SERIES_ROUTE, route, 0, 0, &t->upstream, &sums);
    add_repeating(j, t, route);
    add_ties(j, t, route, busy_ns);
    judge_shape(w, t);
    retries_add(&w->retries, t->values_hash, t->start_ns, t->end_ns, failed);
    if (j->out.request != NULL) {
        judge_tell_request(j, w, t);
    }
    if (t->is_partial) { /* it counts, and its parts say nothing */
        recent_missed(&w->recent, 1);
    } else {
        judge_sample(j, w, t);
        if (t->probability >= PROBABILITY_MIN) {
            watch_trace(w, t);
            proof_trace(j->proof, t);
        }
    }
    if (failed) {
        note_failure(j, t, route);
    }
}

static void
on_folded(struct judge *j, const struct intake_folded *f, uint64_t at_ns)
{
    struct series_sums sums = {
        .calls = f->calls, .errors = f->errors, .rows = f->rows, .time_ns = f->time_ns};
    add_series(j, SERIES_STATEMENT, NULL, f->fingerprint, f->database, NULL, &sums);
    load_add(&j->load, at_ns, 0, f->calls, 0, clock_ns_to_ms(f->time_ns));
}

static void
on_folded_route(struct judge *j, const struct intake_folded_route *f, uint64_t at_ns)
{
    struct watch *w =
        f->route == TRACE_ROUTE_UNLINKED ? NULL : map_get(&j->routes, (uint64_t)f->route + 1);
    struct series_sums sums = {.calls = f->requests, .errors = f->errors, .time_ns = f->time_ns};
    add_series(j, SERIES_ROUTE, w == NULL ? "other" : w->text, 0, 0, NULL, &sums);
    if (w != NULL) {
        recent_missed(&w->recent, f->requests);
    }
    load_add(&j->load, at_ns, f->requests, 0, f->errors, 0);
}

void
judge_add_name(struct judge *j, const struct intake_name *n)
{
    if ((n->kind != NAME_DATABASE && n->kind != NAME_USER) || map_get(&j->names, n->id) != NULL) {
        return;
    }
    char *text = check_alloc(1, n->text.len + 1);
    slice_to_str(n->text, text, n->text.len + 1);
    if (map_put(&j->names, n->id, text) != 0) {
        free(text);
    }
}

void
judge_set_slow_query(struct judge *j, uint64_t limit_ns)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->slow_query_ns = limit_ns;
}

void
judge_item(struct judge *j, uint64_t now_ns, const struct intake_item *item)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->now_ns = MAX(j->now_ns, now_ns);
    judge_monitor_turn(j);
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
        judge_add_name(j, &item->name);
        break;
    case INTAKE_FOLDED:
        on_folded(j, &item->folded, item->time_ns);
        break;
    case INTAKE_FOLDED_ROUTE:
        on_folded_route(j, &item->folded_route, item->time_ns);
        break;
    case INTAKE_SESSION_OPEN:
        setup_begins(&j->setup, item->session_open.session, item->session_open.start_ns);
        judge_login(j, &item->session_open);
        break;
    case INTAKE_LOGIN_REFUSED:
        judge_login_refused(j, item->time_ns, &item->login_refused);
        break;
    case INTAKE_LENS_VALUES:
        proof_values(j->proof, &item->lens_values);
        advice_sample(j->advice, &item->lens_values);
        break;
    case INTAKE_LENS_ROWS:
        proof_rows(j->proof, &item->lens_rows);
        break;
    case INTAKE_IN_FLIGHT:
        judge_monitor_in_flight(j, &item->in_flight);
        break;
    default:
        break; /* counters are the status page's */
    }
}
