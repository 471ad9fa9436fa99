/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/piece.h - queries of one session that certainly belong together: a transaction, or
 * one query outside of a transaction, or a whole session that lived for one piece of work.
 *
 * Owns its queries and values; grows up to TRACE_QUERIES_MAX queries, beyond which it only sums.
 * Pieces come and go with every query: those that are done with wait in a pool, with room for a few
 * queries each, at most PIECE_POOL_MAX (about 10 MB). One thread. */
#ifndef ANALYSIS_LINK_PIECE_H
#define ANALYSIS_LINK_PIECE_H

#include "analysis/intake/trace.h"
#include "analysis/link/evidence.h"
#include "base/list.h"

#define PIECE_TAG_MAX  160
#define PIECE_POOL_MAX 4096u

struct piece_query {
    struct trace_query q; /* q.values is not set: values lie at value_at */
    uint32_t value_at;
};

struct piece {
    struct list in_session;        /* in order of time */
    struct list in_order;          /* of all that are undecided, or of its owner's */
    struct piece_session *session; /* until it is decided */
    uint64_t session_id;
    uint32_t server_pid;
    uint16_t upstream;
    uint64_t start_ns;
    uint64_t end_ns; /* of the last query, without closing */
    struct piece_query *queries;
    uint64_t *values;
    uint32_t query_count, query_cap;
    uint32_t value_count, value_cap;
    uint32_t queries_folded;
    uint64_t folded_ns;
    uint64_t folded_rows;
    uint32_t folded_errors;
    uint32_t evidence_count;
    uint8_t trace_id[16]; /* of a comment; zero: none */
    bool has_trace_id;
    bool is_open;    /* inside a transaction: more will come */
    bool is_session; /* a whole session, closed */
    bool is_joined;  /* of several pieces, besides set-up */
    bool is_setup;   /* nothing but set-up and transaction control */
    /* The linker's. */
    uint64_t request;   /* decided: the owner's id; 0: none */
    uint64_t hope;      /* undecided: the best candidate so far */
    uint64_t neighbour; /* the owner of the piece before it on this connection; 0: none known */
    uint64_t neighbour_end_ns;
    uint64_t look_ns; /* when to try next */
    float probability;
    uint8_t basis;
    char tag[PIECE_TAG_MAX];                             /* named by a comment; "": none */
    struct evidence_value evidence[EVIDENCE_VALUES_MAX]; /* without repeats */
};

struct piece_pool {
    struct list free; /* by in_order */
    unsigned count;
};

void piece_pool_init(struct piece_pool *pool);
void piece_pool_fini(struct piece_pool *pool);

/* From the pool, and back to it. */
struct piece *piece_new(struct piece_pool *pool, struct piece_session *session, uint64_t session_id,
                        uint16_t upstream);
void piece_free(struct piece_pool *pool, struct piece **piece);

/* values: value_count hashes that follow the record. */
void piece_add(struct piece *p, const struct event_query *ev, const uint64_t *values);

/* What a PREPARE or CLOSE record says, into the last query of that fingerprint: true when there
 * was one. */
bool piece_add_side(struct piece *p, const struct event_query *ev);

/* Moves all of `from` behind `to`. */
void piece_merge(struct piece *to, struct piece *from);

/* The same for two that are decided and belong to one piece of work: what was evidence is dropped,
 * and a trace id is the first one's. */
void piece_append(struct piece *to, const struct piece *from);

size_t piece_bytes(const struct piece *p);

/* One trace of all pieces of the list (linked by in_order), queries in order of start. Times and
 * queries are filled in, the rest is the caller's. */
struct trace *piece_list_trace(const struct list *pieces);

#endif
