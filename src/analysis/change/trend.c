/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/change/trend.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/baseline/kendall.h"
#include "analysis/series/stats.h"
#include "base/clock.h"

#define GROUPS_MIN   8u
#define RISE_BEGUN   0.2 /* of the whole rise: until then it counts as not begun */
#define Z_MIN        3.5
#define RISE_Z_MIN   3.0
#define RISE_MIN_NS  (150 * NS_PER_S)
#define RISE_TIMES   1.2
#define RISE_MIN     6u  /* groups in the rise */
#define RISE_LOW_MAX 0.2 /* of these may fall back */
#define NOW_FRACTION 8u

struct groups {
    double ms[TREND_GROUPS_MAX];
    uint64_t at_ns[TREND_GROUPS_MAX];
    unsigned n;
};

static double
median_of(const double *v, unsigned n)
{
    double copy[TREND_GROUPS_MAX];
    memcpy(copy, v, n * sizeof(*copy));
    return stats_median(copy, n);
}

static uint32_t
collect(const struct recent *r, uint64_t fingerprint, uint64_t from_ns, double *ms, uint64_t *at_ns)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < r->count; k++) {
        const struct recent_request *req = recent_at(r, k);
        const struct recent_query *q =
            req->start_ns < from_ns ? NULL : recent_find(req, fingerprint);
        if (q != NULL && q->calls > 0) {
            at_ns[n] = req->start_ns;
            ms[n++] = (double)q->cost_ms / q->calls;
        }
    }
    return n;
}

static void
make_groups(double *ms, const uint64_t *at_ns, uint32_t n, struct groups *g)
{
    g->n = MIN(n / TREND_GROUP_MIN, TREND_GROUPS_MAX);
    for (unsigned i = 0; i < g->n; i++) {
        uint32_t from = (uint32_t)((uint64_t)n * i / g->n);
        uint32_t to = (uint32_t)((uint64_t)n * (i + 1) / g->n);
        g->at_ns[i] = at_ns[from];
        g->ms[i] = stats_median(ms + from, to - from);
    }
}

/* The first group of the rise: from there on nearly all are clearly above the beginning. */
static unsigned
rise_from(const struct groups *g, const struct trend *t)
{
    double limit = t->first_ms + RISE_BEGUN * (t->now_ms - t->first_ms);
    unsigned from = g->n, low = 0;
    for (unsigned i = g->n; i-- > 0;) {
        low += g->ms[i] <= limit ? 1 : 0;
        if (low > RISE_LOW_MAX * (g->n - i)) {
            break;
        }
        from = g->ms[i] > limit ? i : from;
    }
    return from;
}

void
trend_of(const struct recent *r, uint64_t fingerprint, uint64_t from_ns, struct trend *t)
{
    *t = (struct trend){0};
    double *ms = check_alloc(RECENT_REQUESTS_MAX, sizeof(*ms));
    uint64_t *at_ns = check_alloc(RECENT_REQUESTS_MAX, sizeof(*at_ns));
    struct groups g = {.n = 0};
    uint32_t n = collect(r, fingerprint, from_ns, ms, at_ns);
    make_groups(ms, at_ns, n, &g);
    if (g.n >= GROUPS_MIN) {
        unsigned last = MAX(g.n / NOW_FRACTION, 1);
        t->groups = g.n;
        t->first_ms = median_of(g.ms, g.n / 3);
        t->now_ms = median_of(g.ms + g.n - last, last);
        t->z = kendall_z(g.ms, g.n);
        unsigned from = rise_from(&g, t);
        t->rise_ns = from < g.n ? at_ns[n - 1] - g.at_ns[from] : 0;
        t->rise_z = g.n - from >= RISE_MIN ? kendall_z(g.ms + from, g.n - from) : 0;
    }
    free(at_ns);
    free(ms);
}

bool
trend_is_steady(const struct trend *t)
{
    return t->z >= Z_MIN && t->rise_z >= RISE_Z_MIN && t->rise_ns >= RISE_MIN_NS &&
           t->now_ms >= RISE_TIMES * t->first_ms;
}
