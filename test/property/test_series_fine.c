/* SPDX-License-Identifier: Apache-2.0
 * Windows of 1 s, 10 s and 60 s of the same calls: the seconds of ten are their window of 10 s,
 * those of a minute the minute, to the last figure and the last cell of the histogram; whatever
 * pauses there are, and wherever room ends. SLOWBURN_SEED=n plays another sequence. */
#include <malloc.h>
#include <math.h>

#include "analysis/series/fine.h"
#include "base/clock.h"
#include "base/prng.h"
#include "property/seeded.h"
#include "unit/unit.h"

#define SERIES  12u
#define MINUTES 4u /* all of whose seconds are kept */
#define START_S 1700000040ull
#define CELLS   (SKETCH_PAGES * SKETCH_STEPS)

static uint64_t seed;

/* What one series did in one window, as somebody adds it up. */
struct figure {
    struct series_sums sums;
    struct sketch sketch;
    unsigned records;
};

struct minute {
    struct series_sums sums;
    uint8_t sketch[SKETCH_SAVED_MAX];
    size_t sketch_len;
};

struct world {
    struct prng prng;
    struct series_table t;
    struct fine f;
    uint64_t wall_ns;
    struct minute minute[MINUTES][SERIES]; /* as the store was given them */
};

static unsigned
number_of(const struct series_id *id)
{
    return id->kind == SERIES_ROUTE ? (unsigned)id->database : (unsigned)id->fingerprint;
}

static void
on_emit(void *ctx, const struct series *s)
{
    struct world *w = ctx;
    unsigned of = s->kind == SERIES_ROUTE ? (unsigned)s->database : (unsigned)s->fingerprint;
    struct minute *m = &w->minute[s->window_number - START_S / 60][of];
    m->sums = s->window;
    m->sketch_len = sketch_save(&s->window_sketch, m->sketch, sizeof(m->sketch));
}

static struct series *
series_of(struct world *w, unsigned i)
{
    static const char *const routes[] = {"GET /a", "GET /b", "POST /a"};
    switch (i % 4) {
    case 0:
        return series_get(&w->t, SERIES_STATEMENT, NULL, i == 0 ? 100 : i, 1);
    case 1:
        return series_get(&w->t, SERIES_ROUTE, routes[i / 4 % 3], 0, i);
    default:
        return series_get(&w->t, SERIES_BOTH, routes[i / 4 % 3], i, 1);
    }
}

static void
call(struct world *w)
{
    unsigned i = 1 + (unsigned)prng_below(&w->prng, SERIES - 1);
    struct series *s = series_of(w, i);
    struct series_sums sums = {.calls = 1};
    sums.time_ns = sums.max_ns = (uint64_t)exp((double)prng_below(&w->prng, 25000) / 1000);
    sums.rows = prng_below(&w->prng, 300);
    if (prng_below(&w->prng, 10) == 0) {
        sums.errors = 1;
        sums.errors_by_class[prng_below(&w->prng, ERROR_CLASS_COUNT)] = 1;
    }
    if (prng_below(&w->prng, 10) == 0) { /* what was folded before it came here */
        sums.calls = 2 + prng_below(&w->prng, 100000);
    }
    if (prng_below(&w->prng, 2) == 0) {
        enum window_amount which = (enum window_amount)prng_below(&w->prng, WINDOW_AMOUNT_COUNT);
        window_amounts_add(&sums.amounts, which, prng_below(&w->prng, UINT32_MAX));
    }
    series_place(s, 2);
    bool to_sketch = s->kind != SERIES_BOTH;
    series_add(s, &sums, to_sketch, w->wall_ns, on_emit, w);
    fine_add(&w->f, s, &sums, to_sketch, w->wall_ns);
}

/* Pauses from none at all to minutes. */
static void
play(struct world *w, size_t bytes_max)
{
    memset(w, 0, sizeof(*w));
    w->prng.state = seed;
    w->wall_ns = START_S * NS_PER_S;
    series_table_init(&w->t, SERIES_MAX);
    fine_init(&w->f, bytes_max);
    w->f.list[FINE_10S].bytes_max = FINE_BYTES_MAX;
    uint64_t end_ns = (START_S + MINUTES * 60) * NS_PER_S;
    while (w->wall_ns < end_ns) {
        call(w);
        double pause_s = prng_below(&w->prng, 400) == 0  ? 45
                         : prng_below(&w->prng, 40) == 0 ? 2
                                                         : .05;
        w->wall_ns += prng_below(&w->prng, (uint64_t)(pause_s * NS_PER_S));
    }
    series_flush(&w->t, on_emit, w);
    fine_turn(&w->f, end_ns);
}

