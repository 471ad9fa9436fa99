/* SPDX-License-Identifier: Apache-2.0
 * proxy/security.h - a listener's TLS, towards its clients and towards its server, who may log in
 * where slowburn checks that itself, and what else its section says.
 *
 * Made by the main thread before the workers start. The words of the configuration never change;
 * the files behind it are read at the start and again at every reload, and what a worker gets from
 * then on is new. What it has goes on as it is: contexts are counted. Files that cannot be used at
 * a reload leave the old ones in place and a line in the log. Any thread may ask; a lock is held
 * for the length of a pointer's copy, once a handshake. */
#ifndef PROXY_SECURITY_H
#define PROXY_SECURITY_H

#include "io/tls.h"
#include "model/listener_setting.h"
#include "proxy/credentials.h"
#include "proxy/driver.h"

struct security;

/* host: of the upstream, for the name in its certificate, also where a fallback stands in for it.
 * Reads the files. 0 or -errno with a diag. */
MUST_CHECK int security_new(const struct listener_settings *settings, const struct driver_ops *ops,
                            struct slice host, struct diag *diag, struct security **ret_security);
void security_free(struct security **security);
/* Reads the files again. listener: for the log. */
void security_reload(struct security *security, const char *listener);

const struct listener_choice *security_choice(const struct security *security);
/* As configured; empty where it was not. */
const char *security_text(const struct security *security, enum listener_setting setting);
/* A reference of the caller's own; NULL where there is no certificate. */
struct tls_context *security_client_context(struct security *security);
struct tls_context *security_server_context(struct security *security);
/* The same; NULL: logins are between client and server. */
struct credentials *security_credentials(struct security *security);
/* True once: a client was told that there is no TLS, and that is to be said in the log. */
bool security_is_first_refusal(struct security *security);

#endif
