/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/state.h - what the linker's own files share. For this folder alone; everyone else
 * knows link.h.
 *
 *   link.c    what comes in, and what time brings
 *   weigh.c   which requests a piece may belong to, and how likely
 *   decide.c  when that is enough
 *   give.c    what was decided, and the traces that go out */
#ifndef ANALYSIS_LINK_STATE_H
#define ANALYSIS_LINK_STATE_H

#include "analysis/link/affinity.h"
#include "analysis/link/burst.h"
#include "analysis/link/evidence.h"
#include "analysis/link/held.h"
#include "analysis/link/link.h"
#include "analysis/link/outside.h"
#include "analysis/link/piece.h"
#include "analysis/link/reshare.h"
#include "analysis/link/timing.h"

#define LINK_GAPS_MAX  64u
#define LINK_UPSTREAMS 64u

/* The client's side, for as long as it or its pieces live. */
struct piece_session {
    uint64_t id;
    uint64_t start_ns; /* 0: began before we saw it */
    uint64_t end_ns;   /* 0: open */
    uint32_t server_pid;
    uint16_t listener;
    uint16_t upstream;
    bool is_fresh; /* none of its pieces was decided yet */
    bool is_long;  /* was counted as long-lived */
    struct piece *open;
    uint64_t last_end_ns;
    struct list pieces;  /* undecided, by in_session */
    struct piece *burst; /* decided as work of its own, together; NULL: none */
    uint64_t burst_end_ns;
    uint32_t burst_queries;
    bool burst_is_transaction; /* its last piece */
    struct list bursting;      /* on the linker's list while there is a burst */
    uint64_t anchor; /* the request that the newest piece was linked to; 0: none, or undecided */
    uint64_t anchor_end_ns;
    uint64_t owner; /* of the piece decided last, and of the one before that had another */
    uint64_t owner_before;
};

struct upstream {
    struct burst_gaps gaps;
    double young;
    double old;
    /* Sessions of several pieces that were one request's, or in none as a whole: connections of a
     * pool that lets them go again. */
    double whole;
    double torn;
    double anchors;
    double spread;  /* pieces whose request has another connection, too */
    double returns; /* signs that connections are handed out per query: an owner came back after
                     * another, or has pieces on two of them */
};

/* A stretch of time from which records are missing. */
struct gap {
    uint64_t from_ns;
    uint64_t to_ns;
};

struct linker {
    unsigned magic;
    bool alone;
    struct link_out out;
    struct map sessions;
    struct held held;
    struct evidence *evidence;
    struct piece_pool pieces;
    struct list pending;  /* undecided pieces in order of their begin, by in_order */
    struct list bursting; /* sessions with a burst */
    struct upstream upstreams[LINK_UPSTREAMS];
    struct outside outside;
    struct timing timing;
    struct {
        double decided, late; /* of these, after the response */
    } late[TIMING_KINDS];
    struct affinity affinity;
    struct reshare reshare;
    struct gap gaps[LINK_GAPS_MAX]; /* the last ones, in order */
    unsigned gap_count;             /* ever */
    uint64_t swept_ns;              /* when sessions at rest were last looked for */
    uint64_t http_seen_ns;          /* a request, or a session that may bring one; 0: never */
    struct link_totals totals;
};

/* give.c. The three link_decide_*: the piece is one of the request's, work of its own, or tied
 * to nothing; link_emit_request and link_flush_burst hand out what was put together. */
struct upstream *link_upstream_of(struct linker *l, const struct piece_session *s);
void link_release_piece(struct linker *l, struct piece **piece);
void link_release_pieces(struct linker *l, struct list *pieces);
void link_release_session(struct linker *l, struct piece_session *s);
void link_flush_burst(struct linker *l, struct piece_session *s);
void link_decide_own_work(struct linker *l, struct piece *p);
void link_decide_unlinked(struct linker *l, struct piece *p, const struct trace_shares *shares);
void link_decide_request(struct linker *l, struct piece *p, struct held_request *r,
                         enum link_basis basis, float probability);
void link_torn_apart(struct upstream *u, unsigned sessions);
bool link_is_torn_kind(const struct upstream *u);
void link_emit_request(struct linker *l, struct held_request *r);

/* decide.c. link_look_at: decides if it is time to; final: with what is known now. */
void link_set_hope(struct linker *l, struct piece *p, uint64_t request);
void link_decide(struct linker *l, struct piece *p, uint64_t now_ns, bool final);
void link_look_at(struct linker *l, struct piece *p, uint64_t now_ns);

#endif