static void
end(struct world *w)
{
    fine_fini(&w->f);
    series_table_fini(&w->t);
}

static void
sums_equal(const struct series_sums *a, const struct series_sums *b)
{
    assert_true(a->calls == b->calls && a->errors == b->errors && a->rows == b->rows);
    assert_true(a->time_ns == b->time_ns && a->max_ns == b->max_ns);
    assert_int_equal(a->amounts.known, b->amounts.known);
    assert_memory_equal(a->amounts.of, b->amounts.of, sizeof(a->amounts.of));
    assert_memory_equal(a->errors_by_class, b->errors_by_class, sizeof(a->errors_by_class));
}

/* All windows of a length that begin between the two moments, one figure a series. */
static void
add_up(const struct world *w, enum fine_length length, uint64_t from_s, uint64_t to_s,
       struct figure figure[SERIES])
{
    for (unsigned i = 0; i < fine_count(&w->f, length); i++) {
        const struct fine_window *x = fine_get(&w->f, length, i);
        uint64_t at_s = x->number * fine_seconds(length);
        struct fine_record r, before = {0};
        bool is_first = true;
        for (size_t at = 0; at_s >= from_s && at_s < to_s && fine_next(x, &at, &r);) {
            struct figure *f = &figure[number_of(&r.id)];
            assert_int_equal(r.upstream, 2);
            assert_true(is_first || fine_order(&before.id, 2, &r.id, 2) < 0);
            series_sums_add(&f->sums, &r.sums);
            assert_true(r.sketch.len == 0 || sketch_load(r.sketch, &f->sketch) == 0);
            f->records++;
            before = r;
            is_first = false;
        }
    }
}

static void
forget(struct figure figure[SERIES])
{
    for (unsigned i = 0; i < SERIES; i++) {
        sketch_fini(&figure[i].sketch);
    }
    memset(figure, 0, SERIES * sizeof(figure[0]));
}

static void
sketches_equal(const struct sketch *a, const uint8_t *saved, size_t len)
{
    static uint8_t mine[SKETCH_SAVED_MAX];
    assert_int_equal(sketch_save(a, mine, sizeof(mine)), len);
    assert_memory_equal(mine, saved, len);
}

static void
a_minute_is_the_sum(const struct world *w, enum fine_length length)
{
    static struct figure figure[SERIES];
    for (uint64_t m = 0; m < MINUTES; m++) {
        uint64_t from_s = START_S + 60 * m;
        add_up(w, length, from_s, from_s + 60, figure);
        for (unsigned i = 0; i < SERIES; i++) {
            sums_equal(&figure[i].sums, &w->minute[m][i].sums);
            sketches_equal(&figure[i].sketch, w->minute[m][i].sketch, w->minute[m][i].sketch_len);
        }
        forget(figure);
    }
}

static void
a_minute_is_the_sum_of_its_seconds_and_of_its_tens(void **state)
{
    static struct world w;
    play(&w, FINE_BYTES_MAX);
    a_minute_is_the_sum(&w, FINE_1S);
    a_minute_is_the_sum(&w, FINE_10S);
    assert_true(fine_count(&w.f, FINE_1S) > 20);
    assert_int_equal(w.f.refused, 0);
    end(&w);
}

static void
ten_seconds_are_the_window_that_they_are_of(void **state)
{
    static struct world w;
    static struct figure ones[SERIES], tens[SERIES];
    static uint8_t saved[SKETCH_SAVED_MAX];
    play(&w, FINE_BYTES_MAX);
    for (uint64_t at_s = START_S; at_s < START_S + MINUTES * 60; at_s += 10) {
        add_up(&w, FINE_1S, at_s, at_s + 10, ones);
        add_up(&w, FINE_10S, at_s, at_s + 10, tens);
        for (unsigned i = 0; i < SERIES; i++) {
            sums_equal(&ones[i].sums, &tens[i].sums);
            assert_true(tens[i].records <= 1);
            sketches_equal(&ones[i].sketch, saved,
                           sketch_save(&tens[i].sketch, saved, sizeof(saved)));
        }
        forget(ones);
        forget(tens);
    }
    end(&w);
}

