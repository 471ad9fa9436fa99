/* SPDX-License-Identifier: Apache-2.0
 * advisor/waits.h - what the database's sessions wait for, sampled about once a second, and how
 * many cores its server uses.
 *
 * One statement a sample: 0.2 ms with a few sessions, 3 ms with 200; while one waits for a lock,
 * one more (blocks.h). Sums since they were last taken. The server's CPU comes from /proc and only
 * when the server runs on this host under the same pid namespace: its own time, that of its live
 * children and that of those it has reaped, so that backends that come and go are counted. */
#ifndef ADVISOR_WAITS_H
#define ADVISOR_WAITS_H

#include <jansson.h>

#include "advisor/blocks.h"
#include "base/check.h"

struct waits {
    uint64_t sampled_ns; /* when the last sample was taken; 0: never */
    uint64_t samples;
    uint64_t active;
    uint64_t lock_waits;
    uint64_t io_waits;
    uint64_t idle_in_transaction;
    int postmaster;     /* pid; 0: not known to be on this host */
    int backend;        /* the pid it was learned from */
    uint64_t cpu_ticks; /* at since_ns */
    uint64_t since_ns;
    struct blocks blocks; /* while there are lock waits */
};

struct login;

/* One sample; quietly none when the database does not answer. */
void waits_sample(struct login *s, uint64_t now_ns);

/* The answer's members, and starts over. */
void waits_take(struct login *s, uint64_t now_ns, json_t *answer);

#endif
