/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/link.h - from records of sessions, queries and requests to whole traces.
 *
 * Queries are gathered into pieces (piece.h). Each finished piece waits for its owner: requests
 * report themselves when they end, and are held for a settling time after that (PHP closes its
 * connection after the response). Best evidence first:
 *   1. a trace id in a comment of the statement, equal to the request's  -> LINK_TRACEPARENT
 *   2. values and times, by posterior probability (evidence.h) >= 0.998 -> LINK_VALUES
 *   3. the same connection between two pieces of one request, when this application hands
 *      connections out for whole requests (seen: owners do not alternate) -> as its neighbour
 *   4. the only request that contains it, and no other can turn up        -> LINK_CONTAINED
 *   5. how it lies in the request's time, what the route usually asks and when
 *      (timing.h, affinity.h), for a single query also the values that other
 *      queries of the request bind, by posterior probability >= 0.9, of a single
 *      query >= 0.95                     -> LINK_AFFINITY
 * Everything else abstains: a wrong link is worse than none. What was contained in no request at
 * all is work of its own (a queue worker, cron, or there is no HTTP hop): its pieces become one
 * trace per session that lived for it, or per burst on a pooled connection (burst.h; one that does
 * not pause is cut every few seconds), with a guessed route. What overlapped requests and could not
 * be tied to one is handed on as a trace of TRACE_ROUTE_UNLINKED, with the share of it that each
 * route may claim, and counted in the requests that contained it.
 *
 * A decision is final after evidence_horizon_ns; a request goes out when no undecided piece hopes
 * for it any more, so mostly after the settling time.
 *
 * Limits: LINK_SESSIONS_MAX sessions, LINK_REQUESTS_MAX held requests, LINK_BYTES_MAX in pieces;
 * beyond them the oldest are decided at once with what is known, and counted. One thread; no
 * clock: time comes in. */
#ifndef ANALYSIS_LINK_LINK_H
#define ANALYSIS_LINK_LINK_H

#include "analysis/intake/trace.h"

#define LINK_SESSIONS_MAX 65536u
#define LINK_REQUESTS_MAX 16384u
#define LINK_BYTES_MAX    (64u * 1024 * 1024)
#define LINK_SETTLE_NS    300000000ull

struct link_out {
    void *ctx;
    /* The route's index; announces it when new. */
    uint32_t (*route_of_request)(void *ctx, const struct event_request *ev, struct slice path);
    /* What it is once the comments of its statements are known; tag: empty where they say none. */
    uint32_t (*route_of_tag)(void *ctx, uint32_t route, uint16_t listener, uint8_t method,
                             struct slice tag);
    uint32_t (*route_of_work)(void *ctx, const struct trace *trace, struct slice tag);
    void (*trace)(void *ctx, struct trace **trace); /* takes it */
};

struct link_totals {
    uint64_t requests;      /* handed out */
    uint64_t requests_shed; /* of these, early because the table was full */
    uint64_t
        pieces[LINK_BASIS_COUNT]; /* linked, by enum link_basis; [LINK_NONE]: work of its own */
    uint64_t pieces_unlinked;
    uint64_t pieces_shed; /* decided early because of LINK_BYTES_MAX */
    uint64_t sessions_refused;
    uint64_t sessions_swept; /* at rest for long after records were missing: forgotten */
    uint64_t partial;        /* traces handed out that overlap a gap in the records */
    uint64_t side_lost;      /* PREPARE or CLOSE records without their query */
    uint64_t queries;        /* taken in */
    uint64_t queries_out;    /* handed out in traces, folded ones included */
    uint64_t sessions_now;
    uint64_t requests_now;
    uint64_t bytes_now;
};

struct linker;

struct linker *linker_new(const struct link_out *out);
void linker_free(struct linker **linker);

/* Who uses the application does one thing at a time (a laptop, a test run): what ran inside exactly
 * one request is that request's, also when its kind was never seen before. With several requests at
 * a time it would be a guess. */
void linker_set_alone(struct linker *l, bool alone);

void linker_session_open(struct linker *l, const struct event_session_open *ev);
void linker_backend_open(struct linker *l, const struct event_backend_open *ev);
void linker_session_close(struct linker *l, uint64_t now_ns, const struct event_session_close *ev);
/* values: ev->value_count hashes. tag: the route that a comment names, or empty. */
void linker_query(struct linker *l, uint64_t now_ns, const struct event_query *ev,
                  const uint64_t *values, struct slice tag);
void linker_request(struct linker *l, uint64_t now_ns, const struct event_request *ev,
                    const uint64_t *values, struct slice path);

/* Records that were published in between are missing: traces that overlap it may be incomplete. */
void linker_gap(struct linker *l, uint64_t from_ns, uint64_t to_ns);

/* Decides what is due. Call every 20 ms or so. */
void linker_tick(struct linker *l, uint64_t now_ns);

/* Decides everything now: before the end. */
void linker_flush(struct linker *l, uint64_t now_ns);

struct link_totals linker_totals(const struct linker *l);

#endif
