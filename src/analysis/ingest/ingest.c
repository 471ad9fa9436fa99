/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/ingest.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/ingest/registry.h"
#include "analysis/ingest/route.h"
#include "analysis/ingest/shed.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "bus/subscribe.h"
#include "proto/sql/sql_tags.h"

#define PATHS_MAX        8192u
#define BEHIND_NS        (500 * NS_PER_MS)
#define BEHIND_WAIT_NS   (1500 * NS_PER_MS)
#define TAGGED_ROUTE_MAX (2 * SQL_TAG_VALUE_MAX + 2)

struct ingest {
    struct intake *intake;
    struct linker *linker;
    struct routes *routes;
    struct registry *registry;
    struct shed *shed;
    struct map paths; /* hash of method and path -> route + 1 */
    struct intake_item *backlog[INGEST_BACKLOG_MAX];
    size_t backlog_first;
    size_t backlog_count;
    uint64_t now_ns;
    struct {
        uint32_t epoch;
        uint64_t time_ns; /* of its last record */
    } worker[SUBSCRIBER_WORKERS_MAX];
    uint64_t behind_ns; /* since when what comes in is old; 0: it is not */
    struct ingest_totals totals;
};

static void
keep_for_later(struct ingest *in, struct intake_item **item)
{
    if (in->backlog_count == INGEST_BACKLOG_MAX) {
        in->totals.dropped++;
        intake_item_free(item);
        return;
    }
    size_t at = (in->backlog_first + in->backlog_count++) % INGEST_BACKLOG_MAX;
    in->backlog[at] = TAKE(*item);
}

/* In order: an announcement must not overtake an older one that waits. */
static void
put_announcement(struct ingest *in, struct intake_item **item)
{
    if (in->backlog_count > 0 || intake_put(in->intake, item) != 0) {
        keep_for_later(in, item);
    }
}

static void
put_or_drop(struct ingest *in, struct intake_item **item)
{
    if (intake_put(in->intake, item) != 0) {
        in->totals.dropped++;
        intake_item_free(item);
    }
}

static uint32_t
route_of_request(void *ctx, const struct event_request *ev, struct slice path)
{
    struct ingest *in = ctx;
    uint32_t route = (ev->flags & REQUEST_ROUTE_GIVEN) != 0
                         ? routes_of_name(in->routes, ev->listener, ev->method, path)
                         : routes_of_request(in->routes, ev->listener, ev->method, path);
    uint8_t key[1 + EVENT_PATH_MAX];
    struct slice cut = slice_sub(path, 0, EVENT_PATH_MAX);
    key[0] = ev->method;
    if (cut.len > 0) {
        memcpy(key + 1, cut.ptr, cut.len);
    }
    if (map_put(&in->paths, hash_bytes(slice_of(key, 1 + cut.len)),
                (void *)((uintptr_t)route + 1)) != 0) {
        map_fini(&in->paths);
        map_init(&in->paths, PATHS_MAX);
    }
    return route;
}

static uint32_t
route_of_tag(void *ctx, uint32_t route, uint16_t listener, uint8_t method, struct slice tag)
{
    struct ingest *in = ctx;
    return routes_of_tag(in->routes, route, listener, method, tag);
}

static uint32_t
route_of_work(void *ctx, const struct trace *trace, struct slice tag)
{
    struct ingest *in = ctx;
    return routes_of_work(in->routes, trace, tag);
}

static void
announce_route(void *ctx, uint32_t index, uint16_t listener, uint8_t method, enum route_basis basis,
               struct slice text)
{
    struct ingest *in = ctx;
    uint8_t *tail = NULL;
    struct intake_item *item = intake_item_new(INTAKE_ROUTE, in->now_ns, text.len, &tail);
    if (text.len > 0) {
        memcpy(tail, text.ptr, text.len);
    }
    item->route = (struct intake_route){.index = index,
                                        .listener = listener,
                                        .method = method,
                                        .basis = basis,
                                        .text = slice_of(tail, text.len)};
    put_announcement(in, &item);
}

static struct slice
statement_words(void *ctx, uint64_t fingerprint)
{
    struct ingest *in = ctx;
    return registry_words(in->registry, fingerprint);
}

static void
take_trace(void *ctx, struct trace **trace)
{
    struct ingest *in = ctx;
    if (in->backlog_count > 0) { /* its route may not be announced yet */
        shed_trace(in->shed, trace);
        return;
    }
    struct intake_item *item = intake_item_of_trace(trace);
    if (intake_put(in->intake, &item) != 0) {
        shed_trace(in->shed, &item->trace);
        intake_item_free(&item);
    }
}

