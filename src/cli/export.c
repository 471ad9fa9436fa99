/* SPDX-License-Identifier: Apache-2.0
 *
 * The verb that writes what the store keeps as lines of JSON, for `slowburn backtest` and for
 * others. Reads the store itself, also beside a running daemon. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/window/history.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "model/sketch.h"
#include "store/store.h"

#define STATEMENTS_MAX 65536u
#define ROUTES_MAX     4096u

/* Requests of one route in the moment that is written. */
struct requests {
    uint64_t start_ns;
    uint32_t length_s;
    double count;
};

struct exporter {
    struct map statement; /* fingerprint -> its text */
    struct map requests;  /* hash of a route -> struct requests */
    struct buf line;
    uint64_t lines;
    bool failed;
};

static void
write_line(struct exporter *e)
{
    if (fwrite(e->line.data, 1, e->line.len, stdout) != e->line.len) {
        e->failed = true;
    }
    buf_reset(&e->line);
    e->lines++;
}

static struct requests *
requests_of(struct exporter *e, struct slice route)
{
    uint64_t key = hash_bytes(route);
    struct requests *r = map_get(&e->requests, key);
    if (r == NULL) {
        r = check_alloc(1, sizeof(*r));
        if (map_put(&e->requests, key, r) != 0) {
            free(r);
            return NULL;
        }
    }
    return r;
}

static void
count_requests(struct exporter *e, const struct stored_window *w, struct reading *r)
{
    struct requests *of = w->route.len == 0 ? NULL : requests_of(e, w->route);
    if (of == NULL) {
        return;
    }
    bool is_now = of->start_ns == w->start_wall_ns && of->length_s == w->length_s;
    if (w->fingerprint == 0) {
        *of = (struct requests){w->start_wall_ns, w->length_s,
                                (is_now ? of->count : 0) + (double)w->calls};
    } else if (is_now) {
        r->known |= READING_REQUESTS;
        r->requests = of->count;
    }
}

/* A sketch's step ends half a step above its middle, and is a 64th of the power of two below it. */
static uint32_t
upper_of(uint64_t middle_ns)
{
    double us = (double)middle_ns / 1000;
    double step = exp2(floor(log2(fmax(us, 1)))) / SKETCH_STEPS;
    return (uint32_t)ceil(us + step / 2 - 1e-6 * us);
}

static unsigned
cells_of(const struct sketch *sketch, struct reading_cell cells[HISTORY_CELLS_MAX])
{
    unsigned at = 0, n = 0;
    uint64_t ns = 0;
    uint32_t count = 0;
    while (sketch_next(sketch, &at, &ns, &count)) {
        uint32_t upper = upper_of(ns);
        if (n > 0 && cells[n - 1].upper_us == upper) { /* steps of less than a microsecond */
            cells[n - 1].count += count;
        } else if (n < HISTORY_CELLS_MAX) {
            cells[n++] = (struct reading_cell){upper, count};
        }
    }
    return n;
}

static void
write_window(struct exporter *e, const struct stored_window *w)
{
    static struct reading_cell hist[HISTORY_CELLS_MAX];
    char print[20] = "";
    struct sketch sketch = {0};
    struct reading r = {
        .start_s = (int64_t)(w->start_wall_ns / NS_PER_S),
        .length_s = w->length_s,
        .route = w->route,
        .known = READING_TIME | (w->fingerprint != 0 ? READING_ROWS : 0),
        .calls = (double)w->calls,
        .errors = (double)MIN(w->errors, w->calls),
        .rows = (double)w->rows,
        .time_ms = (double)w->time_ns / NS_PER_MS,
        .cell = hist,
    };
    if (w->fingerprint != 0) {
        const char *text = map_get(&e->statement, w->fingerprint);
        snprintf(print, sizeof(print), "%016" PRIx64, w->fingerprint);
        r.fingerprint = slice_from_str(print);
        r.statement = slice_from_str(text);
    }
    if (r.route.len == 0 && r.fingerprint.len == 0) {
        return; /* the sum of what had no place of its own */
    }
    count_requests(e, w, &r);
    if (sketch_load(w->sketch, &sketch) == 0) {
        r.cell_count = cells_of(&sketch, hist);
    }
    sketch_fini(&sketch);
    if (history_write(&r, &e->line) == 0) {
        write_line(e);
    }
}

static void
on_record(void *ctx, const struct stored *record)
{
    struct exporter *e = ctx;
    if (record->kind == STORED_FINGERPRINT) {
        const struct stored_fingerprint *f = &record->fingerprint;
        char *text = check_alloc(1, f->text.len + 1);
        slice_to_str(f->text, text, f->text.len + 1);
        if (map_get(&e->statement, f->fingerprint) != NULL ||
            map_put(&e->statement, f->fingerprint, text) != 0) {
            free(text);
        }
    } else if (record->kind == STORED_WINDOW) {
        write_window(e, &record->window);
    } else if (record->kind == STORED_DEPLOY) {
        struct history_deploy d = {.at_s = (int64_t)(record->deploy.at_wall_ns / NS_PER_S),
                                   .name = record->deploy.name};
        if (history_write_deploy(&d, &e->line) == 0) {
            write_line(e);
        }
    }
}

static void
free_values(struct map *m)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(m, &at)) != NULL) {
        free(slot->value);
    }
    map_fini(m);
}

int
verb_export(int argc, char **argv)
{
    struct options o;
    int r = options_parse(argc, argv, "", 1, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    if (strcmp(o.words[0], "windows") != 0 || o.data == NULL) {
        fprintf(stderr, "slowburn export: wants 'windows' and --data DIR\n");
        return CLI_USAGE;
    }
    struct exporter e = {0};
    map_init(&e.statement, STATEMENTS_MAX);
    map_init(&e.requests, ROUTES_MAX);
    buf_init(&e.line, HISTORY_LINE_MAX);
    int err = store_windows(o.data, 0, on_record, &e);
    e.failed = fflush(stdout) != 0 || e.failed;
    free_values(&e.statement);
    free_values(&e.requests);
    buf_fini(&e.line);
    if (err == -ENOENT) {
        fprintf(stderr, "slowburn export: there is no store in %s\n", o.data);
        return CLI_UNREACHABLE;
    }
    if (err != 0 || e.failed) {
        fprintf(stderr, "slowburn export: %s\n",
                err != 0 ? "the store cannot be read" : "cannot write");
        return CLI_FAILED;
    }
    return CLI_OK;
}
