/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/change/assess.h"

#include <math.h>

#include "analysis/change/trend.h"

#define CHURN_OPENED_MIN 0.3 /* connections for each request */
#define CHURN_TIMES      3
#define CHURN_CALL_SHARE 0.5 /* of what setting a connection up takes */
#define DISTINCT_TIMES   3.0
#define DISTINCT_COMMON  2.0
#define HEAVY_CALLS      8.0 /* of a part that few requests have: when what is cached expires */
#define HEAVY_UNSEEN     5.0 /* so many would have been called */
#define HEAVY_TIMES      3.0
#define LARGE_COMMON_MAX 1.5
#define LARGE_SHARE      1.0 /* of what was normal */
#define LARGE_MS         10.0
#define LARGE_OTHERS     3.0 /* times what the others' applications have lost to churn */
#define ROWS_TIMES       2.0
#define ROWS_MORE        20   /* in a request */
#define ROWS_CALLS_TIMES 1.4  /* that it is called more often is another matter */
#define SURE             6.0  /* standard errors */
#define STEADY_TRAFFIC   1.25 /* more than that explains that a statement gets dearer */

/* What is worth an incident where what was added is known for sure. */
static double
certain_ms(const struct shift_route *r)
{
    return MAX(1.0, 0.10 * r->before.mean_ms);
}

double
assess_threshold_ms(const struct shift_route *r)
{
    bool structural = r->structural_ms > 0.6 * r->own_ms;
    return structural ? certain_ms(r) : MAX(1.5, 0.25 * r->before.mean_ms);
}

/* What new statements cost is counted call by call: the noise of whole requests does not blur it.
 * It must come on top: not instead of other statements, and requests that became faster by more
 * than their noise, and more than the others did, refute it. */
bool
assess_is_structural(const struct shift_route *r)
{
    double threshold = certain_ms(r);
    double noise = 2 * hypot(r->before.mean_se_ms, r->now.mean_se_ms);
    return r->structural_ms >= threshold && r->structural_ms - r->gone_or_fewer_ms >= threshold &&
           r->change_ms + r->relief_ms >= 0.5 * r->structural_ms - noise;
}

/* Dearer than before by more than chance. */
static bool
is_sure(const struct shift_route *r, const struct shift_part *p)
{
    const struct stats_query *before = stats_find(&r->before, p->fingerprint);
    const struct stats_query *now = stats_find(&r->now, p->fingerprint);
    return before != NULL && now != NULL &&
           p->change_ms >= SURE * hypot(before->cost_se_ms, now->cost_se_ms);
}

/* A statement that becomes dearer minute by minute is seen long before the whole route is a quarter
 * slower, and one that is many times as dear is where the rest of the route waits for others, now
 * more and now less. That the route did not become slower by half of it refutes it, as above. */
static bool
is_statements_burn(const struct shift *s, const struct shift_route *r)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    double threshold = certain_ms(r);
    if (s->mode != SHIFT_DRIFT || s->rate_now > STEADY_TRAFFIC * s->rate_before ||
        r->own_ms < threshold) {
        return false;
    }
    double noise = 2 * hypot(r->before.mean_se_ms, r->now.mean_se_ms);
    unsigned n = shift_parts(s, r, parts);
    for (unsigned i = 0; i < n && fabs(parts[i].change_ms) >= threshold; i++) {
        const struct shift_part *p = &parts[i];
        struct trend trend;
        if (p->kind != SHIFT_SLOWER || p->change_ms < threshold ||
            r->change_ms + r->relief_ms < 0.5 * p->change_ms - noise) {
            continue;
        }
        if (assess_is_distinct(s, r, p) && is_sure(r, p)) {
            return true;
        }
        trend_of(&r->watch->recent, p->fingerprint, watch_baseline_from(r->watch), &trend);
        if (trend_is_steady(&trend)) {
            return true;
        }
    }
    return false;
}

/* Though few requests have it: it would have been seen before, and is there again and again. What
 * is rare may be missing from few requests. */
static bool
is_new_and_heavy(const struct shift *s, const struct shift_route *r, const struct shift_part *p)
{
    bool is_new =
        p->calls_now * r->before.n >= HEAVY_UNSEEN && p->calls_now >= HEAVY_TIMES * p->calls_before;
    return is_new && p->calls_now * r->now.n >= HEAVY_CALLS && shift_is_heavy(s, p);
}

