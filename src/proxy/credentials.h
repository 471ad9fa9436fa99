/* SPDX-License-Identifier: Apache-2.0
 * proxy/credentials.h - who may log in and with what, where slowburn checks logins itself
 * (auth_file; auth_query for one user at a time).
 *
 *     "user" "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey"     as in pg_authid
 *     "user" "md5..."                                          the same
 *     "user" "password"                                        in UTF-8, or as it is
 *
 * PgBouncer's userlist.txt: a line for each user, a quote inside is doubled, `;` begins a comment.
 * The file is private_file.h's. Read by the main thread; counted, never changed after, but for one
 * thing: a password's keys are derived when they are first needed and kept until a server has
 * another salt for it (a lock is held meanwhile; about 2 ms, at most 50). Any thread. Everything is
 * wiped when the last reference goes. */
#ifndef PROXY_CREDENTIALS_H
#define PROXY_CREDENTIALS_H

#include "base/check.h"
#include "base/diag.h"
#include "proto/pg/pg_scram.h"

#define CREDENTIALS_MAX            16384
#define CREDENTIALS_FILE_MAX       (8u * 1024 * 1024)
#define CREDENTIALS_PASSWORD_MAX   1024
#define CREDENTIALS_ITERATIONS_MAX 100000 /* that a password is hashed for; more stop a worker */
#define CREDENTIALS_MD5_LEN        35     /* "md5" and 32 digits */
#define CREDENTIALS_MD5_SALT_LEN   4

enum credential_kind {
    CREDENTIAL_SCRAM,
    CREDENTIAL_PASSWORD,
    CREDENTIAL_MD5,
};

struct credentials;
struct credential; /* valid as long as the reference it came from */

/* io/digest.h, for pg_scram. */
extern const struct pg_scram_hash credentials_hash;

/* 0 or -errno with a diag that names file and line. Reads the file: blocks. */
MUST_CHECK int credentials_new(const char *path, struct diag *diag,
                               struct credentials **ret_credentials);
/* What a query has said of one user; secret: empty: there is none. 0 or -EINVAL with a diag. */
MUST_CHECK int credentials_of(struct slice user, struct slice secret, struct diag *diag,
                              struct credentials **ret_credentials);
struct credentials *credentials_ref(struct credentials *c);
/* Gives one reference back. */
void credentials_free(struct credentials **c);

/* NULL: not in it, or without a password. */
struct credential *credentials_find(struct credentials *c, struct slice user);
enum credential_kind credentials_kind(const struct credential *credential);
/* Of CREDENTIAL_PASSWORD. */
struct slice credentials_password(const struct credential *credential);

/* What is said where md5 is asked for, with its NUL. 0, -EINVAL (CREDENTIAL_SCRAM), -EIO. */
MUST_CHECK int credentials_md5(const struct credential *credential,
                               const uint8_t salt[CREDENTIALS_MD5_SALT_LEN],
                               char ret_text[CREDENTIALS_MD5_LEN + 1]);

/* What to check a client with; of CREDENTIAL_SCRAM and CREDENTIAL_PASSWORD. 0, -EIO, -ENOMEM. */
MUST_CHECK int credentials_secret(struct credentials *c, struct credential *credential,
                                  struct pg_scram_secret *ret_secret);
/* What to log in with where the password was salted so; of CREDENTIAL_PASSWORD. 0, -EIO, -ENOMEM,
 * or -ERANGE: too many iterations. */
MUST_CHECK int credentials_keys(struct credentials *c, struct credential *credential,
                                const struct pg_scram_salt *salt, struct pg_scram_keys *ret_keys);

#endif
