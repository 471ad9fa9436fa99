/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/change/shift.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"

#define SAMPLES_MAX       512u
#define SURGE_TIMES       1.5
#define HEAVY_CALL_MS     5.0
#define HEAVY_TIMES_FLOOR 6
#define LIGHT_TIMES_FLOOR 4
#define STRUCTURAL_SHARE  0.2 /* of the requests */
#define FLOOR_ROWS_MAX    5
#define FLOOR_CALLS_MIN   15
#define STILL_PART        0.25 /* of its requests of now, the newest */
#define STILL_LEAST       20   /* and so many */

/* Logarithmic mean (LMDI-I, Ang 2005). */
static double
log_mean(double a, double b)
{
    return fabs(a - b) < 1e-9 * (a + b) ? (a + b) / 2 : (a - b) / (log(a) - log(b));
}

static bool
calls_changed(double before, double now)
{
    return now > before * 1.4 + 0.2 || now < before * 0.7 - 0.2;
}

/* What a call may have come to cost before it is its own doing. */
static double
allowed_growth_ms(const struct shift *s, double per_call_before_ms)
{
    double common = MAX(s->call_growth_ms, per_call_before_ms * (s->call_ratio - 1));
    return MAX(common, 0) * 1.6 + per_call_before_ms * 0.25 + 0.15;
}

/* Hardly ever called, and it does not matter. */
static bool
is_rare(const struct shift_route *r, const struct shift_part *p)
{
    return p->calls_now < 0.05 && p->now_ms - p->before_ms < MAX(1.0, 0.10 * r->before.mean_ms);
}

static void
classify(const struct shift *s, const struct shift_route *r, struct shift_part *p)
{
    double a = p->before_ms, b = p->now_ms;
    double growth = p->per_call_now_ms - p->per_call_before_ms;
    p->change_ms = b - a;
    p->by_calls_ms = p->change_ms;
    if (p->calls_before < 0.05 || a <= 0) {
        p->kind = is_rare(r, p) ? SHIFT_SAME : SHIFT_NEW;
        return;
    }
    if (p->calls_now < 0.05 || b <= 0) {
        p->kind = SHIFT_GONE;
        return;
    }
    double l = log_mean(b, a);
    p->by_calls_ms = l * log(p->calls_now / p->calls_before);
    p->by_cost_ms = p->change_ms - p->by_calls_ms;
    bool slower = growth > allowed_growth_ms(s, p->per_call_before_ms);
    if (calls_changed(p->calls_before, p->calls_now) &&
        (!slower || fabs(p->by_calls_ms) > fabs(p->by_cost_ms))) {
        p->kind = p->calls_now > p->calls_before ? SHIFT_MORE : SHIFT_FEWER;
    } else if (slower) {
        p->kind = SHIFT_SLOWER;
    } else if (growth > 0) {
        p->kind = SHIFT_WAITING;
    } else {
        p->kind = -growth > 0.25 * p->per_call_before_ms + 0.15 ? SHIFT_FASTER : SHIFT_SAME;
    }
}

static void
fill_part(struct shift_part *p, uint64_t fingerprint, const struct stats_query *before,
          const struct stats_query *now)
{
    *p = (struct shift_part){.fingerprint = fingerprint};
    if (before != NULL) {
        p->calls_before = before->calls;
        p->per_call_before_ms = before->per_call_ms;
        p->before_ms = before->cost_ms;
    }
    if (now != NULL) {
        p->calls_now = now->calls;
        p->per_call_now_ms = now->per_call_ms;
        p->now_ms = now->cost_ms;
    }
}

static int
part_compare(const void *a, const void *b)
{
    const struct shift_part *x = a, *y = b;
    double dx = fabs(x->change_ms), dy = fabs(y->change_ms);
    if (dx != dy) {
        return dx > dy ? -1 : 1;
    }
    return x->fingerprint < y->fingerprint ? -1 : x->fingerprint > y->fingerprint;
}

