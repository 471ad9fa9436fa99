/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_admit.h - from a client's first byte until it is let in; private to this folder.
 *
 *   first packets ── SSLRequest is answered, GSSENCRequest gets its 'N', a CancelRequest goes its
 *      │             own way; who is refused here never reaches the server
 *      │ StartupMessage: its first eight bytes are held back until it is known to be one
 *   login ── passes (no TLS), passes with what TLS forces on it (pg_login.h), or is checked here
 *      │     (pg_auth.h)
 *   AuthenticationOk: from here on both sides are passive */
#ifndef PROXY_PG_PG_ADMIT_H
#define PROXY_PG_PG_ADMIT_H

#include "proxy/pg/pg_session.h"

/* As client_bytes and upstream_bytes. */
size_t pg_admit_startup(struct pg_session *p, struct slice chunk, uint64_t now_ns,
                        struct driver_out *out);
size_t pg_admit_client(struct pg_session *p, struct slice chunk, uint64_t now_ns,
                       struct driver_out *out);
size_t pg_admit_server(struct pg_session *p, struct slice chunk, uint64_t now_ns,
                       struct driver_out *out);
/* The session is not let in yet, and its bytes are for the two above. */
bool pg_admit_is_login(struct pg_session *p);

/* slowburn's own last word to a client. */
void pg_admit_error(struct pg_session *p, const char sqlstate[5], const char *message,
                    struct driver_out *out);
/* The server that gave out the key of a whole cancel request; the address is valid until the next
 * call. */
bool pg_admit_find(const struct pg_session *p, struct slice request,
                   const struct resolve_address **ret_address);

#endif
