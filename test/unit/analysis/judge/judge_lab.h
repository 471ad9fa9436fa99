/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/judge/judge_lab.h - the judge with its long memory, in virtual time: weeks of
 * windows as a store would give them, then requests one by one. What they do is the test's to
 * play. */
#ifndef UNIT_ANALYSIS_JUDGE_LAB_H
#define UNIT_ANALYSIS_JUDGE_LAB_H

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/prng.h"
#include "unit/analysis/judge/kept_kit.h"

#define MONDAY     1699833600ull
#define BEGIN      (MONDAY + 17 * 86400)
#define MONO0      (1000 * NS_PER_S)
#define OFFSET     (BEGIN * NS_PER_S - MONO0)
#define MINUTE     60u
#define HOUR       3600u
#define PER_MINUTE 60u
#define STATEMENT  0x77u

struct lab {
    struct judge *j;
    struct prng prng;
    uint64_t now_ns;
    double minute;       /* what the minute underway is noisy by */
    double db_ms;        /* what the statement takes */
    double failing;      /* share of calls */
    double lying;        /* of requests: 200, and the body says error */
    bool is_orphan;      /* no route is known of its calls */
    unsigned flood;      /* requests of other work that fail beside each */
    uint64_t members;    /* of the answers of another route, which is rarer; 0: there is none */
    char told[4096][33]; /* ids of traces, a ring */
    unsigned told_count;
    struct kept kept;
    unsigned opened, joined;
    unsigned rows; /* of its statement; 0: 3 */
    uint64_t opened_at_ns, stuck_since_ns;
    uint64_t set_back_ns; /* the wall clock */
};

static inline uint64_t
wall_ns(const struct lab *l)
{
    return l->now_ns + OFFSET - l->set_back_ns;
}

static inline double
chance(struct lab *l)
{
    return (double)prng_below(&l->prng, 1000000) / 1e6;
}

static inline void
on_store(void *ctx, const struct stored *r)
{
    struct lab *l = ctx;
    kept_add(&l->kept, r);
}

static inline void
on_log(void *ctx, const char *event, const char *text)
{
    struct lab *l = ctx;
    if (getenv("SIM_LOG") != NULL) {
        fprintf(stderr, "%6.0f s %s: %s\n", (double)(l->now_ns - MONO0) / NS_PER_S, event, text);
    }
    if (strcmp(event, "incident-opened") == 0) {
        l->opened++;
        l->opened_at_ns = l->now_ns;
    }
    l->joined += strcmp(event, "incident-joined") == 0 ? 1 : 0;
}

/* ---- two weeks before */

/* Minutes are noisy by 3 %, more or less. */
static inline void
next_minute(struct lab *l)
{
    l->minute = 0.95 + 0.05 * (chance(l) + chance(l));
}

static inline double
call_ms(struct lab *l)
{
    return l->db_ms * (0.9 + 0.2 * chance(l)) * l->minute;
}

static inline void
put_series(struct lab *l, uint64_t at_s, const char *route, uint64_t fingerprint,
           struct sketch *sketch)
{
    uint8_t saved[SKETCH_SAVED_MAX];
    struct stored_window w = {
        .start_wall_ns = at_s * NS_PER_S,
        .length_s = MINUTE,
        .route = slice_from_str(route),
        .fingerprint = fingerprint,
        .calls = PER_MINUTE,
        .rows = 3 * PER_MINUTE,
        .time_ns = (uint64_t)(PER_MINUTE * (l->db_ms + (fingerprint == 0 ? 5 : 0)) * 1e6),
    };
    bool is_both = route != NULL && fingerprint != 0;
    w.sketch = is_both ? SLICE_NONE : slice_of(saved, sketch_save(sketch, saved, sizeof(saved)));
    kept_add_window(&l->kept, &w);
}

static inline void
write_history(struct lab *l)
{
    for (uint64_t at = MONDAY; at < BEGIN; at += MINUTE) {
        struct sketch route = {0}, statement = {0};
        next_minute(l);
        for (unsigned i = 0; i < PER_MINUTE; i++) {
            double ms = call_ms(l);
            sketch_add(&statement, (uint64_t)(ms * 1e6));
            sketch_add(&route, (uint64_t)((ms + 5) * 1e6));
        }
        l->kept.history_count = l->kept.window_count; /* nothing to look for */
        put_series(l, at, "GET /a", 0, &route);
        put_series(l, at, NULL, STATEMENT, &statement);
        put_series(l, at, "GET /a", STATEMENT, NULL);
        sketch_fini(&route);
        sketch_fini(&statement);
    }
    l->kept.history_count = l->kept.window_count;
}

/* ---- the judge */

