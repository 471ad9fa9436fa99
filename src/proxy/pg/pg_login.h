/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_login.h - what ending TLS here forces on a login; private to this folder.
 *
 * SCRAM-SHA-256-PLUS binds a login to the certificate of the connection that it goes over. Where
 * one leg is plain there is nothing to bind to, so that mechanism is taken off the server's offer.
 * Where both are TLS the offer passes: with the server's own certificate on our side the binding
 * fits from end to end; with another one it cannot, and a client that chooses PLUS is refused at
 * once with words that help. Everything else of a login passes as it is.
 *
 * Exists only from the StartupMessage to AuthenticationOk, and only where a leg may be TLS. Holds
 * back at most one message (pg_held.h). */
#ifndef PROXY_PG_PG_LOGIN_H
#define PROXY_PG_PG_LOGIN_H

#include "proxy/driver.h"

struct pg_login;

struct pg_login *pg_login_new(void);
void pg_login_free(struct pg_login **login);

/* One step through what the server says, as upstream_bytes. ret_said: what the client gets of it,
 * for the observer. *ret_done: the client is logged in. */
size_t pg_login_server(struct pg_login *l, const struct driver_session *s, struct slice chunk,
                       struct driver_out *out, struct slice *ret_said, bool *ret_done);

/* The same for the client. False: it binds to a certificate that is not the server's. */
bool pg_login_client(struct pg_login *l, struct slice chunk, struct driver_out *out,
                     size_t *ret_used);
/* What is held back of the client. */
struct slice pg_login_held(const struct pg_login *l);

#endif