unsigned
shift_parts(const struct shift *s, const struct shift_route *r, struct shift_part *parts)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->now.query_count; i++) {
        const struct stats_query *now = &r->now.q[i];
        fill_part(&parts[n++], now->fingerprint, stats_find(&r->before, now->fingerprint), now);
    }
    for (unsigned i = 0; i < r->before.query_count; i++) {
        const struct stats_query *before = &r->before.q[i];
        if (stats_find(&r->now, before->fingerprint) == NULL) {
            fill_part(&parts[n++], before->fingerprint, before, NULL);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        classify(s, r, &parts[i]);
    }
    qsort(parts, n, sizeof(*parts), part_compare);
    return n;
}

/* ---- which stretches to compare */

static void
stretch_since(struct shift_route *r, uint64_t split_ns, uint64_t now_ns)
{
    struct watch *w = r->watch;
    uint64_t fingerprint = 0;
    uint64_t window = 120 * NS_PER_S;
    /* Where the marker came a little late, the new statements tell when it really was. */
    uint64_t seen = watch_novelty(w, split_ns - MIN(split_ns, 60 * NS_PER_S), &fingerprint);
    uint64_t before_to = seen != 0 && seen < split_ns ? seen : split_ns;
    uint64_t now_from = MAX(split_ns, now_ns - MIN(now_ns, window));
    if (seen > split_ns && seen < split_ns + 300 * NS_PER_S) {
        now_from = MAX(now_from, seen); /* until then the old version was still answering */
    }
    stats_make(&w->recent, watch_baseline_from(w), before_to, 0, &r->before);
    stats_make(&w->recent, now_from, UINT64_MAX, 0, &r->now);
    if (r->now.n < WATCH_REQUESTS_MIN) {
        stats_make(&w->recent, MAX(split_ns, seen), UINT64_MAX, WATCH_REQUESTS_MIN, &r->now);
    }
    if (r->before.n < WATCH_REQUESTS_MIN && w->base.n >= WATCH_REQUESTS_MIN) {
        stats_copy(&r->before, &w->base);
    }
}

static void
last_minute(struct shift_route *r, uint64_t from_ns, uint64_t now_ns)
{
    const struct recent *recent = &r->watch->recent;
    uint64_t minute = now_ns - MIN(now_ns, 60 * NS_PER_S);
    stats_make(recent, MAX(minute, from_ns), UINT64_MAX, 0, &r->now);
    if (r->now.n < WATCH_REQUESTS_MIN) {
        stats_make(recent, from_ns, UINT64_MAX, WATCH_REQUESTS_MIN, &r->now);
    }
}

static void
stretch_frozen(struct shift_route *r, uint64_t onset_ns, uint64_t now_ns)
{
    struct watch *w = r->watch;
    uint64_t from = MAX(watch_baseline_from(w), onset_ns); /* what was before it is not now */
    last_minute(r, from, now_ns);
    stats_copy(&r->before, &w->base);
}

static void
stretch_drift(struct shift_route *r, uint64_t now_ns)
{
    struct watch *w = r->watch;
    uint64_t from = watch_kept_from(w);
    last_minute(r, watch_baseline_from(w), now_ns);
    if (w->base_restored && w->base.n >= WATCH_REQUESTS_MIN) {
        stats_copy(&r->before, &w->base);
        return;
    }
    if (now_ns <= from || r->now.from_ns == 0) {
        return;
    }
    uint64_t third = (now_ns - from) / 3;
    uint64_t to = MIN(from + MAX(third, 45 * NS_PER_S), r->now.from_ns);
    if (w->suspected_ns != 0) { /* what is suspected is not normal */
        to = MIN(to, w->normal_to_ns + 1);
    } else if (w->trouble_ns > from) { /* nor is what somebody else's trouble may have brought */
        stats_make(&w->recent, from, MIN(to, w->trouble_ns), 0, &r->before);
        if (r->before.n >= WATCH_REQUESTS_MIN) {
            return;
        }
    }
    stats_make(&w->recent, from, to, 0, &r->before);
}

/* ---- what all have in common */