static inline void
announce(struct lab *l)
{
    struct intake_item item = {.kind = INTAKE_NAME, .name = {5, NAME_DATABASE, SLICE_LIT("shop")}};
    judge_item(l->j, l->now_ns, &item);
    item = (struct intake_item){.kind = INTAKE_STATEMENT};
    item.statement.database = 5;
    item.statement.kind = STATEMENT_SELECT;
    item.statement.fingerprint = STATEMENT;
    item.statement.text = SLICE_LIT("select * from items where order_id = ?");
    judge_item(l->j, l->now_ns, &item);
    item = (struct intake_item){.kind = INTAKE_ROUTE};
    item.route.method = METHOD_GET;
    item.route.text = SLICE_LIT("/a");
    judge_item(l->j, l->now_ns, &item);
}

static inline void
learn_from(struct lab *l, struct replay *replay)
{
    kept_sort(&l->kept);
    for (unsigned i = 0; i < l->kept.window_count; i++) {
        struct stored r = {.kind = STORED_WINDOW, .window = l->kept.window[i].w};
        if (!replay_record(replay, &r)) {
            break;
        }
    }
    struct monitor *m = replay_end(&replay);
    assert_non_null(m);
    judge_take_monitor(l->j, &m);
    assert_null(m);
}

static inline void
relearn(struct lab *l)
{
    learn_from(l, judge_replay(l->j));
}

static inline void
on_trace(void *ctx, uint64_t start_wall_ns, struct slice json)
{
    struct lab *l = ctx;
    json_t *o = json_loadb((const char *)json.ptr, json.len, 0, NULL);
    (void)start_wall_ns;
    snprintf(l->told[l->told_count++ % ARRAY_LEN(l->told)], sizeof(l->told[0]), "%s",
             json_string_value(json_object_get(o, "trace_id")));
    json_decref(o);
}

static inline void
begin(struct lab *l)
{
    struct judge_out out = {.ctx = l, .store = on_store, .log = on_log, .trace = on_trace};
    static const struct objectives promised = {
        .of = {{.name = "quick", .route = "GET /a", .latency_ms = 30, .latency = 99, .days = 30}},
        .count = 1,
    };
    struct judge_config config = {.cores = 2, .objectives = &promised};
    assert_int_equal(judge_new(&config, &out, l->now_ns, wall_ns(l), &l->j), 0);
}

static inline struct lab *
lab_new(void)
{
    struct lab *l = check_alloc(1, sizeof(*l));
    kept_init(&l->kept);
    l->prng.state = 3;
    l->now_ns = MONO0;
    l->db_ms = 10;
    write_history(l);
    begin(l);
    relearn(l);
    announce(l);
    return l;
}

/* Killed: what was stored is all there is. */
static inline void
restart(struct lab *l)
{
    judge_free(&l->j);
    begin(l);
    kept_restore(&l->kept, l->j);
    relearn(l);
    announce(l);
}

static inline void
lab_free(struct lab *l)
{
    judge_free(&l->j);
    kept_fini(&l->kept);
    free(l);
}

static inline void
request(struct lab *l)
{
    struct trace_query *q;
    uint64_t *values;
    struct trace *t = trace_new(1, 0, &q, &values);
    uint64_t db_ns = (uint64_t)(call_ms(l) * 1e6);
    t->request = l->is_orphan ? 0 : 1;
    t->route = l->is_orphan ? TRACE_ROUTE_UNLINKED : 0;
    t->end_ns = l->now_ns;
    t->start_ns = t->end_ns - db_ns - 5 * NS_PER_MS;
    t->status = 200;
    t->method = METHOD_GET;
    t->probability = 1;
    q[0] = (struct trace_query){.fingerprint = STATEMENT,
                                .database = 5,
                                .rows = l->rows > 0 ? l->rows : 3,
                                .kind = STATEMENT_SELECT,
                                .start_ns = t->start_ns + 2 * NS_PER_MS};
    q[0].end_ns = q[0].start_ns + db_ns;
    if (chance(l) < l->failing) {
        q[0].flags = QUERY_ERROR;
        memcpy(q[0].sqlstate, "40P01", sizeof(q[0].sqlstate));
        t->status = 500;
    }
    t->request_flags = chance(l) < l->lying ? REQUEST_ERROR_BODY : 0;
    struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(l->j, l->now_ns, &item);
    trace_free(&t);
}

/* A request of a second route, without a query. */
static inline void
request_beside(struct lab *l, uint16_t status, const struct response_shape *shape)
{
    struct trace_query *q;
    uint64_t *values;
    struct trace *t = trace_new(0, 0, &q, &values);
    t->request = 1;
    t->route = 1;
    t->status = status;
    t->shape = *shape;
    t->probability = 1;
    t->start_ns = l->now_ns - NS_PER_MS;
    t->end_ns = l->now_ns;
    const struct intake_item item = {.kind = INTAKE_TRACE, .trace = t};
    judge_item(l->j, l->now_ns, &item);
    trace_free(&t);
}

