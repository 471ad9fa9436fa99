/* SPDX-License-Identifier: Apache-2.0
 * Records of simulated applications, whose truth is known, through the linker: how many queries
 * were tied to a request, how many of these to the right one, and what came out for each route. The
 * truth travels in values_hash (the request), which the linker does not look at, and a request's
 * route in its listener. One at a time. */
#ifndef TEST_PROPERTY_LINK_SIM_H
#define TEST_PROPERTY_LINK_SIM_H

#include "analysis/link/link.h"
#include "base/prng.h"

#define SIM_EVENTS_MAX  400000u
#define SIM_WORKERS_MAX 64u
#define SIM_ROUTES_MAX  8u

struct sim_step {
    uint64_t at_ns;
    uint64_t order;
    union event ev;
    uint64_t values[8];
};

struct sim {
    struct prng prng;
    double mean_ms; /* one query */
    struct sim_step *steps;
    size_t count;
    uint64_t free_at[SIM_WORKERS_MAX];
    uint64_t session_of[SIM_WORKERS_MAX];
    uint32_t seq_of[SIM_WORKERS_MAX];
    uint64_t next_session;
    uint64_t counted_from_ns; /* what began earlier is not in asked and told */
    /* what came out */
    uint64_t linked, right, unlinked, own, own_mixed, traces, requests, queries;
    uint64_t stated, stated_right;    /* links of 0.8 or more */
    uint64_t by[LINK_BASIS_COUNT][2]; /* linked, wrong and right */
    /* By route: queries that there were, and that came out as its own or its share. */
    double asked[SIM_ROUTES_MAX], told[SIM_ROUTES_MAX];
    unsigned routes;
};

struct sim *sim_new(uint64_t seed, double mean_ms, unsigned routes);
void sim_free(struct sim **sim);

double sim_uniform(struct sim *s);
uint64_t sim_exponential(struct sim *s, double mean_ns);

/* The returned record lasts until the next one is added. */
struct sim_step *sim_add(struct sim *s, uint64_t at_ns, unsigned type);
void sim_open_session(struct sim *s, unsigned worker, uint64_t at_ns);
void sim_close_session(struct sim *s, unsigned worker, uint64_t at_ns);
/* Returns its end. Values of 0 are none. */
uint64_t sim_query(struct sim *s, unsigned worker, uint64_t start_ns, uint64_t request,
                   uint64_t fingerprint, unsigned kind, char tx, uint64_t v0, uint64_t v1);
struct event_request *sim_request(struct sim *s, uint64_t request, unsigned route,
                                  uint64_t start_ns, uint64_t end_ns);

/* Everything so far, in order of time, through a linker; its totals. */
struct link_totals sim_run(struct sim *s);

/* The route whose queries are the furthest off, as a share of them. */
double sim_furthest_off(const struct sim *s);

#endif
