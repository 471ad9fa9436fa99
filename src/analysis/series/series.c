/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/series.h"

#include <stdlib.h>

#include "base/hash.h"

void
series_table_init(struct series_table *t)
{
    memset(t, 0, sizeof(*t));
    map_init(&t->by_key, SERIES_MAX);
    for (unsigned i = 0; i < ARRAY_LEN(t->other); i++) {
        t->other[i].kind = (enum series_kind)i;
        t->other[i].route = i == SERIES_ROUTE || i == SERIES_BOTH ? "other" : NULL;
    }
}

static void
sketches_fini(struct series *s)
{
    sketch_fini(&s->total_sketch);
    sketch_fini(&s->window_sketch);
}

void
series_table_fini(struct series_table *t)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&t->by_key, &at)) != NULL) {
        sketches_fini(slot->value);
        free(slot->value);
    }
    map_fini(&t->by_key);
    for (unsigned i = 0; i < ARRAY_LEN(t->other); i++) {
        sketches_fini(&t->other[i]);
    }
}

struct series *
series_get(struct series_table *t, enum series_kind kind, const char *route, uint64_t fingerprint,
           uint32_t database)
{
    uint64_t key = hash_combine(0, (uint64_t)kind);
    if (route != NULL) {
        key = hash_combine(key, hash_bytes(slice_from_str(route)));
    }
    key = hash_combine(hash_combine(key, fingerprint), database);
    struct series *s = map_get(&t->by_key, key);
    if (s != NULL) {
        return s;
    }
    s = check_alloc(1, sizeof(*s));
    s->kind = kind;
    s->route = route;
    s->fingerprint = fingerprint;
    s->database = database;
    if (map_put(&t->by_key, key, s) != 0) {
        free(s);
        t->overflowed++;
        return &t->other[kind];
    }
    return s;
}

void
series_place(struct series *s, uint16_t upstream)
{
    if (!s->is_placed) {
        s->upstream = upstream;
        s->is_placed = true;
    }
}

static void
sums_add(struct series_sums *to, const struct series_sums *add)
{
    to->calls += add->calls;
    to->errors += add->errors;
    to->rows += add->rows;
    to->time_ns += add->time_ns;
    to->max_ns = MAX(to->max_ns, add->max_ns);
    to->oldest_ns = MAX(to->oldest_ns, add->oldest_ns);
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        to->errors_by_class[i] += add->errors_by_class[i];
    }
    window_amounts_merge(&to->amounts, &add->amounts);
}

static void
begin_window(struct series *s, uint64_t number)
{
    s->window = (struct series_sums){0};
    s->window_plan = 0;
    sketch_reset(&s->window_sketch);
    s->window_number = number;
}

void
series_add(struct series *s, const struct series_sums *add, bool to_sketch, uint64_t wall_ns,
           series_emit *emit, void *ctx)
{
    uint64_t number = wall_ns / SERIES_WINDOW_NS;
    if (number > s->window_number) {
        if (s->dirty && emit != NULL) {
            emit(ctx, s);
        }
        begin_window(s, number);
    }
    if (s->plan != s->plan_told) {
        s->window_plan = s->plan_told = s->plan;
    }
    sums_add(&s->total, add);
    sums_add(&s->window, add);
    if (to_sketch && add->calls == 1) {
        sketch_add_to_both(&s->total_sketch, &s->window_sketch, add->time_ns);
    }
    s->dirty = true;
}

void
series_restore(struct series *s, const struct series_sums *kept, const struct sketch *sketch,
               uint64_t wall_ns)
{
    uint64_t number = wall_ns / SERIES_WINDOW_NS;
    if (number > s->window_number) {
        begin_window(s, number);
    }
    if (number == s->window_number) {
        sums_add(&s->window, kept);
        sketch_merge(&s->window_sketch, sketch);
    }
    sums_add(&s->total, kept);
    sketch_merge(&s->total_sketch, sketch);
}

static void
flush_one(struct series *s, series_emit *emit, void *ctx)
{
    if (s->dirty) {
        s->dirty = false;
        emit(ctx, s);
    }
}

void
series_flush(struct series_table *t, series_emit *emit, void *ctx)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&t->by_key, &at)) != NULL) {
        flush_one(slot->value, emit, ctx);
    }
    for (unsigned i = 0; i < ARRAY_LEN(t->other); i++) {
        flush_one(&t->other[i], emit, ctx);
    }
}

static void
set_back_one(struct series *s, uint64_t number)
{
    if (s->window_number > number) {
        begin_window(s, number);
    }
}

void
series_set_back(struct series_table *t, uint64_t number, series_emit *emit, void *ctx)
{
    size_t at = 0;
    struct map_slot *slot;
    series_flush(t, emit, ctx);
    while ((slot = map_next(&t->by_key, &at)) != NULL) {
        set_back_one(slot->value, number);
    }
    for (unsigned i = 0; i < ARRAY_LEN(t->other); i++) {
        set_back_one(&t->other[i], number);
    }
}
