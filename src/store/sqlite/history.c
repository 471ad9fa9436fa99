/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/sqlite/retain.h"
#include "store/sqlite/totals.h"
#include "store/store.h"

#define HOUR_S      3600u
#define RANGE_MAX_S RETAIN_HOURS_S

int
history_open(const char *dir, struct diag *diag, struct history **ret_history)
{
    char file[4096];
    if (snprintf(file, sizeof(file), "%s/%s", dir, STORE_FILE) >= (int)sizeof(file)) {
        return diag_set(diag, -ENAMETOOLONG, "the data directory's name is too long");
    }
    AUTO(history) struct history *h = check_alloc(1, sizeof(*h));
    int r = db_open_readonly(&h->db, file, diag);
    if (r == 0) {
        /* The upper pages of a large store, so that a look-up reads one page; best effort. */
        (void)db_run(&h->db, "PRAGMA cache_size=-32768");
        *ret_history = TAKE(h);
    }
    return r;
}

void
history_free(struct history **h_ptr)
{
    struct history *h = TAKE(*h_ptr);
    if (h != NULL) {
        db_close(&h->db);
        free(h);
    }
}

static int
read_mark(struct db *db, const char *name, uint64_t *ret_mark)
{
    sqlite3_stmt *s = db_statement(db, "SELECT value FROM meta WHERE key = ?1");
    if (s == NULL) {
        return -EIO;
    }
    db_bind_slice(s, 1, slice_from_str(name));
    int r = sqlite3_step(s);
    *ret_mark = r == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return r == SQLITE_ROW ? 0 : -EIO;
}

int
span_of(struct db *db, const struct history_range *range, uint64_t minutes_max_s,
        struct span *ret_span)
{
    struct span span = {.now_s = range->now_s,
                        .to_s = range->to_s == 0 ? range->now_s : range->to_s};
    span.from_s = range->from_s == 0 ? span.to_s - MIN(span.to_s, (uint64_t)HOUR_S) : range->from_s;
    if (span.from_s >= span.to_s || span.to_s - span.from_s > RANGE_MAX_S ||
        span.to_s > range->now_s + 2 * RANGE_MAX_S) {
        return -EINVAL;
    }
    int r = read_mark(db, "rolled_until", &span.rolled_s);
    r = r == 0 ? read_mark(db, "turned_until", &span.turned_s) : r;
    r = r == 0 ? read_mark(db, "parts_until", &span.parts_s) : r;
    bool minutes =
        span.to_s - span.from_s <= minutes_max_s && span.from_s + RETAIN_MINUTES_S >= span.now_s;
    span.length_s = minutes ? 60 : HOUR_S;
    span.from_s -= span.from_s % span.length_s;
    uint64_t windows = (span.to_s - span.from_s + span.length_s - 1) / span.length_s;
    uint64_t group = (windows + HISTORY_POINTS - 1) / HISTORY_POINTS;
    span.step_s = (unsigned)(group * span.length_s);
    span.points = (unsigned)((windows + group - 1) / group);
    *ret_span = span;
    return r;
}

unsigned
span_point(const struct span *span, uint64_t start_s)
{
    uint64_t point =
        start_s < span->from_s ? span->points : (start_s - span->from_s) / span->step_s;
    return (unsigned)MIN(point, (uint64_t)span->points);
}

double
span_seconds(const struct span *span, unsigned point)
{
    uint64_t start = span->from_s + (uint64_t)point * span->step_s;
    uint64_t passed = span->now_s > start ? span->now_s - start : 1;
    return (double)MAX(MIN(passed, (uint64_t)span->step_s), (uint64_t)1);
}

uint64_t
span_hours_end(const struct span *span)
{
    bool hours = span->length_s == HOUR_S;
    return hours ? MAX(MIN(span->rolled_s, span->to_s), span->from_s) : span->from_s;
}

static void
add_query_ns(void *ctx, struct totals *t)
{
    *(uint64_t *)ctx += t->query_ns;
}

int
span_query_ns(struct db *db, const struct span *span, uint64_t *ret_ns)
{
    uint64_t hours_end_s = span_hours_end(span), hours = 0, minutes = 0, tail = 0;
    int r = totals_query_ns(db, HOUR_S, span->from_s, hours_end_s, &hours);
    if (r == SQLITE_DONE) {
        r = totals_query_ns(db, 60, hours_end_s, span->to_s, &minutes);
    }
    if (r == SQLITE_DONE) {
        r = totals_read_tail(db, hours_end_s, span->to_s, span->now_s, add_query_ns, &tail);
    }
    if (r != SQLITE_DONE) {
        return -EIO;
    }
    *ret_ns = hours + minutes + tail;
    return 0;
}

