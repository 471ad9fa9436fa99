/* SPDX-License-Identifier: Apache-2.0
 * proxy/server_timing.h - what the requests that are under way have cost the database so far, as
 * far as their queries say whose they are: for a Server-Timing header, where a listener wants one.
 *
 *     request's head   open  ──> ticket
 *     tagged query     begin ──> the same ticket, where its traceparent is that of a request
 *     its end          end, withdraw or abandon
 *     response's head  take ───> how many have ended, how long they took; the request is closed
 *
 * A request is known by its whole traceparent, trace and parent id. One that comes a second time
 * (two requests that a client gave the same; a request again, as far back as the table remembers)
 * gets nothing: whose a query is could not be told. Only requests take room, in sets of
 * SERVER_TIMING_WAYS; where a set is full of requests under way, one more gets nothing. Nothing is
 * ever evicted that still counts, so a sum is never short for want of room.
 *
 * 250 to 500 bytes for each session that there may be. Shared by the workers of one proxy. Any
 * thread: a mutex of one set, held for a few compares. While queries may pass unseen (another proxy
 * lives beside this one, a session is relayed on without being followed), nobody gets anything. */
#ifndef PROXY_SERVER_TIMING_H
#define PROXY_SERVER_TIMING_H

#include "base/check.h"
#include "base/hash.h"

#define SERVER_TIMING_WAYS 8u

struct server_timing;

struct server_timing_key {
    uint8_t trace_id[16];
    uint8_t span_id[8];
};

struct server_timing_sum {
    uint64_t took_ns; /* of those that have ended; queries at once each count */
    uint32_t ended;   /* never 0 */
    uint32_t under_way;
};

/* For so many requests at once. NULL: no memory. */
struct server_timing *server_timing_new(uint32_t requests_max, struct hash_key hash_key);
void server_timing_free(struct server_timing **timing);

/* 0; -ENOSPC: its set is full; -EEXIST: not the only one; -EBUSY: queries may pass unseen. Then
 * there is no ticket, and nothing to close. A ticket is never 0. */
MUST_CHECK int server_timing_open(struct server_timing *t, const struct server_timing_key *key,
                                  uint64_t *ret_ticket);
/* Once for each ticket; what is said later about it is not heard. False: nothing can be said. */
bool server_timing_take(struct server_timing *t, uint64_t ticket,
                        struct server_timing_sum *ret_sum);
/* The same without an answer; 0 is fine. */
void server_timing_close(struct server_timing *t, uint64_t ticket);

/* 0: no such request is under way; else one of the three below follows. */
uint64_t server_timing_begin(struct server_timing *t, const struct server_timing_key *key);
void server_timing_end(struct server_timing *t, uint64_t ticket, uint64_t took_ns);
/* It was not run after all. */
void server_timing_withdraw(struct server_timing *t, uint64_t ticket);
/* Nobody will know whether it was run: of its request nothing can be said. */
void server_timing_abandon(struct server_timing *t, uint64_t ticket);

/* From now on queries may pass unseen; or, once for each of those, no longer. */
void server_timing_blind(struct server_timing *t, bool begins);

#endif
