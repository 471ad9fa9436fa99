/* SPDX-License-Identifier: Apache-2.0
 *
 * What the judge needs to go on after a restart, as records. */
#include <errno.h>
#include <string.h>

#include "store/sqlite/read.h"
#include "store/sqlite/series_total.h"

struct restore {
    store_record_cb *on_record;
    void *ctx;
};

static void
restore_total(void *ctx, struct series_total *t)
{
    struct restore *r = ctx;
    uint8_t saved[SKETCH_SAVED_MAX];
    struct stored record = {.kind = STORED_WINDOW, .window = t->sums};
    if (t->sums.length_s > 0) {
        record.window.sketch = slice_of(saved, sketch_save(&t->sketch, saved, sizeof(saved)));
        r->on_record(r->ctx, &record);
    }
    record.window = t->newest;
    r->on_record(r->ctx, &record);
}

/* A record of the row, whose texts are the row's. False: it cannot be one. */
typedef bool record_of_row(sqlite3_stmt *s, struct stored *ret_record);

static bool
fingerprint_of_row(sqlite3_stmt *s, struct stored *record)
{
    record->kind = STORED_FINGERPRINT;
    record->fingerprint =
        (struct stored_fingerprint){.fingerprint = (uint64_t)sqlite3_column_int64(s, 0),
                                    .database = db_column_slice(s, 1),
                                    .kind = (uint8_t)sqlite3_column_int64(s, 2),
                                    .text = db_column_slice(s, 3),
                                    .seen_wall_ns = (uint64_t)sqlite3_column_int64(s, 4)};
    return true;
}

static bool
state_of_row(sqlite3_stmt *s, struct stored *record)
{
    record->kind = STORED_STATE;
    record->state = (struct stored_state){db_column_slice(s, 0), db_column_blob(s, 1)};
    return true;
}

static bool
incident_of_row(sqlite3_stmt *s, struct stored *record)
{
    record->kind = STORED_INCIDENT;
    record->incident =
        (struct stored_incident){.id = (uint32_t)sqlite3_column_int64(s, 0),
                                 .state = db_column_slice(s, 1),
                                 .opened_wall_ns = (uint64_t)sqlite3_column_int64(s, 2),
                                 .updated_wall_ns = (uint64_t)sqlite3_column_int64(s, 3),
                                 .closed_wall_ns = (uint64_t)sqlite3_column_int64(s, 4),
                                 .json = db_column_slice(s, 5),
                                 .blob = db_column_blob(s, 6)};
    return true;
}

static bool
trace_of_row(sqlite3_stmt *s, struct stored *record)
{
    struct slice id = db_column_blob(s, 0);
    record->kind = STORED_TRACE;
    record->trace = (struct stored_trace){.route = db_column_slice(s, 1),
                                          .start_wall_ns = (uint64_t)sqlite3_column_int64(s, 2),
                                          .duration_ns = (uint64_t)sqlite3_column_int64(s, 3),
                                          .json = db_column_slice(s, 4)};
    if (id.len != sizeof(record->trace.trace_id)) {
        return false;
    }
    memcpy(record->trace.trace_id, id.ptr, id.len);
    return true;
}

static bool
deploy_of_row(sqlite3_stmt *s, struct stored *record)
{
    record->kind = STORED_DEPLOY;
    record->deploy = (struct stored_deploy){.name = db_column_slice(s, 0),
                                            .at_wall_ns = (uint64_t)sqlite3_column_int64(s, 1),
                                            .basis = db_column_slice(s, 2),
                                            .affects = db_column_slice(s, 3)};
    return true;
}

static int
restore_rows(struct db *db, const char *query, record_of_row *of_row, struct restore *r)
{
    sqlite3_stmt *s = db_begin(db, query);
    int step = SQLITE_ERROR;
    while (s != NULL && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct stored record = {0};
        if (of_row(s, &record)) {
            r->on_record(r->ctx, &record);
        }
    }
    sqlite3_reset(s);
    return step == SQLITE_DONE ? 0 : -EIO;
}

#define FINGERPRINTS                                                                               \
    "SELECT fingerprint, database, kind, text, first_seen"                                         \
    " FROM fingerprints WHERE instance = ?1 ORDER BY last_seen DESC"
#define STATES "SELECT name, state FROM detector_state WHERE instance = ?1"

#define DEPLOYS                                                                                    \
    "SELECT name, at, basis, affects FROM (SELECT * FROM deploys WHERE instance = ?1"              \
    " ORDER BY at DESC LIMIT 32) ORDER BY at"

int
read_restore(struct db *db, uint64_t now_s, store_record_cb *on_record, void *ctx)
{
    struct restore to = {on_record, ctx};
    if (db_run(db, "BEGIN") != SQLITE_DONE) {
        return -EIO;
    }
    int r = restore_rows(db, FINGERPRINTS, fingerprint_of_row, &to);
    r = r == 0 ? restore_rows(db, STATES, state_of_row, &to) : r;
    r = r == 0 ? series_total_each(db, now_s, restore_total, &to) : r;
    r = r == 0 ? restore_rows(db, READ_INCIDENTS, incident_of_row, &to) : r;
    r = r == 0 ? restore_rows(db, READ_TRACES, trace_of_row, &to) : r;
    r = r == 0 ? restore_rows(db, DEPLOYS, deploy_of_row, &to) : r;
    (void)db_run(db, "COMMIT");
    return r;
}
