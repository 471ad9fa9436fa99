/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/read.h - what is on disk, as records for the judge and as documents for people.
 *
 * Totals are over the last READ_TOTALS_S, hours and minutes taken once each. Reads inside one
 * transaction, so it sees one moment of a live store. */
#ifndef STORE_SQLITE_READ_H
#define STORE_SQLITE_READ_H

#include "store/sqlite/db.h"
#include "store/store.h"

#define READ_TOTALS_S       (7u * 24 * 3600)
#define READ_INCIDENTS_MAX  200
#define READ_STATEMENTS_MAX 10000

/* 0 or -EIO. */
MUST_CHECK int read_restore(struct db *db, uint64_t now_s, store_record_cb *on_record, void *ctx);
/* 0, -ENOENT: no such document, -EIO. */
MUST_CHECK int read_document(struct db *db, const char *path, uint64_t now_s,
                             json_t **ret_document);
/* Fingerprints, then windows and deploys from from_s on, in the order of their time. 0 or -EIO. */
MUST_CHECK int read_windows(struct db *db, int64_t from_s, store_window_cb *on_record, void *ctx);

#endif
