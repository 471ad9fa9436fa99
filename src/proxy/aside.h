/* SPDX-License-Identifier: Apache-2.0
 * proxy/aside.h - a few bytes on a connection of their own (errand.h): the cancel for a client that
 * died.
 *
 * Connects to the given address or the listener's upstream, writes, waits for the other side to
 * close, closes. When there are too many errands the bytes are dropped and a line is logged. One
 * thread. */
#ifndef PROXY_ASIDE_H
#define PROXY_ASIDE_H

#include "base/slice.h"

struct worker;
struct listener;
struct resolve_address;

/* Copies the bytes (at most DRIVER_ASIDE_MAX); none is nothing to do. address: as backend_open. */
void aside_send(struct worker *worker, const struct listener *listener,
                const struct resolve_address *address, struct slice bytes);

#endif