static inline void
fail_beside(struct lab *l)
{
    const struct response_shape none = {0};
    for (unsigned i = 0; i < l->flood; i++) {
        request_beside(l, 500, &none);
    }
}

static inline void
answer_beside(struct lab *l)
{
    const struct response_shape shape = {.body = RESPONSE_OBJECT,
                                         .type = RESPONSE_TYPE_JSON,
                                         .root_is_whole = 1,
                                         .root_names = l->members,
                                         .root_typed = l->members};
    request_beside(l, 200, &shape);
}

static inline void
in_flight(struct lab *l)
{
    struct intake_item item = {.kind = INTAKE_IN_FLIGHT};
    item.in_flight.head.worker = 1;
    item.in_flight.fingerprint = l->stuck_since_ns == 0 ? 0 : STATEMENT;
    item.in_flight.start_ns = l->stuck_since_ns;
    judge_item(l->j, l->now_ns, &item);
}

/* times_an_hour: what the statement takes grows by. */
static inline void
play(struct lab *l, unsigned seconds, double times_an_hour)
{
    for (unsigned i = 0; i < seconds; i++) {
        l->now_ns += NS_PER_S;
        l->db_ms *= 1 + times_an_hour / HOUR;
        if (l->now_ns / NS_PER_S % MINUTE == 0) {
            next_minute(l);
        }
        fail_beside(l);
        if (l->members != 0 && i % 5 == 0) { /* as much again would be a surge */
            answer_beside(l);
        }
        request(l);
        in_flight(l);
        if (i % 5 == 0) {
            judge_tick(l->j, l->now_ns, wall_ns(l));
        }
    }
}

/* Let in, or refused for that. */
static inline void
login(struct lab *l, const char *sqlstate)
{
    struct intake_item item = {.kind = INTAKE_SESSION_OPEN, .time_ns = l->now_ns};
    item.session_open.protocol = PROTOCOL_POSTGRES;
    item.session_open.database = 5;
    if (sqlstate != NULL) {
        item = (struct intake_item){.kind = INTAKE_LOGIN_REFUSED, .time_ns = l->now_ns};
        item.login_refused.database = 5;
        item.login_refused.user = (uint32_t)(l->now_ns / NS_PER_S) % 3;
        memcpy(item.login_refused.sqlstate, sqlstate, 5);
    }
    judge_item(l->j, l->now_ns, &item);
}

/* Somebody logs in every second. */
static inline void
play_logins(struct lab *l, unsigned seconds, double per_hour, const char *sqlstate)
{
    for (unsigned i = 0; i < seconds; i++) {
        play(l, 1, per_hour);
        login(l, sqlstate);
    }
}

static inline json_t *
document(struct lab *l, enum judge_document which)
{
    AUTO_BUF struct buf b;
    buf_init(&b, JUDGE_DOCUMENT_MAX);
    assert_int_equal(judge_document(l->j, l->now_ns, which, &b), 0);
    struct slice text = buf_slice(&b);
    json_t *doc = json_loadb((const char *)text.ptr, text.len, 0, NULL);
    assert_non_null(doc);
    if (getenv("SIM_SHOW") != NULL) {
        json_dumpf(doc, stderr, JSON_INDENT(1));
    }
    return doc;
}

static inline json_int_t
monitor_number(struct lab *l, const char *key)
{
    json_t *status = document(l, JUDGE_STATUS);
    json_int_t n = json_integer_value(json_object_get(json_object_get(status, "monitor"), key));
    json_decref(status);
    return n;
}

static inline const char *
text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

/* The same windows, judged as a backtest would. */
static inline void
check_backtest(struct lab *l, const char *lane)
{
    const struct monitor_config config = {0};
    const struct monitor_out out = {0};
    struct monitor *m = monitor_new(&config, &out);
    struct reading_maker maker;
    reading_maker_init(&maker);
    judge_flush(l->j, l->now_ns);
    kept_sort(&l->kept);
    for (unsigned i = 0; i < l->kept.window_count; i++) {
        struct reading r;
        if (reading_make(&maker, &l->kept.window[i].w, SLICE_NONE, &r)) {
            monitor_reading(m, &r);
        }
    }
    assert_int_equal(monitor_episode_count(m), 1);
    const struct episode *e = monitor_episode(m, 0);
    assert_string_equal(lane_name(e->lane), lane);
    assert_int_equal(e->opened_s, (l->opened_at_ns + OFFSET) / NS_PER_S / MINUTE * MINUTE);
    reading_maker_fini(&maker);
    monitor_free(&m);
}

#endif
