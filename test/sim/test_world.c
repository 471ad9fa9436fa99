/* SPDX-License-Identifier: Apache-2.0
 * What a world emits is what the daemon writes, and which faults are kept for held-out worlds. */
#include <math.h>

#include "sim/trial.h"
#include "unit/unit.h"

#define BUSY 4u /* its first statement */

struct seen {
    unsigned routes, statements, calls, plans;
    double sum; /* of calls */
    bool statements_began, calls_began;
};

static void
on_reading(void *ctx, const struct reading *r)
{
    struct seen *s = ctx;
    bool has_time = (r->known & READING_TIME) != 0 && r->time_ms > 0;
    assert_true(has_time && r->calls > 0 && r->length_s == 60);
    assert_true((r->known & READING_CLASSES) == 0 || r->errors > 0);
    if (r->fingerprint.len == 0) {
        assert_true(r->cell_count > 0 && !s->statements_began);
        assert_int_equal(r->known & (READING_REQUESTS | READING_ROWS | READING_OLDEST), 0);
        s->routes++;
    } else if (r->route.len == 0) {
        assert_true(r->cell_count > 0 && !s->calls_began);
        assert_int_equal(r->known & (READING_REQUESTS | READING_REPEATING), 0);
        s->statements_began = true;
        s->statements++;
        s->sum += r->calls;
    } else {
        assert_int_equal(r->cell_count, 0);
        assert_true((r->known & READING_REQUESTS) != 0 && r->requests > 0);
        assert_int_equal(r->known & READING_OLDEST, 0);
        s->calls_began = true;
        s->calls++;
        s->plans += (r->known & READING_PLAN) != 0 ? 1 : 0;
    }
}

static void
on_deploy(void *ctx, const struct history_deploy *d)
{
}

static struct world *
world_of(struct seen *seen, bool has_advisor)
{
    const struct world_config c = {.seed = 1,
                                   .laws = WORLD_HELD_OUT,
                                   .routes = 6,
                                   .statements_each = 4,
                                   .has_advisor = has_advisor};
    const struct world_out out = {seen, on_reading, on_deploy};
    return world_new(&c, &out);
}

static void
minutes(struct world *w, struct seen *seen, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        seen->statements_began = seen->calls_began = false;
        world_minute(w);
    }
}

static void
each_kind_of_series_is_as_the_daemon_writes_it(void **state)
{
    struct seen with = {0}, without = {0};
    struct world *a = world_of(&with, true), *b = world_of(&without, false);
    minutes(a, &with, 500);
    minutes(b, &without, 500);
    assert_true(with.routes > 2900 && with.statements == with.calls && with.calls > 11000);
    assert_true(with.sum == without.sum); /* nobody's chance is the advisor's */
    assert_int_equal(without.plans, 0);
    assert_int_equal(with.plans, 24); /* each when it is planned first */
    world_free(&a);
    world_free(&b);
}

/* As much dearer as nobody looks into: when it is planned in its turn, or somebody looks. */
static void
another_plan_is_told_when_it_is_planned(void **state)
{
    for (int looks = 0; looks < 2; looks++) {
        struct seen seen = {0};
        struct world *w = world_of(&seen, true);
        minutes(w, &seen, 400);
        const struct fault f = {FAULT_PLAN_FLIP, BUSY, world_now(w), 1.05};
        world_fault(w, &f);
        seen.plans = 0;
        world_looks_for_cause(w, looks != 0);
        minutes(w, &seen, 5);
        assert_int_equal(seen.plans, looks);
        minutes(w, &seen, 400);
        assert_int_equal(seen.plans, 1);
        world_free(&w);
    }
}

static float
grown(enum fault_shape shape, double hours)
{
    const struct fault f = {.kind = FAULT_RAMP, .size = 0.1, .shape = shape};
    struct effect e;
    effect_init(&e);
    effect_add(&e, &f, (int64_t)(hours * 3600));
    return expf(e.ln_cost) - 1;
}

static void
shapes_are_as_far_after_some_hours(void **state)
{
    assert_float_equal(grown(FAULT_STRAIGHT, 6), 0.6, 1e-4);
    assert_float_equal(grown(FAULT_CONVEX, 6), 0.6, 1e-4);
    assert_float_equal(grown(FAULT_CONVEX, 3), 0.15, 1e-4);
    assert_float_equal(grown(FAULT_STAIRS, 5.9), 0.6, 1e-4);
    assert_float_equal(grown(FAULT_STAIRS, 0.1), 0.15, 1e-4);
    assert_float_equal(grown(FAULT_PAUSES, 0.5), 0.05, 1e-4);
    assert_float_equal(grown(FAULT_PAUSES, 2.9), 0.1, 1e-4);
}

static bool
is_plain(const struct fault *f)
{
    return f->shape == FAULT_STRAIGHT && f->share <= 0 && f->growth <= 0 && f->tail <= 0 &&
           f->every_min == 0 && f->kind != FAULT_FAILING;
}

static void
families_are_for_held_out_worlds_alone(void **state)
{
    unsigned n = trials_count(WORLD_CALIBRATION);
    assert_true(trials_count(WORLD_HELD_OUT) > n);
    for (unsigned t = 0; t < trials_count(WORLD_HELD_OUT); t++) {
        bool is_family = trial_of(t)->decoys > 0;
        for (unsigned i = 0; i < trial_of(t)->fault_count; i++) {
            const struct fault *f = &trial_of(t)->fault[i];
            bool is_small = f->kind == FAULT_LOST_CACHE && f->size < 2;
            is_family = is_family || !is_plain(f) || is_small;
        }
        assert_true(is_family == (t >= n));
        assert_true(t < n || trial_of(t)->goal_median <= 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_series_is_as_the_daemon_writes_it),
        cmocka_unit_test(another_plan_is_told_when_it_is_planned),
        cmocka_unit_test(shapes_are_as_far_after_some_hours),
        cmocka_unit_test(families_are_for_held_out_worlds_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
