/* SPDX-License-Identifier: Apache-2.0
 *
 * Months without a fault: every incident is a false one. Beside them, how near each kind of chart
 * has come to its limit in any series of a world while all else that is asked for was there: what
 * the limits are set by, on calibration worlds, long before there are incidents enough to count. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/lane/charts.h"
#include "analysis/lane/creep.h"
#include "analysis/lane/failures.h"
#include "analysis/lane/latency.h"
#include "analysis/monitor/monitor_state.h"
#include "sim/card.h"

#define LEARN_DAYS 7u
#define MONTH_DAYS 30u
#define LOOK_MIN   2u /* charts are looked at so often */
#define SHOW_FROM  0.7f

enum near {
    NEAR_DRIFT,
    NEAR_RISE = NEAR_DRIFT + CUSUM_BANK,
    NEAR_SHIFT = NEAR_RISE + RISES,
    NEAR_SHAPE,
    NEAR_ERRORS,
    NEAR_BLIPS,
    NEAR_BURSTS,
    NEAR_CREEP,
    NEAR_EVERYTHING = NEAR_CREEP + CUSUM_BANK, /* its latency: it must be slower by far, too */
    NEAR_COUNT
};

static const char *const near_name[NEAR_COUNT] = {
    "drift 1/8", "drift 2/5", "drift 3/5", "drift 1",   "rise",   "long rise",
    "shift",     "shape",     "errors",    "blips",     "bursts", "creep 1/8",
    "creep 1/4", "creep 1/2", "creep 1",   "everything"};

struct calm {
    const struct options *o;
    unsigned worlds, bad_worlds, incidents, lanes[LANE_COUNT];
    double months, open_s, watched_s, windows, cpu_s;
    float *near[NEAR_COUNT]; /* the most of each world */
};

static double
cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* SIM_SHOW=1: what a series is like that comes near to a limit. */
static void
note(const struct track *t, unsigned which, float level, float most[NEAR_COUNT])
{
    char name[128];
    if (level > most[which]) {
        bool is_tenth = floorf(10 * level) > floorf(10 * most[which]);
        if (level > SHOW_FROM && is_tenth && getenv("SIM_SHOW") != NULL) {
            fprintf(stderr,
                    "day %.2f near %s %.2f %s: s %.4f v1 %.3f lasting %.1f %.1f %.1f blocks "
                    "%u weight %.2f days %.5f effect %.4f\n",
                    (double)(t->last_s - WORLD_EPOCH) / 86400, near_name[which], (double)level,
                    track_name(t, name, sizeof(name)), (double)t->noise.s, (double)t->noise.v1,
                    (double)noise_lasting(&t->noise, 0), (double)noise_lasting(&t->noise, 1),
                    (double)noise_lasting(&t->noise, 2), t->noise.blocks_seen,
                    (double)week_weight(&t->week), (double)t->creep.spread,
                    (double)latency_median_of_last(t));
        }
        most[which] = level;
    }
}

static void
look_at_errors(const struct panel *p, const struct track *t, float most[NEAR_COUNT])
{
    static const float limit[POISSON_RATES] = LIMITS_ERRORS;
    for (unsigned i = 0; t->errors != NULL && t->calls_kept > 0 && i < ERROR_CLASS_COUNT; i++) {
        for (unsigned k = 0; k < POISSON_RATES; k++) {
            const struct track_class *c = &t->errors->of[i];
            float level = (c->chart.g[k] - c->by_bursts[k]) / limit[k];
            if (level > most[NEAR_ERRORS] && failures_would_tell(p, t, i, k)) {
                note(t, NEAR_ERRORS, level, most);
            }
        }
    }
}

