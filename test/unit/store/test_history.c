/* SPDX-License-Identifier: Apache-2.0
 * What the store knows about a stretch of time: the sums of each window, and what is asked of them.
 */
#include <errno.h>
#include <math.h>
#include <time.h>

#include "store/history.h"
#include "store/sqlite/db.h"
#include "store/sqlite/part_hours.h"
#include "store/sqlite/retain.h"
#include "store/sqlite/totals.h"
#include "unit/store/store_kit.h"

#define FINGERPRINT 0xaaaaaaaaaaaaaaaaull

struct fixture {
    char dir[64];
    char path[128];
    struct db db;
    uint64_t now_s; /* a whole hour */
};

static void
start(struct fixture *f)
{
    struct diag diag = {0};
    kit_folder(f->dir);
    snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, STORE_FILE);
    f->now_s = 1800000000 / 3600 * 3600;
    assert_int_equal(db_open(&f->db, f->path, "local", STORE_SIZE_DEFAULT, &diag), 0);
}

static void
stop(struct fixture *f)
{
    db_close(&f->db);
    kit_remove(f->dir);
}

static struct slice
sketch_of(uint64_t ns, unsigned count, uint8_t *saved)
{
    struct sketch s = {0};
    for (unsigned i = 0; i < count; i++) {
        sketch_add(&s, ns);
    }
    size_t n = sketch_save(&s, saved, SKETCH_SAVED_MAX);
    sketch_fini(&s);
    return slice_of(saved, n);
}

static void
put_window(struct fixture *f, uint64_t start_s, const char *route, uint64_t fingerprint,
           uint64_t calls, uint64_t each_ns)
{
    uint8_t saved[SKETCH_SAVED_MAX];
    bool is_part = route[0] != '\0' && fingerprint != 0;
    struct stored r = kit_window(start_s, fingerprint, calls,
                                 is_part ? SLICE_NONE : sketch_of(each_ns, (unsigned)calls, saved));
    r.window.route = slice_from_str(route);
    r.window.database = fingerprint == 0 ? SLICE_NONE : SLICE_LIT("shop");
    r.window.time_ns = calls * each_ns;
    r.window.errors = route[0] != '\0' && fingerprint == 0 ? 1 : 0;
    assert_int_equal(db_write(&f->db, &r), SQLITE_DONE);
}

/* A minute of one route: 60 requests of 10 ms with two queries of 2 ms each. */
static void
put_minute(struct fixture *f, uint64_t start_s)
{
    put_window(f, start_s, "GET /a", 0, 60, 10 * NS_PER_MS);
    put_window(f, start_s, "GET /a", FINGERPRINT, 120, 2 * NS_PER_MS);
    put_window(f, start_s, "", FINGERPRINT, 120, 2 * NS_PER_MS);
}

static void
make_totals(struct fixture *f)
{
    bool more = true;
    while (more) {
        assert_int_equal(totals_step(&f->db, f->now_s, &more), SQLITE_DONE);
    }
}

static struct history *
open_history(struct fixture *f)
{
    struct diag diag = {0};
    struct history *h = NULL;
    assert_int_equal(history_open(f->dir, &diag, &h), 0);
    return h;
}

static double
figure(json_t *document, const char *list, size_t at)
{
    json_t *value = json_array_get(json_object_get(document, list), at);
    return json_is_null(value) ? NAN : json_number_value(value);
}

static void
assert_near(double value, double wanted, double by)
{
    if (!(fabs(value - wanted) <= by)) {
        fail_msg("%g instead of %g", value, wanted);
    }
}

static void
keep_row(void *ctx, struct totals *row)
{
    struct totals *to = ctx;
    *to = *row;
    to->sketch = (struct sketch){0};
    to->saved = SLICE_NONE;
    totals_add_sketch(row, &to->sketch);
}

