/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/change/onset.h"

#include "base/clock.h"

#define GROUP     10u
#define NEWEST    30u
#define BAD_PART  0.3 /* of the rise: a request, or a group, that is above it is not as before */
#define MINUTE_NS (60 * NS_PER_S)

/* Index of the first request of the last stretch of bad groups; ring->count: there is none. */
static uint32_t
first_bad(const struct recent *ring, uint64_t not_before_ns, double limit)
{
    double group[GROUP];
    unsigned n = 0;
    uint32_t first = ring->count;
    for (uint32_t k = ring->count; k-- > 0;) {
        const struct recent_request *req = recent_at(ring, k);
        if (req->start_ns < not_before_ns) {
            break;
        }
        group[n++] = req->total_ms;
        if (n == GROUP) {
            if (stats_median(group, n) < limit) {
                break;
            }
            first = k;
            n = 0;
        }
    }
    return first;
}

/* From the last good request of a good group to the first bad one of a bad group: those between may
 * be either, as their group is by its median. */
static struct onset
between(const struct recent *ring, uint32_t first, uint64_t not_before_ns, double limit)
{
    bool is_good = false;
    uint64_t from_ns = recent_at(ring, first)->start_ns;
    uint32_t bad = first;
    for (uint32_t k = first; k-- > 0 && !is_good;) {
        const struct recent_request *req = recent_at(ring, k);
        is_good = req->start_ns < not_before_ns || req->total_ms < limit;
        from_ns = MIN(from_ns, req->start_ns);
    }
    while (bad + 1 < ring->count && recent_at(ring, bad)->total_ms < limit) {
        bad++;
    }
    uint64_t to_ns = MAX(from_ns, recent_at(ring, bad)->start_ns);
    return (struct onset){.from_ns = from_ns, .at_ns = to_ns, .to_ns = to_ns};
}

/* The median of the newest requests: when it is found soon, most of those of now are as before. */
static double
newest_p50_ms(const struct recent *ring)
{
    double ms[NEWEST];
    unsigned n = 0;
    for (uint32_t k = ring->count; k-- > 0 && n < NEWEST;) {
        ms[n++] = recent_at(ring, k)->total_ms;
    }
    return stats_median(ms, n);
}

/* What is seen in the mean of a minute began within the minute before, at the latest then. */
static struct onset
by_suspicion(const struct shift_route *r)
{
    uint64_t seen_ns = r->watch->suspected_ns;
    struct onset o = {.at_ns = r->now.from_ns};
    o.at_ns = seen_ns == 0 ? o.at_ns : MIN(o.at_ns, seen_ns);
    o.to_ns = MAX(o.at_ns, seen_ns);
    o.from_ns = o.to_ns - MIN(o.to_ns, MINUTE_NS);
    o.from_ns = MIN(MAX(o.from_ns, r->before.to_ns), o.at_ns);
    return o;
}

struct onset
onset_find(const struct shift_route *r, uint64_t not_before_ns)
{
    const struct recent *ring = &r->watch->recent;
    double rise_ms = MAX(r->now.p50_ms, newest_p50_ms(ring)) - r->before.p50_ms;
    double limit = r->before.p50_ms + BAD_PART * rise_ms;
    if (!(rise_ms > 0) || rise_ms <= r->before.sigma_ms) {
        return by_suspicion(r); /* a group's median would tell nothing */
    }
    uint32_t first = first_bad(ring, not_before_ns, limit);
    return first < ring->count ? between(ring, first, not_before_ns, limit) : by_suspicion(r);
}

struct onset
onset_at(const struct watch *w, uint64_t at_ns)
{
    struct onset o = {at_ns, at_ns, at_ns};
    for (uint32_t k = w->recent.count; k-- > 0 && o.from_ns == at_ns;) {
        o.from_ns = MIN(o.from_ns, recent_at(&w->recent, k)->start_ns);
    }
    return o;
}
