/* SPDX-License-Identifier: Apache-2.0
 * proxy/driver.h - the table of functions behind which a protocol lives. session.c knows none.
 *
 *     client ──bytes──> session ──bytes──> upstream
 *                │ client_bytes, upstream_bytes: the driver looks at every chunk in passing
 *                v
 *              driver ──records──> env->publisher
 *
 * One set of hooks per protocol, called on the worker's thread only; no hook may block, sleep or
 * allocate without a bound. What a driver keeps per session is ops->session_size zeroed bytes
 * (driver_session.state, aim: <= 2 KiB); what it keeps per worker is what worker_new made.
 *
 * A driver emits all records about sessions, backends, queries and requests itself (it alone knows
 * user, database and server pid) and counts its own counters; the core counts sessions_*,
 * upstream_failed and bytes_*, announces the names of listeners and upstreams, and sends COUNTERS.
 *
 * Law 3: a driver changes bytes only through struct driver_out, and only where the manual says so.
 * Law 2: a driver that loses its place sets s->opaque and consumes everything; the session then
 * relays on and calls nothing but failed and close for it. */
#ifndef PROXY_DRIVER_H
#define PROXY_DRIVER_H

#include "base/check.h"
#include "base/hash.h"
#include "base/slice.h"
#include "bus/publish.h"
#include "model/event.h"

struct cancels;
struct census;
struct driver_session;
struct errand;
struct limits;
struct resolve_address;
struct security;      /* proxy/security.h */
struct server_timing; /* proxy/server_timing.h */
struct tls;           /* io/tls.h */

/* A connection of the driver's own to a listener's upstream. */
struct errand_ops {
    void (*connected)(void *ctx);
    void (*data)(void *ctx, struct slice bytes);
    /* The last call; it is gone by then. err: why it never stood; 0: it did, and the other side has
     * ended it or was silent for too long. */
    void (*ended)(void *ctx, int err);
};

/* What the core does for a driver outside of the hooks of a session; proxy/errand.h. */
struct driver_core {
    /* listener: its index. NULL: there are too many. No callback from inside of these. */
    struct errand *(*errand_open)(void *core_ctx, uint16_t listener, const struct errand_ops *ops,
                                  void *ctx);
    void (*errand_write)(struct errand *e, struct slice bytes);
    const struct tls *(*errand_tls)(const struct errand *e);
    void (*errand_close)(struct errand **e);
    /* What the session holds is shown again, the upstream's first, from inside this call: for a
     * driver that waited for something else than the other side. Harmless when nothing is held. */
    void (*resume)(struct driver_session *s);
};

/* What one worker offers to its drivers. The driver borrows it for its whole life. */
struct driver_env {
    uint16_t worker;
    uint32_t sessions_max;       /* of this worker, all listeners together */
    struct publisher *publisher; /* never NULL; sends nothing while none is attached */
    uint64_t *counters;          /* [COUNTER_COUNT], this worker's own */
    struct cancels *cancels;     /* of all workers, proxy/cancels.h */
    struct census *census;       /* of all workers, proxy/census.h */
    const struct limits *limits; /* proxy/listener.h */
    /* Of all workers, proxy/server_timing.h; NULL: no listener wants it. */
    struct server_timing *server_timing;
    struct hash_key hash_key; /* the installation's, for values */
    uint64_t seed;            /* random, different for each worker and start */
    const struct driver_core *core;
    void *core_ctx;
};

/* One session, as its driver sees it. The core owns it and writes it; a driver writes only the
 * fields of the second block. */