static void
a_window_is_summed_once_it_is_complete(void **state)
{
    struct fixture f;
    struct totals row = {0};
    start(&f);
    put_minute(&f, f.now_s - 60 - RETAIN_LATE_S - 60);
    put_minute(&f, f.now_s - 60); /* may still change */
    make_totals(&f);
    assert_int_equal(totals_newest(&f.db, 60), f.now_s - 120 - RETAIN_LATE_S);
    assert_int_equal(totals_read(&f.db, 60, 0, f.now_s, keep_row, &row), SQLITE_DONE);
    assert_int_equal(row.requests, 60);
    assert_int_equal(row.request_errors, 1);
    assert_int_equal(row.queries, 120);
    assert_int_equal(row.query_ns, 240 * NS_PER_MS);
    assert_int_equal(row.sketch.count, 60);
    assert_int_equal(row.routes.count, 1);
    assert_int_equal(row.routes.top[0].calls, 60);
    assert_int_equal(row.routes.top[0].time_ns, 600 * NS_PER_MS);
    assert_int_equal(row.routes.top[0].db_ns, 240 * NS_PER_MS);
    assert_int_equal(row.statements.count, 1);
    assert_int_equal(row.statements.top[0].calls, 120);
    totals_fini(&row);
    stop(&f);
}

static void
the_largest_have_names_and_the_rest_are_in_the_sums(void **state)
{
    struct fixture f;
    struct totals row = {0};
    uint64_t start_s;
    start(&f);
    start_s = f.now_s - 600;
    for (unsigned i = 1; i <= 3 * TOTALS_TOP_MAX; i++) {
        put_window(&f, start_s, "", i, 1, i * NS_PER_MS);
    }
    make_totals(&f);
    assert_int_equal(totals_read(&f.db, 60, 0, f.now_s, keep_row, &row), SQLITE_DONE);
    assert_int_equal(row.queries, 3 * TOTALS_TOP_MAX);
    assert_int_equal(row.statements.count, TOTALS_TOP_MAX);
    for (unsigned i = 0; i < TOTALS_TOP_MAX; i++) {
        assert_true(row.statements.top[i].db_ns > 2ull * TOTALS_TOP_MAX * NS_PER_MS);
    }
    totals_fini(&row);
    stop(&f);
}

/* From before it was known what they affect. */
static bool
is_old_deploy(void *ctx, const struct stored *r)
{
    bool *has_deploy = ctx;
    if (r->kind == STORED_DEPLOY) {
        assert_true(slice_eq(r->deploy.name, SLICE_LIT("v1")));
        assert_int_equal(r->deploy.affects.len, 0);
        *has_deploy = true;
    }
    return true;
}

static void
an_older_store_is_taken_over(void **state)
{
    struct fixture f;
    struct diag diag = {0};
    struct stored deploy = {.kind = STORED_DEPLOY,
                            .deploy = {.name = SLICE_LIT("v1"),
                                       .at_wall_ns = 9 * NS_PER_S,
                                       .basis = SLICE_LIT("marked"),
                                       .affects = SLICE_LIT("GET /x")}};
    start(&f);
    put_minute(&f, f.now_s - 600);
    assert_int_equal(db_write(&f.db, &deploy), SQLITE_DONE);
    assert_int_equal(
        sqlite3_exec(
            f.db.sql,
            "ALTER TABLE deploys DROP COLUMN affects; DROP INDEX fingerprints_last_seen; ALTER "
            "TABLE fingerprints DROP COLUMN size;"
            " ALTER TABLE fingerprints DROP COLUMN last_seen;"
            " ALTER TABLE series DROP COLUMN last_seen;"
            " DROP INDEX series_route; DROP INDEX series_fingerprint; DROP TABLE part_hours;"
            " DROP TABLE totals; DROP TABLE series_hours; DROP TABLE plans;"
            " ALTER TABLE windows DROP COLUMN facts; ALTER TABLE windows DROP COLUMN bytes;"
            " ALTER TABLE windows DROP COLUMN requests_repeating;"
            " ALTER TABLE windows DROP COLUMN same_value_calls;"
            " ALTER TABLE windows DROP COLUMN rows_read;"
            " ALTER TABLE windows DROP COLUMN lock_ms; ALTER TABLE windows DROP COLUMN plan;"
            " ALTER TABLE routes ADD COLUMN guessed INTEGER NOT NULL DEFAULT 0;"
            " INSERT INTO routes(instance, text, guessed, first_seen)"
            " VALUES(1, 'select x', 1, 1), (1, 'GET /x', 0, 1);"
            " ALTER TABLE routes DROP COLUMN basis;"
            " DELETE FROM meta WHERE key IN ('turned_until', 'parts_until'); PRAGMA user_version=1",
            NULL, NULL, NULL),
        SQLITE_OK);
    db_close(&f.db);
    bool has_deploy = false;
    assert_int_equal(store_windows(f.dir, 0, is_old_deploy, &has_deploy), 0);
    assert_true(has_deploy);
    json_t *rows = NULL; /* it can be read as it is, too */
    assert_int_equal(store_document(f.dir, "requests", &rows), 0);
    json_decref(rows);
    assert_int_equal(db_open(&f.db, f.path, "local", STORE_SIZE_DEFAULT, &diag), 0);
    assert_int_equal(db_route_basis(&f.db, SLICE_LIT("select x")), ROUTE_BASIS_QUERIES);
    assert_int_equal(db_route_basis(&f.db, SLICE_LIT("GET /x")), ROUTE_BASIS_PATH);
    has_deploy = false;
    assert_int_equal(store_windows(f.dir, 0, is_old_deploy, &has_deploy), 0);
    assert_true(has_deploy);
    make_totals(&f);
    assert_int_equal(totals_newest(&f.db, 60), f.now_s - 600);
    stop(&f);
}

