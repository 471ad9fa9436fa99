/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/watch.h - one route under watch: its recent requests, the traces of it that are
 * kept, which statements belong to it, and what was normal for it before a restart.
 *
 * At most WATCH_KNOWN_MAX statements a route are known one by one; from then on none counts as new.
 * Owned by the judge. One thread. */
#ifndef ANALYSIS_SERIES_WATCH_H
#define ANALYSIS_SERIES_WATCH_H

#include "analysis/series/retries.h"
#include "analysis/series/sampler.h"
#include "analysis/series/shapes.h"
#include "analysis/series/stats.h"
#include "model/route_basis.h"

#define WATCH_KNOWN_MAX      200u
#define WATCH_REQUESTS_MIN   30u                  /* fewer say nothing */
#define WATCH_WARM_UP_NS     (10 * 1000000000ull) /* cold caches after the first request */
#define WATCH_SETTLED_MIN_NS (20 * 1000000000ull)

struct watch_known {
    uint64_t fingerprint;
    uint64_t first_ns;
    uint64_t requests;   /* with it, since first_ns */
    uint64_t at_request; /* of the route, when it was first seen */
};

struct watch {
    char text[512];
    enum route_basis basis; /* of its name */
    uint8_t method;
    struct recent recent;
    struct sampler samples; /* inert until sampler_init */
    struct retries retries;
    struct shapes *shapes; /* NULL: no answer was looked at yet */
    struct stats base; /* what is normal, kept while a burn lasts and over a restart; n = 0: none */
    bool base_restored;  /* by a restart: the recent requests do not reach back yet */
    bool base_dirty;     /* the store has an older one */
    uint64_t base_ns;    /* when it was taken */
    uint64_t settled_ns; /* requests before this moment are no baseline */
    struct watch_known known[WATCH_KNOWN_MAX];
    unsigned known_count;
    bool still_suspected;  /* in this round */
    uint64_t trouble_ns;   /* when the first incident began that may have to do with it, of those
                            * since any is open; where WATCH_REQUESTS_MIN of its requests are kept
                            * of before; 0: none */
    uint64_t suspected_ns; /* since when a change is seen without a break; 0: none */
    uint64_t last_seen_ns; /* of that change */
    uint64_t normal_to_ns; /* start of the last request that was normal when it was first seen */
    bool is_watched;       /* it is suspected, and nothing explains it: told, not opened */
    double watched_ms, watched_was_ms;
};

struct watch *watch_new(struct slice text, enum route_basis basis, uint8_t method,
                        struct recent_budget *budget);
void watch_free(struct watch **watch);
void watch_trace(struct watch *w, const struct trace *t);

/* What is known already belongs to normal, as after a restart. */
void watch_know(struct watch *w, uint64_t fingerprint);

/* The first moment after from_ns at which a statement came to this route that had settled before
 * and has kept it since (at least 5 requests, a fifth of all): a deploy, by all signs. 0: none. */
uint64_t watch_novelty(const struct watch *w, uint64_t from_ns, uint64_t *ret_fingerprint);

/* From when on its requests may serve as baseline; and as far as these are kept. */
uint64_t watch_baseline_from(const struct watch *w);
uint64_t watch_kept_from(const struct watch *w);
/* When the n-th of these began; UINT64_MAX: there are not so many. A search among them. */
uint64_t watch_kept_nth(const struct watch *w, uint32_t n);

#endif
