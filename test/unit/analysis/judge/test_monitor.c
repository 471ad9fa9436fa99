/* SPDX-License-Identifier: Apache-2.0
 * The judge with its long memory, in virtual time: weeks of windows as a store would give them,
 * then requests one by one. What slowly becomes worse is one incident, the same as a backtest of
 * what was stored finds, and a restart loses nothing of it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/judge.h"
#include "analysis/window/reading_maker.h"
#include "base/clock.h"
#include "base/prng.h"
#include "unit/unit.h"

#define MONDAY      1699833600ull
#define BEGIN       (MONDAY + 17 * 86400)
#define MONO0       (1000 * NS_PER_S)
#define OFFSET      (BEGIN * NS_PER_S - MONO0)
#define MINUTE      60u
#define HOUR        3600u
#define PER_MINUTE  60u
#define STATEMENT   0x77u
#define STATES_MAX  16u
#define WINDOWS_MAX 80000u

/* What the store has. */
struct kept_window {
    struct stored_window w;
    uint8_t sketch[1024];
};

struct kept_blob {
    struct stored_state state;
    char name[300];
    uint8_t *blob;
};

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
    struct kept_window *window;
    unsigned window_count, history_count;
    struct kept_blob state[STATES_MAX];
    unsigned state_count;
    struct stored_incident incident;
    uint8_t *incident_blob;
    char *incident_json;
    unsigned opened, joined;
    unsigned rows; /* of its statement; 0: 3 */
    uint64_t opened_at_ns, stuck_since_ns;
    uint64_t set_back_ns; /* the wall clock */
};

static uint64_t
wall_ns(const struct lab *l)
{
    return l->now_ns + OFFSET - l->set_back_ns;
}

static double
chance(struct lab *l)
{
    return (double)prng_below(&l->prng, 1000000) / 1e6;
}

/* ---- the store */

static void
keep_window(struct lab *l, const struct stored_window *w)
{
    struct kept_window *to = NULL;
    for (unsigned i = l->window_count; i-- > l->history_count && to == NULL;) {
        to = reading_order(&l->window[i].w, w) == 0 ? &l->window[i] : NULL;
    }
    if (to == NULL) {
        assert_true(l->window_count < WINDOWS_MAX);
        to = &l->window[l->window_count++];
    }
    to->w = *w;
    to->w.route = w->route.len == 0 ? SLICE_NONE : SLICE_LIT("GET /a");
    to->w.database = SLICE_LIT("shop");
    to->w.plan = SLICE_NONE;
    assert_true(w->sketch.len <= sizeof(to->sketch));
    memcpy(to->sketch, w->sketch.ptr == NULL ? to->sketch : w->sketch.ptr, w->sketch.len);
    to->w.sketch = slice_of(to->sketch, w->sketch.len);
}

static void
keep_state(struct lab *l, const struct stored_state *s)
{
    struct kept_blob *to = NULL;
    for (unsigned i = 0; i < l->state_count; i++) {
        to = slice_eq(l->state[i].state.name, s->name) ? &l->state[i] : to;
    }
    if (to == NULL) {
        assert_true(l->state_count < STATES_MAX);
        to = &l->state[l->state_count++];
    }
    free(to->blob);
    to->blob = check_alloc(1, s->blob.len);
    memcpy(to->blob, s->blob.ptr, s->blob.len);
    slice_to_str(s->name, to->name, sizeof(to->name));
    to->state = (struct stored_state){slice_from_str(to->name), slice_of(to->blob, s->blob.len)};
}

static void
on_store(void *ctx, const struct stored *r)
{
    struct lab *l = ctx;
    if (r->kind == STORED_WINDOW) {
        keep_window(l, &r->window);
    } else if (r->kind == STORED_STATE) {
        keep_state(l, &r->state);
    } else if (r->kind == STORED_INCIDENT) {
        free(l->incident_blob);
        l->incident = r->incident;
        l->incident_blob = check_alloc(1, r->incident.blob.len);
        memcpy(l->incident_blob, r->incident.blob.ptr, r->incident.blob.len);
        l->incident.blob = slice_of(l->incident_blob, r->incident.blob.len);
        l->incident.json = SLICE_LIT("{}");
        l->incident.state = SLICE_LIT("open");
    }
}