static void
an_hour_is_drawn_minute_by_minute(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    start(&f);
    for (uint64_t at = f.now_s - 3600; at < f.now_s; at += 60) {
        if (at != f.now_s - 1800) { /* nothing is known of this minute */
            put_minute(&f, at);
        }
    }
    struct stored deploy = {.kind = STORED_DEPLOY,
                            .deploy = {SLICE_LIT("v2"), (f.now_s - 900) * NS_PER_S,
                                       SLICE_LIT("marked"), SLICE_LIT("GET /a\n00000000000000aa")}};
    assert_int_equal(db_write(&f.db, &deploy), SQLITE_DONE);
    deploy.deploy =
        (struct stored_deploy){SLICE_LIT("v1"), (f.now_s - 901) * NS_PER_S, SLICE_LIT("inferred")};
    assert_int_equal(db_write(&f.db, &deploy), SQLITE_DONE);
    make_totals(&f);
    AUTO(history) struct history *h = open_history(&f);
    struct history_range range = {.now_s = f.now_s};
    assert_int_equal(history_overview(h, &range, &d), 0);
    assert_int_equal(json_array_size(json_object_get(d, "times")), 60);
    assert_near(figure(d, "requests", 0), 60, 1e-9);
    assert_near(figure(d, "queries", 59), 120, 1e-9); /* the tail has no row yet */
    assert_near(figure(d, "load", 1), 0.004, 1e-9);
    assert_near(figure(d, "p95_ms", 1), 10, 0.2);
    assert_true(isnan(figure(d, "requests", 30)));
    json_t *route = json_array_get(json_object_get(d, "routes"), 0);
    assert_string_equal(json_string_value(json_object_get(route, "route")), "GET /a");
    assert_int_equal(json_integer_value(json_object_get(route, "requests")), 59 * 60);
    assert_near(json_number_value(json_object_get(route, "share")), 1, 1e-9);
    json_t *mark = json_array_get(json_object_get(d, "deploys"), 0);
    assert_int_equal(json_integer_value(json_object_get(mark, "at")), f.now_s - 900);
    const json_t *affects = json_object_get(mark, "affects");
    assert_int_equal(json_array_size(affects), 2);
    assert_string_equal(json_string_value(json_array_get(affects, 0)), "GET /a");
    assert_string_equal(json_string_value(json_array_get(affects, 1)), "00000000000000aa");
    mark = json_array_get(json_object_get(d, "deploys"), 1); /* it may be anything */
    assert_true(json_is_array(json_object_get(mark, "affects")));
    assert_int_equal(json_array_size(json_object_get(mark, "affects")), 0);
    json_decref(d);
    stop(&f);
}

static void
a_month_is_drawn_from_hours(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    bool more = true;
    start(&f);
    for (uint64_t at = f.now_s - 4 * 3600; at < f.now_s; at += 60) {
        put_minute(&f, at);
    }
    while (more) {
        assert_int_equal(retain_roll_up(&f.db, f.now_s, &more), SQLITE_DONE);
    }
    make_totals(&f);
    AUTO(history) struct history *h = open_history(&f);
    struct history_range range = {.from_s = f.now_s - 30 * 86400, .now_s = f.now_s};
    assert_int_equal(history_overview(h, &range, &d), 0);
    size_t points = json_array_size(json_object_get(d, "times"));
    assert_true(points <= HISTORY_POINTS);
    double step_s = json_number_value(json_object_get(d, "step_s"));
    double requests = 0;
    for (size_t i = 0; i < points; i++) {
        double a_minute = figure(d, "requests", i);
        requests += isnan(a_minute) ? 0 : a_minute * step_s / 60;
    }
    assert_near(requests, 4 * 3600, 1);
    json_decref(d);
    stop(&f);
}

