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
    unsigned count;
    char route[COPIES][READINGS][40], print[COPIES][READINGS][40];
    int64_t now_s;
    double readings, cells, ns;
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
            r.route = slice_from_str(f->route[copy][i]);
            r.fingerprint =
                r.fingerprint.len == 0 ? r.fingerprint : slice_from_str(f->print[copy][i]);
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
    f->ns += (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
}

static void
play(struct feed *f, struct world *w, unsigned windows, uint32_t length_s)
{
    f->readings = f->cells = f->ns = 0;
    for (unsigned i = 0; i < windows; i++) {
        f->count = 0;
        world_minute(w);
        give(f, length_s);
    }
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
    printf("a minute's feed      %.0f ns a series and window, of %u series with %.0f cells each "
           "(goal <= 100); %.2f ms a minute\n",
           f->ns / f->readings, t.tracks, f->cells / f->readings, f->ns / TIMED_MIN / 1e6);
    monitor_free(&f->monitor);
    world_free(&w);
    free(f);
}