static void
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
static void
next_minute(struct lab *l)
{
    l->minute = 0.95 + 0.05 * (chance(l) + chance(l));
}

static double
call_ms(struct lab *l)
{
    return l->db_ms * (0.9 + 0.2 * chance(l)) * l->minute;
}

static void
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
    keep_window(l, &w);
}

static void
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
        l->history_count = l->window_count; /* nothing to look for */
        put_series(l, at, "GET /a", 0, &route);
        put_series(l, at, NULL, STATEMENT, &statement);
        put_series(l, at, "GET /a", STATEMENT, NULL);
        sketch_fini(&route);
        sketch_fini(&statement);
    }
    l->history_count = l->window_count;
}

/* ---- the judge */

static void
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

static int
in_order(const void *a, const void *b)
{
    return reading_order(&((const struct kept_window *)a)->w, &((const struct kept_window *)b)->w);
}

/* As the store gives them. */
static void
sort_windows(struct lab *l)
{
    qsort(l->window, l->window_count, sizeof(l->window[0]), in_order);
    for (unsigned i = 0; i < l->window_count; i++) {
        l->window[i].w.sketch.ptr = l->window[i].sketch;
    }
}

static void
relearn(struct lab *l)
{
    struct replay *replay = judge_replay(l->j);
    sort_windows(l);
    for (unsigned i = 0; i < l->window_count; i++) {
        struct stored r = {.kind = STORED_WINDOW, .window = l->window[i].w};
        if (!replay_record(replay, &r)) {
            break;
        }
    }
    struct monitor *m = replay_end(&replay);
    assert_non_null(m);
    judge_take_monitor(l->j, &m);
    assert_null(m);
}

static void
on_trace(void *ctx, uint64_t start_wall_ns, struct slice json)
{
    struct lab *l = ctx;
    json_t *o = json_loadb((const char *)json.ptr, json.len, 0, NULL);
    (void)start_wall_ns;
    snprintf(l->told[l->told_count++ % ARRAY_LEN(l->told)], sizeof(l->told[0]), "%s",
             json_string_value(json_object_get(o, "trace_id")));
    json_decref(o);
}

static void
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

static struct lab *
lab_new(void)
{
    struct lab *l = check_alloc(1, sizeof(*l));
    l->window = check_alloc(WINDOWS_MAX, sizeof(l->window[0]));
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
static void
restart(struct lab *l)
{
    judge_free(&l->j);
    begin(l);
    for (unsigned i = 0; i < l->state_count; i++) {
        struct stored r = {.kind = STORED_STATE, .state = l->state[i].state};
        assert_int_equal(judge_restore(l->j, &r), 0);
    }
    if (l->incident.id != 0) {
        struct stored r = {.kind = STORED_INCIDENT, .incident = l->incident};
        assert_int_equal(judge_restore(l->j, &r), 0);
    }
    relearn(l);
    announce(l);
}

static void
lab_free(struct lab *l)
{
    judge_free(&l->j);
    for (unsigned i = 0; i < l->state_count; i++) {
        free(l->state[i].blob);
    }
    free(l->incident_blob);
    free(l->window);
    free(l);
}

static void
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
static void
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

static void
fail_beside(struct lab *l)
{
    const struct response_shape none = {0};
    for (unsigned i = 0; i < l->flood; i++) {
        request_beside(l, 500, &none);
    }
}

static void
answer_beside(struct lab *l)
{
    const struct response_shape shape = {.body = RESPONSE_OBJECT,
                                         .type = RESPONSE_TYPE_JSON,
                                         .root_is_whole = 1,
                                         .root_names = l->members,
                                         .root_typed = l->members};
    request_beside(l, 200, &shape);
}

static void
in_flight(struct lab *l)
{
    struct intake_item item = {.kind = INTAKE_IN_FLIGHT};
    item.in_flight.head.worker = 1;
    item.in_flight.fingerprint = l->stuck_since_ns == 0 ? 0 : STATEMENT;
    item.in_flight.start_ns = l->stuck_since_ns;
    judge_item(l->j, l->now_ns, &item);
}

/* times_an_hour: what the statement takes grows by. */
static void
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

static json_t *
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

static json_int_t
monitor_number(struct lab *l, const char *key)
{
    json_t *status = document(l, JUDGE_STATUS);
    json_int_t n = json_integer_value(json_object_get(json_object_get(status, "monitor"), key));
    json_decref(status);
    return n;
}

static const char *
text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL ? s : "";
}

