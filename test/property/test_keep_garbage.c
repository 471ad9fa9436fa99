/* SPDX-License-Identifier: Apache-2.0
 * What comes back from the store is never taken on trust: bytes that are not as they were written,
 * cut ones, and noise in every field of every kind of record are refused, and the judge goes on.
 * SLOWBURN_SEED=n plays another sequence. */
#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "analysis/incident/keep.h"
#include "analysis/judge/judge.h"
#include "base/clock.h"
#include "base/prng.h"
#include "property/seeded.h"
#include "unit/unit.h"

#define ROUNDS    2000u
#define BYTES_MAX 4096u
#define T0        (1000 * NS_PER_S)
#define WALL0     (1700000000ull * NS_PER_S)

static uint64_t seed;

static void
fill(struct prng *r, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)prng_next(r);
    }
}

static void
make_incident(struct incident *inc)
{
    *inc = (struct incident){.id = 9, .state = INCIDENT_FIXING, .subject = "GET /api/orders"};
    inc->onset_ns = inc->opened_ns = T0;
    inc->before.n = inc->now.n = 100;
    inc->before.mean_ms = 40;
    inc->now.mean_ms = 90;
    inc->change_count = inc->cause_count = inc->action_count = 2;
    inc->cause[1].finding.kind = FINDING_CACHEABLE;
    incident_note(inc, T0, "opened", "it began");
}

static void
make_watch(struct watch *w, struct recent_budget *budget)
{
    *w = (struct watch){
        .text = "GET /api/orders", .basis = ROUTE_BASIS_APPLICATION, .method = METHOD_GET};
    w->recent.budget = budget;
    w->base.n = 50;
    w->base.mean_ms = 12;
    w->base.query_count = 3;
    w->base.q[2].fingerprint = 7;
    watch_know(w, 5);
    watch_know(w, 6);
}

/* An incident and a watch as they are kept, and room for a watch that comes back. */
struct kept {
    struct buf of_incident, of_watch;
    struct recent_budget budget;
    struct wall_clock clock;
    struct incident *incident;
    struct watch *watch, *watch_back;
};

static int
keep(void **state)
{
    struct kept *k = check_alloc(1, sizeof(*k));
    *state = k;
    k->budget.bytes_max = 1 << 20;
    wall_clock_init(&k->clock, T0, WALL0);
    k->incident = check_alloc(1, sizeof(*k->incident));
    k->watch = check_alloc(1, sizeof(*k->watch));
    k->watch_back = check_alloc(1, sizeof(*k->watch_back));
    buf_init(&k->of_incident, 1u << 20);
    buf_init(&k->of_watch, 1u << 16);
    make_incident(k->incident);
    make_watch(k->watch, &k->budget);
    int err = keep_incident(k->incident, &k->clock, &k->of_incident);
    return err != 0 ? err : keep_watch(k->watch, &k->of_watch);
}

static int
let_go(void **state)
{
    struct kept *k = *state;
    buf_fini(&k->of_incident);
    buf_fini(&k->of_watch);
    free(k->incident);
    free(k->watch);
    free(k->watch_back);
    free(k);
    return 0;
}

static void
whole_blobs_come_back(void **state)
{
    struct kept *k = *state;
    struct incident *back = NULL;
    assert_int_equal(keep_incident_back(buf_slice(&k->of_incident), &k->clock, &back), 0);
    assert_string_equal(back->subject, "GET /api/orders");
    assert_int_equal(back->opened_ns, T0);
    assert_int_equal(keep_watch_back(buf_slice(&k->of_watch), k->watch_back), 0);
    assert_true(k->watch_back->basis == ROUTE_BASIS_APPLICATION && k->watch_back->base_restored);
    assert_int_equal(k->watch_back->known_count, 2);
    assert_int_equal(k->watch_back->base.q[2].fingerprint, 7);
    assert_true(k->watch_back->base.mean_ms == 12);
    free(back);
}

/* One bit, a cut, or bytes behind the end: never the same again. */
static struct slice
damage(struct prng *r, struct slice whole, uint8_t *copy)
{
    memcpy(copy, whole.ptr, whole.len);
    size_t at = (size_t)prng_below(r, whole.len);
    switch (prng_below(r, 3)) {
    case 0:
        copy[at] ^= (uint8_t)(1u << prng_below(r, 8));
        return slice_of(copy, whole.len);
    case 1:
        return slice_of(copy, at);
    default:
        fill(r, copy + whole.len, 16);
        return slice_of(copy, whole.len + 1 + prng_below(r, 15));
    }
}

