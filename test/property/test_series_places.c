/* SPDX-License-Identifier: Apache-2.0
 * Who has a series of its own, against a model that remembers everything: sums never change,
 * whatever is displaced; who is used most has a place; two that are used alike do not take turns;
 * and what comes once each takes nobody's. SLOWBURN_SEED=n plays another sequence. */
#include <math.h>

#include "analysis/series/series.h"
#include "base/clock.h"
#include "base/prng.h"
#include "property/seeded.h"
#include "unit/unit.h"

#define PLACES  64u
#define PRINTS  160u /* that call again and again, of each kind; half of them have no place */
#define MINUTES 90u
#define SETTLED 45u /* minutes since rates have changed */
#define MINUTE  SERIES_WINDOW_NS

static uint64_t seed;

struct world {
    struct prng prng;
    struct series_table t;
    unsigned rate[2][PRINTS];      /* calls a minute: statements, and in a route */
    uint64_t calls[2], time_ns[2]; /* all that were made */
    uint64_t kept[2];              /* that the store was given in windows that are over */
    uint64_t minute, once, sketched;
};

static enum series_kind
kind_of(unsigned k)
{
    return k == 0 ? SERIES_STATEMENT : SERIES_BOTH;
}

/* The store keeps what it was given last of a window: here each is counted when its minute is
 * over. */
static void
on_emit(void *ctx, const struct series *s)
{
    struct world *w = ctx;
    assert_int_equal(s->window_number, w->minute);
    w->kept[s->kind == SERIES_BOTH] += s->window.calls;
}

static void
call(struct world *w, unsigned k, uint64_t fingerprint, uint64_t calls)
{
    struct series_sums sums = {.calls = calls, .time_ns = calls * (1 + prng_below(&w->prng, 1000))};
    struct series *s = series_get(&w->t, kind_of(k), k == 0 ? NULL : "GET /a", fingerprint, 3);
    series_add(s, &sums, k == 0, w->minute * MINUTE, on_emit, w);
    w->sketched += k == 0 && calls == 1 ? 1 : 0;
    w->calls[k] += calls;
    w->time_ns[k] += sums.time_ns;
}

static void
play_minute(struct world *w, bool with_noise)
{
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < PRINTS; i++) {
            unsigned rate = w->rate[k][i], left = rate;
            unsigned spread = (unsigned)sqrt(rate);
            left += with_noise ? (unsigned)prng_below(&w->prng, 2 * spread + 1) - spread : 0;
            for (unsigned at_once; left > 0; left -= at_once) {
                at_once = 1 + (unsigned)prng_below(&w->prng, left);
                call(w, k, 1 + i, at_once);
            }
        }
    }
    series_turn(&w->t, w->minute, on_emit, w); /* gives what is displaced */
    series_flush(&w->t, on_emit, w);
    w->minute++;
}

static void
begin(struct world *w, size_t places)
{
    memset(w, 0, sizeof(*w));
    w->prng.state = seed;
    w->minute = 1000;
    series_table_init(&w->t, places);
}

static bool
has_place(const struct world *w, unsigned k, unsigned i)
{
    struct series_id id = {kind_of(k), 3, 1 + i, k == 0 ? NULL : "GET /a"};
    return map_get(&w->t.by_key, series_id_key(&id)) != NULL;
}

static void
sums_are_all_there(const struct world *w)
{
    uint64_t calls[2] = {0}, time_ns[2] = {0}, in_sketch = 0;
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&w->t.by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        calls[s->kind == SERIES_BOTH] += s->total.calls;
        time_ns[s->kind == SERIES_BOTH] += s->total.time_ns;
        in_sketch += s->total_sketch.count;
    }
    for (unsigned k = 0; k < 2; k++) {
        calls[k] += w->t.other[kind_of(k)].total.calls;
        time_ns[k] += w->t.other[kind_of(k)].total.time_ns;
        assert_true(calls[k] == w->calls[k]);
        assert_true(time_ns[k] == w->time_ns[k]);
        assert_true(w->kept[k] == w->calls[k]);
    }
    assert_true(in_sketch + w->t.other[SERIES_STATEMENT].total_sketch.count == w->sketched);
    assert_true(w->t.by_key.count <= PLACES);
}

static void
draw_rates(struct world *w)
{
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < PRINTS; i++) {
            w->rate[k][i] = (unsigned)exp((double)prng_below(&w->prng, 7000) / 1000);
        }
    }
}

/* Of any two that have been used so for long: who has none is not used more than twice as much, and
 * by what noise is, as one that has a place. */
static void
places_are_of_the_most_used(const struct world *w)
{
    unsigned least = UINT32_MAX, most = 0;
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < PRINTS; i++) {
            least = has_place(w, k, i) ? MIN(least, w->rate[k][i]) : least;
            most = has_place(w, k, i) ? most : MAX(most, w->rate[k][i]);
        }
    }
    double of_least = least, of_most = most;
    assert_true(of_most <= 2 * of_least + 3 * sqrt(of_least) + 3);
}

static void
who_is_used_most_has_a_place_and_nothing_is_lost(void **state)
{
    static struct world w;
    begin(&w, PLACES);
    for (unsigned m = 0; m < MINUTES; m++) {
        if (m % SETTLED == 0) {
            draw_rates(&w); /* what was busy is not any more */
        }
        play_minute(&w, true);
        sums_are_all_there(&w);
    }
    places_are_of_the_most_used(&w);
    assert_true(w.t.displaced > 0);
    series_table_fini(&w.t);
}

