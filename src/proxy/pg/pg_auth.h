/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_auth.h - a login that is checked here (auth_file, auth_query): slowburn is the server
 * to the client and the client to the server (pg_logon.h); private to this folder.
 *
 *     server asks ─> client is asked ─> it has proved itself ─> server is answered ─> Ok
 *     (its R waits)  SCRAM, -PLUS on TLS; md5 where only that is kept
 *
 * The server's first request shows that it wants this user at all, so what it has to say before
 * comes first. Nobody is let in by it alone: where it trusts, the client still proves itself here.
 * Towards the server the login goes on with the key that the client's proof has shown, which fits
 * where the server keeps the same secret, or with the password where that is known.
 *
 * Nothing of a client goes on to the server meanwhile, and what either side says too early waits.
 * About 8 KiB, from the StartupMessage to AuthenticationOk; wiped at the end. */
#ifndef PROXY_PG_PG_AUTH_H
#define PROXY_PG_PG_AUTH_H

#include "base/list.h"
#include "proxy/credentials.h"
#include "proxy/driver.h"

enum pg_auth_verdict {
    PG_AUTH_GOES_ON,
    PG_AUTH_OVER,    /* the client is logged in */
    PG_AUTH_REFUSED, /* pg_auth_sqlstate, pg_auth_reason */
};

struct pg_auth;

/* A login that waits for its user's secret (pg_secrets.h). */
struct pg_secret_wait {
    struct list node;
    struct pg_auth *auth;
    struct driver_session *s; /* to be resumed */
};

/* Waits for one of the two below, whatever either side says. mock_key: what somebody who is not
 * known is asked comes from it, so that it is the same each time, as with those who are. */
struct pg_auth *pg_auth_new(struct slice user, const struct hash_key *mock_key);
/* Takes the reference; the user may not be in it. */
void pg_auth_known(struct pg_auth *a, struct credentials **credentials);
/* The secret cannot be had; static texts. */
void pg_auth_unknown(struct pg_auth *a, const char *sqlstate, const char *reason);
struct pg_secret_wait *pg_auth_wait(struct pg_auth *a);
void pg_auth_free(struct pg_auth **auth);

/* One step, as upstream_bytes and client_bytes; *ret_used 0: it waits for the other side. */
enum pg_auth_verdict pg_auth_server(struct pg_auth *a, const struct driver_session *s,
                                    struct slice chunk, struct driver_out *out, size_t *ret_used);
enum pg_auth_verdict pg_auth_client(struct pg_auth *a, const struct driver_session *s,
                                    struct slice chunk, struct driver_out *out, size_t *ret_used);

/* It was refused by what may be another secret by now. */
bool pg_auth_doubts_secret(const struct pg_auth *a);
/* An error of our own can be said to the client. */
bool pg_auth_is_between(const struct pg_auth *a);
const char *pg_auth_sqlstate(const struct pg_auth *a);
const char *pg_auth_reason(const struct pg_auth *a); /* for the client; names no secret */
const char *pg_auth_detail(const struct pg_auth *a); /* for the log; static */

#endif
