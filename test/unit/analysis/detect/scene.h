/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/detect/scene.h - the four routes with their statements' texts, and an advisor
 * that says what the test says: for the detectors, which look at the first one. */
#ifndef UNIT_ANALYSIS_DETECT_SCENE_H
#define UNIT_ANALYSIS_DETECT_SCENE_H

#include <stdio.h>

#include "analysis/detect/detect.h"
#include "unit/analysis/routes_kit.h"

struct scene {
    struct routes routes;
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

/* The first statement's kind and text. */
static inline void
open_scene(struct scene *s, uint8_t kind, const char *text)
{
    const char *const texts[ROUTES] = {text, "select * from \"b\" where \"id\" = ?",
                                       "select * from \"c\" where \"id\" = ?",
                                       "select * from \"d\" where \"id\" = ?"};
    memset(s, 0, sizeof(*s));
    routes_open(&s->routes);
    statement_table_init(&s->statements, 100);
    s->advice = advice_new(scene_ask, s);
    for (unsigned i = 0; i < ROUTES; i++) {
        assert_non_null(statement_add(&s->statements, i + 1, 0, i == 0 ? kind : STATEMENT_SELECT,
                                      slice_from_str(texts[i]), T0));
    }
}

static inline void
close_scene(struct scene *s)
{
    routes_close(&s->routes);
    statement_table_fini(&s->statements);
    advice_free(&s->advice);
}

/* What the advisor reads of the whole database, every 10 s: from the split on so much more each
 * time, and nothing before. */
static inline void
database_counts(struct scene *s, unsigned temp_files, unsigned sessions, unsigned deadlocks)
{
    for (uint64_t at = T0; at <= NOW; at += 10 * NS_PER_S) {
        unsigned n = at > SPLIT ? (unsigned)((at - SPLIT) / (10 * NS_PER_S)) : 0;
        char json[300];
        snprintf(json, sizeof(json),
                 "{\"ok\": true, \"database\": {\"deadlocks\": %u, \"temp_files\": %u, "
                 "\"temp_bytes\": %u, \"sessions\": %u, \"reset\": 0}}",
                 n * deadlocks, n * temp_files, n * temp_files * 4000000, n * sessions);
        advice_ask_waits(s->advice, "shop", 1, at);
        assert_true(advice_answer(s->advice, s->asked, slice_from_str(json), &s->statements, at));
    }
}

/* Sessions in a query, summed over ten samples, until the split and from then on. */
static inline void
database_samples(struct scene *s, unsigned before, unsigned now)
{
    for (uint64_t at = T0; at <= NOW; at += 10 * NS_PER_S) {
        char json[300];
        snprintf(
            json, sizeof(json),
            "{\"ok\": true, \"samples\": 10, \"active\": %u, \"database\": {\"deadlocks\": 0}}",
            at > SPLIT ? now : before);
        advice_ask_waits(s->advice, "shop", 1, at);
        assert_true(advice_answer(s->advice, s->asked, slice_from_str(json), &s->statements, at));
    }
}

/* A route's statement before the detectors. */
static inline struct detect_input
input(struct scene *s, unsigned route)
{
    struct shift *shift = s->routes.shift;
    struct shift_route *r = shift_find(shift, s->routes.watch[route]);
    unsigned n = shift_parts(shift, r, s->parts);
    assert_true(n > 0);
    return (struct detect_input){.route = r,
                                 .part = &s->parts[0],
                                 .now = stats_find(&r->now, route + 1),
                                 .statement = statement_get(&s->statements, route + 1),
                                 .database = "shop",
                                 .advice = s->advice,
                                 .statements = &s->statements,
                                 .shift = shift,
                                 .cores = 2,
                                 .largest_ms = s->parts[0].change_ms,
                                 .now_ns = NOW};
}

#endif
