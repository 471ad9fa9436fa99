/* SPDX-License-Identifier: Apache-2.0
 * proxy/listeners.h - the listening sockets of the process and what is behind them, from the
 * message that brings them until nobody needs them any more.
 *
 * They stand in struct proxy_config. Main thread; workers borrow them, so they are released once
 * there are no workers. */
#ifndef PROXY_LISTENERS_H
#define PROXY_LISTENERS_H

#include "bus/channel.h"
#include "io/resolve.h"
#include "proxy/configure.h"

/* Takes a socket for each from the message, adds their upstreams to the resolver, and reads their
 * keys and secrets. 0 or -errno with a diag; listeners_release either way. */
MUST_CHECK int listeners_take(struct proxy_config *config, struct channel_message *m,
                              struct resolver *resolver, struct diag *diag);
/* Reads certificates, keys and secrets again; what cannot be used stays as it was, and is logged.
 */
void listeners_reload(const struct proxy_config *config);

/* The supervisor stops too, so nobody will take the sockets up again: clients are refused instead
 * of waiting in a queue that nobody reads. Whoever else holds the sockets is shut out as well. */
void listeners_refuse(const struct proxy_config *config);
/* Closes the sockets; whoever else holds them goes on. */
void listeners_close(struct proxy_config *config);
void listeners_release(struct proxy_config *config);

#endif