static void
look(const struct panel *p, const struct track *t, float most[NEAR_COUNT])
{
    static const float creep[CUSUM_BANK] = LIMITS_CREEP;
    bool all = t->kind == TRACK_COMMON;
    bool knows = noise_is_ready(&t->noise);
    float times = knows ? 1 : LIMIT_LEARNING_TIMES;
    if (t->episode != NULL) {
        return;
    }
    for (unsigned i = 0; i < CUSUM_BANK; i++) {
        unsigned which = all ? NEAR_EVERYTHING : NEAR_DRIFT + i;
        float level = charts_drift_level(t, i);
        if (level > most[which] && charts_would_tell_drift(p, t, i)) {
            note(t, which, level, most);
        }
        level = t->creep.chart.g[i] / creep[i] / times;
        if (level > most[NEAR_CREEP + i] && creep_would_tell(p, t, i)) {
            note(t, NEAR_CREEP + i, level, most);
        }
    }
    for (unsigned i = 0; i < RISES; i++) {
        float level = charts_rise_level(p, t, i);
        if (level > most[NEAR_RISE + i] && charts_would_tell_rise(p, t, i)) {
            note(t, NEAR_RISE + i, level, most);
        }
    }
    float level = t->shift.f / charts_shift_limit(p, t);
    if (level > most[all ? NEAR_EVERYTHING : NEAR_SHIFT] && charts_would_tell_shift(p, t)) {
        note(t, all ? NEAR_EVERYTHING : NEAR_SHIFT, level, most);
    }
    note(t, NEAR_SHAPE, t->shape.f / LIMIT_SHAPE / times, most);
    note(t, NEAR_BLIPS, recur_level(&t->past->blips), most);
    note(t, NEAR_BURSTS, recur_level(&t->past->bursts), most);
    look_at_errors(p, t, most);
}

static void
play_world(void *ctx, uint64_t seed, char figures[RESULTS_LINE_MAX])
{
    const struct options *o = ((struct calm *)ctx)->o;
    const struct world_config c = {.seed = seed,
                                   .laws = o->laws,
                                   .routes = 50,
                                   .statements_each = 4,
                                   .deploys_a_day = 10,
                                   .has_advisor = o->advisor};
    struct sky s = {0};
    float most[NEAR_COUNT] = {0};
    unsigned lanes[LANE_COUNT] = {0};
    double open_s = 0, began = cpu_seconds();
    sky_begin(&s, &c);
    const struct panel *p = &s.monitor->panel;
    for (unsigned minute = 0; minute < (LEARN_DAYS + MONTH_DAYS) * DAY_MIN; minute += LOOK_MIN) {
        sky_minutes(&s, LOOK_MIN);
        for (unsigned i = 0; i < p->tracks.count; i++) {
            look(p, &p->tracks.of[i], most);
        }
        look(p, p->tracks.common, most);
    }
    unsigned n = monitor_episode_count(s.monitor);
    for (unsigned k = 0; k < n; k++) {
        const struct episode *e = monitor_episode(s.monitor, k);
        lanes[e->lane]++;
        open_s += (double)((e->over_s == 0 ? world_now(s.world) : e->over_s) - e->opened_s);
    }
    unsigned at = (unsigned)snprintf(figures, RESULTS_LINE_MAX, "%u %.0f %.0f %.3f", n, s.windows,
                                     open_s, cpu_seconds() - began);
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        at += (unsigned)snprintf(figures + at, RESULTS_LINE_MAX - at, " %u", lanes[i]);
    }
    for (unsigned i = 0; i < NEAR_COUNT; i++) {
        at += (unsigned)snprintf(figures + at, RESULTS_LINE_MAX - at, " %.3f", (double)most[i]);
    }
    for (unsigned k = 0; k < n && at < RESULTS_LINE_MAX / 2; k++) {
        const struct episode *e = monitor_episode(s.monitor, k);
        at += (unsigned)snprintf(
            figures + at, RESULTS_LINE_MAX - at, "; day %.1f, %s, %s, shift %.3f, members %u%s",
            (double)(e->opened_s - WORLD_EPOCH) / 86400, lane_name(e->lane), e->subject,
            (double)e->worst, e->member_count, e->learning ? ", learning" : "");
    }
    sky_end(&s);
}

