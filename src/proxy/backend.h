/* SPDX-License-Identifier: Apache-2.0
 * proxy/backend.h - one connection to an upstream: its making, address by address, with TLS where
 * it is to be, and its bytes.
 *
 *     connecting ──> asking for TLS ──> handshake ──> it stands
 *          │ └── (at once) ─────────────────^            ^
 *          └─ (plain) ─────────────────────────────────────┘
 *
 * What TLS there is to be comes from the listener (proxy/security.h), how it is asked for from its
 * driver. `prefer` makes a plain connection where the server says no or the handshake fails. A unix
 * socket stays plain. Whatever else a server says before it stands is a failure: nothing that came
 * in the clear is ever taken for what comes inside TLS.
 *
 * When none of a name's addresses answers, the name is looked up once more before the owner is
 * told, within the time to connect: a server that has moved is found by the first client already.
 *
 * Made by a worker (backend_open) for one owner, which hears of it through backend_ops.
 * While it is being made, what is written waits in one block of the worker's stream pool. It is
 * freed at the end of the turn in which it is closed. One thread. */
#ifndef PROXY_BACKEND_H
#define PROXY_BACKEND_H

#include "io/conn.h"
#include "io/resolve.h"
#include "proxy/driver.h"

struct worker;
struct listener;
struct backend;

struct backend_ops {
    /* err: 0, -ECONNREFUSED and its like, -ETIMEDOUT, -ENXIO (no address), -EPROTO (no TLS). */
    void (*connected)(struct backend *b, int err);
    void (*data)(struct backend *b, struct slice chunk, uint64_t at_ns);
    void (*eof)(struct backend *b, int err);
    void (*drained)(struct backend *b);
};

struct backend {
    unsigned magic;
    bool is_connected;
    bool is_pinned;     /* to the one address that was given */
    uint8_t tls_wanted; /* enum backend_tls */
    bool is_asking;     /* the request for TLS is on its way */
    bool is_plain_next; /* of the same address: TLS has failed and need not be */
    bool is_looking_up; /* the name's addresses, again; `generation` was the answer before */
    bool has_looked_up;
    unsigned tried;     /* a bit for each place among the upstream's addresses */
    uint8_t address_at; /* the place of the attempt under way */
    struct worker *worker;
    const struct listener *listener;
    const struct backend_ops *ops;
    void *owner;
    uint64_t id;
    uint64_t start_ns;
    uint64_t deadline_ns;
    struct resolve_address address; /* of the attempt under way, then of the connection */
    struct conn conn;
    /* While its name is being looked up, or a socket's queue is full; then for the handshake. */
    struct timer retry;
    struct loop_task retire;
    uint8_t *pending; /* written before the connection stood */
    uint32_t pending_len;
    uint32_t generation;
    int last_err;
};

enum backend_tls {
    BACKEND_TLS_NONE,
    BACKEND_TLS_PREFERRED,
    BACKEND_TLS_REQUIRED,
};

/* Starts to connect; NULL when the pool is used up. ops->connected is never called from inside.
 * address: NULL: any of the upstream's, one after the other. client_asked_tls: for server_tls =
 * follow. */
struct backend *backend_open(struct worker *worker, const struct listener *listener,
                             const struct resolve_address *address, const struct backend_ops *ops,
                             void *owner, bool client_asked_tls);
/* No callback after it. Sets *backend to NULL. */
void backend_close(struct backend **backend);

/* As stream_write; waits in the queue while connecting. */
MUST_CHECK int backend_write(struct backend *b, const struct iovec *iov, int count);
/* Bytes that wait for the upstream to take them. */
size_t backend_queued(const struct backend *b);

#endif
