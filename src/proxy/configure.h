/* SPDX-License-Identifier: Apache-2.0
 * proxy/configure.h - the proxy's part of the configuration, as the CHANNEL_CONFIGURE message
 * carries it.
 *
 *   {"workers": 2, "event_loop": "auto", "ring_bytes": 8388608, "hash_key": "32 hex digits",
 *    "sessions_max": 4096, "connect_timeout_ms": 5000, "login_timeout_ms": 60000,
 *    "drain_ms": 10000,
 *    "idle_session_timeout_ms": 0, "idle_in_transaction_timeout_ms": 0,
 *    "http_client_timeout_ms": 60000, "http_response_timeout_ms": 600000,
 *    "http_keep_alive_timeout_ms": 300000,
 *    "sessions_per_listener": 0, "sessions_per_address": 0, "sessions_per_user": 0,
 *    "inspect_max_bytes": 65536,
 *    "log_level": "info",
 *    "listeners": [{"protocol": "postgres", "address": "127.0.0.1:6432",
 *                   "upstream": "127.0.0.1:5432", "security": {"client_tls": "require", ...}},
 *                  ...]}
 *
 * What "security" may hold is model/listener_setting.tbl.
 *
 * Every key may be missing; unknown ones are skipped. sessions_max is for the whole proxy. Only
 * the first message's workers, event_loop, ring_bytes, hash_key and listeners count; log_level,
 * sessions_max (downwards of the first), the other limits and the times may change later. Plain
 * data; one thread. */
#ifndef PROXY_CONFIGURE_H
#define PROXY_CONFIGURE_H

#include "base/diag.h"
#include "io/log.h"
#include "io/loop.h"
#include "proxy/listener.h"

#define RING_BYTES_DEFAULT (8u * 1024 * 1024)

struct proxy_config {
    unsigned workers;
    enum loop_kind loop;
    uint32_t sessions_max;
    uint64_t ring_bytes;
    uint64_t connect_timeout_ns;
    uint64_t login_timeout_ns;
    uint64_t drain_ns;
    uint64_t idle_ns; /* 0: no limit; the same for those below */
    uint64_t idle_in_transaction_ns;
    uint64_t client_ns;
    uint64_t response_ns;
    uint64_t keep_alive_ns;
    uint32_t per_listener_max;
    uint32_t per_address_max;
    uint32_t per_user_max;
    uint32_t inspect_max;
    struct hash_key hash_key;
    bool has_log_level;
    enum log_level log_level;
    unsigned listener_count;
    struct listener listeners[LISTENERS_MAX]; /* without fd, target and security */
};

void configure_defaults(struct proxy_config *config);

/* Changes what the message names. drivers: NULL-terminated. 0 or -EINVAL with a diag, and then the
 * config is as it was. */
MUST_CHECK int configure_parse(struct slice json, const struct driver_ops *const *drivers,
                               struct diag *diag, struct proxy_config *config);

/* What may change later is as in `changed`; the rest stays. */
void configure_change(struct proxy_config *config, const struct proxy_config *changed);
/* The figures that all workers go by. */
void configure_limits(const struct proxy_config *config, struct limits *limits);

/* The content of CHANNEL_LENS: {"fingerprint": "16 hex", "count", "rows", "until_ns"}. */
MUST_CHECK int configure_parse_lease(struct slice json, struct driver_lease *ret_lease);

#endif
