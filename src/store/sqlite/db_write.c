/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/clock.h"
#include "model/stored.h"
#include "store/sqlite/db.h"
#include "store/sqlite/facts.h"

static void
bind_number(sqlite3_stmt *stmt, int at, uint64_t n)
{
    sqlite3_bind_int64(stmt, at, (sqlite3_int64)n);
}

static int
write_fingerprint(struct db *db, const struct stored_fingerprint *f)
{
    sqlite3_stmt *s = db_begin(
        db, "INSERT INTO fingerprints(instance, fingerprint, database, kind, text,"
            " first_seen, last_seen) VALUES(?1, ?2, ?3, ?4, ?5, coalesce((SELECT"
            " min(first_seen, ?6) FROM fingerprints WHERE instance = ?1 AND fingerprint = ?2"
            " AND database = ''), ?6), ?6)"
            " ON CONFLICT DO UPDATE SET text = excluded.text, kind = excluded.kind,"
            " first_seen = min(first_seen, excluded.first_seen),"
            " last_seen = max(last_seen, excluded.last_seen)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_number(s, 2, f->fingerprint);
    db_bind_slice(s, 3, f->database);
    bind_number(s, 4, f->kind);
    db_bind_slice(s, 5, f->text);
    bind_number(s, 6, f->seen_wall_ns);
    int r = db_finish(s);
    if (r != SQLITE_DONE || f->database.len == 0) {
        return r;
    }
    /* Its database had no name yet when it was first put. */
    s = db_begin(db, "DELETE FROM fingerprints WHERE instance = ?1 AND fingerprint = ?2"
                     " AND database = ''");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_number(s, 2, f->fingerprint);
    return db_finish(s);
}

static int
write_route(struct db *db, const struct stored_route *r)
{
    sqlite3_stmt *s =
        db_begin(db, "INSERT INTO routes(instance, text, basis, first_seen) VALUES(?1, ?2, ?3, ?4)"
                     " ON CONFLICT DO UPDATE SET basis = excluded.basis,"
                     " first_seen = min(first_seen, excluded.first_seen)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    db_bind_slice(s, 2, r->text);
    db_bind_slice(s, 3, slice_from_str(route_basis_name(r->basis)));
    bind_number(s, 4, r->seen_wall_ns);
    return db_finish(s);
}

static void
bind_series(sqlite3_stmt *s, const struct stored_window *w)
{
    bind_number(s, 2, w->upstream);
    db_bind_slice(s, 3, w->database);
    db_bind_slice(s, 4, w->route);
    bind_number(s, 5, w->fingerprint);
}

/* Once an hour: up to its end. */
static int
series_is_seen(struct db *db, sqlite3_int64 id, uint64_t until_s)
{
    sqlite3_stmt *s = db_statement(db, "UPDATE series SET last_seen = ?2 WHERE id = ?1");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int64(s, 1, id);
    bind_number(s, 2, until_s);
    return db_finish(s);
}

static int
series_of(struct db *db, const struct stored_window *w, sqlite3_int64 *ret_id)
{
    uint64_t until_s = (w->start_wall_ns / NS_PER_S / 3600 + 1) * 3600;
    sqlite3_stmt *s = db_begin(db, "SELECT id, last_seen FROM series WHERE instance = ?1 AND"
                                   " upstream = ?2 AND database = ?3 AND route = ?4 AND"
                                   " fingerprint = ?5");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_series(s, w);
    int r = sqlite3_step(s);
    if (r == SQLITE_ROW) {
        bool is_newer = until_s > (uint64_t)sqlite3_column_int64(s, 1);
        *ret_id = sqlite3_column_int64(s, 0);
        sqlite3_reset(s);
        return is_newer ? series_is_seen(db, *ret_id, until_s) : SQLITE_DONE;
    }
    sqlite3_reset(s);
    s = db_begin(db,
                 "INSERT INTO series(instance, upstream, database, route, fingerprint, last_seen)"
                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_series(s, w);
    bind_number(s, 6, until_s);
    r = db_finish(s);
    *ret_id = sqlite3_last_insert_rowid(db->sql);
    return r;
}

static int
write_window(struct db *db, const struct stored_window *w)
{
    sqlite3_int64 series = 0;
    int r = series_of(db, w, &series);
    sqlite3_stmt *s = db_statement(
        db, "INSERT OR REPLACE INTO windows VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
            " ?11, ?12, ?13, ?14, ?15, ?16)");
    if (r != SQLITE_DONE || s == NULL) {
        return r == SQLITE_DONE ? SQLITE_ERROR : r;
    }
    bind_number(s, 1, w->length_s);
    bind_number(s, 2, w->start_wall_ns / NS_PER_S);
    sqlite3_bind_int64(s, 3, series);
    bind_number(s, 4, w->calls);
    bind_number(s, 5, w->errors);
    bind_number(s, 6, w->rows);
    bind_number(s, 7, w->time_ns);
    bind_number(s, 8, w->max_ns);
    db_bind_blob(s, 9, w->sketch);
    facts_bind(s, 10, w);
    r = db_finish(s);
    if (r != SQLITE_DONE) {
        return r;
    }
    /* One that comes late: its hour is rolled up again. */
    s = db_statement(db, "UPDATE meta SET value = ?1 WHERE key = 'rolled_until' AND value > ?1");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_number(s, 1, w->start_wall_ns / NS_PER_S / 3600 * 3600);
    return db_finish(s);
}

static int
write_state(struct db *db, const struct stored_state *state)
{
    sqlite3_stmt *s = db_begin(db, "INSERT OR REPLACE INTO detector_state VALUES(?1, ?2, ?3)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    db_bind_slice(s, 2, state->name);
    db_bind_blob(s, 3, state->blob);
    return db_finish(s);
}

static int
write_trace(struct db *db, const struct stored_trace *t)
{
    sqlite3_stmt *s = db_begin(db, "INSERT OR REPLACE INTO traces VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    db_bind_blob(s, 2, slice_of(t->trace_id, sizeof(t->trace_id)));
    db_bind_slice(s, 3, t->route);
    bind_number(s, 4, t->start_wall_ns);
    bind_number(s, 5, t->duration_ns);
    db_bind_slice(s, 6, t->json);
    return db_finish(s);
}

static int
write_finding(struct db *db, const struct stored_finding *f)
{
    sqlite3_stmt *s =
        db_begin(db, "INSERT OR REPLACE INTO findings VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_number(s, 2, f->incident);
    db_bind_slice(s, 3, f->kind);
    db_bind_slice(s, 4, f->subject);
    db_bind_slice(s, 5, f->evidence);
    bind_number(s, 6, f->seen_wall_ns);
    db_bind_slice(s, 7, f->json);
    return db_finish(s);
}

static int
write_incident(struct db *db, const struct stored_incident *i)
{
    sqlite3_stmt *s = db_begin(
        db, "INSERT INTO incidents VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE"
            " SET state = excluded.state, opened = excluded.opened, updated = excluded.updated,"
            " closed = excluded.closed, document = excluded.document,"
            " private = CASE WHEN length(excluded.private) > 0 THEN excluded.private"
            " ELSE private END");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_number(s, 2, i->id);
    db_bind_slice(s, 3, i->state);
    bind_number(s, 4, i->opened_wall_ns);
    bind_number(s, 5, i->updated_wall_ns);
    bind_number(s, 6, i->closed_wall_ns);
    db_bind_slice(s, 7, i->json);
    db_bind_blob(s, 8, i->blob);
    return db_finish(s);
}

static int
write_timeline(struct db *db, const struct stored_timeline *t)
{
    sqlite3_stmt *s = db_begin(db, "INSERT OR REPLACE INTO timeline VALUES(?1, ?2, ?3, ?4, ?5)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_number(s, 2, t->incident);
    bind_number(s, 3, t->at_wall_ns);
    db_bind_slice(s, 4, t->kind);
    db_bind_slice(s, 5, t->text);
    return db_finish(s);
}

static int
write_deploy(struct db *db, const struct stored_deploy *d)
{
    sqlite3_stmt *s = db_begin(db, "INSERT OR REPLACE INTO deploys VALUES(?1, ?2, ?3, ?4, ?5)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    db_bind_slice(s, 2, d->name);
    bind_number(s, 3, d->at_wall_ns);
    db_bind_slice(s, 4, d->basis);
    db_bind_slice(s, 5, d->affects);
    return db_finish(s);
}

static int
write_fix(struct db *db, const struct stored_fix *f)
{
    sqlite3_stmt *s =
        db_begin(db, "INSERT OR REPLACE INTO fixes VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_number(s, 2, f->incident);
    db_bind_slice(s, 3, f->action);
    db_bind_slice(s, 4, f->state);
    bind_number(s, 5, f->landed_wall_ns);
    sqlite3_bind_double(s, 6, f->predicted_ms); /* NaN becomes NULL */
    sqlite3_bind_double(s, 7, f->measured_ms);
    db_bind_slice(s, 8, f->json);
    return db_finish(s);
}

static int
write_plan(struct db *db, const struct stored_plan *p)
{
    sqlite3_stmt *s = db_begin(
        db, "INSERT INTO plans VALUES(?1, ?2, ?3, ?4, ?5, ?5, ?6) ON CONFLICT DO UPDATE SET"
            " last_seen = max(last_seen, excluded.last_seen), document = excluded.document");
    if (s == NULL) {
        return SQLITE_ERROR;
    }
    bind_number(s, 2, p->fingerprint);
    db_bind_slice(s, 3, p->database);
    bind_number(s, 4, p->shape);
    bind_number(s, 5, p->seen_wall_ns);
    db_bind_slice(s, 6, p->json);
    int r = db_finish(s);
    s = db_begin(db, "DELETE FROM plans WHERE instance = ?1 AND fingerprint = ?2 AND database = ?3"
                     " AND last_seen < (SELECT last_seen FROM plans WHERE instance = ?1"
                     " AND fingerprint = ?2 AND database = ?3 ORDER BY last_seen DESC"
                     " LIMIT 1 OFFSET ?4)");
    if (r != SQLITE_DONE || s == NULL) {
        return r == SQLITE_DONE ? SQLITE_ERROR : r;
    }
    bind_number(s, 2, p->fingerprint);
    db_bind_slice(s, 3, p->database);
    bind_number(s, 4, DB_PLANS_OF_ONE - 1);
    return db_finish(s);
}

int
db_write(struct db *db, const struct stored *r)
{
    switch (r->kind) {
    case STORED_FINGERPRINT:
        return write_fingerprint(db, &r->fingerprint);
    case STORED_ROUTE:
        return write_route(db, &r->route);
    case STORED_WINDOW:
        return write_window(db, &r->window);
    case STORED_STATE:
        return write_state(db, &r->state);
    case STORED_TRACE:
        return write_trace(db, &r->trace);
    case STORED_FINDING:
        return write_finding(db, &r->finding);
    case STORED_INCIDENT:
        return write_incident(db, &r->incident);
    case STORED_TIMELINE:
        return write_timeline(db, &r->timeline);
    case STORED_DEPLOY:
        return write_deploy(db, &r->deploy);
    case STORED_FIX:
        return write_fix(db, &r->fix);
    case STORED_PLAN:
        return write_plan(db, &r->plan);
    default:
        return SQLITE_DONE; /* a kind of a later version */
    }
}
