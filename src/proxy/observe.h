/* SPDX-License-Identifier: Apache-2.0
 * proxy/observe.h - from what a driver saw of one session to the records about it.
 *
 * Knows no protocol. A driver keeps one struct observe per session and fills in whose it is; the
 * functions here complete each record (ids, names, listener, upstream), count it, and announce the
 * session again when a new consumer has attached, before the first record that names it.
 * On the worker's thread only; no allocation; costs what publisher_send costs. */
#ifndef PROXY_OBSERVE_H
#define PROXY_OBSERVE_H

#include "proxy/driver.h"

#define OBSERVE_NAME_MAX 63

struct observe_name {
    uint8_t len;
    uint8_t bytes[OBSERVE_NAME_MAX];
};

struct observe {
    struct observe_name database;
    struct observe_name user;
    struct observe_name application;
    uint32_t database_id;
    uint32_t user_id;
    uint32_t application_id;
    uint32_t epoch; /* of the consumer that knows this session */
    uint32_t server_pid;
    uint8_t protocol; /* enum protocol */
    bool opened;
    bool backend_opened;
    uint64_t queries;
};

void observe_name_set(struct observe_name *name, struct slice text);

/* The client was authenticated; the names are set. */
void observe_open(struct observe *o, const struct driver_env *env, const struct driver_session *s,
                  enum protocol protocol, uint64_t now_ns);

/* The session has ended; nothing when it was never opened. */
void observe_close(struct observe *o, const struct driver_env *env, const struct driver_session *s,
                   enum close_reason reason, uint64_t now_ns);

/* The client was not let in; the names are those that it gave. */
void observe_refused(const struct observe *o, const struct driver_env *env,
                     const struct driver_session *s, const char sqlstate[5], bool by_slowburn,
                     uint64_t now_ns);

/* Is the text of this statement wanted? Ask once, and send it when it is. */
bool observe_wants_statement(struct observe *o, const struct driver_env *env,
                             const struct driver_session *s, uint64_t fingerprint, uint64_t now_ns);
void observe_statement(struct observe *o, const struct driver_env *env, uint64_t fingerprint,
                       enum statement_kind kind, bool truncated, struct slice text,
                       uint64_t now_ns);

/* Completes and sends; `ev` holds what the driver knows of the query itself. */
void observe_query(struct observe *o, const struct driver_env *env, const struct driver_session *s,
                   union event *ev, const uint64_t *values, struct slice tags, uint64_t now_ns);

#endif
