/* SPDX-License-Identifier: Apache-2.0
 * io/saslprep.h - a password as SCRAM hashes it (SASLprep, RFC 4013), with libidn's tables.
 *
 * As PostgreSQL and libpq do it, so that keys derived here are those that they have: ASCII stays as
 * it is, and so does what is not UTF-8 or what SASLprep does not allow, instead of being refused;
 * and what is allowed is decided before the normalization, not behind it. libidn normalizes as
 * Unicode 3.2 was written: five ideographs whose mapping was corrected later (U+2F868, 2F874,
 * 2F91F, 2F95F, 2F9BF), and a mark between two letters that would compose (Public Review Issue 29),
 * come out otherwise than PostgreSQL's; who has those gives the SCRAM secret.
 *
 * No state; any thread. Every copy is wiped, but for those that libidn makes meanwhile. */
#ifndef IO_SASLPREP_H
#define IO_SASLPREP_H

#include "base/check.h"
#include "base/slice.h"

/* Bytes of it that a byte may become: U+FDFA has three and becomes 33. */
#define SASLPREP_GROWTH 11

/* *ret_prepared is the password itself or in dst. 0, -ENOMEM, or -E2BIG: dst is too small, which
 * password.len * SASLPREP_GROWTH bytes never are. */
MUST_CHECK int saslprep(struct slice password, uint8_t *dst, size_t size,
                        struct slice *ret_prepared);

#endif
