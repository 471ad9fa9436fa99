/* SPDX-License-Identifier: Apache-2.0
 * store/store.h - what the analyzer has learned, on disk: DIR/store.db.
 *
 * SQLite in WAL mode with one writer: a thread of the store's own. store_put copies a record into
 * a bounded table, where a newer one with the same key replaces an older one that was not written
 * yet, and returns: a slow, busy or full disk never holds anybody up. The writer commits once a
 * second, and at once what says that an incident changed, a deploy was made or somebody was told,
 * so at most that much is lost when the process is killed. When it cannot write it says so once,
 * keeps what it has, and tries again every few seconds.
 *
 * Windows of 60 s are kept for two days and rolled up to hours (sketches are merged), hours for
 * 400 days, both with a row of sums for each window of time (history.h reads them), example traces
 * for a week, of each statement the last four plans, the rest for 400 days. Above 9/10 of
 * size_max_bytes the oldest windows go first; the database file itself never grows beyond
 * size_max_bytes.
 *
 * Limits: STORE_PENDING_MAX records and STORE_PENDING_BYTES waiting; what is beyond is dropped and
 * counted. store_put and store_totals from any thread, the rest from one. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <jansson.h>

#include "base/check.h"
#include "base/diag.h"
#include "model/stored.h"

#define STORE_FILE          "store.db"
#define STORE_PENDING_MAX   65536u
#define STORE_PENDING_BYTES (40u * 1024 * 1024)
#define STORE_SIZE_DEFAULT  (1024ull * 1024 * 1024)
#define STORE_SIZE_MIN      (2ull * 1024 * 1024)

struct store_config {
    const char *dir;         /* borrowed during store_open */
    const char *instance;    /* NULL: "local" */
    uint64_t size_max_bytes; /* 0: STORE_SIZE_DEFAULT */
    uint64_t commit_ns;      /* 0: one second */
    uint64_t retry_ns;       /* after a failure; 0: five seconds */
};

struct store_totals {
    uint64_t put;
    uint64_t written;
    uint64_t replaced; /* by a newer one with the same key before they were written */
    uint64_t dropped;
    uint64_t pending;
    uint64_t failures;   /* commits that did not succeed */
    uint64_t size_bytes; /* of the database file's pages in use */
    uint64_t commit_max_ns;
    char error[160]; /* why nothing can be written now; "" when all is well */
    bool began_anew; /* the file was damaged, and another one stands in its place */
};

struct store;

/* Creates the file, or takes it over; refuses one of a newer version. A file that is damaged is
 * set aside as store.db.damaged and a new one begun, with a message: here, or later by the writer,
 * which looks at every page when it starts, and sees what a write comes upon. The new one lacks
 * what was put before; whoever owns the store sees began_anew and starts again. 0 or -errno with a
 * diag. */
MUST_CHECK int store_open(const struct store_config *config, struct diag *diag,
                          struct store **ret_store);

/* Copies; never blocks for more than a short lock. */
void store_put(struct store *s, const struct stored *record);

/* What the judge needs to go on: fingerprints, states, windows (two for each series: all that is
 * kept but the newest, summed; then the newest, which may go on), incidents (all that are not
 * closed, and the last 50), example traces (the last 100), deploys (the last 32, in their order).
 * Reads what is written; the record is valid during the call. 0 or -EIO. */
typedef void store_record_cb(void *ctx, const struct stored *record);
MUST_CHECK int store_restore(struct store *s, store_record_cb *on_record, void *ctx);

/* Waits until all that was put before is written, or writing fails: 0 or -EIO. */
MUST_CHECK int store_sync(struct store *s);

struct store_totals store_totals(const struct store *s);

/* Writes what is left, if it can, and stops. */
void store_free(struct store **store);

/* Any process, read only, also beside a running writer: the document that GET /api/v1/PATH gives,
 * from what is on disk. path: "incidents", "queries", "requests", "traces",
 * "traces/ID". The caller owns the result.
 * -ENOENT: no store there, or no such document; -EIO: not readable. */
MUST_CHECK int store_document(const char *dir, const char *path, json_t **ret_document);
/* Any process, read only: FINGERPRINT records, then WINDOW and DEPLOY records from from_s on
 * (seconds since 1970) in the order of their time: minutes as far back as there are any, hours
 * before that; routes before their statements; a deploy before the windows that end after it.
 * What is written meanwhile comes, too.
 * False from the callback: it has enough. 0, -ENOENT, -EIO. */
typedef bool store_window_cb(void *ctx, const struct stored *record);
MUST_CHECK int store_windows(const char *dir, int64_t from_s, store_window_cb *on_record,
                             void *ctx);

#endif