struct samples {
    double ratio[SAMPLES_MAX], growth[SAMPLES_MAX];
    size_t n;
};

static void
samples_add(struct samples *x, double before, double now)
{
    if (x->n < SAMPLES_MAX && before > 0 && now > 0) {
        x->ratio[x->n] = now / before;
        x->growth[x->n++] = now - before;
    }
}

static void
common_calls(struct shift *s)
{
    struct samples *x = check_alloc(1, sizeof(*x));
    for (unsigned i = 0; i < s->count; i++) {
        const struct shift_route *r = &s->route[i];
        for (unsigned k = 0; k < r->now.query_count; k++) {
            const struct stats_query *now = &r->now.q[k];
            const struct stats_query *before = stats_find(&r->before, now->fingerprint);
            if (before == NULL || now->total_calls < 15 || before->total_calls < 15 ||
                calls_changed(before->calls, now->calls)) {
                continue;
            }
            samples_add(x, before->per_call_ms, now->per_call_ms);
        }
    }
    /* With fewer than three others nobody can say what is common. */
    s->call_samples = (unsigned)x->n;
    s->call_ratio = x->n < 3 ? 1 : stats_median(x->ratio, x->n);
    s->call_growth_ms = x->n < 3 ? 0 : stats_median(x->growth, x->n);
    free(x);
}

double
shift_app_from_calls_ms(const struct shift_route *r)
{
    double ms = 0;
    for (unsigned i = 0; i < r->now.query_count; i++) {
        const struct stats_query *now = &r->now.q[i];
        const struct stats_query *before = stats_find(&r->before, now->fingerprint);
        double more = now->calls - (before == NULL ? 0 : before->calls);
        if (more > 0.2 && (before == NULL || calls_changed(before->calls, now->calls))) {
            ms += more * now->gap_ms;
        }
    }
    return ms;
}

static void
common_app(struct shift *s)
{
    struct samples *x = check_alloc(1, sizeof(*x));
    for (unsigned i = 0; i < s->count; i++) {
        const struct shift_route *r = &s->route[i];
        if (r->before.n >= 15 && r->now.n >= 15) {
            double now = r->now.app_ms - shift_app_from_calls_ms(r);
            samples_add(x, r->before.app_ms, now);
        }
    }
    s->app_ratio = x->n < 2 ? 1 : stats_median(x->ratio, x->n);
    s->app_growth_ms = x->n < 2 ? 0 : stats_median(x->growth, x->n);
    free(x);
}

static void
judge_app(const struct shift *s, struct shift_route *r)
{
    double by_calls = shift_app_from_calls_ms(r);
    double rest = r->app_change_ms - by_calls;
    double common = MAX(MAX(s->app_growth_ms, r->before.app_ms * (s->app_ratio - 1)), 0);
    double allowed = common * 1.6 + r->before.app_ms * 0.2 + 0.5;
    if (rest > 0) { /* what goes beyond is its own, but not what all have in common */
        r->app_waiting_ms = rest <= allowed || s->surge ? rest : MIN(rest, common * 1.6);
    }
    r->new_or_more_ms += MIN(by_calls, MAX(r->app_change_ms, 0));
}

uint32_t
shift_newest(const struct shift_route *r)
{
    return (uint32_t)MAX(STILL_PART * r->now.n, STILL_LEAST);
}

/* The share of its requests of now that run the statement at all; of the newest n_max. */
static double
share_with(const struct shift_route *r, uint64_t fingerprint, uint32_t n_max)
{
    const struct recent *ring = &r->watch->recent;
    unsigned with = 0, all = 0;
    for (uint32_t k = ring->count; k-- > 0 && all < n_max;) {
        const struct recent_request *req = recent_at(ring, k);
        if (req->start_ns >= r->now.from_ns) {
            with += recent_find(req, fingerprint) != NULL ? 1 : 0;
            all++;
        }
    }
    return all == 0 ? 0 : (double)with / all;
}

