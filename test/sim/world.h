/* SPDX-License-Identifier: Apache-2.0
 * sim/world.h - an API and its database over weeks, minute by minute, with faults of known truth.
 *
 * It emits what the daemon would have written, windows and deploys (and, with an advisor, what that
 * would have counted), never a label: routes and statements with histograms, statements within a
 * route with sums only, plans when they are asked for, waits by samples. What makes false alarms in
 * reality is in it: time of week, traffic surges, shocks that all series share, queueing behind the
 * load, deploys with cold caches, noise that remembers and has heavy tails, spikes, bursts of
 * errors, results whose size is never the same (result.h). The held-out laws differ from the
 * calibration ones in how noise is made, in its periods and sizes, and in the shape of a call's
 * duration.
 *
 * Seeded; virtual time; one thread. About 0.4 us a window. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "analysis/window/history.h"
#include "sim/fault.h"

#define WORLD_EPOCH          1699833600ll /* a Monday, 00:00 UTC */
#define WORLD_FAULTS_MAX     4u
#define WORLD_ROUTES_MAX     64u
#define WORLD_STATEMENTS_MAX 256u

enum world_laws { WORLD_CALIBRATION, WORLD_HELD_OUT };

struct world_config {
    uint64_t seed;
    enum world_laws laws;
    unsigned routes, statements_each;
    unsigned deploys_a_day;
    bool has_advisor;
};

struct world_out {
    void *ctx;
    void (*reading)(void *ctx, const struct reading *r);
    void (*deploy)(void *ctx, const struct history_deploy *d);
};

struct world;

struct world *world_new(const struct world_config *config, const struct world_out *out);
void world_free(struct world **world);

/* The first three statements, of routes of their own, are always the same: a typical one (100 calls
 * a minute, 3 % noise), a busy one (1,000 a minute, 2 %), and a quiet, noisy one. */
void world_fault(struct world *w, const struct fault *fault);
/* A deploy that touches this statement's route; the caches stay warm. */
void world_deploy(struct world *w, unsigned statement, const char *name);
/* From here on its chances are others: for children of one past. */
void world_reseed(struct world *w, uint64_t seed);

/* One more minute. */
void world_minute(struct world *w);
int64_t world_now(const struct world *w);
/* Somebody looks for a cause: the advisor is asked for plans until it is over. */
void world_looks_for_cause(struct world *w, bool looks);

const char *world_route(const struct world *w, unsigned statement);
const char *world_fingerprint(const struct world *w, unsigned statement);

#endif
