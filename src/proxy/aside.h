/* SPDX-License-Identifier: Apache-2.0
 * proxy/aside.h - a few bytes on a connection of their own: the cancel for a client that died.
 *
 * Connects to the given address or the listener's upstream, writes, waits for the other side to
 * close, closes. At most ASIDES_MAX of them a worker and ASIDE_TIMEOUT_NS each; beyond that the
 * bytes are dropped and a line is logged. A proxy whose last session has ended waits for them. One
 * thread. */
#ifndef PROXY_ASIDE_H
#define PROXY_ASIDE_H

#include "base/slice.h"

struct worker;
struct listener;
struct resolve_address;

#define ASIDES_MAX       64
#define ASIDE_TIMEOUT_NS 5000000000ull

/* Copies the bytes (at most DRIVER_ASIDE_MAX); none is nothing to do. address: as backend_open. */
void aside_send(struct worker *worker, const struct listener *listener,
                const struct resolve_address *address, struct slice bytes);
void aside_close_all(struct worker *worker);
size_t aside_size(void);

#endif
