/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/monitor/monitor_kit.h - a monitor and ten routes with a call each, without
 * chance in them but for a little noise. What they do is the test's to play. */
#ifndef UNIT_ANALYSIS_MONITOR_MONITOR_KIT_H
#define UNIT_ANALYSIS_MONITOR_MONITOR_KIT_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/monitor/monitor_state.h"
#include "base/prng.h"
#include "unit/unit.h"

#define MONDAY 1699833600ll
#define DAY    86400
#define ROUTES 10

struct scene {
    struct monitor *m;
    struct prng prng;
    int64_t t;
    double times[ROUTES]; /* what a call costs more than ever */
    double calls[ROUTES]; /* a request */
    double errors[ROUTES];
    double call_errors[ROUTES]; /* of which: in the route's call */
    double reads[ROUTES];       /* rows a call; 0: not known */
    double locks[ROUTES];       /* milliseconds a call that are waited for; below 0: not known */
    double traffic;
    int64_t length_s; /* of the windows */
    bool skewed;      /* noise is rarely far below, and now and again far above */
};

static inline struct scene *
scene_new(unsigned tracks_max)
{
    struct scene *s = check_alloc(1, sizeof(*s));
    struct monitor_config config = {.tracks_max = tracks_max};
    struct monitor_out out = {0};
    s->m = monitor_new(&config, &out);
    s->prng.state = 9;
    s->t = MONDAY;
    s->traffic = 1;
    s->length_s = 60;
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = s->calls[i] = 1;
        s->locks[i] = -1;
    }
    return s;
}

static inline void
scene_free(struct scene *s)
{
    monitor_free(&s->m);
    free(s);
}

static inline void
give(struct scene *s, unsigned route, bool is_call, double n, double ms)
{
    char name[32], print[32];
    double noise = ((double)prng_below(&s->prng, 1000) / 1000 - 0.5) * 0.08;
    if (s->skewed) {
        noise = 0.1 * pow(12.5 * noise + 0.5, 4);
    }
    uint32_t us = (uint32_t)(ms * 1000 * (1 + noise));
    struct reading_cell cells[2] = {{us, (uint32_t)(n / 2)}, {us + us / 8, (uint32_t)(n - n / 2)}};
    snprintf(name, sizeof(name), "GET /%u", route);
    snprintf(print, sizeof(print), "f%u", route);
    struct reading r = {
        .start_s = s->t,
        .length_s = (uint32_t)s->length_s,
        .route = slice_from_str(name),
        .fingerprint = slice_from_str(is_call ? print : ""),
        .known = (is_call ? READING_REQUESTS : 0) | (s->reads[route] > 0 ? READING_ROWS_READ : 0) |
                 (s->locks[route] >= 0 ? READING_LOCK : 0),
        .lock_ms = n * s->locks[route],
        .rows_read = n * s->reads[route],
        .calls = (uint32_t)(n / 2) + (uint32_t)(n - n / 2),
        .requests = is_call ? 100 * s->traffic * (double)s->length_s / 60 : 0,
        .errors = is_call ? s->call_errors[route] : s->errors[route],
        .cell = cells,
        .cell_count = 2,
    };
    monitor_reading(s->m, &r);
}

static inline void
play(struct scene *s, int64_t seconds)
{
    for (int64_t end = s->t + seconds; s->t < end; s->t += s->length_s) {
        for (unsigned i = 0; i < ROUTES; i++) {
            double n = 100 * s->traffic * (double)s->length_s / 60;
            give(s, i, true, n * s->calls[i], 4 * s->times[i] + MAX(s->locks[i], 0));
            give(s, i, false, n, 10 + 4 * s->times[i] * s->calls[i]);
        }
    }
    monitor_advance(s->m, s->t);
}

static inline const struct episode *
only_one(const struct scene *s)
{
    assert_int_equal(monitor_episode_count(s->m), 1);
    return monitor_episode(s->m, 0);
}

static inline void
set_times(struct scene *s, double times)
{
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = times;
    }
}

static inline struct track *
call_of(const struct scene *s, const char *route)
{
    for (unsigned i = 0; i < s->m->track_count; i++) {
        struct track *t = &s->m->track[i];
        if (t->kind == TRACK_CALL && strcmp(t->route, route) == 0) {
            return t;
        }
    }
    fail_msg("no call of %s", route);
    return NULL;
}

#endif
