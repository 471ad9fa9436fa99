/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/series.h"

#include <stdlib.h>

#include "model/stored.h"

#define TIMES_AS_USED 2.0f /* as the least used one, or it does not get its place */
#define USE_MIN       2.0f

void
series_table_init(struct series_table *t, size_t series_max)
{
    memset(t, 0, sizeof(*t));
    map_init(&t->by_key, series_max);
    for (unsigned i = 0; i < ARRAY_LEN(t->other); i++) {
        t->guest[i].newcomers = &t->newcomers;
        t->other[i].kind = (enum series_kind)i;
    }
    t->other[SERIES_ROUTE].route = "other";
    t->other[SERIES_BOTH].route = "other";
    t->other[SERIES_BOTH].fingerprint = STORED_OTHER;
    t->other[SERIES_LOGINS].fingerprint = STORED_LOGINS;
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

static struct series_id
id_of(const struct series *s)
{
    return (struct series_id){s->kind, s->database, s->fingerprint, s->route};
}

static struct series *
add_series(struct series_table *t, const struct series_id *id)
{
    struct series *s = check_alloc(1, sizeof(*s));
    s->kind = id->kind;
    s->route = id->route;
    s->fingerprint = id->fingerprint;
    s->database = id->database;
    if (map_put(&t->by_key, series_id_key(id), s) != 0) {
        free(s);
        return NULL;
    }
    return s;
}

/* The one that has its name and a place, if there is one: to the store they are the same. */
static struct series *
other_for(struct series_table *t, const struct series_id *guest)
{
    struct series *other = &t->other[guest->kind];
    struct series_id id = id_of(other);
    struct series *s = map_get(&t->by_key, series_id_key(&id));
    s = s == NULL ? other : s;
    t->guest[guest->kind].id = *guest;
    s->guest = &t->guest[guest->kind];
    t->overflowed++;
    return s;
}

struct series *
series_get(struct series_table *t, enum series_kind kind, const char *route, uint64_t fingerprint,
           uint32_t database)
{
    struct series_id id = {kind, database, fingerprint, route};
    struct series *s = map_get(&t->by_key, series_id_key(&id));
    if (s != NULL) {
        s->guest = NULL;
        return s;
    }
    s = add_series(t, &id);
    return s != NULL ? s : other_for(t, &id);
}

void
series_place(struct series *s, uint16_t upstream)
{
    if (!s->is_placed) {
        s->upstream = upstream;
        s->is_placed = true;
    }
}

void
series_sums_add(struct series_sums *to, const struct series_sums *add)
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
    if (s->guest != NULL && add->calls > 0) {
        newcomers_add(s->guest->newcomers, &s->guest->id, (float)add->calls);
    }
    series_sums_add(&s->total, add);
    series_sums_add(&s->window, add);
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
        series_sums_add(&s->window, kept);
        sketch_merge(&s->window_sketch, sketch);
    }
    series_sums_add(&s->total, kept);
    sketch_merge(&s->total_sketch, sketch);
}

void
series_counts_add(struct series_counts *to, const struct series_counts *add)
{
    to->calls += add->calls;
    to->errors += add->errors;
    to->time_ns += add->time_ns;
    for (unsigned i = 0; i < SERIES_BOUNDS; i++) {
        to->below[i] += add->below[i];
    }
}

static void
tell_one(uint64_t *told, uint64_t now, uint64_t *to)
{
    if (now > *told) {
        *to += now - *told;
        *told = now;
    }
}

void
series_tell(struct series *s, const double *bounds, unsigned bound_count, struct series_counts *to)
{
    tell_one(&s->told.calls, s->total.calls, &to->calls);
    tell_one(&s->told.errors, s->total.errors, &to->errors);
    tell_one(&s->told.time_ns, s->total.time_ns, &to->time_ns);
    for (unsigned i = 0; i < bound_count; i++) {
        uint64_t below = sketch_count_below(&s->total_sketch, (uint64_t)(bounds[i] * 1e9));
        tell_one(&s->told.below[i], below, &to->below[i]);
    }
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

/* ---- who has a place ---- */

static bool
may_be_displaced(const struct series *s)
{
    bool is_one = s->kind == SERIES_STATEMENT || s->kind == SERIES_BOTH;
    bool is_other = s->fingerprint == 0 || s->fingerprint == STORED_OTHER;
    return is_one && !is_other && s->now == NULL;
}

static int
by_use(const void *a, const void *b)
{
    const struct series *x = *(struct series *const *)a, *y = *(struct series *const *)b;
    return (x->use > y->use) - (x->use < y->use);
}

/* Those that may be displaced, the least used first. The caller frees the list. */
static struct series **
least_used(struct series_table *t, unsigned *ret_count)
{
    struct series **list = check_alloc(t->by_key.count, sizeof(struct series *));
    unsigned n = 0;
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&t->by_key, &at)) != NULL) {
        if (may_be_displaced(slot->value)) {
            list[n++] = slot->value;
        }
    }
    qsort(list, n, sizeof(struct series *), by_use);
    *ret_count = n;
    return list;
}

static void
displace(struct series_table *t, struct series *s, struct newcomer *by, series_emit *emit,
         void *ctx)
{
    struct series *other = &t->other[s->kind];
    struct series_id id = id_of(s);
    flush_one(s, emit, ctx);
    series_sums_add(&other->total, &s->total);
    sketch_merge(&other->total_sketch, &s->total_sketch);
    series_counts_add(&other->told, &s->told);
    (void)map_remove(&t->by_key, series_id_key(&id));
    sketches_fini(s);
    free(s);
    t->displaced++;
    struct series *made = add_series(t, &by->id);
    assert(made != NULL); /* room was made */
    made->use = by->use;
    by->use = 0;
}

static void
let_in(struct series_table *t, series_emit *emit, void *ctx)
{
    struct newcomer *wait[NEWCOMERS_MAX];
    unsigned waiting = newcomers_list(&t->newcomers, USE_MIN, wait), count;
    if (waiting == 0) {
        return;
    }
    struct series **least = least_used(t, &count);
    for (unsigned i = 0; i < MIN(waiting, count); i++) {
        if (!newcomer_goes_first(wait[i]) && wait[i]->use <= TIMES_AS_USED * least[i]->use) {
            break; /* nor is any further one used more, nor any further place less */
        }
        displace(t, least[i], wait[i], emit, ctx);
    }
    free(least);
}

void
series_turn(struct series_table *t, uint64_t number, series_emit *emit, void *ctx)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&t->by_key, &at)) != NULL) {
        struct series *s = slot->value;
        bool is_of = s->window_number == number;
        uint64_t calls = s->window.calls + (s->window.oldest_ns > 0 ? 1 : 0);
        s->use = NEWCOMERS_KEPT * s->use + (is_of ? (float)calls : 0);
    }
    let_in(t, emit, ctx);
    newcomers_age(&t->newcomers);
}
