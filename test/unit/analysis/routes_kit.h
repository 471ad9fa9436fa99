/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/routes_kit.h - four routes with a statement each (fingerprints 1 to 4), before
 * and after a moment. What they do is the test's to play. */
#ifndef UNIT_ANALYSIS_ROUTES_KIT_H
#define UNIT_ANALYSIS_ROUTES_KIT_H

#include "analysis/change/shift.h"
#include "unit/analysis/requests_kit.h"

#define ROUTES 4u
#define T0     (100 * NS_PER_S)
#define SPLIT  (T0 + 90 * NS_PER_S)
#define NOW    (SPLIT + 60 * NS_PER_S)
#define EVERY  (NS_PER_S / 2)

struct routes {
    struct recent_budget budget;
    struct watch *watch[ROUTES];
    struct load load;
    struct shift *shift; /* once it was played and compared */
};

static inline void
routes_open(struct routes *r)
{
    static const char *const names[ROUTES] = {"GET /a", "GET /b", "GET /c", "GET /d"};
    memset(r, 0, sizeof(*r));
    r->budget.bytes_max = 64u << 20;
    for (unsigned i = 0; i < ROUTES; i++) {
        r->watch[i] = watch_new(slice_from_str(names[i]), ROUTE_BASIS_PATH, METHOD_GET, &r->budget);
    }
}

/* Before the moment against after it; the first route. */
static inline struct shift_route *
routes_compare(struct routes *r)
{
    r->shift = shift_new(r->watch, ROUTES, &r->load, SHIFT_SINCE, SPLIT, NOW);
    return shift_find(r->shift, r->watch[0]);
}

static inline void
routes_close(struct routes *r)
{
    shift_free(&r->shift);
    for (unsigned i = 0; i < ROUTES; i++) {
        watch_free(&r->watch[i]);
    }
    assert_int_equal(r->budget.bytes, 0);
}

#endif