static unsigned
count_rows(struct fixture *f, const char *text)
{
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->db.sql, text, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    unsigned n = (unsigned)sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return n;
}

static bool
count_window(void *ctx, const struct stored *record)
{
    *(uint64_t *)ctx += record->kind == STORED_WINDOW ? record->window.calls : 0;
    return true;
}

/* What is answered of a route and of a statement. */
static void
add_details(struct history *h, const struct history_range *range, json_t *list)
{
    json_t *d = NULL;
    assert_int_equal(history_route(h, "GET /a", range, &d), 0);
    json_array_append_new(list, d);
    assert_int_equal(history_query(h, FINGERPRINT, range, &d), 0);
    json_array_append_new(list, d);
}

/* What all that is asked of the store answers, as text. */
static char *
all_answers(struct fixture *f)
{
    AUTO(history) struct history *h = open_history(f);
    json_t *all = json_array();
    const struct history_range ranges[] = {
        {.from_s = f->now_s - 6 * 86400, .now_s = f->now_s},
        {.from_s = f->now_s - 5 * 86400 + 1800, .to_s = f->now_s - 4 * 86400, .now_s = f->now_s},
        {.from_s = f->now_s - 7 * 3600, .now_s = f->now_s}};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        json_t *d = NULL;
        add_details(h, &ranges[i], all);
        assert_int_equal(history_overview(h, &ranges[i], &d), 0);
        json_array_append_new(all, d);
    }
    uint64_t calls = 0;
    assert_int_equal(store_windows(f->dir, 0, count_window, &calls), 0);
    json_array_append_new(all, json_integer((json_int_t)calls));
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

static void
put_hour(struct fixture *f, uint64_t start_s, const char *route, uint64_t fingerprint)
{
    uint8_t saved[SKETCH_SAVED_MAX];
    struct stored r = kit_window(start_s, fingerprint, 1 + start_s % 7,
                                 sketch_of(start_s % 50 * NS_PER_MS, 3, saved));
    r.window.route = slice_from_str(route);
    r.window.length_s = 3600;
    assert_int_equal(db_write(&f->db, &r), SQLITE_DONE);
}

/* It is a matter of where the hours stand, and no answer changes. */
static void
days_that_are_over_are_turned(void **state)
{
    struct fixture f;
    bool more = true;
    start(&f);
    f.now_s -= f.now_s % 86400 - 5 * 3600;
    for (uint64_t at = f.now_s - 5 * 86400; at < f.now_s - 3600; at += 3600) {
        put_hour(&f, at, "GET /a", 0);
        put_hour(&f, at, "GET /a", FINGERPRINT);
        put_hour(&f, at, "", FINGERPRINT);
        put_hour(&f, at, "GET /b", FINGERPRINT);
    }
    put_minute(&f, f.now_s - 600);
    assert_int_equal(retain_turn_day(&f.db, f.now_s, &more), SQLITE_DONE);
    assert_false(more); /* they have neither their totals, nor are they known to be whole */
    char sql[128];
    snprintf(sql, sizeof(sql), "UPDATE meta SET value = %llu WHERE key = 'rolled_until'",
             (unsigned long long)f.now_s - 3600);
    assert_int_equal(sqlite3_exec(f.db.sql, sql, NULL, NULL, NULL), SQLITE_OK);
    make_totals(&f);
    char *before = all_answers(&f);
    unsigned hours = count_rows(&f, "SELECT count(*) FROM windows WHERE length = 3600");
    unsigned days = 0;
    for (more = true; more; days += more) {
        assert_int_equal(retain_turn_day(&f.db, f.now_s, &more), SQLITE_DONE);
    }
    assert_int_equal(days, 3);
    unsigned turned = count_rows(&f, "SELECT count(*) FROM series_hours");
    assert_true(turned > 200);
    assert_int_equal(turned + count_rows(&f, "SELECT count(*) FROM windows WHERE length = 3600"),
                     hours);
    char *after = all_answers(&f);
    assert_string_equal(after, before);
    free(before);
    free(after);
    assert_int_equal(retain_by_size(&f.db, 0, &more), SQLITE_DONE); /* the oldest day goes first */
    while (count_rows(&f, "SELECT count(*) FROM series_hours") == turned && more) {
        assert_int_equal(retain_by_size(&f.db, 0, &more), SQLITE_DONE);
    }
    assert_true(count_rows(&f, "SELECT count(*) FROM series_hours") < turned);
    assert_int_equal(retain_by_age(&f.db, f.now_s + RETAIN_HOURS_S + 86400), SQLITE_DONE);
    assert_int_equal(count_rows(&f, "SELECT count(*) FROM series_hours"), 0);
    stop(&f);
}

