/* SPDX-License-Identifier: Apache-2.0
 * proxy/announce.h - the records about a session's and a backend's beginning and end, for all
 * drivers.
 *
 * What the driver alone knows (names, the server's pid, totals) it gives along; ids, times,
 * addresses and byte counts are the session's. On the worker's thread only; no allocation; costs
 * what publisher_send costs. */
#ifndef PROXY_ANNOUNCE_H
#define PROXY_ANNOUNCE_H

#include "proxy/driver.h"

struct announce_names {
    uint32_t database;
    uint32_t user;
    uint32_t application;
};

/* again: a new consumer is told of what an older one knew. */
void announce_session(const struct driver_env *env, const struct driver_session *s,
                      enum protocol protocol, struct announce_names names, bool again,
                      uint64_t now_ns);
void announce_session_end(const struct driver_env *env, const struct driver_session *s,
                          uint64_t queries, enum close_reason reason, uint64_t now_ns);

/* The session's link. server_pid: 0: it has none that is known. */
void announce_backend(const struct driver_env *env, const struct driver_session *s,
                      uint32_t server_pid, uint64_t now_ns);
/* backend: the id it had; the link may be gone already. */
void announce_backend_end(const struct driver_env *env, const struct driver_session *s,
                          uint64_t backend, enum close_reason reason, uint64_t now_ns);

#endif