bool
shift_is_heavy(const struct shift *s, const struct shift_part *p)
{
    return p->kind == SHIFT_NEW && p->per_call_now_ms >= HEAVY_CALL_MS &&
           p->per_call_now_ms >= HEAVY_TIMES_FLOOR * s->floor_ms;
}

bool
shift_is_structural(const struct shift *s, const struct shift_route *r, const struct shift_part *p)
{
    bool repeated = p->calls_now - p->calls_before >= RECENT_REPEATS_MIN - 1;
    return (repeated || shift_is_heavy(s, p)) &&
           share_with(r, p->fingerprint, UINT32_MAX) >= STRUCTURAL_SHARE &&
           share_with(r, p->fingerprint, shift_newest(r)) >= SHIFT_STILL * STRUCTURAL_SHARE;
}

/* A look-up or two more, at the price that look-ups have now. */
static bool
is_light(const struct shift *s, const struct shift_part *p)
{
    return p->calls_now - p->calls_before < RECENT_REPEATS_MIN - 1 &&
           p->per_call_now_ms <= LIGHT_TIMES_FLOOR * s->floor_ms;
}

/* What the route would have become faster by, as the others have. */
static double
relief_ms(const struct shift *s, const struct shift_route *r, const struct shift_part *parts,
          unsigned n)
{
    double ms = r->before.app_ms * MAX(1 - s->app_ratio, 0);
    for (unsigned i = 0; i < n; i++) {
        if (parts[i].kind == SHIFT_SAME || parts[i].kind == SHIFT_FASTER) {
            ms += parts[i].before_ms * MAX(1 - s->call_ratio, 0);
        }
    }
    return ms;
}

void
shift_judge(const struct shift *s, struct shift_route *r)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    unsigned n = shift_parts(s, r, parts);
    r->waiting_ms = r->light_waiting_ms = r->app_waiting_ms = 0;
    r->new_or_more_ms = r->structural_ms = r->gone_or_fewer_ms = 0;
    r->change_ms = r->now.mean_ms - r->before.mean_ms;
    r->app_change_ms = r->now.app_ms - r->before.app_ms;
    for (unsigned i = 0; i < n; i++) {
        const struct shift_part *p = &parts[i];
        if (p->kind == SHIFT_WAITING) {
            r->waiting_ms += p->change_ms;
        } else if (p->kind == SHIFT_NEW || p->kind == SHIFT_MORE) {
            /* All calls became dearer, and so did this one: that part of it is waiting. */
            double own = is_light(s, p) ? p->change_ms / MAX(s->call_ratio, 1) : p->change_ms;
            r->light_waiting_ms += p->change_ms - own;
            r->new_or_more_ms += own;
            r->structural_ms += shift_is_structural(s, r, p) ? p->change_ms : 0;
        } else if (p->kind == SHIFT_GONE || p->kind == SHIFT_FEWER) {
            r->gone_or_fewer_ms -= p->change_ms;
        }
    }
    r->relief_ms = relief_ms(s, r, parts, n);
    judge_app(s, r);
    r->own_ms = r->change_ms - r->waiting_ms - r->light_waiting_ms - r->app_waiting_ms;
    double se = hypot(r->before.mean_se_ms, r->now.mean_se_ms);
    r->z = se > 0 ? r->change_ms / se : r->change_ms > 0 ? 1e6 : 0;
    r->comparable = r->before.n >= WATCH_REQUESTS_MIN && r->now.n >= WATCH_REQUESTS_MIN;
}

static double
opened_per_request(const struct load_rate *r)
{
    return r->seconds > 0 && r->requests_per_s > 0 ? r->opened_per_s / r->requests_per_s : -1;
}