struct slow_reader {
    struct fixture *f;
    uint64_t first_s;
    unsigned windows;
    int log,
        moved; /* pages of the log when it has come to another day, and those moved out of it */
};

/* The writer goes on meanwhile. */
static bool
read_slowly(void *ctx, const struct stored *record)
{
    struct slow_reader *r = ctx;
    uint64_t start_s = record->window.start_wall_ns / NS_PER_S;
    if (record->kind != STORED_WINDOW) {
        return true;
    }
    if (r->windows++ == 0) {
        r->first_s = start_s;
        put_window(r->f, r->f->now_s - 60, "", FINGERPRINT, 1, NS_PER_MS);
    } else if (r->log == 0 && start_s - r->first_s >= 86400) {
        assert_int_equal(sqlite3_wal_checkpoint_v2(r->f->db.sql, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                                   &r->log, &r->moved),
                         SQLITE_OK);
    }
    return true;
}

static void
the_log_is_moved_into_the_store_while_all_windows_are_read(void **state)
{
    struct fixture f;
    struct slow_reader r = {.f = &f};
    start(&f);
    for (uint64_t day = 5; day > 0; day--) {
        put_hour(&f, f.now_s - day * 86400, "", FINGERPRINT);
    }
    assert_int_equal(store_windows(f.dir, 0, read_slowly, &r), 0);
    assert_int_equal(r.windows, 6); /* what was written meanwhile, too */
    assert_true(r.log > 0);
    assert_int_equal(r.moved, r.log);
    stop(&f);
}

static char *
route_answers(struct fixture *f)
{
    AUTO(history) struct history *h = open_history(f);
    json_t *all = json_array();
    const struct history_range ranges[] = {{.from_s = f->now_s - 6 * 3600, .now_s = f->now_s},
                                           {.from_s = f->now_s - 5 * 3600 - 1380,
                                            .to_s = f->now_s - 3 * 3600 - 600,
                                            .now_s = f->now_s},
                                           {.from_s = f->now_s - 1800, .now_s = f->now_s},
                                           {.from_s = f->now_s - 2 * 86400, .now_s = f->now_s}};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        add_details(h, &ranges[i], all);
    }
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

static void
assert_answers(struct fixture *f, const char *wanted)
{
    char *answers = route_answers(f);
    assert_string_equal(answers, wanted);
    free(answers);
}

