/* SPDX-License-Identifier: Apache-2.0
 * proxy/worker.h - one thread of the data plane: its loop, pools, sessions and drivers.
 *
 * Workers share nothing but the listening sockets, the limits, the tables of cancel keys and
 * of who has how many sessions, and the number of sessions each worker has, by which a new client
 * is handed to the least busy. Everything else comes by mail: worker_post is for any thread, short,
 * and never waits for the worker. The rest is for the worker's own thread.
 *
 * Memory is reserved at the start for sessions_max sessions and touched as they come. Once a second
 * the worker sends COUNTERS and lets its drivers send IN_FLIGHT. */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "bus/publish.h"
#include "io/resolve.h"
#include "io/stream.h"
#include "proxy/driver.h"
#include "proxy/listener.h"
#include "proxy/pool.h"

#define WORKERS_MAX     16
#define WORKER_MAIL_MAX 256
/* Session slots beyond the limit, to refuse politely. */
#define WORKER_REFUSALS    32
#define WORKER_ACCEPTS     8 /* a turn and listener */
#define WORKER_DRIVERS_MAX 4

enum mail_type {
    MAIL_CLIENT, /* an accepted connection */
    MAIL_RING,   /* another ring */
    MAIL_RENEW,  /* another subscriber reads that ring on */
    MAIL_LEASE,
    MAIL_RETIRE, /* accept no more */
    MAIL_DRAIN,  /* that, and sessions end */
};

struct mail {
    enum mail_type type;
    int fd; /* MAIL_CLIENT: taken */
    uint16_t listener;
    uint16_t client_port;
    uint8_t client_ip[16];
    struct ring_producer *producer; /* MAIL_RING: taken; NULL detaches */
    uint32_t epoch;                 /* MAIL_RENEW */
    struct driver_lease lease;
};

struct worker_listener {
    struct loop_watch watch;
    struct worker *worker;
    const struct listener *listener;
    void *driver; /* what ops->worker_new made */
    /* When connecting to an upstream's address last failed, by its place; 0: it did not. */
    uint64_t failed_ns[RESOLVE_ADDRESSES_MAX];
};

struct worker_driver {
    const struct driver_ops *ops;
    void *worker;
};

struct worker {
    unsigned magic;
    uint16_t index;
    bool is_retired; /* accepts no more */
    bool is_draining;
    struct loop *loop;
    struct limits *limits;
    struct stream_pool streams;
    struct pool sessions;
    struct pool backends;
    struct pool errands;
    struct list sessions_open;
    struct list errands_open;
    uint64_t counters[COUNTER_COUNT];
    uint64_t id_last;
    struct publisher *publisher;
    struct driver_env env;
    struct worker_driver drivers[WORKER_DRIVERS_MAX];
    unsigned driver_count;
    struct worker_listener listeners[LISTENERS_MAX];
    unsigned listener_count;
    struct timer tick;
    struct timer accept_again; /* after the process had no descriptor left */
    struct timer drain_end;
    struct loop_task mail_task;
    struct worker *const *peers; /* all workers, this one included */
    unsigned peer_count;

    pthread_t thread;
    bool has_thread;
    struct loop *done_loop;   /* woken when it has stopped, and as its last sessions end */
    _Atomic bool has_stopped; /* to accept; writer: worker; reader: main */
    /* And errands, which are waited for as well. Writers: worker, and whoever hands it a client. */
    _Atomic uint32_t sessions_now;
    pthread_mutex_t mail_mutex; /* guards the two below */
    unsigned mail_count;
    struct mail mail[WORKER_MAIL_MAX];
};

struct worker_settings {
    uint16_t index;
    uint32_t sessions_max;
    struct limits *limits;
    struct cancels *cancels; /* of all workers, borrowed */
    struct census *census;   /* the same */
    struct server_timing *server_timing;
    struct hash_key hash_key;
    uint64_t seed;
    const struct listener *listeners;
    unsigned listener_count;
    enum loop_kind loop;
    struct loop *done_loop;
    struct ring_producer *ring; /* its first one, taken, also on failure; NULL: none yet */
};

MUST_CHECK int worker_new(const struct worker_settings *settings, struct worker **ret_worker);
/* After worker_join. */
void worker_free(struct worker **worker);
/* peers must outlive the workers. Signals are blocked in the thread. */
MUST_CHECK int worker_start(struct worker *worker, struct worker *const *peers,
                            unsigned peer_count);
/* Stops the thread and waits for it. Sessions are closed. */
void worker_join(struct worker *worker);

/* Any thread. 0 or -EAGAIN: the mailbox is full, nothing was taken. */
MUST_CHECK int worker_post(struct worker *worker, const struct mail *mail);
/* Accepts no more clients and touches no listening socket any more. */
bool worker_has_stopped(const struct worker *worker);
/* Bytes of records that nobody has read yet. After worker_join. */
size_t worker_unread(const struct worker *worker);
/* Only once all workers have stopped does 0 mean that no session will come: they hand clients to
 * one another. */
uint32_t worker_sessions(const struct worker *worker);

/* For the worker's own parts. */
uint64_t worker_next_id(struct worker *worker);
void worker_session_closed(struct worker *worker);
void worker_errand_opened(struct worker *worker);
void worker_errand_closed(struct worker *worker);

#endif