static void
damaged_blobs_are_refused(void **state)
{
    struct kept *k = *state;
    struct prng r = {seed};
    struct incident *back = NULL;
    uint8_t *copy = check_alloc(1, buf_slice(&k->of_incident).len + 16);
    for (unsigned i = 0; i < ROUNDS / 10; i++) {
        struct slice bad = damage(&r, buf_slice(&k->of_incident), copy);
        assert_int_equal(keep_incident_back(bad, &k->clock, &back), -EBADMSG);
        assert_null(back);
        bad = damage(&r, buf_slice(&k->of_watch), copy);
        assert_int_equal(keep_watch_back(bad, k->watch_back), -EBADMSG);
        assert_int_equal(k->watch_back->known_count, 0);
    }
    free(copy);
}

static struct slice
noise(struct prng *r, uint8_t *bytes)
{
    size_t len = (size_t)prng_below(r, BYTES_MAX);
    fill(r, bytes, len);
    return slice_of(bytes, len);
}

static struct stored
noisy_record(struct prng *r, uint8_t bytes[3][BYTES_MAX])
{
    struct stored s = {.kind = (enum stored_kind)prng_below(r, STORED_KIND_COUNT)};
    struct slice a = noise(r, bytes[0]), b = noise(r, bytes[1]), c = noise(r, bytes[2]);
    switch (s.kind) {
    case STORED_INCIDENT:
        s.incident =
            (struct stored_incident){.id = (uint32_t)prng_below(r, 1000), .json = a, .blob = b};
        break;
    case STORED_STATE:
        memcpy(bytes[0], "watch:", 6);
        s.state = (struct stored_state){a, b};
        break;
    case STORED_WINDOW:
        s.window = (struct stored_window){.start_wall_ns = prng_next(r),
                                          .database = a,
                                          .route = b,
                                          .fingerprint = prng_below(r, 4),
                                          .calls = prng_next(r),
                                          .time_ns = prng_next(r),
                                          .max_ns = prng_next(r),
                                          .sketch = c};
        break;
    case STORED_FINGERPRINT:
        s.fingerprint = (struct stored_fingerprint){prng_next(r), a, b, (uint8_t)prng_next(r), 1};
        break;
    default:
        break;
    }
    return s;
}

static void
noise_never_stops_the_judge(void **state)
{
    struct prng r = {seed + 1};
    struct judge_out out = {0};
    struct judge_config config = {.cores = 2};
    struct judge *j = NULL;
    static uint8_t bytes[3][BYTES_MAX];
    unsigned refused = 0, tried = 0;
    assert_int_equal(judge_new(&config, &out, T0, WALL0, &j), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct stored s = noisy_record(&r, bytes);
        int result = judge_restore(j, &s);
        assert_true(result == 0 || result == -EBADMSG);
        if (s.kind == STORED_INCIDENT || s.kind == STORED_STATE) {
            tried++;
            refused += result == -EBADMSG ? 1 : 0;
        }
    }
    assert_int_equal(refused, tried);
    assert_true(tried > ROUNDS / 10);
    judge_tick(j, T0 + NS_PER_S, WALL0 + NS_PER_S);
    for (int which = JUDGE_INCIDENTS; which <= JUDGE_STATUS; which++) {
        AUTO_BUF struct buf b;
        buf_init(&b, JUDGE_DOCUMENT_MAX);
        assert_int_equal(judge_document(j, T0 + NS_PER_S, (enum judge_document)which, &b), 0);
        json_t *doc = json_loadb((const char *)buf_slice(&b).ptr, buf_slice(&b).len, 0, NULL);
        assert_non_null(doc);
        json_decref(doc);
    }
    judge_free(&j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_blobs_come_back, keep, let_go),
        cmocka_unit_test_setup_teardown(damaged_blobs_are_refused, keep, let_go),
        cmocka_unit_test(noise_never_stops_the_judge),
    };
    seed = seeded_begin();
    return seeded_end(seed, cmocka_run_group_tests(tests, NULL, NULL));
}
