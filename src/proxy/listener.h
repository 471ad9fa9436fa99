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

struct listener {
    uint16_t index; /* also of its upstream */
    int fd;         /* owned by the proxy */
    const struct driver_ops *ops;
    char name[LISTENER_NAME_MAX];     /* as configured */
    char upstream[LISTENER_NAME_MAX]; /* the same */
    struct resolve_target *target;
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
    _Atomic uint32_t per_listener_max; /* sessions of all workers */
    _Atomic uint32_t per_address_max;
    _Atomic uint32_t per_user_max;
    _Atomic uint32_t inspect_max; /* bytes of a message that are looked at; all are relayed */
};

#endif