/* The same windows, judged as a backtest would. */
static void
check_backtest(struct lab *l, const char *lane)
{
    const struct monitor_config config = {0};
    const struct monitor_out out = {0};
    struct monitor *m = monitor_new(&config, &out);
    struct reading_maker maker;
    reading_maker_init(&maker);
    judge_flush(l->j, l->now_ns);
    sort_windows(l);
    for (unsigned i = 0; i < l->window_count; i++) {
        struct reading r;
        if (reading_make(&maker, &l->window[i].w, SLICE_NONE, &r)) {
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

static void
a_slow_ramp_is_one_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    assert_true(monitor_number(l, "series") >= 3);
    play(l, HOUR, 0);
    assert_int_equal(l->opened, 0);
    play(l, 3 * HOUR, 0.06);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(inc, "subject"), "GET /a");
    assert_string_equal(text_of(inc, "state"), "open");
    const json_t *monitor = json_object_get(inc, "monitor");
    assert_string_equal(text_of(monitor, "lane"), "drift");
    assert_true(json_is_true(json_object_get(monitor, "opened")));
    assert_true(json_is_false(json_object_get(monitor, "learning")));
    /* Before is what two weeks say, not the last minutes. */
    double before = json_number_value(json_object_get(inc, "measured_before_ms"));
    double now = json_number_value(json_object_get(inc, "measured_now_ms"));
    assert_true(before > 14.7 && before < 15.3);
    assert_true(now > 16);
    before = json_number_value(
        json_object_get(json_object_get(json_object_get(inc, "latency"), "before"), "p95_ms"));
    assert_true(before > 15.5 && before < 16.8);
    const json_t *cause = json_array_get(json_object_get(inc, "causes"), 0);
    assert_string_equal(text_of(cause, "kind"), "slower");
    assert_string_equal(text_of(cause, "short"), "items by order_id");
    json_decref(list);
    check_backtest(l, "drift");
    lab_free(l);
}

static void
expect_trend(struct lab *l, const char *trend)
{
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "trend"), trend);
    json_decref(list);
}

/* Two minutes of it are steady; the hours are not. */
static void
a_slow_ramp_gets_worse_until_it_stays(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR, 0);
    play(l, 5 * HOUR, 0.06);
    expect_trend(l, "getting worse");
    play(l, 3 * HOUR, 0);
    expect_trend(l, "steady");
    play(l, 2 * HOUR, -0.06);
    expect_trend(l, "easing");
    lab_free(l);
}

/* Nobody knows who asks: its tables are what the monitor knows of the mean call. */
static void
a_statement_without_a_route_has_its_tables(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    l->is_orphan = true;
    play(l, HOUR, 0);
    play(l, 3 * HOUR, 0.06);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(inc, "subject_kind"), "statement");
    assert_string_equal(text_of(inc, "figures_per"), "call");
    const json_t *change = json_array_get(json_object_get(inc, "changes"), 0);
    assert_string_equal(text_of(change, "kind"), "slower");
    double before = json_number_value(json_object_get(change, "before_ms"));
    double now = json_number_value(json_object_get(change, "now_ms"));
    double error = json_number_value(json_object_get(change, "change_error_ms"));
    assert_true(before > 9.7 && before < 10.3);
    assert_true(now > 11);
    assert_true(error > 0.05 && error < 1.5);
    assert_true(json_number_value(json_object_get(inc, "measured_now_ms")) == now);
    assert_true(json_number_value(json_object_get(inc, "explained")) == 1);
    json_decref(list);
    lab_free(l);
}

