/* SPDX-License-Identifier: Apache-2.0
 * base/base64.h - base64 (RFC 4648, section 4), with its padding and without line breaks.
 *
 * Pure; writes into the caller's memory. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/check.h"
#include "base/slice.h"

/* Bytes of the text of n bytes, and most bytes that a text of n bytes can hold. */
#define BASE64_ENCODED_LEN(n) (((n) + 2) / 3 * 4)
#define BASE64_DECODED_MAX(n) ((n) / 4 * 3)

/* dst: of BASE64_ENCODED_LEN(bytes.len), no NUL is added. Returns the length. */
size_t base64_encode(struct slice bytes, uint8_t *dst);

/* The length, or -EINVAL: not base64 in its one canonical form; or -ENOSPC: more than size bytes.
 */
MUST_CHECK int base64_decode(struct slice text, uint8_t *dst, size_t size);

#endif