struct driver_session {
    uint64_t id;              /* worker in the top 16 bits */
    uint64_t backend_id;      /* 0: no link yet */
    uint64_t start_ns;        /* accepted */
    uint64_t connect_ns;      /* how long connecting to the upstream took */
    uint64_t bytes_in;        /* relayed from the client so far, the chunk in hand included */
    uint64_t bytes_out;       /* the same from the upstream */
    uint64_t inside_ns;       /* spent inside slowburn so far, both ways: from read to written on;
                                 on io_uring, where that waits for the end of a busy turn, to
                                 handed over for it. A passive side's chunk in hand is in it,
                                 another's is not. Queries take differences. */
    uint32_t client_queued;   /* what that side has not taken yet, as of the call of ops->idle */
    uint32_t upstream_queued; /* the same */
    uint16_t listener;
    uint16_t upstream;
    uint16_t client_port;
    uint8_t client_ip[16];                 /* v4 as ::ffff:a.b.c.d; zero for a unix socket */
    bool upstream_is_open;                 /* the link stands */
    const struct resolve_address *address; /* that it stands with; NULL before it does */
    struct security *security;             /* the listener's; NULL: it has none */
    struct tls *client_tls;                /* NULL: that side is plain */
    struct tls *upstream_tls;

    /* The driver's to write. */
    bool opaque;           /* lost: relay on, ask no more */
    bool logged_in;        /* ops->logs_in: the login timeout is over */
    bool passive_client;   /* from now on client_bytes only watches: bytes are forwarded first and
                              shown afterwards, all that is asked of `out` but `close` is ignored */
    bool passive_upstream; /* the same for upstream_bytes */
    bool client_asked_tls; /* before the link: for server_tls = follow */
    void *state;           /* ops->session_size bytes, 8-byte aligned, zeroed at open */
};

/* What the driver asks for. All zero: forward what was consumed and go on. Slices that it points
 * to must stay valid until the hook's caller has copied them, that is until the next hook. */
struct driver_out {
    bool drop;             /* what was consumed goes nowhere */
    bool connect;          /* open the link now (no harm when it is open or being opened) */
    bool unlink;           /* end the link and keep the client: a later connect makes a new one */
    bool close;            /* once both ways are flushed, end the session */
    bool start_tls_client; /* after to_client: what follows from the client is TLS, beginning with
                              what was not consumed */
    struct slice to_upstream; /* our own bytes, after what was consumed; <= DRIVER_OWN_MAX */
    struct slice to_client;   /* our own bytes, to the client; <= DRIVER_OWN_MAX */
    struct slice aside;       /* <= DRIVER_ASIDE_MAX: send this over a connection of its own to the
                                 same upstream, wait for its end, close (a cancel request) */
    bool doubtful; /* from client_eof, where a client of this protocol does not end like this as
                      long as it lives: when the client has taken nothing for DRIVER_DOUBT_NS,
                      client_eof is called again, as broken */
    /* For connect and aside: this address instead of any of the upstream's. Such a connect is one
     * for a cancel request: it is made beyond the limit of sessions, too, and while draining. */
    const struct resolve_address *address;
};
#define DRIVER_INSERT_MAX 8192         /* up to here they are put together with what is relayed */
#define DRIVER_OWN_MAX    (32u * 1024) /* a queue takes them and the rest of a chunk */
#define DRIVER_ASIDE_MAX  320
#define DRIVER_DOUBT_NS   5000000000ull

/* Why there is no upstream for this session. */
enum driver_failure {
    DRIVER_FAILURE_REFUSED,  /* connecting failed: down, unreachable */
    DRIVER_FAILURE_TIMEOUT,  /* connecting took too long */
    DRIVER_FAILURE_RESOLVE,  /* its name has no address */
    DRIVER_FAILURE_TLS,      /* TLS with it failed, and is asked for */
    DRIVER_FAILURE_LIMIT,    /* slowburn's own limit of sessions */
    DRIVER_FAILURE_DRAINING, /* slowburn is shutting down */
    DRIVER_FAILURE_LISTENER, /* too many sessions of this listener */
    DRIVER_FAILURE_ADDRESS,  /* too many sessions of this client's address */
    DRIVER_FAILURE_LOGIN,    /* ops->logs_in: it took too long; there may be a link */
};

/* A deep look that was asked for (CHANNEL_LENS). */
struct driver_lease {
    uint64_t fingerprint;
    uint32_t count; /* of occurrences */
    uint32_t rows;  /* of each result; 0: values only */
    uint64_t until_ns;
};

