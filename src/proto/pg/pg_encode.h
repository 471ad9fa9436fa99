/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_encode.h - the one message that slowburn itself says to a client.
 *
 * Pure; writes into the caller's memory. */
#ifndef PROTO_PG_PG_ENCODE_H
#define PROTO_PG_PG_ENCODE_H

#include "base/check.h"
#include "base/slice.h"

#define PG_ENCODE_ERROR_MAX 512

/* A FATAL ErrorResponse. The message is cut where it does not fit. */
struct slice pg_encode_error(uint8_t dst[PG_ENCODE_ERROR_MAX], const char sqlstate[5],
                             const char *message);

#endif