/* Answers that look different make nobody slower. */
static void
a_ramp_beside_answers_that_differ_is_another_incident(void **state)
{
    struct lab *l = lab_new();
    const struct intake_item beside = {
        .kind = INTAKE_ROUTE, .route = {.index = 1, .method = METHOD_GET, .text = SLICE_LIT("/b")}};
    (void)state;
    judge_item(l->j, l->now_ns, &beside);
    l->members = 7;
    play(l, HOUR / 2, 0.06);
    judge_deploy(l->j, l->now_ns, SLICE_LIT("v2"));
    l->members = 3;
    play(l, 10 * MINUTE, 0.06);
    assert_int_equal(l->opened, 1);
    play(l, HOUR, 0.06);
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of(json_array_get(list, 1), "headline"), "GET /b answers differently");
    assert_string_equal(text_of(json_array_get(list, 0), "subject"), "GET /a");
    json_decref(list);
    lab_free(l);
}

/* One of this route in seventeen days: hardly by chance. */
static void
a_ramp_behind_a_deploy_names_it(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        judge_deploy(l->j, l->now_ns, SLICE_LIT("another\nGET /none"));
    }
    play(l, HOUR / 4, 0.06); /* so long it is not seen */
    judge_deploy(l->j, l->now_ns, SLICE_LIT("v2\nGET /a"));
    for (unsigned i = 0; i < 8 && l->opened == 0; i++) {
        play(l, HOUR / 4, 0.06);
    }
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    const json_t *inc = json_array_get(list, 0), *monitor = json_object_get(inc, "monitor");
    const json_t *d = json_object_get(inc, "deploy");
    double chance = json_number_value(json_object_get(d, "chance"));
    assert_true(json_is_true(json_object_get(monitor, "opened")));
    assert_string_equal(text_of(inc, "onset_from"), text_of(monitor, "onset_from"));
    assert_string_equal(text_of(d, "name"), "v2");
    assert_string_equal(text_of(d, "overlap"), "affects");
    assert_true(chance > 0 && chance < 0.02);
    json_decref(list);
    lab_free(l);
}

static void
a_restart_keeps_what_was_learned(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR, 0);
    play(l, HOUR / 4, 0.06);
    assert_int_equal(l->opened, 0);
    restart(l);
    play(l, 2 * HOUR, 0.06);
    assert_int_equal(l->opened, 1);
    uint64_t after_s = (l->opened_at_ns - MONO0) / NS_PER_S - HOUR;
    assert_true(after_s < 2 * HOUR);
    restart(l); /* with it open */
    assert_int_equal(monitor_number(l, "open"), 1);
    play(l, HOUR, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), "open");
    json_decref(list);
    l->db_ms = 10; /* it is mended */
    play(l, 2 * HOUR, 0);
    list = document(l, JUDGE_INCIDENTS);
    assert_true(json_is_string(json_object_get(json_array_get(list, 0), "recovered_at")));
    json_decref(list);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

/* Six deadlocks, in 3 of 15 minutes: no rate, and no outage. */
static void
play_bursts(struct lab *l, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        for (unsigned k = 0; k < 3 * 6; k++) {
            l->failing = 1;
            play(l, 1, 0);
            l->failing = 0;
            play(l, 9, 0);
        }
        play(l, 12 * MINUTE, 0);
    }
}

/* As where minutes have become hours: no burst is seen in what is left. */
static void
forget_windows(struct lab *l, uint64_t from_s, uint64_t to_s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->window_count; i++) {
        uint64_t at_s = l->window[i].w.start_wall_ns / NS_PER_S;
        if (at_s >= from_s && at_s < to_s) {
            l->window[n++] = l->window[i];
        }
    }
    l->window_count = l->history_count = n;
}

/* What comes back and back is underway by what is remembered, between two times that it comes. */
static void
a_restart_between_two_bursts_is_no_end(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play_bursts(l, 8);
    play(l, MINUTE, 0); /* the hour is kept */
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    assert_string_equal(text_of(json_object_get(json_array_get(list, 0), "monitor"), "lane"),
                        "bursts");
    json_decref(list);
    forget_windows(l, BEGIN - 36 * HOUR, BEGIN);
    restart(l);
    assert_int_equal(monitor_number(l, "open"), 1);
    play(l, 5 * MINUTE, 0);
    play_bursts(l, 2);
    assert_int_equal(monitor_number(l, "episodes"), 1);
    assert_int_equal(l->opened, 1);
    assert_int_equal(l->joined, 0);
    list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), "open");
    json_decref(list);
    lab_free(l);
}