struct driver_ops {
    const char *name; /* "postgres" */
    enum protocol protocol;
    size_t session_size;
    bool logs_in; /* the login timeout runs until s->logged_in; else to the wish for an upstream */
    bool has_own_limits; /* ops->idle is also called where no limit of idle time is set */
    bool needs_alpn;     /* TLS without asking must name the protocol */

    /* How an upstream is asked for TLS, and what it answers with one byte; empty: it is not. */
    struct slice tls_request;
    uint8_t tls_yes;
    uint8_t tls_no;
    bool tls_at_once; /* instead of asking: the upstream's TLS begins with its handshake */
    const char *alpn; /* of the protocol inside TLS; NULL: its clients get no TLS */

    /* One per worker and protocol, at start and end. worker_free gets what worker_new made, also
     * NULL. Sessions are all closed before worker_free. 0 or -errno. */
    int (*worker_new)(const struct driver_env *env, void **ret_worker);
    void (*worker_free)(void *worker);
    /* Once a second: IN_FLIGHT, expiring leases. */
    void (*worker_tick)(void *worker, uint64_t now_ns);
    /* May be NULL. */
    void (*worker_lease)(void *worker, const struct driver_lease *lease, uint64_t now_ns);

    /* A client was accepted. s->state is zeroed. May ask to connect at once. */
    void (*open)(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out);

    /* Bytes from one side, at the time they were read. Returns how many of them this answer is
     * about, at most chunk.len; the hook is called again for the rest until all are consumed. 0:
     * hold the rest; it is kept (a whole chunk at most), that side is not read, and the hook is
     * called with it again once bytes or the end of the other side have passed. A driver that needs
     * more bytes to go on consumes what is there with `drop` and keeps it itself. A passive side,
     * and one that has set s->opaque, consumes all. What is forwarded before the link stands is
     * queued; the client is not read again until it does. */
    size_t (*client_bytes)(void *worker, struct driver_session *s, struct slice chunk,
                           uint64_t now_ns, struct driver_out *out);
    size_t (*upstream_bytes)(void *worker, struct driver_session *s, struct slice chunk,
                             uint64_t now_ns, struct driver_out *out);

    /* What was consumed has been written on, and s->inside_ns has the time. May be NULL. */
    void (*relayed)(void *worker, struct driver_session *s);

    /* The link stands (s->backend_id, s->connect_ns are set). May be NULL. */
    void (*connected)(void *worker, struct driver_session *s, uint64_t now_ns);
    /* There will be none: the protocol's own error goes into out->to_client; the session is closed
     * once that is flushed. */
    void (*failed)(void *worker, struct driver_session *s, enum driver_failure failure,
                   uint64_t now_ns, struct driver_out *out);

    /* One side has sent its last byte (or broke). Unless the driver asks to close, the end is
     * passed on to the other side, which may go on sending for a bounded time. broken: a socket
     * error; nothing can be sent to that side any more, and of `out` only aside counts: a cancel
     * for a client that died. */
    void (*client_eof)(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
                       struct driver_out *out);
    void (*upstream_eof)(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
                         struct driver_out *out);

    /* Draining: true when the session may be ended now (between transactions or requests); what is
     * in out->to_client is sent first. Asked again whenever bytes have passed. Not asked of an
     * opaque session. */
    bool (*drain)(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out);

    /* Once a second, where a limit of idle time is set: true when this session has waited for
     * longer; what is in out->to_client is sent first. Not asked of an opaque one. May be NULL. */
    bool (*idle)(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out);

    /* The last hook of a session: SESSION_CLOSE and unfinished queries. Frees what state holds. */
    void (*close)(void *worker, struct driver_session *s, enum close_reason reason,
                  uint64_t now_ns);
};

/* The drivers that there are, named "postgres", "http" and "raw"; app/ lists them for the proxy. */
extern const struct driver_ops raw_driver;  /* proxy/raw_driver.c: relays, knows nothing */
extern const struct driver_ops pg_driver;   /* proxy/pg/driver.c */
extern const struct driver_ops http_driver; /* proxy/http/driver.c */

#endif
