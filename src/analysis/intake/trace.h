/* SPDX-License-Identifier: Apache-2.0
 * analysis/intake/trace.h - one finished request (or burst of queries) with all of its queries:
 * what the ingest side hands to the judge side.
 *
 * Plain data. Built by the ingest thread, handed over whole through a bounded queue (intake.h),
 * read-only from then on; the judge thread frees it. One allocation: the arrays lie behind the
 * struct. At most TRACE_QUERIES_MAX queries are kept one by one; what goes beyond is counted in
 * queries_folded and their time in folded_ns. */
#ifndef ANALYSIS_INTAKE_TRACE_H
#define ANALYSIS_INTAKE_TRACE_H

#include "model/event.h"

#define TRACE_QUERIES_MAX          2000
#define TRACE_VALUES_PER_QUERY_MAX 16
#define TRACE_SHARES_MAX           16

/* The route of queries that ran while requests did and could be tied to none of them: they count
 * for their statements, and for no route. */
#define TRACE_ROUTE_UNLINKED UINT32_MAX

/* How a query was tied to its request, best first. */
enum link_basis {
    LINK_NONE,        /* no request known: a burst */
    LINK_TRACEPARENT, /* a trace id in the statement's comment */
    LINK_VALUES,      /* values of the request among the bound values */
    LINK_CONTAINED,   /* the only request whose interval can contain it */
    LINK_CONNECTION,  /* no request known: a session that lived for one piece of work */
    LINK_AFFINITY,    /* how it lies in the request's time, and what its route usually asks */
    LINK_BASIS_COUNT,
};

/* As the documents name it; "own_burst" for LINK_NONE. */
const char *link_basis_name(enum link_basis basis);

struct trace_query {
    uint64_t fingerprint;
    uint64_t values_hash;
    uint64_t result_hash;
    uint64_t start_ns;
    uint64_t end_ns;
    uint64_t prepare_ns; /* round trips before it that prepared it */
    uint64_t close_ns;   /* round trips after it that closed or deallocated it */
    uint64_t rows;
    uint64_t bytes_out;
    uint64_t session;
    uint32_t session_seq;
    uint32_t database;
    uint32_t user;
    uint32_t flags;      /* enum query_flag */
    uint32_t server_pid; /* who answered, as the server calls itself; 0: not known */
    uint16_t upstream;   /* of its session, not of the request */
    uint16_t value_count;
    uint8_t kind; /* enum statement_kind */
    char sqlstate[5];
    uint8_t basis;          /* enum link_basis: how it was tied to its request */
    float probability;      /* that it belongs there; 1 when certain */
    const uint64_t *values; /* value_count keyed hashes, in order */
};

/* Whose queries that were tied to no request are most likely: by route, so much of them. */
struct trace_share {
    uint32_t route;
    float share;
};

struct trace_shares {
    uint32_t count;
    struct trace_share of[TRACE_SHARES_MAX];
};

struct trace {
    uint64_t request;  /* 0: no HTTP request was seen; route is then guessed from the queries */
    uint32_t route;    /* index, announced before its first use */
    uint16_t listener; /* of the request; of the session where there is no request */
    uint16_t upstream;
    uint64_t start_ns;
    uint64_t first_byte_ns;
    uint64_t end_ns;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t body_hash;
    uint64_t values_hash; /* of all values that the request came with; 0: none */
    uint8_t trace_id[16];
    uint8_t span_id[8];     /* of the request; zero: no request */
    uint8_t parent_span[8]; /* its client's; zero: none */
    uint32_t request_flags; /* enum request_flag */
    struct response_shape shape;
    uint16_t status; /* 0: no request */
    uint8_t method;
    uint8_t basis;     /* enum link_basis of the weakest link */
    float probability; /* that all queries belong to it; 1 when certain */
    uint32_t query_count;
    uint32_t queries_folded;
    uint64_t folded_ns;
    bool is_partial;            /* records of its time were lost: queries of it may be missing */
    uint32_t unlinked_sessions; /* sessions that overlapped it and were tied to no request */
    struct trace_shares shares; /* of TRACE_ROUTE_UNLINKED */
    const struct trace_query *queries; /* in order of start_ns */
    uint32_t size_bytes;               /* of the whole allocation */
};

/* Room for so many queries and values behind the struct; the builder fills both through the
 * pointers that it gets here. Zeroed. */
struct trace *trace_new(uint32_t query_count, size_t value_count, struct trace_query **ret_queries,
                        uint64_t **ret_values);
void trace_free(struct trace **trace);

/* What one execution cost its request: all of its round trips. */
static inline uint64_t
trace_query_cost_ns(const struct trace_query *q)
{
    return q->end_ns - q->start_ns + q->prepare_ns + q->close_ns;
}

/* The server failed, or the client gave up. */
static inline bool
trace_has_failed(const struct trace *t)
{
    return t->status >= 500 ||
           (t->request_flags & (REQUEST_UPSTREAM_FAILED | REQUEST_CLIENT_ABORTED)) != 0;
}

#endif
