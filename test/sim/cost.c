/* SPDX-License-Identifier: Apache-2.0
 *
 * What a minute's feed costs with nearly as many series as there can be: 22 copies of a world of
 * 450, of which 250 have histograms and 200, the statements within routes, sums only. They have
 * learned two weeks of hours and some hours of minutes; then minutes are timed, the
 * world's own time not among them. What is no detector's, a series' key and its histogram, is timed
 * again by itself. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/monitor/monitor_state.h"
#include "analysis/window/moments.h"
#include "sim/card.h"

#define COPIES      22u
#define LEARN_HOURS (16u * 24)
#define WARM_MIN    (5u * 60)
#define TIMED_MIN   30u
#define READINGS    450u
#define CELLS       96u

struct kept {
    struct reading reading;
    struct reading_cell cell[CELLS];
};

/* Of a minute. */
enum part { READINGS_READ, STEP_ENDED, BOTH, KEYS_AND_HISTOGRAMS, PARTS };

struct feed {
    struct monitor *monitor;
    struct kept kept[READINGS]; /* of one minute of the world */
    unsigned count, windows;
    char route[COPIES][READINGS][40], print[COPIES][READINGS][40];
    struct slice names[COPIES][READINGS][2];
    int64_t now_s;
    double readings, cells;
    double ns[PARTS][TIMED_MIN]; /* of the last windows */
    float sum;                   /* for the compiler: it is wanted */
};

static void
keep(void *ctx, const struct reading *r)
{
    struct feed *f = ctx;
    if (f->count < READINGS && r->cell_count <= CELLS) {
        struct kept *k = &f->kept[f->count++];
        k->reading = *r;
        memcpy(k->cell, r->cell, r->cell_count * sizeof(k->cell[0]));
        k->reading.cell = k->cell;
    }
}

static void
no_deploy(void *ctx, const struct history_deploy *d)
{
    (void)ctx;
    (void)d;
}

static void
name_copies(struct feed *f)
{
    for (unsigned copy = 0; copy < COPIES; copy++) {
        for (unsigned i = 0; i < f->count; i++) {
            const struct reading *r = &f->kept[i].reading;
            char *route = f->route[copy][i], *print = f->print[copy][i];
            snprintf(route, sizeof(f->route[0][0]), "%02u%.*s", copy, (int)r->route.len,
                     (const char *)r->route.ptr);
            snprintf(print, sizeof(f->print[0][0]), "%02u%.*s", copy, (int)r->fingerprint.len,
                     (const char *)r->fingerprint.ptr);
            f->names[copy][i][0] = slice_from_str(r->route.len == 0 ? "" : route);
            f->names[copy][i][1] = slice_from_str(r->fingerprint.len == 0 ? "" : print);
        }
    }
}

static double
cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The kept reading as one of a copy of the world. */
static const struct reading *
reading_of(struct feed *f, unsigned copy, unsigned i, uint32_t length_s)
{
    struct reading *r = &f->kept[i].reading;
    r->route = f->names[copy][i][0];
    r->fingerprint = f->names[copy][i][1];
    r->start_s = f->now_s;
    r->length_s = length_s;
    return r;
}

/* Takes the place of the detectors. */
static void
find_and_add_up(struct feed *f, const struct reading *r)
{
    struct moments m;
    moments_of(r, 8, 9, &m);
    f->sum += m.sum_ln + (float)(track_key(r->route, r->fingerprint) & 1);
}

static void
read_all(struct feed *f, uint32_t length_s, bool judges)
{
    for (unsigned copy = 0; copy < COPIES; copy++) {
        for (unsigned i = 0; i < f->count; i++) {
            const struct reading *r = reading_of(f, copy, i, length_s);
            if (judges) {
                monitor_reading(f->monitor, r);
                f->cells += r->cell_count;
            } else {
                find_and_add_up(f, r);
            }
        }
    }
}

/* All copies of the minute that is kept, as windows of that length. */
static void
give(struct feed *f, uint32_t length_s)
{
    unsigned at = f->windows++ % TIMED_MIN;
    name_copies(f);
    double began = cpu_ns();
    read_all(f, length_s, true);
    double read = cpu_ns();
    monitor_advance(f->monitor, f->now_s + length_s + 1);
    double ended = cpu_ns();
    read_all(f, length_s, false);
    f->ns[KEYS_AND_HISTOGRAMS][at] = cpu_ns() - ended;
    f->ns[READINGS_READ][at] = read - began;
    f->ns[STEP_ENDED][at] = ended - read;
    f->ns[BOTH][at] = ended - began;
    f->now_s += length_s;
    f->readings += (double)COPIES * f->count;
}

static void
play(struct feed *f, struct world *w, unsigned windows, uint32_t length_s)
{
    f->readings = f->cells = 0;
    f->windows = 0;
    for (unsigned i = 0; i < windows; i++) {
        f->count = 0;
        world_minute(w);
        give(f, length_s);
    }
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double
allocated_mb(void)
{
    struct mallinfo2 i = mallinfo2();
    return (double)(i.uordblks + i.hblkhd) / (1 << 20);
}

void
cost_print(const struct options *o)
{
    const struct world_config c = {
        .seed = o->seed, .laws = o->laws, .routes = 50, .statements_each = 4};
    struct feed *f = check_alloc(1, sizeof(*f));
    const struct world_out out = {f, keep, no_deploy};
    const struct monitor_config config = {0};
    const struct monitor_out no_out = {0};
    struct world *w = world_new(&c, &out);
    double before_mb = allocated_mb();
    f->monitor = monitor_new(&config, &no_out);
    f->now_s = WORLD_EPOCH;
    play(f, w, LEARN_HOURS, 3600);
    play(f, w, WARM_MIN, 60);
    play(f, w, TIMED_MIN, 60);
    struct monitor_totals t = monitor_totals(f->monitor);
    double a_minute = f->readings / TIMED_MIN, each[PARTS];
    for (unsigned i = 0; i < PARTS; i++) {
        qsort(f->ns[i], TIMED_MIN, sizeof(f->ns[i][0]), by_value);
        each[i] = f->ns[i][TIMED_MIN / 2] / a_minute;
    }
    printf(
        "a minute's feed      %.0f ns a series and window (the fastest minute: %.0f), of %u series "
        "with %.0f cells each (goal <= 100); %.2f ms a minute\n",
        each[BOTH], f->ns[BOTH][0] / a_minute, t.tracks, f->cells / f->readings,
        each[BOTH] * a_minute / 1e6);
    printf("  with the reading   %.0f ns; keys and histograms alone %.0f\n", each[READINGS_READ],
           each[KEYS_AND_HISTOGRAMS]);
    printf("  at its end         %.0f ns\n", each[STEP_ENDED]);
    printf("  memory             %.1f MiB (goal <= %u)\n", allocated_mb() - before_mb,
           TRACKS_BYTES_MAX >> 20);
    monitor_free(&f->monitor);
    world_free(&w);
    free(f);
}