/* Again a matter of where they stand: no answer changes, and none reads the single minutes. */
static void
the_minutes_of_parts_stand_by_the_hour(void **state)
{
    struct fixture f;
    bool more = true;
    start(&f);
    for (uint64_t at = f.now_s - 7 * 3600; at < f.now_s; at += 60) {
        uint64_t calls = 1 + at / 60 % 300;
        put_window(&f, at, "GET /a", 0, calls, 10 * NS_PER_MS);
        put_window(&f, at, "GET /a", FINGERPRINT, 2 * calls, (1 + calls % 7) * NS_PER_MS);
        put_window(&f, at, "", FINGERPRINT, 2 * calls, (1 + calls % 7) * NS_PER_MS);
        if (calls % 3 == 0) {
            put_window(&f, at, "GET /b", FINGERPRINT, 1, NS_PER_MS);
        }
    }
    assert_int_equal(part_hours_step(&f.db, &more), SQLITE_DONE);
    assert_false(more); /* no hour is known to be whole */
    for (more = true; more;) {
        assert_int_equal(retain_roll_up(&f.db, f.now_s, &more), SQLITE_DONE);
    }
    make_totals(&f);
    char *before = route_answers(&f);
    unsigned hours = 0;
    for (more = true; more; hours += more) {
        assert_int_equal(part_hours_step(&f.db, &more), SQLITE_DONE);
        assert_answers(&f, before);
    }
    assert_int_equal(hours, 6); /* and not the one that is going on */
    assert_int_equal(count_rows(&f, "SELECT count(*) FROM part_hours"), 2 * 6);
    assert_int_equal(
        sqlite3_exec(f.db.sql,
                     "DELETE FROM windows WHERE length = 60 AND start <"
                     " (SELECT value FROM meta WHERE key = 'parts_until') AND series IN"
                     " (SELECT id FROM series WHERE route <> '' AND fingerprint <> 0)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_answers(&f, before);
    free(before);
    assert_int_equal(retain_by_age(&f.db, f.now_s + RETAIN_MINUTES_S - 3 * 3600), SQLITE_DONE);
    assert_int_equal(count_rows(&f, "SELECT count(*) FROM part_hours"), 2 * 3);
    stop(&f);
}

static void
put_plan(struct fixture *f, uint64_t shape, uint64_t seen_s)
{
    struct stored r = {.kind = STORED_PLAN,
                       .plan = {.fingerprint = FINGERPRINT,
                                .database = SLICE_LIT("shop"),
                                .shape = shape,
                                .seen_wall_ns = seen_s * NS_PER_S,
                                .json = SLICE_LIT("{\"cost\": 12.5, \"nodes\": []}")}};
    assert_int_equal(db_write(&f->db, &r), SQLITE_DONE);
}

static void
the_last_plans_of_a_statement_stay(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    start(&f);
    for (uint64_t shape = 1; shape <= 6; shape++) {
        put_plan(&f, shape, 1000 * shape);
    }
    put_plan(&f, 4, 9000); /* chosen again */
    AUTO(history) struct history *h = open_history(&f);
    assert_int_equal(history_plans(h, FINGERPRINT, &d), 0);
    json_t *plans = json_object_get(d, "plans");
    assert_int_equal(json_array_size(plans), DB_PLANS_OF_ONE);
    json_t *now = json_array_get(plans, 0);
    assert_string_equal(json_string_value(json_object_get(now, "shape")), "0000000000000004");
    assert_int_equal(json_integer_value(json_object_get(now, "first_seen")), 4000);
    assert_int_equal(json_integer_value(json_object_get(now, "last_seen")), 9000);
    assert_near(json_number_value(json_object_get(now, "cost")), 12.5, 1e-9);
    json_t *oldest = json_array_get(plans, DB_PLANS_OF_ONE - 1);
    assert_string_equal(json_string_value(json_object_get(oldest, "shape")), "0000000000000003");
    json_decref(d);
    assert_int_equal(history_plans(h, 1, &d), 0);
    assert_int_equal(json_array_size(json_object_get(d, "plans")), 0);
    json_decref(d);
    stop(&f);
}

static void
a_route_and_a_statement_tell_of_each_other(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    start(&f);
    for (uint64_t at = f.now_s - 1800; at < f.now_s; at += 60) {
        put_minute(&f, at);
    }
    AUTO(history) struct history *h = open_history(&f);
    struct history_range range = {.from_s = f.now_s - 3600, .now_s = f.now_s};
    assert_int_equal(history_route(h, "GET /a", &range, &d), 0);
    assert_near(figure(d, "queries_per_request", 45), 2, 1e-9);
    assert_near(figure(d, "db_ms", 45), 4, 1e-9);
    assert_near(figure(d, "mean_ms", 45), 10, 1e-9);
    assert_true(isnan(figure(d, "mean_ms", 0)));
    json_t *heat = json_object_get(d, "heat");
    assert_int_equal(json_array_size(json_object_get(heat, "edges_ms")), 1);
    assert_int_equal(
        json_integer_value(json_array_get(json_array_get(json_object_get(heat, "counts"), 45), 0)),
        60);
    json_t *part = json_array_get(json_object_get(d, "statements"), 0);
    assert_string_equal(json_string_value(json_object_get(part, "fingerprint")),
                        "aaaaaaaaaaaaaaaa");
    json_decref(d);
    assert_int_equal(history_query(h, FINGERPRINT, &range, &d), 0);
    assert_near(figure(d, "calls", 45), 120, 1e-9);
    part = json_array_get(json_object_get(d, "routes"), 0);
    assert_string_equal(json_string_value(json_object_get(part, "route")), "GET /a");
    assert_int_equal(json_integer_value(json_object_get(part, "calls")), 30 * 120);
    json_decref(d);
    assert_int_equal(history_route(h, "GET /b", &range, &d), -ENODATA);
    assert_int_equal(history_query(h, 1, &range, &d), -ENODATA);
    stop(&f);
}

static void
assert_shares(struct history *h, const struct history_range *range, double wanted)
{
    json_t *route = NULL, *query = NULL;
    assert_int_equal(history_route(h, "GET /a", range, &route), 0);
    assert_int_equal(history_query(h, FINGERPRINT, range, &query), 0);
    assert_near(json_number_value(json_object_get(route, "share")), wanted, 1e-9);
    assert_near(json_number_value(json_object_get(query, "share")), wanted, 1e-9);
    json_decref(route);
    json_decref(query);
}

/* It was alone until an hour ago, and is a quarter since: by minutes with their sums and without,
 * by hours, and by both. */
static void
a_share_is_of_all_database_time_in_the_range(void **state)
{
    struct fixture f;
    bool more = true;
    json_t *d = NULL;
    start(&f);
    for (uint64_t at = f.now_s - 4 * 3600; at < f.now_s; at += 60) {
        put_minute(&f, at);
        if (at >= f.now_s - 3600) {
            put_window(&f, at, "", 1, 120, 6 * NS_PER_MS);
            put_window(&f, at, "", STORED_LOGINS, 120, 60 * NS_PER_MS); /* no query */
        }
    }
    make_totals(&f);
    AUTO(history) struct history *h = open_history(&f);
    const struct history_range ranges[] = {
        {.from_s = f.now_s - 3600, .now_s = f.now_s},
        {.from_s = f.now_s - 2 * 3600, .to_s = f.now_s - 3600, .now_s = f.now_s},
        {.from_s = f.now_s - 2 * 3600, .now_s = f.now_s},
        {.from_s = f.now_s - 3 * 86400, .now_s = f.now_s},
    };
    const double shares[] = {0.25, 1, 2 / 5.0, 4 / 7.0};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        assert_shares(h, &ranges[i], shares[i]);
    }
    while (more) {
        assert_int_equal(retain_roll_up(&f.db, f.now_s, &more), SQLITE_DONE);
    }
    make_totals(&f);
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        assert_shares(h, &ranges[i], shares[i]);
    }
    const struct history_range before = {
        .from_s = f.now_s - 7200 - 4 * 3600, .to_s = f.now_s - 5 * 3600, .now_s = f.now_s};
    assert_int_equal(history_route(h, "GET /a", &before, &d), 0);
    assert_true(json_is_null(json_object_get(d, "share")));
    json_decref(d);
    stop(&f);
}

