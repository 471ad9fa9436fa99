/* SPDX-License-Identifier: Apache-2.0
 * io/resolve.h - addresses: "host:port", "[v6]:port", "/path" or "unix:/path"; "unix:/dir:port" is
 * libpq's name of a server's socket in a directory, /dir/.s.PGSQL.port.
 *
 * Numeric addresses and paths need no look-up. Names are looked up by getaddrinfo on the
 * resolver's own thread, because it blocks; targets keep the last answer, so that a failing name
 * service harms nobody who was resolved before. resolve_refresh asks for a new look-up, at most one
 * a second for each target; a slow one delays those of other targets, nothing else.
 *
 * The resolver owns its thread and its targets. resolve_addresses and resolve_refresh: any thread
 * (a short mutex). Limits: RESOLVE_TARGETS_MAX targets, RESOLVE_ADDRESSES_MAX addresses each. */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include <sys/socket.h>

#include "base/check.h"
#include "base/diag.h"
#include "base/slice.h"

#define RESOLVE_TARGETS_MAX   64
#define RESOLVE_ADDRESSES_MAX 8
#define RESOLVE_HOST_MAX      256

struct resolve_address {
    struct sockaddr_storage sa;
    socklen_t len;
};

struct resolve_name {
    char host[RESOLVE_HOST_MAX]; /* or the path of a unix socket */
    uint16_t port;
    bool is_unix;
};

/* Splits the text. 0 or -EINVAL with a diag that says what is wrong. An empty host ("": 5432) is
 * refused; port 0 is allowed (a listener then gets a free one). */
MUST_CHECK int resolve_parse(struct slice text, struct diag *diag, struct resolve_name *ret_name);

/* Numeric addresses and paths only. 0 or -ENOENT: it is a name. */
MUST_CHECK int resolve_numeric(const struct resolve_name *name, struct resolve_address *ret);

/* "127.0.0.1:5432", "[::1]:5432" or the path, cut to size. Returns dst. */
char *resolve_format(const struct resolve_address *address, char *dst, size_t size);

struct resolver;
struct resolve_target;

MUST_CHECK int resolver_new(struct resolver **ret_resolver);
void resolver_free(struct resolver **resolver);

/* Adds a name and starts to look it up. The target lives as long as the resolver. Before the first
 * use by other threads only. 0, -ENOSPC, or -EINVAL with a diag. */
MUST_CHECK int resolver_add(struct resolver *resolver, struct slice text, struct diag *diag,
                            struct resolve_target **ret_target);

/* Copies what is known; 0: nothing (yet), *ret_pending says whether a look-up is under way. */
unsigned resolve_addresses(struct resolve_target *target,
                           struct resolve_address addresses[RESOLVE_ADDRESSES_MAX],
                           bool *ret_pending);
/* After a failure to connect. Never blocks on the look-up. True: one is under way. */
bool resolve_refresh(struct resolve_target *target);
/* How many look-ups have ended; another figure than before: the answer may be another. */
uint32_t resolve_generation(struct resolve_target *target);

#endif
