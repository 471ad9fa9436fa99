/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/change/slump.h"

#include <math.h>
#include <stdio.h>

#include "analysis/change/assess.h"

#define SAMPLES_MIN    4u  /* statements that must agree */
#define TRAFFIC_MAX    1.3 /* more would explain it */
#define APP_TIMES_MAX  1.5 /* the applications are as fast as ever */
#define LOST_MEAN_MIN  2.0 /* ms of the mean request */
#define LOST_SHARE_MIN 0.3
#define ROUTE_REQUESTS 10
#define CHURN_SHARE    0.1 /* of the mean request */
#define CHURN_REQUESTS 30  /* in the last minute */

static bool
hurts(const struct shift *s)
{
    double before = 0, lost = 0, n = 0;
    for (unsigned i = 0; i < s->count; i++) {
        const struct shift_route *r = &s->route[i];
        if (r->before.n >= ROUTE_REQUESTS && r->now.n >= ROUTE_REQUESTS) {
            before += r->before.mean_ms * r->now.n;
            lost += r->change_ms * r->now.n;
            n += r->now.n;
        }
    }
    return n > 0 && lost / n >= LOST_MEAN_MIN && lost >= LOST_SHARE_MIN * before;
}

/* Setting connections up costs the mean request something. */
static bool
churns(const struct shift *s)
{
    double before = 0, n = 0;
    for (unsigned i = 0; i < s->count; i++) {
        before += s->route[i].before.mean_ms * s->route[i].now.n;
        n += s->route[i].now.n;
    }
    if (n < CHURN_REQUESTS || !assess_has_churn(s)) {
        return false;
    }
    double cost_ms = (s->opened_now - s->opened_before) * s->setup_ms;
    return cost_ms >= LOST_MEAN_MIN && cost_ms >= CHURN_SHARE * before / n;
}

static bool
is_slow(const struct slump *slump, const struct shift *s, double traffic)
{
    double times = slump->since_ns == 0 ? SLUMP_TIMES : SLUMP_OVER_TIMES;
    return s->call_samples >= SAMPLES_MIN && s->call_ratio >= times && !s->surge &&
           traffic <= TRAFFIC_MAX && hurts(s);
}

enum slump_state
slump_look(struct slump *slump, const struct shift *s, uint64_t now_ns)
{
    double traffic = s->rate_before > 0 ? s->rate_now / s->rate_before : 1;
    bool churn = churns(s);
    if (!churn && !is_slow(slump, s, traffic)) {
        slump->since_ns = 0;
        return SLUMP_NONE;
    }
    bool begins = slump->since_ns == 0;
    slump->since_ns = begins ? now_ns : slump->since_ns;
    slump->call_ratio = s->call_ratio;
    slump->app_ratio = s->app_ratio;
    slump->traffic = traffic;
    slump->statements = s->call_samples;
    slump->is_churn = churn;
    slump->opened_before = s->opened_before;
    slump->opened_now = s->opened_now;
    slump->setup_ms = s->setup_ms;
    if (begins) {
        return SLUMP_BEGINS;
    }
    uint64_t enough = churn                           ? SLUMP_CHURN_NS
                      : s->app_ratio <= APP_TIMES_MAX ? SLUMP_DATABASE_NS
                                                      : SLUMP_ALL_NS;
    bool large = churn || s->call_ratio >= SLUMP_TIMES;
    return large && now_ns >= slump->since_ns + enough ? SLUMP_LASTS : SLUMP_WATCHED;
}

const char *
slump_text(const struct slump *slump, char *dst, size_t size)
{
    char app[64];
    if (slump->is_churn) {
        snprintf(
            dst, size,
            "%.2f new connections a request, were %.2f; each takes %.1f ms until its first query",
            slump->opened_now, slump->opened_before, slump->setup_ms);
        return dst;
    }
    if (slump->app_ratio > APP_TIMES_MAX) {
        snprintf(app, sizeof(app), "and so have the applications (%.1f times)", slump->app_ratio);
    } else {
        snprintf(app, sizeof(app), "the applications have not");
    }
    snprintf(dst, size,
             "no single cause: the calls of %u statements take %.1f times as long (median), "
             "%s; traffic %+.0f %%",
             slump->statements, slump->call_ratio, app, 100 * (slump->traffic - 1));
    return dst;
}

/* Milliseconds a request, times requests. What connections cost is the same for all: where it is
 * most of a request, it is what the route is about. */
static double
lost(const struct slump *slump, const struct shift_route *r)
{
    if (slump == NULL || !slump->is_churn) {
        return r->change_ms * r->now.n;
    }
    double cost_ms =
        MIN((slump->opened_now - slump->opened_before) * slump->setup_ms, r->change_ms);
    return cost_ms <= 0 ? 0 : cost_ms * r->now.n * cost_ms / MAX(r->now.mean_ms, cost_ms);
}

struct shift_route *
slump_worst(const struct slump *slump, const struct shift *s)
{
    struct shift_route *worst = NULL;
    for (unsigned i = 0; i < s->count; i++) {
        struct shift_route *r = &s->route[i];
        bool counts = r->before.n >= ROUTE_REQUESTS && r->now.n >= ROUTE_REQUESTS;
        if (counts && (worst == NULL || lost(slump, r) > lost(slump, worst))) {
            worst = r;
        }
    }
    return worst;
}