static void
measure_load(struct shift *s, const struct load *load, uint64_t split_ns, uint64_t now_ns)
{
    uint64_t before_from = UINT64_MAX, before_to = 0;
    for (unsigned i = 0; i < s->count; i++) {
        const struct shift_route *r = &s->route[i];
        if (r->before.n > 0) {
            before_from = MIN(before_from, r->before.from_ns);
            before_to = MAX(before_to, r->before.to_ns);
        }
    }
    if (s->mode == SHIFT_SINCE) {
        before_to = MIN(before_to, split_ns);
    }
    struct load_rate before = {.in_flight = -1};
    if (before_from < before_to) {
        before = load_between(load, before_from, before_to);
    }
    uint64_t now_from = now_ns - MIN(now_ns, 60 * NS_PER_S);
    if (s->mode != SHIFT_DRIFT) {
        now_from = MAX(now_from, split_ns);
    }
    struct load_rate now = load_between(load, now_from, now_ns);
    s->rate_before = before.requests_per_s;
    s->rate_now = now.requests_per_s;
    s->before_from_ns = before_from;
    s->before_to_ns = before_to;
    s->now_from_ns = now_from;
    s->now_ns = now_ns;
    s->load_before = before.database;
    s->load_now = now.database;
    s->in_flight_before = before.in_flight;
    s->in_flight_now = now.in_flight;
    s->opened_before = opened_per_request(&before);
    s->opened_now = opened_per_request(&now);
    s->setup_ms = now.setup_ms;
    /* A surge is seen as it begins, not when the minute has caught up with it. */
    uint64_t lately_from = MAX(now_from, now_ns - MIN(now_ns, 20 * NS_PER_S));
    struct load_rate lately = load_between(load, lately_from, now_ns);
    bool enough = lately.requests_per_s * lately.seconds >= WATCH_REQUESTS_MIN;
    double rate = MAX(s->rate_now, enough ? lately.requests_per_s : 0);
    s->surge = before.seconds > 0 && rate > SURGE_TIMES * s->rate_before;
}

static double
floor_ms(const struct shift *s)
{
    double cost[256];
    size_t n = 0;
    for (unsigned i = 0; i < s->count; i++) {
        const struct stats *now = &s->route[i].now;
        for (unsigned k = 0; k < now->query_count && n < ARRAY_LEN(cost); k++) {
            const struct stats_query *q = &now->q[k];
            if (q->total_calls >= FLOOR_CALLS_MIN && q->rows > 0 && q->rows <= FLOOR_ROWS_MAX &&
                q->per_call_ms > 0) {
                cost[n++] = q->per_call_ms;
            }
        }
    }
    if (n == 0) {
        return 0;
    }
    (void)stats_median(cost, n); /* sorts */
    return cost[n / 4];
}

struct shift *
shift_new(struct watch *const *watches, unsigned count, const struct load *load,
          enum shift_mode mode, uint64_t split_ns, uint64_t now_ns)
{
    struct shift *s = check_alloc(1, sizeof(*s));
    s->route = check_alloc(count + 1, sizeof(*s->route));
    s->mode = mode;
    for (unsigned i = 0; i < count; i++) {
        struct shift_route *r = &s->route[s->count];
        r->watch = watches[i];
        if (watches[i]->recent.count == 0) {
            continue;
        }
        if (mode == SHIFT_SINCE) {
            stretch_since(r, split_ns, now_ns);
        } else if (mode == SHIFT_FROZEN) {
            stretch_frozen(r, split_ns, now_ns);
        } else {
            stretch_drift(r, now_ns);
        }
        s->count++;
    }
    measure_load(s, load, split_ns, now_ns);
    common_calls(s);
    common_app(s);
    s->floor_ms = floor_ms(s);
    for (unsigned i = 0; i < s->count; i++) {
        shift_judge(s, &s->route[i]);
    }
    return s;
}

void
shift_free(struct shift **shift)
{
    if (*shift != NULL) {
        free((*shift)->route);
        free(*shift);
        *shift = NULL;
    }
}

struct shift_route *
shift_find(struct shift *s, const struct watch *w)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->route[i].watch == w) {
            return &s->route[i];
        }
    }
    return NULL;
}

double
shift_own_queries_ms(const struct shift_route *r)
{
    return r->change_ms - r->waiting_ms - r->light_waiting_ms - r->app_change_ms;
}
