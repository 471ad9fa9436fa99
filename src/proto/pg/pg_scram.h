/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_scram.h - SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677), both sides of it, as
 * PostgreSQL speaks them.
 *
 *     as the server                            as the client
 *       greet   client-first -> server-first     begin    -> client-first
 *       verify  client-final -> server-final     challenge   server-first -> salt, iterations
 *                                                answer   -> client-final
 *                                                confirm     server-final
 *
 * A client that proves itself shows its ClientKey to whoever has its secret; with that key one can
 * log in wherever the same secret is kept (the same salt and iterations). That is how a login is
 * handed on without the password.
 *
 * Pure: the hash functions are the caller's (io/digest.h has them), and so are the nonces. One
 * exchange at a time in one struct of about 3 KiB, zeroed before each; what is in it at the end
 * must be wiped. Names inside SCRAM messages are ignored, as PostgreSQL does; authorization
 * identities and extensions that must be understood are refused. */
#ifndef PROTO_PG_PG_SCRAM_H
#define PROTO_PG_PG_SCRAM_H

#include "base/check.h"
#include "base/slice.h"

#define PG_SCRAM      "SCRAM-SHA-256" /* what SASL and pg_authid call it */
#define PG_SCRAM_PLUS "SCRAM-SHA-256-PLUS"

#define PG_SCRAM_KEY_LEN     32
#define PG_SCRAM_SALT_MAX    64   /* PostgreSQL makes 16 */
#define PG_SCRAM_NONCE_MAX   256  /* of either side's part */
#define PG_SCRAM_MESSAGE_MAX 1024 /* PostgreSQL's own limit */

/* 0 or -errno each. */
struct pg_scram_hash {
    int (*sha256)(struct slice data, uint8_t ret_hash[PG_SCRAM_KEY_LEN]);
    int (*hmac)(struct slice key, struct slice data, uint8_t ret_hash[PG_SCRAM_KEY_LEN]);
    int (*pbkdf2)(struct slice password, struct slice salt, uint32_t iterations,
                  uint8_t ret_hash[PG_SCRAM_KEY_LEN]);
};

struct pg_scram_salt {
    uint32_t iterations;
    uint8_t len;
    uint8_t bytes[PG_SCRAM_SALT_MAX];
};

/* What a server keeps of a password. */
struct pg_scram_secret {
    struct pg_scram_salt salt;
    uint8_t stored_key[PG_SCRAM_KEY_LEN];
    uint8_t server_key[PG_SCRAM_KEY_LEN];
};

/* What one needs to log in. */
struct pg_scram_keys {
    uint8_t client_key[PG_SCRAM_KEY_LEN];
    uint8_t server_key[PG_SCRAM_KEY_LEN];
};

enum pg_scram_result {
    PG_SCRAM_OK,
    PG_SCRAM_MALFORMED, /* against the protocol */
    PG_SCRAM_MISBOUND,  /* channel binding is another connection's, or was negotiated away */
    PG_SCRAM_WRONG,     /* the proof is none */
};

struct pg_scram {
    const char *reason; /* static; why the last result was not PG_SCRAM_OK */
    const struct pg_scram_hash *hash;
    uint8_t flag; /* of channel binding: 'n', 'y' or 'p' */
    uint16_t nonce_at;
    uint16_t nonce_len; /* of both parts together, once both are there */
    uint16_t len;
    uint8_t server_key[PG_SCRAM_KEY_LEN];
    uint8_t transcript[3 * PG_SCRAM_MESSAGE_MAX]; /* AuthMessage, as far as it was said */
};

/* "SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey", as in pg_authid. 0 or -EINVAL. */
MUST_CHECK int pg_scram_secret_parse(struct slice text, struct pg_scram_secret *ret_secret);

/* From a password; slow on purpose. password: as SASLprep leaves it (io/saslprep.h).
 * 0 or -errno. */
MUST_CHECK int pg_scram_keys_derive(const struct pg_scram_hash *hash, struct slice password,
                                    const struct pg_scram_salt *salt,
                                    struct pg_scram_keys *ret_keys);
MUST_CHECK int pg_scram_secret_of(const struct pg_scram_hash *hash,
                                  const struct pg_scram_keys *keys,
                                  const struct pg_scram_salt *salt,
                                  struct pg_scram_secret *ret_secret);

void pg_scram_init(struct pg_scram *x, const struct pg_scram_hash *hash);

/* nonce: printable, without a comma. is_plus: the client chose that mechanism; is_plus_offered: it
 * could have. *ret_server_first is valid until the next call. */
MUST_CHECK enum pg_scram_result pg_scram_greet(struct pg_scram *x, bool is_plus,
                                               bool is_plus_offered, struct slice client_first,
                                               const struct pg_scram_secret *secret,
                                               struct slice nonce, struct slice *ret_server_first);

#define PG_SCRAM_SERVER_FINAL_LEN 46

/* binding: tls-server-end-point of this connection. On PG_SCRAM_OK the client's key is known. */
MUST_CHECK enum pg_scram_result
pg_scram_verify(struct pg_scram *x, struct slice client_final, const struct pg_scram_secret *secret,
                struct slice binding, uint8_t ret_client_key[PG_SCRAM_KEY_LEN],
                uint8_t ret_server_final[PG_SCRAM_SERVER_FINAL_LEN]);

/* flag: 'p': to be bound; 'y': could be, but it was not offered; 'n': cannot. Returns the length of
 * client-first in dst. */
size_t pg_scram_begin(struct pg_scram *x, char flag, struct slice nonce,
                      uint8_t dst[PG_SCRAM_MESSAGE_MAX]);
MUST_CHECK enum pg_scram_result pg_scram_challenge(struct pg_scram *x, struct slice server_first,
                                                   struct pg_scram_salt *ret_salt);
/* *ret_len: of client-final in dst. */
MUST_CHECK enum pg_scram_result pg_scram_answer(struct pg_scram *x,
                                                const struct pg_scram_keys *keys,
                                                struct slice binding,
                                                uint8_t dst[PG_SCRAM_MESSAGE_MAX], size_t *ret_len);
/* The server has the secret as well. */
MUST_CHECK enum pg_scram_result pg_scram_confirm(struct pg_scram *x, struct slice server_final);

#endif
