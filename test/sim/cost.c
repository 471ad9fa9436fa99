/* SPDX-License-Identifier: Apache-2.0
 *
 * What a minute's feed costs with as many series as there can be: 40 copies of a world of 250,
 * which have learned two weeks of hours and some hours of minutes; then minutes are timed, the
 * world's own time not among them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/card.h"

#define COPIES      40u
#define LEARN_HOURS (16u * 24)
#define WARM_MIN    (5u * 60)
#define TIMED_MIN   30u
#define READINGS    250u
#define CELLS       96u

struct kept {
    struct reading reading;
    struct reading_cell cell[CELLS];
};

struct feed {
    struct monitor *monitor;
    struct kept kept[READINGS]; /* of one minute of the world */
    unsigned count, windows;
    char route[COPIES][READINGS][40], print[COPIES][READINGS][40];
    struct slice names[COPIES][READINGS][2];
    int64_t now_s;
    double readings, cells;
    double ns[TIMED_MIN]; /* of the last windows */
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
            f->names[copy][i][0] = slice_from_str(route);
            f->names[copy][i][1] = slice_from_str(r->fingerprint.len == 0 ? "" : print);
        }
    }
}

/* All copies of the minute that is kept, as windows of that length. */
static void
give(struct feed *f, uint32_t length_s)
{
    struct timespec from, to;
    name_copies(f);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (unsigned copy = 0; copy < COPIES; copy++) {
        for (unsigned i = 0; i < f->count; i++) {
            struct reading r = f->kept[i].reading;
            r.route = f->names[copy][i][0];
            r.fingerprint = f->names[copy][i][1];
            r.start_s = f->now_s;
            r.length_s = length_s;
            monitor_reading(f->monitor, &r);
            f->cells += r.cell_count;
        }
    }
    f->now_s += length_s;
    monitor_advance(f->monitor, f->now_s + 1);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    f->readings += (double)COPIES * f->count;
    f->ns[f->windows++ % TIMED_MIN] =
        (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
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
    f->monitor = monitor_new(&config, &no_out);
    f->now_s = WORLD_EPOCH;
    play(f, w, LEARN_HOURS, 3600);
    play(f, w, WARM_MIN, 60);
    play(f, w, TIMED_MIN, 60);
    struct monitor_totals t = monitor_totals(f->monitor);
    qsort(f->ns, TIMED_MIN, sizeof(f->ns[0]), by_value);
    double a_minute = f->readings / TIMED_MIN, middle = f->ns[TIMED_MIN / 2];
    printf(
        "a minute's feed      %.0f ns a series and window (the fastest minute: %.0f), of %u series "
        "with %.0f cells each (goal <= 100); %.2f ms a minute\n",
        middle / a_minute, f->ns[0] / a_minute, t.tracks, f->cells / f->readings, middle / 1e6);
    monitor_free(&f->monitor);
    world_free(&w);
    free(f);
}