/* Of the newest window of 10 s. records: the most that one series has of it. */
static uint64_t
newest_calls(size_t bytes_max, unsigned *ret_records)
{
    static struct world w;
    static struct figure figure[SERIES];
    uint64_t calls = 0;
    play(&w, bytes_max);
    assert_true(w.f.list[FINE_1S].bytes <= bytes_max && w.f.refused == 0);
    const struct fine_window *x = fine_get(&w.f, FINE_10S, fine_count(&w.f, FINE_10S) - 1);
    add_up(&w, FINE_10S, x->number * 10, x->number * 10 + 10, figure);
    *ret_records = 0;
    for (unsigned i = 0; i < SERIES; i++) {
        calls += figure[i].sums.calls;
        *ret_records = MAX(*ret_records, figure[i].records);
    }
    forget(figure);
    end(&w);
    return calls;
}

/* Room for a second or two: a window of 10 s comes in parts then, and lacks nothing. */
static void
with_little_room_seconds_go_and_tens_stay_whole(void **state)
{
    unsigned records = 0, parts = 0;
    uint64_t seed_before = seed;
    for (unsigned i = 0; i < 20; i++, seed++) {
        uint64_t whole = newest_calls(FINE_BYTES_MAX, &records);
        assert_true(whole > 0 && records == 1);
        assert_true(newest_calls(2500, &records) == whole);
        parts += records > 1 ? 1 : 0;
    }
    seed = seed_before;
    assert_true(parts > 0);
}

static size_t
pages_bytes(const struct sketch *s)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < SKETCH_PAGES; i++) {
        bytes += s->page[i] == NULL ? 0 : SKETCH_STEPS * sizeof(uint32_t) + 16; /* malloc's own */
    }
    return bytes;
}

/* As many series as there may be, each a statement that is called in every second, with durations
 * that spread over a factor of ten: in the moment before a second is closed. */
static void
ten_thousand_series_take_64_mib(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof(w));
    w.prng.state = seed;
    w.wall_ns = START_S * NS_PER_S;
    series_table_init(&w.t, SERIES_MAX);
    fine_init(&w.f, FINE_BYTES_MAX);
    for (unsigned k = 0; k < 20; k++, w.wall_ns += NS_PER_S) {
        for (unsigned i = 1; i <= SERIES_MAX; i++) {
            double spread = (double)prng_below(&w.prng, 2300) / 1000;
            struct series *s = series_get(&w.t, SERIES_STATEMENT, NULL, i, 1);
            struct series_sums sums = {.calls = 1, .rows = 3};
            sums.time_ns = sums.max_ns = (uint64_t)((1 + i % 20) * 1e5 * exp(spread));
            window_amounts_add(&sums.amounts, AMOUNT_BYTES, 200);
            series_add(s, &sums, true, w.wall_ns, NULL, NULL);
            fine_add(&w.f, s, &sums, true, w.wall_ns);
        }
    }
    size_t bytes = sizeof(w.t) + (w.t.by_key.mask + 1) * sizeof(struct map_slot), at = 0;
    bytes += FINE_LENGTHS * FINE_BYTES_MAX + w.f.writing.cap;
    for (struct map_slot *slot; (slot = map_next(&w.t.by_key, &at)) != NULL;) {
        const struct series *s = slot->value;
        bytes += malloc_usable_size(slot->value) + malloc_usable_size(s->now) + 32;
        bytes += pages_bytes(&s->total_sketch) + pages_bytes(&s->window_sketch);
        bytes += SKETCH_STEPS * sizeof(uint32_t) + 16; /* of the one call in this second */
    }
    assert_int_equal(w.t.by_key.count, SERIES_MAX);
    assert_true(bytes <= 64u * 1024 * 1024);
    assert_true(bytes > 32u * 1024 * 1024); /* all was counted */
    end(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_is_the_sum_of_its_seconds_and_of_its_tens),
        cmocka_unit_test(ten_seconds_are_the_window_that_they_are_of),
        cmocka_unit_test(ten_thousand_series_take_64_mib),
        cmocka_unit_test(with_little_room_seconds_go_and_tens_stay_whole),
    };
    seed = seeded_begin();
    return seeded_end(seed, cmocka_run_group_tests(tests, NULL, NULL));
}
