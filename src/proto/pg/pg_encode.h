/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_encode.h - the messages that slowburn itself says.
 *
 * Pure; writes into the caller's memory. */
#ifndef PROTO_PG_PG_ENCODE_H
#define PROTO_PG_PG_ENCODE_H

#include "base/check.h"
#include "base/slice.h"
#include "proto/pg/pg_startup.h"

#define PG_ENCODE_ERROR_MAX 512

/* A FATAL ErrorResponse. The message is cut where it does not fit. */
struct slice pg_encode_error(uint8_t dst[PG_ENCODE_ERROR_MAX], const char sqlstate[5],
                             const char *message);

/* A CancelRequest; the key has PG_CANCEL_KEY_MIN to PG_CANCEL_KEY_MAX bytes. */
struct slice pg_encode_cancel(uint8_t dst[PG_CANCEL_LEN_MAX], uint32_t pid, struct slice key);

#endif