/* ---- JSON ---- */

json_t *
history_ms(uint64_t ns)
{
    return json_real(clock_ns_to_ms(ns));
}

json_t *
history_quantile(const struct sketch *sketch, double q)
{
    return sketch->count == 0 ? json_null() : history_ms(sketch_quantile(sketch, q));
}

void
history_put_hex(json_t *object, const char *key, uint64_t fingerprint)
{
    char hex[17];
    snprintf(hex, sizeof(hex), "%016" PRIx64, fingerprint);
    json_object_set_new(object, key, json_string(hex));
}

static json_t *
seconds_json(int64_t ns)
{
    return json_integer(ns / (int64_t)NS_PER_S);
}

/* Routes and fingerprints, one a line. */
static json_t *
lines_json(struct slice lines)
{
    json_t *list = json_array();
    struct slice line;
    while (slice_split(&lines, '\n', &line)) {
        if (line.len > 0) {
            json_array_append_new(list, json_text(line));
        }
    }
    return list;
}

static json_t *
deploys(struct db *db, const struct span *span)
{
    json_t *list = json_array();
    sqlite3_stmt *s = db_statement(
        db,
        "SELECT name, at, basis, affects FROM deploys WHERE instance = ?1 AND at >= ?2 AND at < ?3"
        " ORDER BY at DESC LIMIT ?4");
    if (s == NULL) {
        return list;
    }
    sqlite3_bind_int64(s, 1, db->instance);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)(span->from_s * NS_PER_S));
    sqlite3_bind_int64(s, 3, (sqlite3_int64)(span->to_s * NS_PER_S));
    sqlite3_bind_int64(s, 4, HISTORY_MARKS);
    while (sqlite3_step(s) == SQLITE_ROW) {
        json_t *one = json_object();
        json_object_set_new(one, "name", json_text(db_column_slice(s, 0)));
        json_object_set_new(one, "at", seconds_json(sqlite3_column_int64(s, 1)));
        json_object_set_new(one, "basis", json_text(db_column_slice(s, 2)));
        json_object_set_new(one, "affects", lines_json(db_column_slice(s, 3)));
        json_array_append_new(list, one);
    }
    sqlite3_reset(s);
    return list;
}

/* From its onset, which the document says, until it was over. */
static json_t *
incidents(struct db *db, const struct span *span)
{
    json_t *list = json_array();
    sqlite3_stmt *s = db_statement(
        db, "SELECT id, state, json_extract(document, '$.headline'), opened, closed,"
            " unixepoch(json_extract(document, '$.onset_at')) FROM incidents WHERE instance = ?1"
            " AND opened < ?3 AND (closed = 0 OR closed >= ?2) ORDER BY id DESC LIMIT ?4");
    if (s == NULL) {
        return list;
    }
    sqlite3_bind_int64(s, 1, db->instance);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)(span->from_s * NS_PER_S));
    sqlite3_bind_int64(s, 3, (sqlite3_int64)(span->to_s * NS_PER_S));
    sqlite3_bind_int64(s, 4, HISTORY_MARKS);
    while (sqlite3_step(s) == SQLITE_ROW) {
        json_t *one = json_object();
        int64_t closed = sqlite3_column_int64(s, 4);
        bool has_onset = sqlite3_column_type(s, 5) != SQLITE_NULL;
        json_object_set_new(one, "id", json_integer(sqlite3_column_int64(s, 0)));
        json_object_set_new(one, "state", json_text(db_column_slice(s, 1)));
        json_object_set_new(one, "headline", json_text(db_column_slice(s, 2)));
        json_object_set_new(one, "from",
                            has_onset ? json_integer(sqlite3_column_int64(s, 5))
                                      : seconds_json(sqlite3_column_int64(s, 3)));
        json_object_set_new(one, "to", closed == 0 ? json_null() : seconds_json(closed));
        json_array_append_new(list, one);
    }
    sqlite3_reset(s);
    return list;
}

json_t *
span_document(struct db *db, const struct span *span)
{
    json_t *o = json_object();
    json_t *times = json_array();
    for (unsigned i = 0; i < span->points; i++) {
        json_array_append_new(
            times, json_integer((json_int_t)(span->from_s + (uint64_t)i * span->step_s)));
    }
    json_object_set_new(o, "from", json_integer((json_int_t)span->from_s));
    json_object_set_new(o, "to", json_integer((json_int_t)span->to_s));
    json_object_set_new(o, "step_s", json_integer(span->step_s));
    json_object_set_new(o, "times", times);
    json_object_set_new(o, "deploys", deploys(db, span));
    json_object_set_new(o, "incidents", incidents(db, span));
    return o;
}