static void
add_world(void *ctx, uint64_t seed, const char *figures)
{
    struct calm *c = ctx;
    char *p = NULL;
    unsigned n = (unsigned)strtoul(figures, &p, 10);
    c->windows += strtod(p, &p);
    c->open_s += strtod(p, &p);
    c->cpu_s += strtod(p, &p);
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        c->lanes[i] += (unsigned)strtoul(p, &p, 10);
    }
    for (unsigned i = 0; i < NEAR_COUNT; i++) {
        c->near[i][c->worlds] = strtof(p, &p);
    }
    c->worlds++;
    c->incidents += n;
    c->bad_worlds += n > 0 ? 1 : 0;
    c->months += 50 * (1 + 4) * (double)(LEARN_DAYS + MONTH_DAYS) / MONTH_DAYS;
    c->watched_s += (LEARN_DAYS + MONTH_DAYS) * 86400.0;
    if (n > 0 && c->o->verbose) {
        printf("    world %llu%s\n", (unsigned long long)seed, p);
    }
}

/* Garwood's exact upper bound of a Poisson mean, by bisection. */
static double
poisson_upper(unsigned k, double level)
{
    double low = 0, high = 10 + 3.0 * k;
    for (unsigned i = 0; i < 60; i++) {
        double mid = (low + high) / 2, term = exp(-mid), sum = term;
        for (unsigned j = 1; j <= k; j++) {
            term *= mid / j;
            sum += term;
        }
        *(sum > 1 - level ? &low : &high) = mid;
    }
    return low;
}

static int
by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* 1 is the limit. */
static void
print_near(struct calm *c)
{
    printf("  nearest to a limit, of all series of a world: median of the worlds, and the most\n ");
    for (unsigned i = 0; i < NEAR_COUNT; i++) {
        qsort(c->near[i], c->worlds, sizeof(float), by_value);
        printf(" %s %.2f %.2f%s", near_name[i], (double)c->near[i][c->worlds / 2],
               (double)c->near[i][c->worlds - 1], i + 1 < NEAR_COUNT ? "," : "\n");
    }
}

static void
print_calm(struct calm *c)
{
    double upper = poisson_upper(c->incidents, 0.95), per = 1e4 / c->months;
    double of_worlds = c->incidents == 0 ? upper
                                         : (double)c->incidents / c->bad_worlds *
                                               poisson_upper(c->bad_worlds, 0.95);
    printf("false incidents      %u in %.0f series-months, %u of %u worlds; per 10,000: %.2f, "
           "95 %% upper bound %.2f (goal <= 1)\n",
           c->incidents, c->months, c->bad_worlds, c->worlds, c->incidents * per, upper * per);
    printf("  worlds as the unit 95 %% upper bound %.2f per 10,000\n", of_worlds * per);
    printf("  by lane           ");
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        printf(" %s %u", lane_name((enum lane)i), c->lanes[i]);
    }
    printf("\n  open without a fault %.3f %% of the time (goal <= 1 %%)\n",
           100 * c->open_s / c->watched_s);
    print_near(c);
    printf("  %.0f ns a window, worlds and judging together\n", c->cpu_s / c->windows * 1e9);
}

int
calm_print(const struct options *o)
{
    struct calm c = {.o = o};
    char part[64];
    snprintf(part, sizeof(part), "calm-%s%s",
             o->laws == WORLD_HELD_OUT ? "held-out" : "calibration", o->advisor ? "-advisor" : "");
    for (unsigned i = 0; i < NEAR_COUNT; i++) {
        c.near[i] = check_alloc(o->worlds, sizeof(float));
    }
    int err = results_run(o->results, part, o->seed, o->worlds, o->jobs, play_world, add_world, &c);
    if (err == 0 && c.worlds > 0) {
        print_calm(&c);
    }
    for (unsigned i = 0; i < NEAR_COUNT; i++) {
        free(c.near[i]);
    }
    return err;
}