struct ingest *
ingest_new(struct intake *intake)
{
    struct ingest *in = check_alloc(1, sizeof(*in));
    in->intake = intake;
    in->linker = linker_new(
        &(struct link_out){in, route_of_request, route_of_tag, route_of_work, take_trace});
    in->routes = routes_new(&(struct route_out){in, announce_route, statement_words});
    in->registry = registry_new();
    in->shed = shed_new();
    map_init(&in->paths, PATHS_MAX);
    return in;
}

void
ingest_free(struct ingest **ingest)
{
    struct ingest *in = *ingest;
    if (in == NULL) {
        return;
    }
    for (size_t i = 0; i < in->backlog_count; i++) {
        intake_item_free(&in->backlog[(in->backlog_first + i) % INGEST_BACKLOG_MAX]);
    }
    linker_free(&in->linker);
    routes_free(&in->routes);
    registry_free(&in->registry);
    shed_free(&in->shed);
    map_fini(&in->paths);
    free(in);
    *ingest = NULL;
}

void
ingest_set_alone(struct ingest *in, bool alone)
{
    linker_set_alone(in->linker, alone);
}

/* "route", or "controller#action": what the statement's comment names; empty: nothing. */
static struct slice
tagged_route(struct slice comment, char dst[static TAGGED_ROUTE_MAX])
{
    struct sql_tags tags;
    if (comment.len == 0 || !sql_tags_parse(comment, &tags)) {
        return SLICE_NONE;
    }
    const char *at = tags.route[0] != '\0' ? tags.route : tags.controller;
    bool action = at == tags.controller && at[0] != '\0' && tags.action[0] != '\0';
    int len =
        snprintf(dst, TAGGED_ROUTE_MAX, "%s%s%s", at, action ? "#" : "", action ? tags.action : "");
    return slice_of(dst, (size_t)len);
}

static void
on_query(struct ingest *in, const struct event_query *ev, struct slice tail)
{
    uint64_t values[EVENT_VALUES_MAX];
    char route[TAGGED_ROUTE_MAX];
    struct event_query cut;
    struct slice tags = slice_sub(tail, ev->value_count * sizeof(values[0]), ev->tags_len);
    if (ev->value_count > EVENT_VALUES_MAX) {
        cut = *ev;
        cut.value_count = EVENT_VALUES_MAX;
        ev = &cut;
    }
    if (ev->value_count > 0) {
        memcpy(values, tail.ptr, ev->value_count * sizeof(values[0]));
    }
    if (ev->role == ROLE_EXECUTE) {
        in->totals.query_proxy_ns += ev->proxy_ns;
        in->totals.query_proxy_max_ns = MAX(in->totals.query_proxy_max_ns, ev->proxy_ns);
    }
    linker_query(in->linker, in->now_ns, ev, values, tagged_route(tags, route));
}

static void
on_request(struct ingest *in, const struct event_request *ev, struct slice tail)
{
    uint64_t values[EVENT_VALUES_MAX];
    struct event_request r = *ev;
    size_t count = ev->value_count;
    r.value_count = (uint16_t)MIN(count, EVENT_VALUES_MAX);
    if (r.value_count > 0) {
        memcpy(values, tail.ptr, r.value_count * sizeof(values[0]));
    }
    in->totals.requests++;
    in->totals.request_proxy_ns += ev->proxy_ns;
    in->totals.request_proxy_max_ns = MAX(in->totals.request_proxy_max_ns, ev->proxy_ns);
    struct slice path = slice_sub(tail, count * sizeof(values[0]), ev->path_len);
    linker_request(in->linker, in->now_ns, &r, values, path);
}

static void
on_statement(struct ingest *in, const struct event_statement *ev, struct slice tail)
{
    struct slice text = slice_sub(tail, 0, ev->text_len);
    if (!registry_statement(in->registry, ev, text)) {
        return;
    }
    uint8_t *copy = NULL;
    struct intake_item *item = intake_item_new(INTAKE_STATEMENT, ev->head.time_ns, text.len, &copy);
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    item->statement = (struct intake_statement){.fingerprint = ev->fingerprint,
                                                .database = ev->database,
                                                .kind = ev->kind,
                                                .truncated = ev->truncated,
                                                .text = slice_of(copy, text.len)};
    put_announcement(in, &item);
}

static void
on_name(struct ingest *in, const struct event_name *ev, struct slice tail)
{
    struct slice text = slice_sub(tail, 0, ev->text_len);
    if (!registry_name(in->registry, ev, text)) {
        return;
    }
    uint8_t *copy = NULL;
    struct intake_item *item = intake_item_new(INTAKE_NAME, ev->head.time_ns, text.len, &copy);
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    item->name = (struct intake_name){
        .id = ev->id, .kind = (uint8_t)ev->kind, .text = slice_of(copy, text.len)};
    put_announcement(in, &item);
}

