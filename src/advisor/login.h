/* SPDX-License-Identifier: Apache-2.0
 * advisor/login.h - the one connection to one database.
 *
 * Read-only by default_transaction_read_only, statement_timeout 1 s, lock_timeout 100 ms,
 * application_name slowburn-advisor, no parallel plans. Every statement goes by the extended
 * protocol, so that it can only be one. A connection that fails or breaks is tried again after a
 * pause that doubles up to LOGIN_PAUSE_MAX_S; one log line when it breaks, one when it stands.
 * Blocks, for LOGIN_CONNECT_S at most. One thread. */
#ifndef ADVISOR_LOGIN_H
#define ADVISOR_LOGIN_H

#include <libpq-fe.h>

#include "advisor/waits.h"
#include "base/check.h"

#define LOGIN_CONNECT_S   3
#define LOGIN_PAUSE_MAX_S 60
#define LOGIN_REASON_MAX  256

struct login {
    char database[64];
    char *dsn; /* owned */
    PGconn *conn;
    uint64_t retry_at_ns;
    uint64_t pause_ns;
    bool broken;                   /* and that was logged */
    char hypopg[140];              /* the extension's schema, quoted, and a dot; "" without it */
    uint64_t statements;           /* sent to the server, ever */
    char reason[LOGIN_REASON_MAX]; /* of the last failure; holds no literal of a statement */
    struct waits waits;
};

/* database NULL: the one that the DSN names. -EINVAL: the DSN cannot be read. */
MUST_CHECK int login_init(struct login *s, const char *database, const char *dsn);
void login_fini(struct login *s);

/* Connects when it is not connected and a pause is over. 0, or -ENOTCONN with s->reason. */
MUST_CHECK int login_open(struct login *s, uint64_t now_ns);

/* One statement with text parameters (NULL: SQL NULL); types NULL: inferred. NULL on failure, with
 * s->reason; the caller frees the result with PQclear. */
PGresult *login_query(struct login *s, const char *sql, int count, const char *const *values,
                      const Oid *types);

/* Parses under the name "slowburn" (replacing one that was there) and says how many parameters it
 * has, or a negative errno with s->reason. */
MUST_CHECK int login_prepare(struct login *s, const char *sql, int count, const Oid *types);

static inline void
login_result_free(PGresult **result)
{
    PQclear(*result);
}
#define AUTO_RESULT __attribute__((cleanup(login_result_free)))

#endif
