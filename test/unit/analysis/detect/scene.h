/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/detect/scene.h - four routes with a statement each, before and after a moment,
 * and an advisor that says what the test says: for the detectors, which look at the first one. */
#ifndef UNIT_ANALYSIS_DETECT_SCENE_H
#define UNIT_ANALYSIS_DETECT_SCENE_H

#include "analysis/detect/detect.h"
#include "unit/analysis/requests_kit.h"

#define ROUTES 4u
#define T0     (100 * NS_PER_S)
#define SPLIT  (T0 + 90 * NS_PER_S)
#define NOW    (SPLIT + 60 * NS_PER_S)
#define EVERY  (NS_PER_S / 2)

struct scene {
    struct recent_budget budget;
    struct watch *watch[ROUTES];
    struct load load;
    struct shift *shift; /* the test's to make, once it has played */
    struct statement_table statements;
    struct advice *advice;
    uint32_t asked;
    struct shift_part parts[SHIFT_PARTS_MAX];
    bool opens; /* after the split the first statement is the first on its connection */
};

static inline uint32_t
scene_ask(void *ctx, const char *question)
{
    struct scene *s = ctx;
    return ++s->asked;
}

/* The statements' fingerprints are 1 to 4; the first one's kind and text. */
static inline void
open_scene(struct scene *s, uint8_t kind, const char *text)
{
    static const char *const names[ROUTES] = {"GET /a", "GET /b", "GET /c", "GET /d"};
    const char *const texts[ROUTES] = {text, "select * from \"b\" where \"id\" = ?",
                                       "select * from \"c\" where \"id\" = ?",
                                       "select * from \"d\" where \"id\" = ?"};
    memset(s, 0, sizeof(*s));
    s->budget.bytes_max = 64u << 20;
    statement_table_init(&s->statements, 100);
    s->advice = advice_new(scene_ask, s);
    for (unsigned i = 0; i < ROUTES; i++) {
        s->watch[i] = watch_new(slice_from_str(names[i]), ROUTE_BASIS_PATH, METHOD_GET, &s->budget);
        assert_non_null(statement_add(&s->statements, i + 1, 0, i == 0 ? kind : STATEMENT_SELECT,
                                      slice_from_str(texts[i]), T0));
    }
}

static inline void
close_scene(struct scene *s)
{
    shift_free(&s->shift);
    for (unsigned i = 0; i < ROUTES; i++) {
        watch_free(&s->watch[i]);
    }
    statement_table_fini(&s->statements);
    advice_free(&s->advice);
}

/* A route's statement before the detectors. */
static inline struct detect_input
input(struct scene *s, unsigned route)
{
    struct shift_route *r = shift_find(s->shift, s->watch[route]);
    unsigned n = shift_parts(s->shift, r, s->parts);
    assert_true(n > 0);
    return (struct detect_input){.route = r,
                                 .part = &s->parts[0],
                                 .now = stats_find(&r->now, route + 1),
                                 .statement = statement_get(&s->statements, route + 1),
                                 .database = "shop",
                                 .advice = s->advice,
                                 .statements = &s->statements,
                                 .shift = s->shift,
                                 .cores = 2,
                                 .largest_ms = s->parts[0].change_ms,
                                 .now_ns = NOW};
}

#endif