static void
on_lens_values(struct ingest *in, const struct event_lens_values *ev, struct slice tail)
{
    uint8_t *copy = NULL;
    struct intake_item *item =
        intake_item_new(INTAKE_LENS_VALUES, ev->head.time_ns, tail.len, &copy);
    if (tail.len > 0) {
        memcpy(copy, tail.ptr, tail.len);
    }
    /* Parameters follow the text, padded to 4 as each of them is. */
    struct slice all = slice_of(copy, tail.len);
    item->lens_values.event = *ev;
    item->lens_values.text = slice_sub(all, 0, ev->text_len);
    item->lens_values.params = slice_sub(all, ((size_t)ev->text_len + 3) & ~(size_t)3, tail.len);
    put_or_drop(in, &item);
}

static void
on_lens_rows(struct ingest *in, const struct event_lens_rows *ev, struct slice tail)
{
    size_t columns = (size_t)ev->column_count * sizeof(struct event_lens_column);
    size_t hashes = (size_t)ev->column_count * ev->row_count * sizeof(uint64_t);
    if (columns + hashes > tail.len) {
        in->totals.bad++;
        return;
    }
    uint8_t *copy = NULL;
    struct intake_item *item =
        intake_item_new(INTAKE_LENS_ROWS, ev->head.time_ns, columns + hashes, &copy);
    if (columns + hashes > 0) {
        memcpy(copy, tail.ptr, columns + hashes);
    }
    item->lens_rows.event = *ev;
    item->lens_rows.columns = (const struct event_lens_column *)(const void *)copy;
    item->lens_rows.hashes = (const uint64_t *)(const void *)(copy + columns);
    put_or_drop(in, &item);
}

static void
on_counters(struct ingest *in, const struct event_counters *ev, struct slice tail)
{
    struct intake_item *item = intake_item_new(INTAKE_COUNTERS, ev->head.time_ns, 0, NULL);
    item->counters.worker = ev->head.worker;
    size_t count = MIN(ev->count, (uint32_t)COUNTER_COUNT);
    if (tail.len > 0) {
        memcpy(item->counters.value, tail.ptr, MIN(count * sizeof(uint64_t), tail.len));
    }
    put_or_drop(in, &item);
}

static void
on_folded(struct ingest *in, const struct event_folded *ev)
{
    struct intake_item *item = intake_item_new(INTAKE_FOLDED, ev->head.time_ns, 0, NULL);
    item->folded = (struct intake_folded){.fingerprint = ev->fingerprint,
                                          .database = ev->database,
                                          .calls = ev->calls,
                                          .errors = ev->errors,
                                          .rows = ev->rows,
                                          .time_ns = ev->time_ns};
    put_announcement(in, &item);
}

static void
on_folded_request(struct ingest *in, const struct event_folded_request *ev)
{
    void *route = map_get(&in->paths, ev->path_hash);
    struct intake_item *item = intake_item_new(INTAKE_FOLDED_ROUTE, ev->head.time_ns, 0, NULL);
    item->folded_route = (struct intake_folded_route){
        .route = route == NULL ? TRACE_ROUTE_UNLINKED : (uint32_t)((uintptr_t)route - 1),
        .requests = ev->requests,
        .errors = ev->errors,
        .time_ns = ev->time_ns};
    put_announcement(in, &item);
}

static bool
tail_fits(const union event *ev, struct slice tail)
{
    switch (ev->head.type) {
    case EV_QUERY:
        return 8u * ev->as_event_query.value_count + ev->as_event_query.tags_len <= tail.len;
    case EV_REQUEST:
        return 8u * ev->as_event_request.value_count + ev->as_event_request.path_len <= tail.len;
    case EV_STATEMENT:
        return ev->as_event_statement.text_len <= tail.len;
    default:
        return true;
    }
}

static void
pass_through(struct ingest *in, const union event *ev)
{
    struct intake_item *item = NULL;
    if (ev->head.type == EV_SESSION_OPEN) {
        item = intake_item_new(INTAKE_SESSION_OPEN, ev->head.time_ns, 0, NULL);
        item->session_open = ev->as_event_session_open;
    } else if (ev->head.type == EV_SESSION_CLOSE) {
        item = intake_item_new(INTAKE_SESSION_CLOSE, ev->head.time_ns, 0, NULL);
        item->session_close = ev->as_event_session_close;
    } else if (ev->head.type == EV_LOGIN_REFUSED) {
        item = intake_item_new(INTAKE_LOGIN_REFUSED, ev->head.time_ns, 0, NULL);
        item->login_refused = ev->as_event_login_refused;
    } else if (ev->head.type == EV_IN_FLIGHT) {
        item = intake_item_new(INTAKE_IN_FLIGHT, ev->head.time_ns, 0, NULL);
        item->in_flight = ev->as_event_in_flight;
    } else {
        return;
    }
    put_or_drop(in, &item);
}

