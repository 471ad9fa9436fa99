/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/read.h - what is on disk, as records for the judge (read_restore.c), as documents
 * for people (read_documents.c), and as windows in the order of their time (read_windows.c).
 *
 * Totals are those of series_total.h, over the last SERIES_TOTAL_S. Reads inside one
 * transaction, so it sees one moment of a live store; windows a piece at a time. */
#ifndef STORE_SQLITE_READ_H
#define STORE_SQLITE_READ_H

#include "store/sqlite/db.h"
#include "store/store.h"

#define READ_INCIDENTS_MAX  200
#define READ_STATEMENTS_MAX 10000

/* The newest first; open ones always. */
#define READ_INCIDENTS                                                                             \
    "SELECT id, state, opened, updated, closed, document, private FROM incidents"                  \
    " WHERE instance = ?1 AND (state <> 'closed' OR id IN"                                         \
    " (SELECT id FROM incidents WHERE instance = ?1 ORDER BY id DESC LIMIT 50))"                   \
    " ORDER BY id DESC LIMIT 200"
/* The newest first. */
#define READ_TRACES                                                                                \
    "SELECT trace, route, start, duration_ns, document FROM traces"                                \
    " WHERE instance = ?1 ORDER BY start DESC LIMIT 100"

/* 0 or -EIO. */
MUST_CHECK int read_restore(struct db *db, uint64_t now_s, store_record_cb *on_record, void *ctx);
/* 0, -ENOENT: no such document, -EIO. */
MUST_CHECK int read_document(struct db *db, const char *path, uint64_t now_s,
                             json_t **ret_document);
/* Fingerprints, then windows and deploys from from_s on, in the order of their time; those that are
 * written meanwhile, too. 0 or -EIO. */
MUST_CHECK int read_windows(struct db *db, int64_t from_s, store_window_cb *on_record, void *ctx);

#endif
