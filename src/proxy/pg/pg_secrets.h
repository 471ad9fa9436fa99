/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_secrets.h - where a login gets its user's secret from: the auth_file, else what
 * auth_query has said, else auth_query; private to this folder.
 *
 * One a worker, which keeps what it has asked for: PG_SECRETS_MAX users of each listener, those
 * without a secret as well, for PG_SECRETS_NS; the oldest goes first. What a login was refused by
 * is asked for again by the next one, but not within PG_SECRETS_AGAIN_NS, so that wrong passwords
 * do not turn into queries. When the auth_file was read again nothing of before counts.
 *
 * At most PG_SECRETS_WANTED_MAX users are waited for, over one connection of each listener
 * (pg_lookup.h). When asking fails, all who wait are told so, and nothing is kept. One thread. */
#ifndef PROXY_PG_PG_SECRETS_H
#define PROXY_PG_PG_SECRETS_H

#include "proxy/pg/pg_auth.h"

#define PG_SECRETS_MAX        1024u
#define PG_SECRETS_WANTED_MAX 256u
#define PG_SECRETS_NS         60000000000ull
#define PG_SECRETS_AGAIN_NS   1000000000ull

struct pg_secrets;

/* env is borrowed. */
struct pg_secrets *pg_secrets_new(const struct driver_env *env);
void pg_secrets_free(struct pg_secrets **secrets);

/* Gives the login what there is, at once or later; then its session is resumed. file: the
 * reference is taken. A login may go while it waits. */
void pg_secrets_get(struct pg_secrets *secrets, struct driver_session *s, struct slice user,
                    struct credentials **file, struct pg_auth *auth, uint64_t now_ns);
/* A login was refused by what may be an older secret. */
void pg_secrets_doubt(struct pg_secrets *secrets, const struct driver_session *s,
                      struct slice user);

#endif
