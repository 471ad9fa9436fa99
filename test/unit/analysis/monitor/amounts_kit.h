/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/monitor/amounts_kit.h - a monitor and a few routes with a call each, which
 * return so many rows and bytes, give or take. What they do is the test's to play. */
#ifndef UNIT_ANALYSIS_MONITOR_AMOUNTS_KIT_H
#define UNIT_ANALYSIS_MONITOR_AMOUNTS_KIT_H

#include "unit/analysis/monitor/scene_kit.h"

#define ROUTES 4
#define MOST   9

struct scene {
    struct monitor *m;
    struct prng prng;
    int64_t t;
    double rows[MOST], width[MOST], body[MOST]; /* of its call, a row, a response besides */
    double per_min[MOST];
    double failing; /* share of the last one's calls */
    unsigned routes;
    double dearer; /* the statement, times */
    double noise;  /* more or less */
    bool has_rows, has_bytes;
    bool has_sums; /* of calls, and histograms of one statement that all routes call */
};

static inline struct scene *
scene_new(void)
{
    struct scene *s = check_alloc(1, sizeof(*s));
    s->m = quiet_monitor(0);
    s->prng.state = 9;
    s->t = MONDAY;
    s->has_rows = s->has_bytes = true;
    s->dearer = 1;
    s->routes = ROUTES;
    s->noise = 0.1;
    for (unsigned i = 0; i < MOST; i++) {
        s->rows[i] = 20;
        s->width[i] = 100;
        s->body[i] = 5000;
        s->per_min[i] = 100;
    }
    return s;
}

static inline void
scene_free(struct scene *s)
{
    monitor_free(&s->m);
    free(s);
}

static inline double
about(struct scene *s, double x)
{
    return x * (1 - s->noise + 2 * s->noise * (double)prng_below(&s->prng, 1000) / 1000);
}

static inline void
give(struct scene *s, unsigned route, bool is_call)
{
    const struct names of = names_of(route);
    double n = s->per_min[route];
    uint32_t us = (uint32_t)about(s, is_call ? 4000 : 14000);
    struct reading_cell cell = {us, (uint32_t)n};
    double rows = n * about(s, s->rows[route]);
    struct reading r = {
        .start_s = s->t,
        .length_s = 60,
        .route = slice_from_str(of.route),
        .fingerprint = slice_from_str(is_call ? of.print : ""),
        .known = (is_call ? READING_REQUESTS : 0) | (is_call && s->has_rows ? READING_ROWS : 0) |
                 (s->has_bytes ? READING_BYTES : 0),
        .calls = n,
        .requests = is_call ? n : 0,
        .rows = rows,
        .bytes = is_call ? rows * s->width[route] : n * about(s, s->body[route]),
        .errors = is_call && route + 1 == s->routes ? s->failing * n : 0,
        .cell = &cell,
        .cell_count = 1,
    };
    if (is_call && s->has_sums) {
        r.fingerprint = SLICE_LIT("f");
        r.known |= READING_TIME;
        r.time_ms = n * us / 1000;
        r.cell_count = 0;
    }
    monitor_reading(s->m, &r);
}

static inline void
give_statement(struct scene *s)
{
    double n = s->per_min[0] * ROUTES, rows = 0;
    struct reading_cell cell = {(uint32_t)about(s, 4000 * s->dearer), (uint32_t)n};
    for (unsigned i = 0; i < ROUTES; i++) {
        rows += s->per_min[i] * about(s, s->rows[i]);
    }
    const struct reading r = {.start_s = s->t,
                              .length_s = 60,
                              .fingerprint = SLICE_LIT("f"),
                              .known = READING_ROWS,
                              .calls = n,
                              .rows = rows,
                              .cell = &cell,
                              .cell_count = 1};
    monitor_reading(s->m, &r);
}

static inline void
play(struct scene *s, int64_t seconds)
{
    for (int64_t end = s->t + seconds; s->t < end; s->t += 60) {
        for (unsigned i = 0; i < s->routes; i++) {
            if (s->per_min[i] > 0) {
                give(s, i, false);
                give(s, i, true);
            }
        }
        if (s->has_sums) {
            give_statement(s);
        }
    }
    monitor_advance(s->m, s->t);
}

static inline void
deploy(struct scene *s)
{
    const struct history_deploy d = {.at_s = s->t,
                                     .name = SLICE_LIT("v2"),
                                     .affects = {SLICE_LIT("GET /2")},
                                     .affects_count = 1};
    monitor_deploy(s->m, &d);
}

#endif
