/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/watch.h"

#include <stdlib.h>

struct watch *
watch_new(struct slice text, enum route_basis basis, uint8_t method, struct recent_budget *budget)
{
    struct watch *w = check_alloc(1, sizeof(*w));
    slice_to_str(text, w->text, sizeof(w->text));
    w->basis = basis;
    w->method = method;
    recent_init(&w->recent, budget);
    return w;
}

void
watch_free(struct watch **watch)
{
    if (*watch == NULL) {
        return;
    }
    recent_fini(&(*watch)->recent);
    sampler_fini(&(*watch)->samples);
    free((*watch)->shapes);
    free(*watch);
    *watch = NULL;
}

static struct watch_known *
find_known(struct watch *w, uint64_t fingerprint)
{
    for (unsigned i = 0; i < w->known_count; i++) {
        if (w->known[i].fingerprint == fingerprint) {
            return &w->known[i];
        }
    }
    return NULL;
}

void
watch_know(struct watch *w, uint64_t fingerprint)
{
    if (find_known(w, fingerprint) == NULL && w->known_count < WATCH_KNOWN_MAX) {
        w->known[w->known_count++] = (struct watch_known){.fingerprint = fingerprint};
    }
}

void
watch_trace(struct watch *w, const struct trace *t)
{
    recent_add(&w->recent, t);
    for (uint32_t i = 0; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        if (i > 0 && q->fingerprint == t->queries[i - 1].fingerprint) {
            continue;
        }
        if (q->kind == STATEMENT_TRANSACTION || q->kind == STATEMENT_SESSION) {
            continue;
        }
        struct watch_known *k = find_known(w, q->fingerprint);
        if (k == NULL && w->known_count < WATCH_KNOWN_MAX) {
            k = &w->known[w->known_count++];
            *k = (struct watch_known){.fingerprint = q->fingerprint,
                                      .first_ns = t->start_ns,
                                      .at_request = w->recent.requests};
        }
        if (k != NULL) {
            k->first_ns = k->first_ns == 0 ? 0 : MIN(k->first_ns, t->start_ns);
            k->requests++;
        }
    }
}

uint64_t
watch_baseline_from(const struct watch *w)
{
    uint64_t from = w->recent.first_ns + (w->base_restored ? 0 : WATCH_WARM_UP_NS);
    return MAX(from, w->settled_ns);
}

uint64_t
watch_kept_from(const struct watch *w)
{
    uint64_t from = watch_baseline_from(w);
    return w->recent.count == 0 ? from : MAX(from, recent_at(&w->recent, 0)->start_ns);
}

/* They are kept as they end, nearly in the order in which they began. */
uint64_t
watch_kept_nth(const struct watch *w, uint32_t n)
{
    uint64_t from = watch_baseline_from(w);
    uint32_t low = 0, high = w->recent.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        bool is_before = recent_at(&w->recent, middle)->start_ns < from;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return n > w->recent.count - low ? UINT64_MAX : recent_at(&w->recent, low + n - 1)->start_ns;
}

uint64_t
watch_novelty(const struct watch *w, uint64_t from_ns, uint64_t *ret_fingerprint)
{
    uint64_t found = 0;
    for (unsigned i = 0; i < w->known_count; i++) {
        const struct watch_known *k = &w->known[i];
        if (k->first_ns == 0 || k->first_ns < from_ns || k->first_ns < w->settled_ns) {
            continue;
        }
        bool settled = w->base_restored || (k->at_request > WATCH_REQUESTS_MIN &&
                                            k->first_ns > MAX(w->recent.first_ns, w->settled_ns) +
                                                              WATCH_SETTLED_MIN_NS);
        uint64_t since = w->recent.requests - k->at_request + 1;
        if (settled && k->requests >= 5 && k->requests * 5 >= since &&
            (found == 0 || k->first_ns < found)) {
            found = k->first_ns;
            *ret_fingerprint = k->fingerprint;
        }
    }
    return found;
}