static void
those_that_are_used_alike_do_not_take_turns(void **state)
{
    static struct world w;
    begin(&w, PLACES);
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < PRINTS; i++) {
            w.rate[k][i] = 30 + (unsigned)prng_below(&w.prng, 20);
        }
    }
    uint64_t settled =
        0; /* one minute is short: by chance somebody seems to be used twice as much */
    for (unsigned m = 0; m < MINUTES; m++) {
        play_minute(&w, true);
        settled = m < 10 ? w.t.displaced : settled;
    }
    assert_true(w.t.displaced == settled);
    sums_are_all_there(&w);
    series_table_fini(&w.t);
}

/* Statements with a name made up for each of them: 100 for each place and minute. */
static void
a_crowd_that_comes_once_each_takes_no_place_and_hides_nobody(void **state)
{
    static struct world w;
    begin(&w, PLACES);
    for (unsigned i = 0; i < PLACES; i++) {
        w.rate[0][i] = 1;
    }
    play_minute(&w, false);
    w.rate[0][PLACES] = 10; /* a newcomer among them */
    for (unsigned m = 0; m < 15; m++) {
        for (unsigned i = 0; i < 100 * PLACES; i++) {
            call(&w, 0, 1000000 + w.once++, 1);
        }
        play_minute(&w, false);
    }
    assert_true(has_place(&w, 0, PLACES));
    assert_int_equal(w.t.displaced, 1);
    sums_are_all_there(&w);
    series_table_fini(&w.t);
}

/* Never more than there was; and not less than that by more than the others in its bucket had. */
static void
what_is_known_of_a_newcomer_is_true(void **state)
{
    static struct newcomers n;
    static struct newcomer *list[NEWCOMERS_MAX];
    static unsigned calls[8 * NEWCOMERS_MAX], of_bucket[NEWCOMERS_BUCKETS],
        bucket[8 * NEWCOMERS_MAX];
    static float known[8 * NEWCOMERS_MAX];
    struct prng prng = {seed};
    struct series_id id = {.kind = SERIES_STATEMENT, .database = 3};
    for (unsigned i = 0; i < 20 * NEWCOMERS_MAX; i++) { /* most come once or twice, a few often */
        double u = (double)prng_below(&prng, 1000000) / 1e6;
        bool is_early = i < 4 * NEWCOMERS_MAX; /* all places are taken by then */
        unsigned who = (unsigned)((is_early ? 1 - u / 2 : u * u * u) * (8 * NEWCOMERS_MAX - 1));
        unsigned n_calls = 1 + (unsigned)prng_below(&prng, 3);
        id.fingerprint = 1 + who;
        bucket[who] = (unsigned)(prng_mix(series_id_key(&id)) % NEWCOMERS_BUCKETS);
        newcomers_add(&n, &id, (float)n_calls);
        calls[who] += n_calls;
        of_bucket[bucket[who]] += n_calls;
    }
    unsigned count = newcomers_list(&n, 0, list);
    for (unsigned i = 0; i < count; i++) {
        known[list[i]->id.fingerprint - 1] = list[i]->use;
        assert_true(i == 0 || list[i - 1]->use >= list[i]->use);
    }
    for (unsigned i = 0; i < ARRAY_LEN(calls); i++) {
        assert_true(known[i] <= (float)calls[i]);
        assert_true(known[i] + (float)(of_bucket[bucket[i]] - calls[i]) >= (float)calls[i]);
    }
}

static void
a_route_comes_in_and_stays(void **state)
{
    static struct world w;
    struct series_sums one = {.calls = 1};
    begin(&w, PLACES);
    for (unsigned i = 0; i < PRINTS; i++) {
        w.rate[0][i] = 50;
    }
    play_minute(&w, false);
    series_add(series_get(&w.t, SERIES_ROUTE, "GET /a", 0, 0), &one, true, w.minute * MINUTE, NULL,
               NULL);
    assert_int_equal(w.t.other[SERIES_ROUTE].window.calls, 1);
    w.t.other[SERIES_ROUTE].dirty = false;
    play_minute(&w, false);
    const struct series *s = series_get(&w.t, SERIES_ROUTE, "GET /a", 0, 0);
    assert_ptr_not_equal(s, &w.t.other[SERIES_ROUTE]);
    for (unsigned m = 0; m < MINUTES; m++) {
        play_minute(&w, true);
    }
    assert_ptr_equal(series_get(&w.t, SERIES_ROUTE, "GET /a", 0, 0), s);
    assert_int_equal(w.t.displaced, 1);
    sums_are_all_there(&w);
    series_table_fini(&w.t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_used_most_has_a_place_and_nothing_is_lost),
        cmocka_unit_test(those_that_are_used_alike_do_not_take_turns),
        cmocka_unit_test(a_crowd_that_comes_once_each_takes_no_place_and_hides_nobody),
        cmocka_unit_test(what_is_known_of_a_newcomer_is_true),
        cmocka_unit_test(a_route_comes_in_and_stays),
    };
    seed = seeded_begin();
    return seeded_end(seed, cmocka_run_group_tests(tests, NULL, NULL));
}
