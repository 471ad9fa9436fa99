/* SPDX-License-Identifier: Apache-2.0
 * app/address.h - HOST:PORT or a socket's path as a user writes it, and a socket that listens
 * there.
 *
 * host:port, [v6]:port, :port, port; unix:/path, or unix:/dir:port for the name by which libpq
 * looks for a server in a directory. Without a host it is 127.0.0.1: nothing listens beyond
 * loopback unless told ("0.0.0.0:6432", "[::]:6432"). Plain values; any thread. */
#ifndef APP_ADDRESS_H
#define APP_ADDRESS_H

#include "base/check.h"
#include "base/diag.h"
#include "base/slice.h"

#define ADDRESS_TEXT_MAX 272

struct address {
    char host[256]; /* without brackets; of a unix socket its path */
    uint16_t port;
    bool is_unix;
    char text[ADDRESS_TEXT_MAX]; /* "host:port", "[v6]:port" or "unix:/path" */
};

/* 0 or -EINVAL with a diag. */
MUST_CHECK int address_parse(struct slice s, struct diag *diag, struct address *ret_address);

/* Bound, listening, non-blocking, close-on-exec. `what` names it in the diag ("the listener
 * 127.0.0.1:6432"). mode: of a unix socket's file; a file that a dead process has left behind is
 * replaced. 0 or -errno with a diag; -EADDRINUSE when somebody else has the port or listens at the
 * path. */
MUST_CHECK int address_listen(const struct address *address, unsigned mode, const char *what,
                              struct diag *diag, int *ret_fd);

#endif