static void
ranges_that_are_none_are_refused(void **state)
{
    struct fixture f;
    json_t *d = NULL;
    start(&f);
    AUTO(history) struct history *h = open_history(&f);
    const struct history_range bad[] = {
        {.from_s = f.now_s, .to_s = f.now_s, .now_s = f.now_s},
        {.from_s = f.now_s, .to_s = f.now_s - 1, .now_s = f.now_s},
        {.from_s = 1, .to_s = f.now_s, .now_s = f.now_s},
        {.from_s = UINT64_MAX - 10, .to_s = UINT64_MAX, .now_s = f.now_s},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(history_overview(h, &bad[i], &d), -EINVAL);
        assert_int_equal(history_route(h, "GET /a", &bad[i], &d), -ENODATA);
    }
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_summed_once_it_is_complete),
        cmocka_unit_test(the_largest_have_names_and_the_rest_are_in_the_sums),
        cmocka_unit_test(an_older_store_is_taken_over),
        cmocka_unit_test(an_hour_is_drawn_minute_by_minute),
        cmocka_unit_test(a_month_is_drawn_from_hours),
        cmocka_unit_test(days_that_are_over_are_turned),
        cmocka_unit_test(the_log_is_moved_into_the_store_while_all_windows_are_read),
        cmocka_unit_test(the_minutes_of_parts_stand_by_the_hour),
        cmocka_unit_test(the_last_plans_of_a_statement_stay),
        cmocka_unit_test(a_route_and_a_statement_tell_of_each_other),
        cmocka_unit_test(a_share_is_of_all_database_time_in_the_range),
        cmocka_unit_test(ranges_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
