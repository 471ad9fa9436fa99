/* SPDX-License-Identifier: Apache-2.0
 * proxy/session.h - the client's side, its link to a backend, and their life.
 *
 *   open ──driver asks──> connecting ──> linked ──> ending ──> closed
 *     │                       └─failed: the driver's error──┘
 *     └── login timeout, drain, the client leaves ──────────┘
 *
 * The bytes between the two sides are link.c's part. A session belongs to one worker and lives in
 * its pool: about half a KiB and what its driver keeps; it holds buffers only while one side does
 * not take what the other has sent. Its memory lives until the end of the turn in which it is
 * closed. */
#ifndef PROXY_SESSION_H
#define PROXY_SESSION_H

#include "base/list.h"
#include "io/conn.h"
#include "proxy/backend.h"
#include "proxy/driver.h"

struct worker;
struct worker_listener;

enum side {
    SIDE_CLIENT,
    SIDE_UPSTREAM,
};

enum session_timer {
    TIMER_LOGIN,
    TIMER_HALF_CLOSED, /* one side has ended, the other goes on */
    TIMER_DOUBT,       /* the client has ended, and may be dead */
    TIMER_LINGER,      /* we have ended; the client reads what is left */
};

struct session {
    unsigned magic;
    bool is_refused; /* over the limit: only to be told so */
    bool is_ending;
    bool is_closed;
    bool client_ended;
    bool upstream_ended;
    bool upstream_deaf; /* writing to it failed; reading goes on */
    bool is_direct_tls; /* the client began with TLS, without asking */
    uint8_t timer_is;   /* enum session_timer */
    uint8_t reason;     /* enum close_reason, the first that was given */
    uint8_t refusal;    /* is_refused: enum driver_failure */
    struct worker *worker;
    struct worker_listener *listener;
    struct driver_session ds;
    struct conn client;
    struct backend *backend; /* the link; NULL: none */
    struct timer timer;
    uint64_t census[2];   /* keys under which it is counted; 0: none */
    uint64_t doubt_bytes; /* ds.bytes_out when TIMER_DOUBT was set */
    struct loop_task retire;
    struct loop_task show;
    struct { /* a passive side's chunk that was written on, for the driver to see: by link.c */
        struct slice chunk;
        uint64_t at_ns;
        uint8_t from; /* enum side */
    } unseen;
    struct list node; /* of worker->sessions */
    struct {
        uint8_t *block;
        uint32_t head, tail;
        int end;                  /* 1: none; else what came behind the held bytes */
    } held[2];                    /* by enum side: what the driver did not want yet */
    _Alignas(16) uint8_t state[]; /* the driver's */
};

/* Takes the descriptor, and a slot of the worker's pool; closes it and counts when there is none.
 * client_ip and client_port as in driver_session. */
void session_open(struct worker *worker, struct worker_listener *listener, int fd,
                  const uint8_t client_ip[16], uint16_t client_port);

/* Flushes, says goodbye, closes. */
void session_end(struct session *s, enum close_reason reason);
/* At once. */
void session_close(struct session *s, enum close_reason reason);
/* The worker is draining: ends it when its driver allows. True when it is ending. */
bool session_drain(struct session *s);

/* What is held of either side is shown to the driver again, the upstream first. */
void session_resume(struct driver_session *ds);

/* Once a second, where a limit of idle time is set. */
void session_check_idle(struct session *s);

/* For link.c: does what the driver asked for besides bytes. False when the session has ended. */
bool session_apply(struct session *s, const struct driver_out *out);
/* address: as backend_open. */
void session_link(struct session *s, const struct resolve_address *address);
/* For link.c: the client's side is TLS from here on; `early` is its beginning. */
void session_start_tls(struct session *s, struct slice early);
/* For link.c: one side's last byte has been dealt with. */
void session_side_ended(struct session *s, enum side side, int err);

#endif
