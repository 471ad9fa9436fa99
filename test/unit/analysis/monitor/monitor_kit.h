/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/monitor/monitor_kit.h - a monitor and ten routes with a call each, without
 * chance in them but for a little noise. What they do is the test's to play. */
#ifndef UNIT_ANALYSIS_MONITOR_MONITOR_KIT_H
#define UNIT_ANALYSIS_MONITOR_MONITOR_KIT_H

#include "unit/analysis/monitor/scene_kit.h"

#define ROUTES 10

struct scene {
    struct monitor *m;
    struct prng prng;
    int64_t t;
    double times[ROUTES]; /* what a call costs more than ever */
    double calls[ROUTES]; /* a request */
    double apart[ROUTES]; /* milliseconds more of a request, outside of its calls */
    double errors[ROUTES];
    double call_errors[ROUTES]; /* of which: in the route's call */
    enum error_class fails_of[ROUTES], call_fails_of[ROUTES];
    double reads[ROUTES]; /* rows a call; 0: not known */
    double locks[ROUTES]; /* milliseconds a call that are waited for; below 0: not known */
    double traffic;
    int64_t length_s; /* of the windows */
    bool route_first; /* before its call, as a judge reads them */
    bool skewed;      /* noise is rarely far below, and now and again far above */
};

static inline struct scene *
scene_new(unsigned tracks_max)
{
    struct scene *s = check_alloc(1, sizeof(*s));
    s->m = quiet_monitor(tracks_max);
    s->prng.state = 9;
    s->t = MONDAY;
    s->traffic = 1;
    s->length_s = 60;
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = s->calls[i] = 1;
        s->locks[i] = -1;
        s->fails_of[i] = s->call_fails_of[i] = ERROR_CLASS_OTHER;
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
    const struct names of = names_of(route);
    double noise = some_noise(&s->prng);
    if (s->skewed) {
        noise = 0.1 * pow(12.5 * noise + 0.5, 4);
    }
    uint32_t us = (uint32_t)(ms * 1000 * (1 + noise));
    struct reading_cell cells[2];
    fill_cells(cells, us, n);
    struct reading r = {
        .start_s = s->t,
        .length_s = (uint32_t)s->length_s,
        .route = slice_from_str(of.route),
        .fingerprint = slice_from_str(is_call ? of.print : ""),
        .known = READING_CLASSES | (is_call ? READING_REQUESTS : 0) |
                 (s->reads[route] > 0 ? READING_ROWS_READ : 0) |
                 (s->locks[route] >= 0 ? READING_LOCK : 0),
        .lock_ms = n * s->locks[route],
        .rows_read = n * s->reads[route],
        .calls = cells[0].count + cells[1].count,
        .requests = is_call ? 100 * s->traffic * (double)s->length_s / 60 : 0,
        .errors = is_call ? s->call_errors[route] : s->errors[route],
        .cell = cells,
        .cell_count = 2,
    };
    r.errors_by_class[(is_call ? s->call_fails_of : s->fails_of)[route]] = r.errors;
    monitor_reading(s->m, &r);
}

static inline void
play(struct scene *s, int64_t seconds)
{
    for (int64_t end = s->t + seconds; s->t < end; s->t += s->length_s) {
        for (unsigned i = 0; i < ROUTES; i++) {
            double n = 100 * s->traffic * (double)s->length_s / 60;
            for (unsigned k = 0; k < 2; k++) {
                bool is_call = (k == 0) != s->route_first;
                double calls_ms = 4 * s->times[i];
                give(s, i, is_call, is_call ? n * s->calls[i] : n,
                     is_call ? calls_ms + MAX(s->locks[i], 0)
                             : 10 + s->apart[i] + calls_ms * s->calls[i]);
            }
        }
    }
    monitor_advance(s->m, s->t);
}

static inline void
set_times(struct scene *s, double times)
{
    for (unsigned i = 0; i < ROUTES; i++) {
        s->times[i] = times;
    }
}

/* Of the route's call. */
static inline struct track *
call_of(const struct scene *s, unsigned route)
{
    const struct names of = names_of(route);
    return track_of(s->m, of.route, of.print);
}

static inline const struct episode *
episode_of(const struct scene *s, unsigned route)
{
    const struct track *t = call_of(s, route);
    assert_non_null(t->episode);
    return t->episode;
}

/* 30 of 100 requests fail with a status, because a call does with that. */
static inline void
break_in(struct scene *s, unsigned route, enum error_class call_fails_of)
{
    s->errors[route] = s->call_errors[route] = 30;
    s->fails_of[route] = ERROR_CLASS_SERVER;
    s->call_fails_of[route] = call_fails_of;
}

/* GET /3 becomes slower and slower. */
static inline void
play_ramp(struct scene *s, int64_t seconds, double times_an_hour)
{
    for (int64_t end = s->t + seconds; s->t < end;) {
        s->times[3] += times_an_hour / 60;
        play(s, 60);
    }
}

#endif
