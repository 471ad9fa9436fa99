/* SPDX-License-Identifier: Apache-2.0
 * serve/socket.h - the listening end of DATA/admin.sock. */
#ifndef SERVE_SOCKET_H
#define SERVE_SOCKET_H

#include "base/diag.h"

/* Binds and listens with mode 0600; a socket that nobody answers on is replaced.
 * -EADDRINUSE: somebody does. Not blocking, close-on-exec. 0 or -errno with a diag. */
MUST_CHECK int socket_listen(const char *path, struct diag *diag, int *ret_fd);

#endif
