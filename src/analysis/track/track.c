/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/track/track.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/window/moments.h"
#include "base/check.h"
#include "base/hash.h"

#define FIGURE_NOW    0.3f    /* weight of a window */
#define FIGURE_BEFORE 0.0007f /* about a day */

static char *
copy(struct slice text)
{
    if (text.len == 0) {
        return NULL;
    }
    char *s = check_alloc(1, text.len + 1);
    return slice_to_str(text, s, text.len + 1);
}

uint64_t
track_key(struct slice route, struct slice fingerprint)
{
    uint64_t key = hash_combine(0, route.len == 0 ? 0 : hash_bytes(route));
    return hash_combine(key, fingerprint.len == 0 ? 0 : hash_bytes(fingerprint));
}

void
track_init(struct track *t, struct track_past *past, enum track_kind kind, uint64_t key,
           const struct reading *r)
{
    memset(t, 0, sizeof(*t));
    memset(past, 0, sizeof(*past));
    t->kind = kind;
    t->key = key;
    t->route = copy(r->route);
    t->fingerprint = copy(r->fingerprint);
    t->statement = copy(slice_sub(r->statement, 0, TRACK_STATEMENT_MAX));
    t->first_s = r->start_s;
    t->off90 = 0.5f;
    t->off99 = 1.2f;
    t->expect = NAN;
    t->now = (struct track_figures){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    t->before = t->now;
    t->rows = t->bytes = (struct track_amount){.now = NAN, .is_learning = true, .far = INFINITY};
    t->past = past;
    t->quantiles = kind == TRACK_ROUTE ? check_alloc(1, sizeof(*t->quantiles)) : NULL;
}

void
track_fini(struct track *t)
{
    free(t->route);
    free(t->fingerprint);
    free(t->statement);
    free(t->errors);
    free(t->quantiles);
}

static void
fetch(const void *p, size_t from, size_t to)
{
    for (from &= ~(size_t)63; from < to; from += 64) {
        __builtin_prefetch((const char *)p + from, 1);
    }
}

void
track_fetch_for_reading(const struct track *t)
{
    fetch(t, 0, offsetof(struct track, noise.block));
}

void
track_fetch_for_step(const struct track *t)
{
    fetch(t, 0, offsetof(struct track, calls_chart));
    fetch(t, offsetof(struct track, cost_level), offsetof(struct track, first_s));
    fetch(t, offsetof(struct track, week), offsetof(struct track, route));
}

void
track_fetch_beside_reading(const struct track *t)
{
    __builtin_prefetch(&t->past->calls.value[t->calls_level.value_count], 1);
    __builtin_prefetch(t->errors, 1);
    __builtin_prefetch(t->quantiles, 1);
}

void
track_fetch_beside_step(const struct track *t)
{
    __builtin_prefetch(&t->past->cost.value[t->cost_level.value_count], 1);
    __builtin_prefetch(&t->past->week.value[t->week.value_count], 1);
}

static void
follow(float *figure, float value, float weight)
{
    *figure = isnan(*figure) ? value : *figure + weight * (value - *figure);
}

static void
follow_both(struct track *t, float *now, float *before, float value)
{
    follow(now, value, FIGURE_NOW);
    if (t->episode == NULL) {
        follow(before, value, FIGURE_BEFORE);
    }
}

static void
gather_plan(struct track *t, const struct reading *r)
{
    uint64_t plan = hash_bytes(r->plan);
    if (t->plan != 0 && plan != t->plan) {
        t->plan_before = t->plan;
        t->plan_changed_s = r->start_s;
    }
    if (plan != t->plan) {
        t->plan_reads_all = t->plan != 0 && memmem(r->plan.ptr, r->plan.len, "Seq Scan", 8) != NULL;
    }
    t->plan = plan;
}

/* What only some sources know. */
static void
gather_figures(struct track *t, const struct reading *r)
{
    float calls = (float)r->calls, requests = (float)r->requests;
    if ((r->known & READING_PLAN) != 0 && r->plan.len > 0) {
        gather_plan(t, r);
    }
    if (calls <= 0) {
        return;
    }
    if ((r->known & READING_REPEATING) != 0 && requests > 0) {
        follow_both(t, &t->now.repeating, &t->before.repeating,
                    (float)r->requests_repeating / requests);
    }
    if ((r->known & READING_SAME_VALUES) != 0) {
        follow_both(t, &t->now.same, &t->before.same, (float)r->same_value_calls / calls);
    }
    if ((r->known & READING_ROWS_READ) != 0) {
        follow_both(t, &t->now.rows_read, &t->before.rows_read, (float)r->rows_read / calls);
    }
    if ((r->known & READING_LOCK) != 0) {
        follow_both(t, &t->now.lock_ms, &t->before.lock_ms, (float)r->lock_ms / calls);
    }
    follow_both(t, &t->now.per_s, &t->before.per_s, calls / (float)r->length_s);
}

/* The cell that holds it. */
static float
quantile_ms(const struct reading *r, double calls, double share)
{
    double below = 0;
    for (unsigned i = 0; i < r->cell_count; i++) {
        below += r->cell[i].count;
        if (below >= share * calls) {
            return (float)r->cell[i].upper_us / 1000;
        }
    }
    return NAN;
}

static void
gather_quantiles(struct track *t, const struct reading *r, float calls)
{
    if (t->quantiles != NULL && calls >= WINDOW_CALLS_MIN) {
        int64_t end_s = r->start_s + r->length_s;
        bool may_learn = t->episode == NULL;
        level_add(&t->quantiles->p50, &t->quantiles->p50_past, end_s, quantile_ms(r, calls, 0.5),
                  may_learn);
        level_add(&t->quantiles->p95, &t->quantiles->p95_past, end_s, quantile_ms(r, calls, 0.95),
                  may_learn);
    }
}

void
track_gather(struct track *t, const struct reading *r)
{
    struct moments m;
    bool begins = t->from_s == 0;
    if (begins) {
        t->from_s = r->start_s;
    }
    t->to_s = r->start_s + r->length_s;
    t->last_s = t->to_s;
    moments_of(r, t->expect + t->off90, t->expect + t->off99, &m);
    t->n += m.n;
    t->sum_ln += m.sum_ln;
    t->sum_ln2 += m.sum_ln2;
    t->sum_us += m.sum_us;
    t->over90 += m.above[0];
    t->over99 += m.above[1];
    gather_quantiles(t, r, m.n);
    gather_figures(t, r);
}

bool
track_is_whole(const struct track *t)
{
    int64_t for_s = t->to_s - t->from_s;
    return t->from_s != 0 && t->n > 0 && for_s >= WINDOW_S_MIN &&
           (t->n >= WINDOW_CALLS_MIN || for_s >= WINDOW_S_MAX);
}

void
track_next(struct track *t)
{
    t->from_s = 0;
    t->n = t->sum_ln = t->sum_ln2 = t->sum_us = t->over90 = t->over99 = 0;
}

bool
track_may_learn(const struct track *t)
{
    static const float suspect[CUSUM_BANK] = DRIFT_SUSPECTS, creep_limit[CUSUM_BANK] = LIMITS_CREEP;
    return t->episode == NULL && cusum_is_below(&t->drift, suspect, 1) &&
           cusum_is_below(&t->creep.chart, creep_limit, LEARN_BELOW) &&
           t->shift.f < LIMIT_SHIFT / 2 && t->shape.f < LIMIT_SHAPE / 2;
}

const char *
track_name(const struct track *t, char *dst, unsigned size)
{
    const char *what = t->statement != NULL ? t->statement : t->fingerprint;
    switch (t->kind) {
    case TRACK_ROUTE:
        snprintf(dst, size, "%s", t->route);
        break;
    case TRACK_STATEMENT:
        snprintf(dst, size, "%s", what);
        break;
    case TRACK_CALL:
        snprintf(dst, size, "%.200s: %s", t->route, what);
        break;
    case TRACK_COMMON:
        snprintf(dst, size, "everything");
        break;
    }
    return dst;
}