bool
assess_is_distinct(const struct shift *s, const struct shift_route *r, const struct shift_part *p)
{
    if (p->change_ms < assess_threshold_ms(r)) {
        return false;
    }
    if (p->kind == SHIFT_NEW || p->kind == SHIFT_MORE) {
        return shift_is_structural(s, r, p) || is_new_and_heavy(s, r, p);
    }
    return p->kind == SHIFT_SLOWER && s->call_ratio < DISTINCT_COMMON && !s->surge &&
           p->per_call_now_ms >= DISTINCT_TIMES * p->per_call_before_ms * MAX(s->call_ratio, 1);
}

static bool
is_there_still(const struct shift_route *r)
{
    const struct recent *ring = &r->watch->recent;
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t k = ring->count; k-- > 0 && n < shift_newest(r); n++) {
        sum += recent_at(ring, k)->total_ms;
    }
    return n > 0 && sum / n >= r->before.mean_ms + SHIFT_STILL * r->change_ms;
}

bool
assess_is_burn(const struct shift *s, const struct shift_route *r)
{
    double threshold = assess_threshold_ms(r);
    if (r->comparable && (assess_is_structural(r) || is_statements_burn(s, r))) {
        return true;
    }
    if (!r->comparable || r->own_ms < threshold || r->z < 6 || !is_there_still(r)) {
        return false;
    }
    double median = r->now.p50_ms - r->before.p50_ms;
    if (median < 0.4 * threshold &&
        (r->now.n < 3 * WATCH_REQUESTS_MIN || r->own_ms < 2 * threshold)) {
        return false; /* a few outliers; or a part of the requests, and then more of them */
    }
    /* More traffic makes everything wait: then only what is structurally new counts. */
    return !s->surge || r->new_or_more_ms >= threshold;
}

bool
assess_is_large(const struct shift *s, const struct shift_route *r)
{
    bool others_are_as_ever = s->call_ratio <= LARGE_COMMON_MAX && s->app_ratio <= LARGE_COMMON_MAX;
    /* What connections cost all of them is known, and this is many times as much. */
    bool is_beyond = assess_has_churn(s) && r->own_ms >= LARGE_OTHERS * MAX(s->app_growth_ms, 0);
    return (others_are_as_ever || is_beyond) && r->own_ms >= LARGE_MS &&
           r->own_ms >= LARGE_SHARE * r->before.mean_ms;
}

bool
assess_has_news(const struct shift_route *r)
{
    return r->new_or_more_ms >= certain_ms(r);
}

bool
assess_returns_more(const struct shift_route *r, uint64_t fingerprint)
{
    const struct stats_query *before = stats_find(&r->before, fingerprint);
    const struct stats_query *now = stats_find(&r->now, fingerprint);
    return before != NULL && now != NULL && before->calls > 0 &&
           now->calls <= ROWS_CALLS_TIMES * before->calls &&
           now->rows >= ROWS_TIMES * MAX(before->rows, 1) &&
           now->calls * now->rows >= before->calls * before->rows + ROWS_MORE;
}

bool
assess_is_victim(const struct shift_route *r)
{
    double noise = MAX(1.0, 0.1 * r->before.mean_ms);
    return r->before.n >= 10 && r->now.n >= 10 && r->change_ms > noise && r->z > 3 &&
           r->own_ms < 0.5 * r->change_ms;
}

bool
assess_has_churn(const struct shift *s)
{
    return s->opened_before >= 0 && s->setup_ms >= 0 && s->opened_now >= CHURN_OPENED_MIN &&
           s->opened_now >= CHURN_TIMES * s->opened_before;
}

bool
assess_pays_for_churn(const struct shift *s, const struct shift_route *r,
                      const struct shift_part *p)
{
    const struct recent *ring = &r->watch->recent;
    uint64_t calls = 0, young = 0;
    double more_ms = p->per_call_now_ms - p->per_call_before_ms;
    if (!assess_has_churn(s) || more_ms > CHURN_CALL_SHARE * s->setup_ms) {
        return false;
    }
    for (uint32_t k = ring->count; k-- > 0;) {
        const struct recent_request *req = recent_at(ring, k);
        const struct recent_query *q =
            req->start_ns >= r->now.from_ns ? recent_find(req, p->fingerprint) : NULL;
        calls += q == NULL ? 0 : q->calls;
        young += q == NULL ? 0 : q->young;
    }
    return young * 2 > calls;
}
