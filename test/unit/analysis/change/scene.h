/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/change/scene.h - a few routes before and after a moment, for what compares
 * them. */
#ifndef UNIT_ANALYSIS_CHANGE_SCENE_H
#define UNIT_ANALYSIS_CHANGE_SCENE_H

#include "analysis/change/shift.h"
#include "unit/analysis/requests_kit.h"

#define ROUTES 4u
#define T0     (100 * NS_PER_S)
#define SPLIT  (T0 + 90 * NS_PER_S)
#define NOW    (SPLIT + 60 * NS_PER_S)
#define EVERY  (NS_PER_S / 2)

/* Four routes with a statement each (fingerprints 1 to 4): one call of 10 ms and 10 ms of the
 * application, every half second. What the first route does after the split is the test's. */
struct scene {
    struct recent_budget budget;
    struct watch *watch[ROUTES];
    struct load load;
    struct shift *shift;
};

static inline void
open_scene(struct scene *s)
{
    static const char *const names[ROUTES] = {"GET /a", "GET /b", "GET /c", "GET /d"};
    memset(s, 0, sizeof(*s));
    s->budget.bytes_max = 64u << 20;
    for (unsigned i = 0; i < ROUTES; i++) {
        s->watch[i] = watch_new(slice_from_str(names[i]), ROUTE_BASIS_PATH, METHOD_GET, &s->budget);
    }
    for (uint64_t at = T0; at < SPLIT; at += EVERY) {
        for (unsigned i = 0; i < ROUTES; i++) {
            kit_calls(s->watch[i], at, i + 1, 1, 10, 10);
        }
        load_add(&s->load, at, ROUTES, ROUTES, 0, 10.0 * ROUTES);
    }
}

/* The routes from `first` on, after the split. */
static inline void
play(struct scene *s, unsigned first, double call_ms, uint64_t every_ns)
{
    for (uint64_t at = SPLIT; at < NOW; at += every_ns) {
        for (unsigned i = first; i < ROUTES; i++) {
            kit_calls(s->watch[i], at, i + 1, 1, call_ms, 10);
        }
        load_add(&s->load, at, ROUTES, ROUTES, 0, call_ms * ROUTES);
    }
}

static inline struct shift_route *
compare(struct scene *s)
{
    s->shift = shift_new(s->watch, ROUTES, &s->load, SHIFT_SINCE, SPLIT, NOW);
    return shift_find(s->shift, s->watch[0]);
}

static inline void
close_scene(struct scene *s)
{
    shift_free(&s->shift);
    for (unsigned i = 0; i < ROUTES; i++) {
        watch_free(&s->watch[i]);
    }
    assert_int_equal(s->budget.bytes, 0);
}

#endif
