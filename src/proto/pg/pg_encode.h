/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_encode.h - the messages that slowburn itself says.
 *
 * Pure; writes into the caller's memory. */
#ifndef PROTO_PG_PG_ENCODE_H
#define PROTO_PG_PG_ENCODE_H

#include "base/check.h"
#include "base/slice.h"
#include "proto/pg/pg_startup.h"

/* PostgreSQL's codes of Authentication messages. */
enum pg_authentication {
    AUTH_OK = 0,
    AUTH_PASSWORD = 3,
    AUTH_MD5 = 5,
    AUTH_SASL = 10,
    AUTH_SASL_CONTINUE = 11,
    AUTH_SASL_FINAL = 12,
};

#define PG_ENCODE_ERROR_MAX 512

/* A FATAL ErrorResponse. The message is cut where it does not fit. */
struct slice pg_encode_error(uint8_t dst[PG_ENCODE_ERROR_MAX], const char sqlstate[5],
                             const char *message);

/* What the messages of a login below have besides their data, at most. */
#define PG_ENCODE_LOGIN_EXTRA 40

/* Appended to dst[0, at); what dst must have room for is PG_ENCODE_LOGIN_EXTRA and the data. Each
 * returns the new length. An Authentication request of that code, what a client answers to one, and
 * its first answer to SASL. */
size_t pg_encode_authentication(uint8_t *dst, size_t at, uint32_t code, struct slice data);
size_t pg_encode_answer(uint8_t *dst, size_t at, struct slice data);
size_t pg_encode_sasl_choice(uint8_t *dst, size_t at, struct slice mechanism, struct slice data);

/* What the two below have besides their texts, at most. */
#define PG_ENCODE_CLIENT_EXTRA 64

/* A StartupMessage of protocol 3.0. Returns its length. */
size_t pg_encode_startup(uint8_t *dst, struct slice user, struct slice database);
/* One statement of the extended protocol with one parameter, both as text, up to its Sync. */
size_t pg_encode_statement(uint8_t *dst, struct slice sql, struct slice parameter);

/* A CancelRequest; the key has PG_CANCEL_KEY_MIN to PG_CANCEL_KEY_MAX bytes. */
struct slice pg_encode_cancel(uint8_t dst[PG_CANCEL_LEN_MAX], uint32_t pid, struct slice key);

#endif
