/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/window/reading_maker.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"

/* Requests of one route in the moment underway. */
struct requests {
    uint64_t start_ns;
    uint32_t length_s;
    double count;
};

void
reading_maker_init(struct reading_maker *m)
{
    memset(m, 0, sizeof(*m));
    map_init(&m->requests, READING_MAKER_ROUTES);
}

void
reading_maker_fini(struct reading_maker *m)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&m->requests, &at)) != NULL) {
        free(slot->value);
    }
    map_fini(&m->requests);
}

static struct requests *
requests_of(struct reading_maker *m, struct slice route)
{
    uint64_t key = hash_bytes(route);
    struct requests *r = map_get(&m->requests, key);
    if (r == NULL) {
        r = check_alloc(1, sizeof(*r));
        if (map_put(&m->requests, key, r) != 0) {
            free(r);
            return NULL;
        }
    }
    return r;
}

static void
count_requests(struct reading_maker *m, const struct stored_window *w, struct reading *r)
{
    struct requests *of = w->route.len == 0 ? NULL : requests_of(m, w->route);
    if (of == NULL) {
        return;
    }
    bool is_now = of->start_ns == w->start_wall_ns && of->length_s == w->length_s;
    if (w->fingerprint == 0) { /* several upstreams may have the same route */
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
    int power = 0;
    (void)frexp(fmax(us, 1), &power); /* us lies in [2^(power - 1), 2^power) */
    double step = ldexp(1.0 / SKETCH_STEPS, power - 1);
    return (uint32_t)ceil(us + step / 2 - 1e-6 * us);
}

static unsigned
cells_of(const struct sketch *sketch, struct reading_cell *cells)
{
    unsigned at = 0, n = 0;
    uint64_t ns = 0;
    uint32_t count = 0;
    while (sketch_next(sketch, &at, &ns, &count)) {
        uint32_t upper = upper_of(ns);
        if (n > 0 && cells[n - 1].upper_us == upper) { /* steps of less than a microsecond */
            cells[n - 1].count += count;
        } else {
            cells[n++] = (struct reading_cell){upper, count};
        }
    }
    return n;
}

static void
take_amounts(const struct window_amounts *a, struct reading *r)
{
    const struct {
        enum window_amount amount;
        uint32_t bit;
        double *to;
    } of[] = {
        {AMOUNT_BYTES, READING_BYTES, &r->bytes},
        {AMOUNT_REPEATING, READING_REPEATING, &r->requests_repeating},
        {AMOUNT_SAME_VALUES, READING_SAME_VALUES, &r->same_value_calls},
        {AMOUNT_ROWS_READ, READING_ROWS_READ, &r->rows_read},
        {AMOUNT_LOCK_MS, READING_LOCK, &r->lock_ms},
    };
    for (unsigned i = 0; i < ARRAY_LEN(of); i++) {
        if (window_amounts_know(a, of[i].amount)) {
            *of[i].to = (double)a->of[of[i].amount];
            r->known |= of[i].bit;
        }
    }
}

/* Of each database by itself; how long they take is not known. */
static void
name_logins(struct reading_maker *m, const struct stored_window *w, struct reading *r)
{
    struct slice database = slice_sub(w->database, 0, 63);
    const char *to = database.len > 0 ? " to " : "";
    snprintf(m->fingerprint, sizeof(m->fingerprint), "logins%s%.*s", to, SLICE_ARG(database));
    snprintf(m->statement, sizeof(m->statement), "logging in%s%.*s", to, SLICE_ARG(database));
    r->fingerprint = slice_from_str(m->fingerprint);
    r->statement = slice_from_str(m->statement);
    r->known = 0;
}

bool
reading_make(struct reading_maker *m, const struct stored_window *w, struct slice statement,
             struct reading *r)
{
    struct sketch sketch = {0};
    if ((w->route.len == 0 && w->fingerprint == 0) || w->fingerprint == STORED_OTHER) {
        return false;
    }
    *r = (struct reading){
        .start_s = (int64_t)(w->start_wall_ns / NS_PER_S),
        .length_s = w->length_s,
        .route = w->route,
        .known = READING_TIME | (w->fingerprint != 0 ? READING_ROWS : 0),
        .calls = (double)w->calls,
        .errors = (double)MIN(w->errors, w->calls),
        .rows = (double)w->rows,
        .time_ms = (double)w->time_ns / NS_PER_MS,
        .cell = m->cell,
    };
    if (w->fingerprint == STORED_LOGINS) {
        name_logins(m, w, r);
    } else if (w->fingerprint != 0) {
        snprintf(m->fingerprint, sizeof(m->fingerprint), "%016" PRIx64, w->fingerprint);
        r->fingerprint = slice_from_str(m->fingerprint);
        r->statement = statement;
    }
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        r->errors_by_class[i] = w->errors_by_class[i];
        r->known |= w->errors_by_class[i] > 0 ? READING_CLASSES : 0;
    }
    if (w->oldest_ns > 0) {
        r->known |= READING_OLDEST;
        r->oldest_ms = (double)w->oldest_ns / NS_PER_MS;
    }
    if (w->plan.len > 0) {
        r->known |= READING_PLAN;
        r->plan = w->plan;
    }
    take_amounts(&w->amounts, r);
    count_requests(m, w, r);
    if (sketch_load(w->sketch, &sketch) == 0) {
        r->cell_count = cells_of(&sketch, m->cell);
    }
    sketch_fini(&sketch);
    return true;
}

static int
by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int
by_text(struct slice a, struct slice b)
{
    size_t n = MIN(a.len, b.len);
    int by = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);
    return by != 0 ? by : by_number(a.len, b.len);
}

/* As the store's ORDER BY has it; to SQLite a fingerprint is a signed number. */
int
reading_order(const struct stored_window *a, const struct stored_window *b)
{
    int by = by_number(a->start_wall_ns, b->start_wall_ns);
    by = by != 0 ? by : by_number(a->length_s, b->length_s);
    by = by != 0 ? by : by_number(a->fingerprint != 0, b->fingerprint != 0);
    by = by != 0 ? by : by_text(a->route, b->route);
    int64_t x = (int64_t)a->fingerprint, y = (int64_t)b->fingerprint;
    return by != 0 ? by : (x > y) - (x < y);
}
