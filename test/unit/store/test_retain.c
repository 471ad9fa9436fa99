/* SPDX-License-Identifier: Apache-2.0
 * What names windows lives as long as they do, and texts leave them room. */
#include "store/sqlite/retain.h"

#include "io/now.h"
#include "unit/store/store_kit.h"

static struct stored
text_of(uint64_t fingerprint, const char *database, struct slice text, uint64_t seen_s)
{
    struct stored r = {.kind = STORED_FINGERPRINT};
    r.fingerprint = (struct stored_fingerprint){.fingerprint = fingerprint,
                                                .database = slice_from_str(database),
                                                .text = text,
                                                .seen_wall_ns = seen_s * NS_PER_S};
    return r;
}

static void
write_one(struct db *db, struct stored record)
{
    assert_int_equal(db_write(db, &record), SQLITE_DONE);
}

static int64_t
number(struct db *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(db->sql, sql, -1, &s, NULL), SQLITE_OK);
    int64_t n = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;
    sqlite3_finalize(s);
    return n;
}

static struct db
open_db(const char *dir)
{
    char path[128];
    struct db db;
    struct diag diag = {0};
    snprintf(path, sizeof(path), "%s/" STORE_FILE, dir);
    assert_int_equal(db_open(&db, path, "local", STORE_SIZE_DEFAULT, &diag), 0);
    return db;
}

static void
a_database_gets_its_name_later(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct db db = open_db(dir);
    write_one(&db, text_of(1, "", SLICE_LIT("select ?"), 1000));
    assert_int_equal(number(&db, "SELECT count(*) FROM fingerprints WHERE database = ''"), 1);
    write_one(&db, text_of(1, "shop", SLICE_LIT("select ?"), 2000));
    write_one(&db, text_of(2, "shop", SLICE_LIT("select ? + ?"), 2000));
    write_one(&db, text_of(1, "another", SLICE_LIT("select ?"), 3000));
    assert_int_equal(number(&db, "SELECT count(*) FROM fingerprints"), 3);
    assert_int_equal(number(&db, "SELECT count(*) FROM fingerprints WHERE database = ''"), 0);
    assert_int_equal(number(&db, "SELECT min(first_seen) FROM fingerprints"), 1000 * NS_PER_S);
    assert_int_equal(number(&db, "SELECT max(last_seen) FROM fingerprints"), 3000 * NS_PER_S);
    db_close(&db);
    kit_remove(dir);
}

/* What has not been seen for longer than its windows are kept. */
static void
names_live_as_long_as_their_windows(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct db db = open_db(dir);
    uint64_t now = now_wall_ns() / NS_PER_S, old = now - RETAIN_HOURS_S - 3 * RETAIN_DAY_S;
    const uint64_t seen[] = {old, now - RETAIN_HOURS_S + 3600};
    for (unsigned i = 0; i < ARRAY_LEN(seen); i++) {
        static const struct slice route[] = {SLICE_LIT("GET /old"), SLICE_LIT("GET /new")};
        static const struct slice normal[] = {SLICE_LIT("watch:GET /old"),
                                              SLICE_LIT("watch:GET /new")};
        static const struct slice shapes[] = {SLICE_LIT("shapes:GET /old"),
                                              SLICE_LIT("shapes:GET /new")};
        struct stored w = kit_window(seen[i] / 60 * 60, i + 1, 1, SLICE_NONE);
        w.window.route = route[i];
        write_one(&db, w);
        write_one(&db, text_of(i + 1, "shop", SLICE_LIT("select ?"), seen[i]));
        write_one(&db, (struct stored){.kind = STORED_ROUTE,
                                       .route = {route[i], ROUTE_BASIS_PATH, seen[i] * NS_PER_S}});
        write_one(&db, (struct stored){.kind = STORED_STATE, .state = {.name = normal[i]}});
        write_one(&db, (struct stored){.kind = STORED_STATE, .state = {.name = shapes[i]}});
    }
    write_one(&db, (struct stored){.kind = STORED_STATE, .state = {.name = SLICE_LIT("mutes")}});
    assert_int_equal(retain_by_age(&db, now), SQLITE_DONE);
    assert_int_equal(number(&db, "SELECT fingerprint FROM fingerprints"), 2);
    assert_int_equal(number(&db, "SELECT count(*) FROM fingerprints"), 1);
    assert_int_equal(number(&db, "SELECT count(*) FROM series WHERE route = 'GET /new'"), 1);
    assert_int_equal(number(&db, "SELECT count(*) FROM series"), 1);
    assert_int_equal(number(&db, "SELECT count(*) FROM routes WHERE text = 'GET /new'"), 1);
    assert_int_equal(number(&db, "SELECT count(*) FROM routes"), 1);
    /* Neither was asked for this month. */
    assert_int_equal(number(&db, "SELECT count(*) FROM detector_state"), 1);
    db_close(&db);
    kit_remove(dir);
}

