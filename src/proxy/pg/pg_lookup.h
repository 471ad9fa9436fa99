/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_lookup.h - one connection that asks the server for users' secrets (auth_query), one
 * after the other, and then ends; private to this folder.
 *
 *   connect ──> log in as auth_user ──> ask, answer, ask, answer ... ──> Terminate
 *
 * As auth_user it has a password or md5 of the auth_file. What the server says is read message by
 * message, at most PG_HELD_MAX of each. Silence ends it (errand.h). About 6 KiB; wiped at the end.
 * The owner frees it in `ended`. One worker's thread. */
#ifndef PROXY_PG_PG_LOOKUP_H
#define PROXY_PG_PG_LOOKUP_H

#include "proxy/credentials.h"
#include "proxy/driver.h"

struct pg_lookup;

struct pg_lookup_ops {
    /* Whom to ask for; valid until it was answered. False: nobody any more. */
    bool (*next)(void *ctx, struct slice *ret_user);
    /* secret.ptr NULL: there is no such user, or it has no password. Valid during the call. */
    void (*answer)(void *ctx, struct slice secret);
    /* The last call. sqlstate: NULL: all went well; else static texts for whoever still waits. */
    void (*ended)(void *ctx, const char *sqlstate, const char *reason);
};

/* No callback from inside. NULL: too many connections are being made. The credentials' reference
 * is its own, the rest is borrowed. */
struct pg_lookup *pg_lookup_new(const struct driver_env *env, uint16_t listener,
                                struct security *security, struct credentials *credentials,
                                const struct pg_lookup_ops *ops, void *ctx);
void pg_lookup_free(struct pg_lookup **lookup);

#endif
