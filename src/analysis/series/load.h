/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/load.h - how much there was to do: requests, queries and database load (the
 * average number of queries in progress), in windows of 5 s over the last hour.
 *
 * Fixed memory. One thread. A query counts where its trace ended. */
#ifndef ANALYSIS_SERIES_LOAD_H
#define ANALYSIS_SERIES_LOAD_H

#include <stdint.h>

#define LOAD_WINDOW_NS   (5 * 1000000000ull)
#define LOAD_WINDOWS_MAX 720u

struct load_window {
    uint64_t number; /* start / LOAD_WINDOW_NS */
    uint64_t requests;
    uint64_t queries;
    uint64_t errors;
    double busy_ms;
    double opened;                       /* connections, by their first query */
    double setup_ms;                     /* until that, of those where it is known */
    double setups;                       /* these */
    double in_flight, in_flight_samples; /* sums; of all workers, and of one */
};

struct load {
    struct load_window ring[LOAD_WINDOWS_MAX];
};

struct load_rate {
    double seconds; /* covered by windows with anything in them; 0: nothing is known */
    double requests_per_s;
    double queries_per_s;
    double errors;
    double database; /* average queries in progress */
    double opened_per_s;
    double setup_ms;  /* of a new connection; < 0: not known */
    double in_flight; /* queries in progress as samples have it, ended or not; < 0: not known */
};

void load_add(struct load *l, uint64_t at_ns, uint64_t requests, uint64_t queries, uint64_t errors,
              double busy_ms);

/* A connection's first query, and how long it took to get there; < 0: not known. */
void load_add_connection(struct load *l, uint64_t at_ns, double setup_ms);

/* A worker's queries in flight, told once a second by each; worker 0 counts the seconds. */
void load_add_in_flight(struct load *l, uint64_t at_ns, unsigned worker, uint32_t in_flight);

/* Over the whole windows between the two moments. */
struct load_rate load_between(const struct load *l, uint64_t from_ns, uint64_t to_ns);

#endif