static void
what_is_normal_stays_while_a_route_is_asked_for(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct db db = open_db(dir);
    uint64_t now = now_wall_ns() / NS_PER_S;
    struct stored w = kit_window((now - RETAIN_NORMAL_S) / 3600 * 3600 + 7200, 0, 1, SLICE_NONE);
    w.window.route = SLICE_LIT("GET /a");
    write_one(&db, w);
    write_one(&db,
              (struct stored){.kind = STORED_STATE, .state = {.name = SLICE_LIT("watch:GET /a")}});
    write_one(&db,
              (struct stored){.kind = STORED_STATE, .state = {.name = SLICE_LIT("shapes:GET /a")}});
    assert_int_equal(retain_by_age(&db, now), SQLITE_DONE);
    assert_int_equal(number(&db, "SELECT count(*) FROM detector_state"), 2);
    assert_int_equal(retain_by_age(&db, now + 3 * 3600), SQLITE_DONE);
    assert_int_equal(number(&db, "SELECT count(*) FROM detector_state"), 0);
    db_close(&db);
    kit_remove(dir);
}

/* An application that never asks the same twice: its texts are more than the whole store. */
static void
texts_leave_room_for_windows(void **state)
{
    char dir[64], text[4000];
    kit_folder(dir);
    const struct store_config config = {.dir = dir, .size_max_bytes = STORE_SIZE_MIN};
    struct store *s = NULL;
    struct diag diag = {0};
    assert_int_equal(store_open(&config, &diag, &s), 0);
    uint64_t now = now_wall_ns() / NS_PER_S / 60 * 60;
    memset(text, 'x', sizeof(text));
    for (unsigned i = 0; i < 2000; i++) {
        struct stored t = text_of(i + 1, "shop", slice_of(text, sizeof(text)), now - 2000 + i);
        struct stored w = kit_window(now - 60 * (2000 - i), i + 1, 1, SLICE_NONE);
        store_put(s, &t);
        store_put(s, &w);
        if (i % 50 == 49) {
            (void)!store_sync(s);
        }
    }
    for (int i = 0; i < 100 && store_sync(s) != 0; i++) {
    }
    assert_string_equal(store_totals(s).error, "");
    assert_int_equal(store_totals(s).pending, 0);
    store_free(&s);
    struct db db = open_db(dir);
    bool more = true;
    for (int i = 0; i < 100 && more; i++) {
        assert_int_equal(retain_by_size(&db, STORE_SIZE_MIN / 2, &more), SQLITE_DONE);
    }
    assert_true(number(&db, "SELECT sum(size) FROM fingerprints") <= (int64_t)STORE_SIZE_MIN / 8);
    assert_true(number(&db, "SELECT count(*) FROM fingerprints WHERE fingerprint = 2000") == 1);
    /* Each has one: a minute, or the hour that it went into where this took longer than 10 s. */
    assert_true(number(&db, "SELECT count(DISTINCT series) FROM windows") == 2000);
    db_close(&db);
    kit_remove(dir);
}

/* What is let go by size takes its series and its text along; a text whose windows are still to
 * come stays. */
static void
nothing_names_what_is_gone(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct db db = open_db(dir);
    uint64_t now = now_wall_ns() / NS_PER_S / 3600 * 3600;
    bool more = true;
    write_one(&db, kit_window(now - 7 * RETAIN_DAY_S, 1, 1, SLICE_NONE));
    write_one(&db, kit_window(now - 7 * RETAIN_DAY_S + 7200, 2, 1, SLICE_NONE));
    write_one(&db, kit_window(now, 2, 1, SLICE_NONE));
    write_one(&db, text_of(1, "shop", SLICE_LIT("select ?"), now - 7 * RETAIN_DAY_S));
    write_one(&db, text_of(2, "shop", SLICE_LIT("select ? + ?"), now));
    write_one(&db, text_of(3, "shop", SLICE_LIT("select ? - ?"), now - 3600));
    for (int i = 0; i < 100 && number(&db, "SELECT count(*) FROM windows") > 2; i++) {
        assert_int_equal(retain_by_size(&db, 1, &more), SQLITE_DONE);
    }
    assert_int_equal(number(&db, "SELECT count(*) FROM series"), 2);
    assert_int_equal(retain_by_size(&db, 1, &more), SQLITE_DONE);
    assert_int_equal(number(&db, "SELECT count(*) FROM series"), 1);
    assert_int_equal(number(&db, "SELECT fingerprint FROM series"), 2);
    db_close(&db);
    kit_remove(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_gets_its_name_later),
        cmocka_unit_test(names_live_as_long_as_their_windows),
        cmocka_unit_test(what_is_normal_stays_while_a_route_is_asked_for),
        cmocka_unit_test(texts_leave_room_for_windows),
        cmocka_unit_test(nothing_names_what_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
