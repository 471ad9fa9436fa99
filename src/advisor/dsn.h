/* SPDX-License-Identifier: Apache-2.0
 * advisor/dsn.h - libpq's connection strings, written. They hold passwords: nobody prints them. */
#ifndef ADVISOR_DSN_H
#define ADVISOR_DSN_H

#include "base/buf.h"

/* Appends "key='value'"; nothing where the value is empty. */
void dsn_put(struct buf *b, const char *key, const char *value);

/* The login with what libpq would take from the environment as it is now written out, so that it
 * means the same when the environment has changed. The caller frees it. NULL: libpq cannot read it.
 */
char *dsn_resolve(const char *dsn);

/* The same login to another database; "": as it is. 0, -EINVAL (libpq cannot read it) or -E2BIG. */
MUST_CHECK int dsn_with_database(const char *dsn, const char *database, struct buf *ret_dsn);

#endif
