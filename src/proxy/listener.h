/* SPDX-License-Identifier: Apache-2.0
 * proxy/listener.h - a configured address: protocol, where it listens, its upstream; and the
 * figures that all workers go by.
 *
 * Made by the main thread before the workers start and never changed after, except the limits,
 * which are atomic. Workers borrow it. */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include <stdatomic.h>

#include "base/hash.h"
#include "io/resolve.h"
#include "model/listener_setting.h"
#include "proxy/driver.h"

#define LISTENERS_MAX     16
#define LISTENER_NAME_MAX 280
/* Of one listener's upstream, the first one included. */
#define LISTENER_TARGETS_MAX 4

struct listener {
    uint16_t index; /* also of its upstream */
    int fd;         /* owned by the proxy */
    const struct driver_ops *ops;
    char name[LISTENER_NAME_MAX];     /* as configured */
    char upstream[LISTENER_NAME_MAX]; /* the same */
    /* In the order in which they are tried: the upstream, then what stands in for it. */
    struct resolve_target *targets[LISTENER_TARGETS_MAX];
    unsigned target_count;
    struct listener_settings settings;
    struct security *security; /* owned by the proxy; NULL: a protocol without TLS */
};

struct limits {
    _Atomic uint32_t sessions_max; /* of one worker; at most what was set at start */
    _Atomic uint64_t connect_timeout_ns;
    _Atomic uint64_t login_timeout_ns; /* from accept to logged in */
    _Atomic uint64_t drain_ns;
    /* 0: none. */
    _Atomic uint64_t idle_ns;
    _Atomic uint64_t idle_in_transaction_ns;
    _Atomic uint64_t client_ns;        /* of HTTP: how long a client may take over a request */
    _Atomic uint64_t response_ns;      /* how long an upstream may be silent over its response */
    _Atomic uint64_t keep_alive_ns;    /* how long a client may wait before its next request */
    _Atomic uint32_t per_listener_max; /* sessions of all workers */
    _Atomic uint32_t per_address_max;
    _Atomic uint32_t per_user_max;
    _Atomic uint32_t inspect_max; /* bytes of a message that are looked at; all are relayed */
};

#endif
