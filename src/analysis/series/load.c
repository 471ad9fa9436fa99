/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/load.h"

#include "base/check.h"

/* NULL: it is an hour late. */
static struct load_window *
window_of(struct load *l, uint64_t at_ns)
{
    uint64_t number = at_ns / LOAD_WINDOW_NS;
    struct load_window *w = &l->ring[number % LOAD_WINDOWS_MAX];
    if (w->number > number) {
        return NULL;
    }
    if (w->number != number) {
        *w = (struct load_window){.number = number};
    }
    return w;
}

void
load_add_connection(struct load *l, uint64_t at_ns, double setup_ms)
{
    struct load_window *w = window_of(l, at_ns);
    if (w == NULL) {
        return;
    }
    w->opened++;
    if (setup_ms >= 0) {
        w->setup_ms += setup_ms;
        w->setups++;
    }
}

void
load_add(struct load *l, uint64_t at_ns, uint64_t requests, uint64_t queries, uint64_t errors,
         double busy_ms)
{
    struct load_window *w = window_of(l, at_ns);
    if (w == NULL) {
        return;
    }
    w->requests += requests;
    w->queries += queries;
    w->errors += errors;
    w->busy_ms += busy_ms;
}

void
load_add_in_flight(struct load *l, uint64_t at_ns, unsigned worker, uint32_t in_flight)
{
    struct load_window *w = window_of(l, at_ns);
    if (w != NULL) {
        w->in_flight += in_flight;
        w->in_flight_samples += worker == 0;
    }
}

struct load_rate
load_between(const struct load *l, uint64_t from_ns, uint64_t to_ns)
{
    struct load_rate r = {.in_flight = -1};
    uint64_t first = (from_ns + LOAD_WINDOW_NS - 1) / LOAD_WINDOW_NS;
    uint64_t end = to_ns / LOAD_WINDOW_NS;
    if (end > first + LOAD_WINDOWS_MAX) {
        first = end - LOAD_WINDOWS_MAX;
    }
    uint64_t seen = 0, last = 0;
    double busy_ms = 0, setup_ms = 0, setups = 0, in_flight = 0, samples = 0;
    for (uint64_t n = first; n < end; n++) {
        const struct load_window *w = &l->ring[n % LOAD_WINDOWS_MAX];
        if (w->number != n) {
            continue;
        }
        in_flight += w->in_flight;
        samples += w->in_flight_samples;
        if (w->queries + w->requests == 0) {
            continue;
        }
        seen = seen == 0 ? n : seen;
        last = n;
        r.requests_per_s += (double)w->requests;
        r.queries_per_s += (double)w->queries;
        r.errors += (double)w->errors;
        r.opened_per_s += w->opened;
        busy_ms += w->busy_ms;
        setup_ms += w->setup_ms;
        setups += w->setups;
    }
    r.setup_ms = setups > 0 ? setup_ms / setups : -1;
    r.in_flight = samples > 0 ? in_flight / samples : -1;
    if (seen == 0) {
        return r;
    }
    r.seconds = (double)(last - seen + 1) * (double)LOAD_WINDOW_NS / 1e9;
    r.requests_per_s /= r.seconds;
    r.queries_per_s /= r.seconds;
    r.opened_per_s /= r.seconds;
    r.database = busy_ms / 1000 / r.seconds;
    return r;
}
