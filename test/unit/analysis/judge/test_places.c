/* SPDX-License-Identifier: Apache-2.0
 * More statements than there are series: who is busy gets one when the minute is over, and what the
 * store is given of all minutes adds up to what was called. */
#include <stdlib.h>

#include "analysis/judge/judge.h"
#include "analysis/series/series.h"
#include "base/clock.h"
#include "proto/http/http_head.h"
#include "unit/unit.h"

#define MONO0   (1000 * NS_PER_S)
#define BEGIN   1700000040ull /* a whole minute */
#define OFFSET  (BEGIN * NS_PER_S - MONO0)
#define MINUTES 3u
#define CROWD   (SERIES_MAX + 500u) /* statements that were called once or twice, before */
#define PRINT   0x770000u           /* a busy newcomer */

struct lab {
    struct judge *j;
    uint64_t now_ns;
    uint64_t calls, calls_in_route; /* that were made */
    uint64_t *kept; /* by fingerprint, as the store has them: the newest word of each minute */
    uint64_t others[MINUTES], newcomer[MINUTES], newcomer_in_route[MINUTES],
        in_route_others[MINUTES];
};

static void
on_store(void *ctx, const struct stored *r)
{
    struct lab *l = ctx;
    if (r->kind != STORED_WINDOW) {
        return;
    }
    const struct stored_window *w = &r->window;
    uint64_t minute = (w->start_wall_ns / NS_PER_S - BEGIN) / 60;
    assert_true(minute < MINUTES);
    if (w->fingerprint == PRINT) {
        *(w->route.len > 0 ? &l->newcomer_in_route[minute] : &l->newcomer[minute]) = w->calls;
    } else if (w->fingerprint == STORED_OTHER) {
        assert_true(slice_eq(w->route, SLICE_LIT("other")));
        l->in_route_others[minute] = w->calls;
    } else if (w->route.len == 0 && w->fingerprint == 0) {
        l->others[minute] = w->calls;
    } else if (w->route.len == 0) {
        assert_int_equal(minute, 0);
        l->kept[w->fingerprint] = w->calls;
    }
}

static void
crowd(struct lab *l)
{
    for (uint64_t i = 1; i <= CROWD; i++) {
        struct intake_item item = {.kind = INTAKE_FOLDED, .folded = {.fingerprint = i}};
        item.folded.database = 5;
        item.folded.calls = 1 + i % 2;
        item.time_ns = l->now_ns;
        judge_item(l->j, l->now_ns, &item);
        l->calls += item.folded.calls;
    }
}

static void
request(struct lab *l)
{
    struct trace_query q[3] = {0};
    struct trace t = {.start_ns = l->now_ns - 20 * NS_PER_MS,
                      .end_ns = l->now_ns,
                      .status = 200,
                      .probability = 1,
                      .queries = q,
                      .query_count = 3};
    for (unsigned i = 0; i < 3; i++) {
        q[i].fingerprint = PRINT;
        q[i].database = 5;
        q[i].start_ns = t.start_ns + i * NS_PER_MS;
        q[i].end_ns = q[i].start_ns + NS_PER_MS;
    }
    struct intake_item item = {.kind = INTAKE_TRACE, .trace = &t};
    judge_item(l->j, l->now_ns, &item);
    l->calls += 3;
    l->calls_in_route += 3;
}

static void
who_is_busy_gets_a_series_and_nothing_is_lost(void **state)
{
    struct lab l = {.now_ns = MONO0, .kept = check_alloc(CROWD + 1, sizeof(uint64_t))};
    struct judge_config config = {.cores = 2};
    struct judge_out out = {.ctx = &l, .store = on_store};
    assert_int_equal(judge_new(&config, &out, MONO0, MONO0 + OFFSET, &l.j), 0);
    struct intake_item route = {.kind = INTAKE_ROUTE,
                                .route = {0, 0, METHOD_GET, ROUTE_BASIS_PATH, SLICE_LIT("/a")}};
    crowd(&l);
    judge_item(l.j, l.now_ns, &route);
    for (unsigned s = 0; s < MINUTES * 60; s++) {
        judge_tick(l.j, l.now_ns, l.now_ns + OFFSET);
        request(&l);
        l.now_ns += NS_PER_S;
    }
    judge_flush(l.j, l.now_ns - 1);
    assert_int_equal(l.newcomer[0], 0); /* it was one of the others */
    assert_int_equal(l.in_route_others[0], 180);
    for (unsigned m = 1; m < MINUTES; m++) {
        assert_int_equal(l.newcomer[m], 180);
        assert_int_equal(l.newcomer_in_route[m], 180);
        assert_int_equal(l.others[m], 0);
    }
    uint64_t calls = l.others[0] + l.newcomer[1] + l.newcomer[2];
    for (unsigned i = 1; i <= CROWD; i++) {
        calls += l.kept[i];
    }
    assert_int_equal(calls, l.calls);
    judge_free(&l.j);
    free(l.kept);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_busy_gets_a_series_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
