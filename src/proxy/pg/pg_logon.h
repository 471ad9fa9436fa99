/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_logon.h - logging in to a server, as its client; private to this folder.
 *
 *     Authentication request ──next──> an answer, or: it is done, or: it cannot be done
 *
 * With a password, or with what is kept of one as md5; of a SCRAM secret with the keys that a
 * client's proof has shown, where the server keeps the same one. SCRAM with channel binding where
 * the leg is TLS. Zeroed memory with its first fields set is the start; wipe it at the end. Pure
 * but for random numbers. */
#ifndef PROXY_PG_PG_LOGON_H
#define PROXY_PG_PG_LOGON_H

#include "base/base64.h"
#include "proto/pg/pg_encode.h"
#include "proxy/credentials.h"

#define PG_LOGON_NONCE_BYTES 18
#define PG_LOGON_NONCE_LEN   BASE64_ENCODED_LEN(PG_LOGON_NONCE_BYTES)

struct tls_binding;

enum pg_logon_step {
    PG_LOGON_ANSWER,  /* `message` is for the server; it may be empty */
    PG_LOGON_DONE,    /* it has let us in */
    PG_LOGON_REFUSED, /* by us: sqlstate, reason */
};

enum pg_logon_state {
    PG_LOGON_BEGINS,
    PG_LOGON_CHALLENGE,
    PG_LOGON_CONFIRMS,
    PG_LOGON_OK,
};

struct pg_logon {
    struct credentials *credentials; /* borrowed, as those below */
    struct credential *credential;
    struct pg_scram *scram;              /* to work with */
    const struct pg_scram_secret *shown; /* CREDENTIAL_SCRAM: the client's, whose keys... */
    struct pg_scram_keys keys;           /* ...are these; else derived */
    enum pg_logon_state state;
    const char *sqlstate;
    const char *reason; /* static; names no secret */
    bool is_outdated;   /* the server's secret is another than ours */
    size_t len;
    uint8_t message[PG_SCRAM_MESSAGE_MAX + PG_ENCODE_LOGIN_EXTRA];
};

/* body: of the server's Authentication message, at least four bytes. binding: of the leg to it;
 * is_tls: that leg is TLS, bound or not. */
enum pg_logon_step pg_logon_next(struct pg_logon *l, struct slice body,
                                 const struct tls_binding *binding, bool is_tls);

/* Random, printable, without a comma. False: the system has none. */
bool pg_logon_nonce(uint8_t ret_nonce[PG_LOGON_NONCE_LEN]);

#endif