/* Of what was stored since the beginning: the most calls in a minute, and whether there are any in
 * the last one that is over. */
static uint64_t
most_calls(struct lab *l, bool *ret_has_last)
{
    uint64_t most = 0, last_s = wall_ns(l) / NS_PER_S / MINUTE * MINUTE - MINUTE;
    *ret_has_last = false;
    judge_flush(l->j, l->now_ns);
    for (unsigned i = l->history_count; i < l->window_count; i++) {
        const struct stored_window *w = &l->window[i].w;
        most = MAX(most, w->calls);
        *ret_has_last |= w->start_wall_ns / NS_PER_S == last_s && w->calls > 0;
    }
    return most;
}

static void
the_wall_clock_may_be_set_back(void **state)
{
    struct lab *l = lab_new();
    bool has_last;
    (void)state;
    play(l, HOUR, 0);
    assert_false(judge_wants_replay(l->j));
    l->set_back_ns = HOUR / 2 * NS_PER_S;
    play(l, 2 * MINUTE, 0);
    assert_true(judge_wants_replay(l->j));
    assert_false(judge_wants_replay(l->j));
    relearn(l);
    json_int_t minutes = monitor_number(l, "minutes");
    play(l, 10 * MINUTE, 0);
    assert_true(monitor_number(l, "minutes") >= minutes + 9);
    assert_true(most_calls(l, &has_last) <= PER_MINUTE + 5); /* a turn is five seconds */
    assert_true(has_last);
    assert_int_equal(l->opened, 0);
    play(l, 3 * HOUR, 0.06);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

/* By the machine's start, or while slowburn was down. */
static void
a_store_may_be_ahead_of_the_wall_clock(void **state)
{
    struct lab *l = lab_new();
    bool has_last;
    (void)state;
    judge_free(&l->j);
    begin(l);
    const struct stored later = {.kind = STORED_WINDOW,
                                 .window = {.start_wall_ns = wall_ns(l) + HOUR * NS_PER_S,
                                            .length_s = MINUTE,
                                            .route = SLICE_LIT("GET /a"),
                                            .calls = PER_MINUTE}};
    assert_int_equal(judge_restore(l->j, &later), 0);
    announce(l);
    play(l, 10 * MINUTE, 0);
    assert_true(most_calls(l, &has_last) <= PER_MINUTE + 5);
    assert_true(has_last);
    lab_free(l);
}

static bool
was_told(const struct lab *l, const char *trace_id)
{
    for (unsigned i = 0; i < ARRAY_LEN(l->told); i++) {
        if (strcmp(l->told[i], trace_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Also while so much fails that most of what is kept goes untold. */
static void
an_incidents_example_is_told(void **state)
{
    struct lab *l = lab_new();
    const struct intake_item work = {.kind = INTAKE_ROUTE,
                                     .route = {.index = 1,
                                               .method = METHOD_OTHER,
                                               .basis = ROUTE_BASIS_QUERIES,
                                               .text = SLICE_LIT("work")}};
    unsigned examples = 0;
    size_t i;
    const json_t *inc;
    (void)state;
    play(l, HOUR / 2, 0);
    judge_item(l->j, l->now_ns, &work);
    l->flood = JUDGE_TOLD_PER_S + 10;
    l->db_ms = 60;
    play(l, 600, 0);
    json_t *list = document(l, JUDGE_INCIDENTS);
    json_array_foreach(list, i, inc)
    {
        if (strcmp(text_of(inc, "subject"), "GET /a") == 0) {
            examples++;
            assert_true(was_told(l, text_of(inc, "example_trace")));
        }
    }
    assert_int_equal(examples, 1);
    json_decref(list);
    lab_free(l);
}

static void
what_is_expected_is_learned(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, 3 * HOUR, 0.06);
    assert_int_equal(l->opened, 1);
    assert_int_equal(judge_expect(l->j, l->now_ns, 99), -ENOENT);
    assert_int_equal(judge_expect(l->j, l->now_ns, l->incident.id), 0);
    assert_int_equal(monitor_number(l, "open"), 0);
    play(l, 2 * HOUR, 0);
    restart(l);
    assert_int_equal(monitor_number(l, "open"), 0);
    play(l, 2 * HOUR, 0);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

static const json_t *
objective_of(const json_t *document)
{
    const json_t *list = json_object_get(document, "objectives");
    assert_int_equal(json_array_size(list), 1);
    return json_array_get(list, 0);
}

static unsigned
noted(const json_t *incident, const char *kind, const char *part)
{
    unsigned n = 0;
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(incident, "timeline"), i, entry)
    {
        n += strcmp(text_of(entry, "kind"), kind) == 0 && strstr(text_of(entry, "text"), part);
    }
    return n;
}

/* Too slow for what is promised: the incident about the route says so, once, also after a restart;
 * and says when the promise is kept again. */
static void
a_broken_objective_is_part_of_the_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    json_t *status = document(l, JUDGE_STATUS);
    assert_string_equal(text_of(objective_of(status), "indicator"), "latency");
    assert_true(json_is_null(json_object_get(objective_of(status), "broken_over")));
    assert_true(json_number_value(json_object_get(objective_of(status), "budget_left")) > 0.9);
    json_decref(status);
    l->db_ms = 60;
    play(l, HOUR, 0);
    restart(l);
    play(l, HOUR / 2, 0);
    json_t *list = document(l, JUDGE_INCIDENTS), *metrics = document(l, JUDGE_METRICS);
    assert_int_equal(json_array_size(list), 1);
    assert_int_equal(noted(json_array_get(list, 0), "objective", "\"quick\" (latency): "), 1);
    assert_string_equal(text_of(objective_of(metrics), "broken_over"), "1 h and 5 min");
    json_decref(metrics);
    json_decref(list);
    l->db_ms = 10;
    play(l, 7 * HOUR, 0); /* the slowest rule looks back six hours */
    list = document(l, JUDGE_INCIDENTS);
    assert_int_equal(json_array_size(list), 1);
    assert_true(json_is_string(json_object_get(json_array_get(list, 0), "recovered_at")));
    status = document(l, JUDGE_STATUS);
    assert_true(json_is_null(json_object_get(objective_of(status), "broken_over")));
    json_decref(status);
    json_decref(list);
    lab_free(l);
}

static void
failures_are_told_by_their_class(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    l->failing = 0.1;
    play(l, HOUR / 2, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0), *cause;
    assert_string_equal(text_of(inc, "headline"), "GET /a is failing");
    assert_string_equal(text_of(json_object_get(inc, "monitor"), "lane"), "errors");
    unsigned deadlocks = 0;
    size_t i;
    json_array_foreach(json_object_get(inc, "causes"), i, cause)
    {
        assert_string_equal(text_of(cause, "kind"), "errors");
        deadlocks += strstr(text_of(cause, "detail"), "deadlock") != NULL ? 1 : 0;
    }
    assert_true(deadlocks > 0);
    json_decref(list);
    check_backtest(l, "errors");
    lab_free(l);
}

/* All replies are still 200. */
static void
errors_inside_of_a_200_are_an_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    assert_int_equal(l->opened, 0);
    l->lying = 0.8;
    play(l, 6 * MINUTE, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    const json_t *cause = json_array_get(json_object_get(inc, "causes"), 0);
    assert_string_equal(text_of(inc, "subject"), "GET /a");
    assert_string_equal(text_of(cause, "kind"), "inconsistent-response");
    assert_non_null(strstr(text_of(cause, "detail"), "answered 2xx with a body that says error"));
    json_decref(list);
    lab_free(l);
}

static void
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

/* An application whose password is wrong tries again and again. */
static void
logins_that_are_refused_are_an_incident(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    for (unsigned i = 0; i < HOUR / 2; i++) {
        play(l, 1, 0);
        login(l, NULL);
    }
    assert_int_equal(l->opened, 0);
    for (unsigned i = 0; i < 6 * MINUTE; i++) { /* nobody knows yet what is normal */
        play(l, 1, 0);
        login(l, "28P01");
    }
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    const json_t *cause = json_array_get(json_object_get(inc, "causes"), 0);
    assert_string_equal(text_of(inc, "subject"), "logging in to shop");
    assert_string_equal(text_of(inc, "headline"), "logging in to shop is failing");
    assert_string_equal(text_of(cause, "kind"), "errors");
    assert_non_null(strstr(text_of(cause, "detail"), "a login was refused"));
    assert_non_null(strstr(text_of(cause, "detail"), "of 3 users, to 1 database, from 1 address"));
    json_decref(list);
    /* A database that nobody was ever let into has no name here, and its logins are no queries. */
    json_t *queries = document(l, JUDGE_QUERIES);
    assert_int_equal(json_array_size(queries), 1);
    json_decref(queries);
    restart(l); /* it is the same one afterwards */
    play(l, MINUTE, 0);
    assert_int_equal(l->opened, 1);
    lab_free(l);
}

/* Before it has become slow. */
static void
a_result_that_nothing_limits_is_told(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    l->rows = 60;
    play(l, 55 * MINUTE, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    assert_string_equal(text_of(json_object_get(inc, "monitor"), "lane"), "rows");
    assert_non_null(strstr(text_of(inc, "headline"), " returns more than before"));
    const json_t *cause = json_array_get(json_object_get(inc, "causes"), 0);
    assert_string_equal(text_of(cause, "kind"), "unbounded-result");
    assert_string_equal(text_of(cause, "evidence"), "measured");
    assert_non_null(strstr(text_of(cause, "detail"), "60 rows a call, was 3"));
    assert_float_equal(
        json_number_value(json_object_get(json_object_get(inc, "traffic"), "route_share")), 1,
        0.01);
    assert_int_equal(noted(inc, "opened", "rows of "), 1);
    json_decref(list);
    l->rows = 0;
    play(l, HOUR, 0);
    list = document(l, JUDGE_INCIDENTS);
    assert_string_not_equal(text_of(json_array_get(list, 0), "state"), "open");
    json_decref(list);
    lab_free(l);
}

static void
what_does_not_end_is_a_stall(void **state)
{
    struct lab *l = lab_new();
    (void)state;
    play(l, HOUR / 2, 0);
    l->stuck_since_ns = l->now_ns;
    play(l, 12 * MINUTE, 0);
    assert_int_equal(l->opened, 1);
    json_t *list = document(l, JUDGE_INCIDENTS);
    const json_t *inc = json_array_get(list, 0);
    assert_string_equal(text_of(json_object_get(inc, "monitor"), "lane"), "stall");
    assert_string_equal(text_of(inc, "headline"), "GET /a is stuck");
    json_decref(list);
    l->stuck_since_ns = 0;
    play(l, HOUR, 0);
    list = document(l, JUDGE_INCIDENTS);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), "recovered");
    json_decref(list);
    lab_free(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_ramp_is_one_incident),
        cmocka_unit_test(a_slow_ramp_gets_worse_until_it_stays),
        cmocka_unit_test(a_statement_without_a_route_has_its_tables),
        cmocka_unit_test(a_ramp_beside_answers_that_differ_is_another_incident),
        cmocka_unit_test(a_ramp_behind_a_deploy_names_it),
        cmocka_unit_test(a_restart_keeps_what_was_learned),
        cmocka_unit_test(a_restart_between_two_bursts_is_no_end),
        cmocka_unit_test(the_wall_clock_may_be_set_back),
        cmocka_unit_test(a_store_may_be_ahead_of_the_wall_clock),
        cmocka_unit_test(an_incidents_example_is_told),
        cmocka_unit_test(what_is_expected_is_learned),
        cmocka_unit_test(a_broken_objective_is_part_of_the_incident),
        cmocka_unit_test(failures_are_told_by_their_class),
        cmocka_unit_test(errors_inside_of_a_200_are_an_incident),
        cmocka_unit_test(logins_that_are_refused_are_an_incident),
        cmocka_unit_test(a_result_that_nothing_limits_is_told),
        cmocka_unit_test(what_does_not_end_is_a_stall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
