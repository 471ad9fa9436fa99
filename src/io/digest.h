/* SPDX-License-Identifier: Apache-2.0
 * io/digest.h - the hashes that logins are made of, from OpenSSL.
 *
 * No state; any thread. -EIO: OpenSSL does not offer it here (MD5 where only FIPS is allowed). */
#ifndef IO_DIGEST_H
#define IO_DIGEST_H

#include "base/check.h"
#include "base/slice.h"

#define DIGEST_SHA256_LEN 32
#define DIGEST_MD5_LEN    16

MUST_CHECK int digest_sha256(struct slice data, uint8_t ret_hash[DIGEST_SHA256_LEN]);
MUST_CHECK int digest_hmac_sha256(struct slice key, struct slice data,
                                  uint8_t ret_hash[DIGEST_SHA256_LEN]);
/* Takes about 0.4 µs an iteration. */
MUST_CHECK int digest_pbkdf2_sha256(struct slice password, struct slice salt, uint32_t iterations,
                                    uint8_t ret_hash[DIGEST_SHA256_LEN]);
MUST_CHECK int digest_md5(struct slice data, uint8_t ret_hash[DIGEST_MD5_LEN]);

#endif
