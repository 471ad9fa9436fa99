/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/change/onset.h"

#include "base/prng.h"
#include "unit/analysis/requests_kit.h"

#define T0    (1000 * NS_PER_S)
#define EVERY (NS_PER_S / 2)

/* A route with a request of so many ms every half second, give or take as many. */
struct way {
    struct recent_budget budget;
    struct watch *w;
    struct prng prng;
    uint64_t now_ns;
};

static void
open_way(struct way *y)
{
    *y = (struct way){.budget.bytes_max = 1u << 24, .now_ns = T0};
    y->prng.state = 7;
    y->w = watch_new(SLICE_LIT("GET /a"), ROUTE_BASIS_PATH, 0, &y->budget);
}

static void
play(struct way *y, unsigned requests, double ms, double noise_ms)
{
    for (unsigned i = 0; i < requests; i++) {
        double share = (double)prng_below(&y->prng, 1000) / 1000;
        kit_request(y->w, y->now_ns, ms + noise_ms * (2 * share - 1), NULL, 0);
        y->now_ns += EVERY;
    }
}

/* Before against what it is, now taken from the last minute, as the judge does. */
static struct onset
found(struct way *y, uint64_t before_to_ns, uint64_t not_before_ns)
{
    struct shift_route r = {.watch = y->w};
    stats_make(&y->w->recent, 0, before_to_ns, 0, &r.before);
    stats_make(&y->w->recent, y->now_ns - 60 * NS_PER_S, UINT64_MAX, 0, &r.now);
    return onset_find(&r, not_before_ns);
}

static void
assert_holds(struct onset o, uint64_t truth_ns, uint64_t width_ns)
{
    assert_true(o.from_ns <= truth_ns && truth_ns <= o.to_ns);
    assert_true(o.from_ns <= o.at_ns && o.at_ns <= o.to_ns);
    assert_true(o.to_ns - o.from_ns <= width_ns);
}

/* However many requests there are since, most of the last minute's or few of them. */
static void
between_the_last_good_one_and_the_first_bad_one(void **state)
{
    (void)state;
    for (unsigned since = 16; since <= 240; since += 7) {
        for (unsigned noise_ms = 0; noise_ms <= 4; noise_ms += 2) {
            struct way y;
            open_way(&y);
            play(&y, 600, 20, noise_ms);
            uint64_t truth_ns = y.now_ns - 1;
            play(&y, since, 50, noise_ms);
            assert_holds(found(&y, T0 + 200 * EVERY, 0), truth_ns, 11 * EVERY);
            watch_free(&y.w);
        }
    }
}

/* What was before a deploy is no part of it. */
static void
not_before_a_moment(void **state)
{
    struct way y;
    (void)state;
    open_way(&y);
    play(&y, 300, 20, 2);
    play(&y, 5, 50, 2); /* a spike */
    uint64_t split_ns = y.now_ns;
    play(&y, 60, 50, 2);
    struct onset o = found(&y, T0 + 200 * EVERY, split_ns);
    assert_true(o.at_ns >= split_ns && o.at_ns <= split_ns + 10 * EVERY);
    assert_true(o.from_ns >= split_ns - EVERY);
    watch_free(&y.w);
}

/* One request in five is much slower: no median tells, and it was suspected in the minute after. */
static void
where_medians_tell_nothing(void **state)
{
    struct way y;
    (void)state;
    open_way(&y);
    play(&y, 600, 20, 2);
    uint64_t truth_ns = y.now_ns;
    for (unsigned i = 0; i < 40; i++) {
        play(&y, 4, 20, 2);
        play(&y, 1, 200, 2);
        y.w->suspected_ns = i == 7 ? y.now_ns : y.w->suspected_ns;
    }
    assert_holds(found(&y, T0 + 200 * EVERY, 0), truth_ns, 60 * NS_PER_S);
    watch_free(&y.w);
}

static void
what_is_known_to_be_there(void **state)
{
    struct way y;
    (void)state;
    open_way(&y);
    struct onset o = onset_at(y.w, T0);
    assert_true(o.from_ns == T0 && o.at_ns == T0 && o.to_ns == T0);
    play(&y, 20, 20, 0);
    o = onset_at(y.w, T0 + 10 * EVERY);
    assert_true(o.from_ns == T0 + 9 * EVERY && o.at_ns == T0 + 10 * EVERY && o.to_ns == o.at_ns);
    watch_free(&y.w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_the_last_good_one_and_the_first_bad_one),
        cmocka_unit_test(not_before_a_moment),
        cmocka_unit_test(where_medians_tell_nothing),
        cmocka_unit_test(what_is_known_to_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
