/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/monitor/scene_kit.h - what scenes are made of: a monitor that tells nobody,
 * and latencies with a little noise. What they do is the test's to play. */
#ifndef UNIT_ANALYSIS_MONITOR_SCENE_KIT_H
#define UNIT_ANALYSIS_MONITOR_SCENE_KIT_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/monitor/monitor_state.h"
#include "base/prng.h"
#include "unit/unit.h"

#define MONDAY 1699833600ll
#define DAY    86400
#define HOUR   3600

/* tracks_max: 0 for as many as there may be. */
static inline struct monitor *
quiet_monitor(unsigned tracks_max)
{
    const struct monitor_config config = {.tracks_max = tracks_max};
    const struct monitor_out out = {0};
    return monitor_new(&config, &out);
}

static inline const struct episode *
only_one(const struct monitor *m)
{
    assert_int_equal(monitor_episode_count(m), 1);
    return monitor_episode(m, 0);
}

/* "" for what it has none of. */
static inline struct track *
track_of(const struct monitor *m, const char *route, const char *print)
{
    struct track *t = tracks_find(&m->panel.tracks, slice_from_str(route), slice_from_str(print));
    assert_non_null(t);
    return t;
}

/* Of a route by its number, and of its statement. */
struct names {
    char route[16], print[16];
};

static inline struct names
names_of(unsigned number)
{
    struct names names;
    snprintf(names.route, sizeof(names.route), "GET /%u", number);
    snprintf(names.print, sizeof(names.print), "f%u", number);
    return names;
}

/* 4 % more or less, at most. */
static inline double
some_noise(struct prng *prng)
{
    return ((double)prng_below(prng, 1000) / 1000 - 0.5) * 0.08;
}

static inline uint32_t
noisy_us(struct prng *prng, double ms)
{
    return (uint32_t)(ms * 1000 * (1 + some_noise(prng)));
}

/* Of n calls every other one takes an eighth longer. */
static inline void
fill_cells(struct reading_cell cell[2], uint32_t us, double n)
{
    cell[0] = (struct reading_cell){us, (uint32_t)(n / 2)};
    cell[1] = (struct reading_cell){us + us / 8, (uint32_t)(n - n / 2)};
}

/* A minute as the daemon writes it: a route, or a statement, has a histogram; a statement within a
 * route has sums. "" for no route, or no statement. */
static inline struct reading
daemon_minute(int64_t start_s, const char *route, const char *print, double n, uint32_t us,
              struct reading_cell cell[2])
{
    bool has_sums_only = route[0] != '\0' && print[0] != '\0';
    fill_cells(cell, us, n);
    return (struct reading){
        .start_s = start_s,
        .length_s = 60,
        .route = slice_from_str(route),
        .fingerprint = slice_from_str(print),
        .known = READING_TIME | (has_sums_only ? READING_REQUESTS : 0),
        .calls = n,
        .requests = has_sums_only ? n : 0,
        .time_ms = n * us / 1000,
        .cell = cell,
        .cell_count = has_sums_only ? 0 : 2,
    };
}

#endif