/* What was published between a worker's last record and this one is not all here: it was folded or
 * dropped, or there was nobody to hear it. */
static void
find_gap(struct ingest *in, const struct event_head *head)
{
    if (head->worker >= ARRAY_LEN(in->worker)) {
        return;
    }
    uint64_t last_ns = in->worker[head->worker].time_ns;
    if (head->missed > 0) {
        linker_gap(in->linker, last_ns, head->time_ns);
    } else if (head->epoch != in->worker[head->worker].epoch) {
        linker_gap(in->linker, head->time_ns, head->time_ns);
    }
    bool is_old = head->time_ns + BEHIND_NS < in->now_ns;
    in->behind_ns = !is_old ? 0 : in->behind_ns == 0 ? in->now_ns : in->behind_ns;
    in->worker[head->worker].epoch = head->epoch;
    in->worker[head->worker].time_ns = MAX(last_ns, head->time_ns);
}

void
ingest_event(struct ingest *in, uint64_t now_ns, const union event *ev, struct slice tail)
{
    in->now_ns = now_ns;
    in->totals.events++;
    if (!tail_fits(ev, tail)) {
        in->totals.bad++;
        return;
    }
    find_gap(in, &ev->head);
    switch (ev->head.type) {
    case EV_QUERY:
        on_query(in, &ev->as_event_query, tail);
        break;
    case EV_REQUEST:
        on_request(in, &ev->as_event_request, tail);
        break;
    case EV_STATEMENT:
        on_statement(in, &ev->as_event_statement, tail);
        break;
    case EV_NAME:
        on_name(in, &ev->as_event_name, tail);
        break;
    case EV_LENS_VALUES:
        on_lens_values(in, &ev->as_event_lens_values, tail);
        break;
    case EV_LENS_ROWS:
        on_lens_rows(in, &ev->as_event_lens_rows, tail);
        break;
    case EV_COUNTERS:
        on_counters(in, &ev->as_event_counters, tail);
        break;
    case EV_FOLDED:
        on_folded(in, &ev->as_event_folded);
        break;
    case EV_FOLDED_REQUEST:
        on_folded_request(in, &ev->as_event_folded_request);
        break;
    case EV_SESSION_OPEN:
        linker_session_open(in->linker, &ev->as_event_session_open);
        pass_through(in, ev);
        break;
    case EV_BACKEND_OPEN:
        linker_backend_open(in->linker, &ev->as_event_backend_open);
        break;
    case EV_SESSION_CLOSE:
        linker_session_close(in->linker, now_ns, &ev->as_event_session_close);
        pass_through(in, ev);
        break;
    default:
        pass_through(in, ev);
    }
}

void
ingest_attached(struct ingest *in, uint64_t now_ns, uint32_t epoch)
{
    struct intake_item *item = intake_item_new(INTAKE_ATTACHED, now_ns, 0, NULL);
    in->now_ns = now_ns;
    item->epoch = epoch;
    put_announcement(in, &item);
}

static void
send_backlog(struct ingest *in)
{
    while (in->backlog_count > 0 && intake_put(in->intake, &in->backlog[in->backlog_first]) == 0) {
        in->backlog_first = (in->backlog_first + 1) % INGEST_BACKLOG_MAX;
        in->backlog_count--;
    }
}

void
ingest_tick(struct ingest *in, uint64_t now_ns)
{
    in->now_ns = now_ns;
    send_backlog(in);
    if (in->backlog_count == 0) {
        shed_flush(in->shed, in->intake, now_ns);
    }
    /* After a pause the records are old, and what is missing behind them is known with the next
     * one only: workers send one every second at least. */
    if (in->behind_ns == 0 || now_ns > in->behind_ns + BEHIND_WAIT_NS) {
        linker_tick(in->linker, now_ns);
    }
}

void
ingest_flush(struct ingest *in, uint64_t now_ns)
{
    in->now_ns = now_ns;
    send_backlog(in);
    linker_flush(in->linker, now_ns);
    shed_flush(in->shed, in->intake, now_ns);
}

struct ingest_totals
ingest_totals(const struct ingest *in)
{
    struct ingest_totals t = in->totals;
    t.link = linker_totals(in->linker);
    t.shed = shed_count(in->shed);
    t.backlog = in->backlog_count;
    t.routes = routes_count(in->routes);
    t.statements = registry_statement_count(in->registry);
    return t;
}
