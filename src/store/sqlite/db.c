/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/uri.h"

static const char SCHEMA[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;"
    "CREATE TABLE instances(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE fingerprints(instance INTEGER NOT NULL, fingerprint INTEGER NOT NULL,"
    " database TEXT NOT NULL, kind INTEGER NOT NULL, text TEXT NOT NULL,"
    " first_seen INTEGER NOT NULL, PRIMARY KEY(instance, fingerprint, database)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE routes(instance INTEGER NOT NULL, text TEXT NOT NULL, guessed INTEGER NOT NULL,"
    " first_seen INTEGER NOT NULL, PRIMARY KEY(instance, text)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, instance INTEGER NOT NULL,"
    " upstream INTEGER NOT NULL, database TEXT NOT NULL, route TEXT NOT NULL,"
    " fingerprint INTEGER NOT NULL,"
    " UNIQUE(instance, upstream, database, route, fingerprint)) STRICT;"
    "CREATE TABLE windows(length INTEGER NOT NULL, start INTEGER NOT NULL,"
    " series INTEGER NOT NULL REFERENCES series(id), calls INTEGER NOT NULL,"
    " errors INTEGER NOT NULL, rows INTEGER NOT NULL, time_ns INTEGER NOT NULL,"
    " max_ns INTEGER NOT NULL, sketch BLOB NOT NULL, PRIMARY KEY(length, start, series)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE detector_state(instance INTEGER NOT NULL, name TEXT NOT NULL,"
    " state BLOB NOT NULL, PRIMARY KEY(instance, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE traces(instance INTEGER NOT NULL, trace BLOB NOT NULL, route TEXT NOT NULL,"
    " start INTEGER NOT NULL, duration_ns INTEGER NOT NULL, document TEXT NOT NULL,"
    " PRIMARY KEY(instance, trace)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX traces_start ON traces(start);"
    "CREATE TABLE findings(instance INTEGER NOT NULL, incident INTEGER NOT NULL,"
    " kind TEXT NOT NULL, subject TEXT NOT NULL, evidence TEXT NOT NULL, seen INTEGER NOT NULL,"
    " document TEXT NOT NULL, PRIMARY KEY(instance, incident, kind, subject)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE incidents(instance INTEGER NOT NULL, id INTEGER NOT NULL, state TEXT NOT NULL,"
    " opened INTEGER NOT NULL, updated INTEGER NOT NULL, closed INTEGER NOT NULL,"
    " document TEXT NOT NULL, private BLOB NOT NULL, PRIMARY KEY(instance, id)) STRICT;"
    "CREATE TABLE timeline(instance INTEGER NOT NULL, incident INTEGER NOT NULL,"
    " at INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY(instance, incident, at, kind, text)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE deploys(instance INTEGER NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL,"
    " basis TEXT NOT NULL, PRIMARY KEY(instance, name, at)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE fixes(instance INTEGER NOT NULL, incident INTEGER NOT NULL,"
    " action TEXT NOT NULL, state TEXT NOT NULL, landed INTEGER NOT NULL, predicted_ms REAL,"
    " measured_ms REAL, document TEXT NOT NULL, PRIMARY KEY(instance, incident, action)) STRICT,"
    " WITHOUT ROWID;"
    "INSERT INTO meta VALUES('version', 1), ('rolled_until', 0);";

/* From version 1 to 2. totals.h fills it. */
static const char ADD_TOTALS[] =
    "CREATE TABLE totals(length INTEGER NOT NULL, start INTEGER NOT NULL,"
    " requests INTEGER NOT NULL, request_errors INTEGER NOT NULL, request_ns INTEGER NOT NULL,"
    " queries INTEGER NOT NULL, query_errors INTEGER NOT NULL, query_ns INTEGER NOT NULL,"
    " sketch BLOB NOT NULL, top BLOB NOT NULL, PRIMARY KEY(length, start)) STRICT, WITHOUT ROWID;";

/* From version 2 to 3. retain.h fills series_hours: the hours of days that are over, by series. */
static const char ADD_SERIES_HOURS_AND_PLANS[] =
    "CREATE TABLE series_hours(day INTEGER NOT NULL, series INTEGER NOT NULL,"
    " start INTEGER NOT NULL, calls INTEGER NOT NULL, errors INTEGER NOT NULL,"
    " rows INTEGER NOT NULL, time_ns INTEGER NOT NULL, max_ns INTEGER NOT NULL,"
    " sketch BLOB NOT NULL, PRIMARY KEY(day, series, start)) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES('turned_until', 0);"
    "CREATE TABLE plans(instance INTEGER NOT NULL, fingerprint INTEGER NOT NULL,"
    " database TEXT NOT NULL, shape INTEGER NOT NULL, first_seen INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL, document TEXT NOT NULL,"
    " PRIMARY KEY(instance, fingerprint, database, shape)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX plans_last_seen ON plans(last_seen);";

/* From version 3 to 4. */
static const char ADD_FACTS[] =
    "ALTER TABLE windows ADD COLUMN facts TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE series_hours ADD COLUMN facts TEXT NOT NULL DEFAULT '';";

/* From version 4 to 5. What the application had named and what was inferred from paths was not told
 * apart: the former is found out again. */
static const char ADD_ROUTE_BASIS[] =
    "ALTER TABLE routes ADD COLUMN basis TEXT NOT NULL DEFAULT 'path';"
    "UPDATE routes SET basis = 'queries' WHERE guessed <> 0;"
    "ALTER TABLE routes DROP COLUMN guessed;";

/* From version 5 to 6. */
#define ADD_AMOUNT(table, column) "ALTER TABLE " table " ADD COLUMN " #column " INTEGER;"
static const char ADD_AMOUNTS[] =
#define WINDOW_AMOUNT(name, column) ADD_AMOUNT("windows", column) ADD_AMOUNT("series_hours", column)
#include "model/window_amount.tbl"
#undef WINDOW_AMOUNT
    "ALTER TABLE windows ADD COLUMN plan TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE series_hours ADD COLUMN plan TEXT NOT NULL DEFAULT '';";

/* From version 6 to 7. What was there is taken for seen now: whatever is still in use says so
 * within a day. A series' is seconds, as its windows' are: none of them begins at it or later. */
static const char ADD_LAST_SEEN[] =
    "ALTER TABLE fingerprints ADD COLUMN last_seen INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE fingerprints ADD COLUMN size INTEGER GENERATED ALWAYS AS (length(text)) VIRTUAL;"
    "UPDATE fingerprints SET last_seen = max(first_seen, unixepoch() * 1000000000);"
    "CREATE INDEX fingerprints_last_seen ON fingerprints(last_seen, size);"
    "ALTER TABLE series ADD COLUMN last_seen INTEGER NOT NULL DEFAULT 0;"
    "UPDATE series SET last_seen = unixepoch() + 3600;";

/* From version 7 to 8. part_hours.h fills the table. */
static const char ADD_PART_HOURS[] =
    "CREATE TABLE part_hours(hour INTEGER NOT NULL, series INTEGER NOT NULL,"
    " minutes BLOB NOT NULL, PRIMARY KEY(hour, series)) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES('parts_until', 0);"
    "CREATE INDEX series_route ON series(instance, route, fingerprint);"
    "CREATE INDEX series_fingerprint ON series(instance, fingerprint, route);";

/* From version 8 to 9. */
static const char ADD_AFFECTS[] =
    "ALTER TABLE deploys ADD COLUMN affects TEXT NOT NULL DEFAULT '';";

/* What brings a file from each version to the next. */
static const char *const STEPS[DB_VERSION] = {
    SCHEMA,        ADD_TOTALS,      ADD_SERIES_HOURS_AND_PLANS,
    ADD_FACTS,     ADD_ROUTE_BASIS, ADD_AMOUNTS,
    ADD_LAST_SEEN, ADD_PART_HOURS,  ADD_AFFECTS};

static int
fail(struct db *db, struct diag *diag, const char *path, const char *what)
{
    int err = db_says_damaged(sqlite3_errcode(db->sql)) ? -EUCLEAN : -EIO;
    return diag_set(diag, err, "%s: %s: %s", path, what, sqlite3_errmsg(db->sql));
}

static int64_t
version_of(struct db *db)
{
    sqlite3_stmt *stmt = NULL;
    int64_t version = -1;
    if (sqlite3_prepare_v2(db->sql, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        version = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return version;
}

static int
take_instance(struct db *db, const char *name)
{
    sqlite3_stmt *stmt =
        db_statement(db, "INSERT INTO instances(name) VALUES(?1) ON CONFLICT(name) DO NOTHING");
    if (stmt == NULL) {
        return SQLITE_ERROR;
    }
    db_bind_slice(stmt, 1, slice_from_str(name));
    int r = db_finish(stmt);
    stmt = db_statement(db, "SELECT id FROM instances WHERE name = ?1");
    if (r != SQLITE_DONE || stmt == NULL) {
        return r;
    }
    db_bind_slice(stmt, 1, slice_from_str(name));
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        db->instance = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_reset(stmt);
    return SQLITE_DONE;
}

static int
prepare_for_writing(struct db *db, uint64_t size_max)
{
    char pages[64];
    snprintf(pages, sizeof(pages), "PRAGMA max_page_count=%llu",
             (unsigned long long)(size_max / 4096));
    const char *const pragmas[] = {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL",
                                   "PRAGMA journal_size_limit=4194304", "PRAGMA cache_size=-4096",
                                   pages};
    for (unsigned i = 0; i < ARRAY_LEN(pragmas); i++) {
        int r = sqlite3_exec(db->sql, pragmas[i], NULL, NULL, NULL);
        if (r != SQLITE_OK) {
            return r;
        }
    }
    return SQLITE_OK;
}

static int
run_steps(struct db *db, int64_t version)
{
    char done[64];
    snprintf(done, sizeof(done), "PRAGMA user_version=%d; COMMIT", DB_VERSION);
    int r = sqlite3_exec(db->sql, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (; version < DB_VERSION && r == SQLITE_OK; version++) {
        r = sqlite3_exec(db->sql, STEPS[version], NULL, NULL, NULL);
    }
    return r == SQLITE_OK ? sqlite3_exec(db->sql, done, NULL, NULL, NULL) : r;
}

static int
bring_up_to_date(struct db *db, const char *path, struct diag *diag)
{
    int64_t version = version_of(db);
    db->version = DB_VERSION;
    if (version > DB_VERSION) {
        return diag_set_hint(diag, -EPROTO, "use a newer slowburn, or another --data directory",
                             "%s was written by a newer slowburn (schema %lld, this one knows %d)",
                             path, (long long)version, DB_VERSION);
    }
    if (version < 0) {
        return fail(db, diag, path, "cannot be read");
    }
    if (version < DB_VERSION) {
        return run_steps(db, version) == SQLITE_OK ? 0 : fail(db, diag, path, "cannot be set up");
    }
    return 0;
}

/* The file and what SQLite puts beside it (which takes the file's mode) are the owner's alone. */
static int
make_private(const char *path, struct diag *diag)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;
    int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
    if (r == 0 && (st.st_mode & 0077) != 0 && fchmod(fd, 0600) < 0) {
        r = -errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    return r == 0 ? 0 : diag_set(diag, r, "%s: %s", path, strerror(-r));
}

int
db_open(struct db *db, const char *path, const char *instance, uint64_t size_max, struct diag *diag)
{
    *db = (struct db){0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int r = make_private(path, diag);
    if (r < 0) {
        return r;
    }
    if (sqlite3_open_v2(path, &db->sql, flags, NULL) != SQLITE_OK) {
        r = fail(db, diag, path, "cannot be opened");
    } else {
        sqlite3_busy_timeout(db->sql, 2000);
        if (prepare_for_writing(db, size_max) != SQLITE_OK) {
            r = fail(db, diag, path, "cannot be opened");
        }
    }
    if (r == 0) {
        r = bring_up_to_date(db, path, diag);
    }
    if (r == 0 && take_instance(db, instance) != SQLITE_DONE) {
        r = fail(db, diag, path, "cannot be written");
    }
    if (r != 0) {
        db_close(db);
    }
    return r;
}

int
db_open_readonly(struct db *db, const char *path, struct diag *diag)
{
    *db = (struct db){0};
    char escaped[URI_PATH_SIZE(DB_PATH_MAX)], uri[sizeof(escaped) + 64];
    /* In a folder that cannot be written there is no live writer to agree with. */
    const char *const how[] = {"", "&immutable=1"};
    for (unsigned i = 0; i < ARRAY_LEN(how); i++) {
        snprintf(uri, sizeof(uri), "file:%s?mode=ro%s", uri_path(path, escaped, sizeof(escaped)),
                 how[i]);
        int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
        bool opened = sqlite3_open_v2(uri, &db->sql, flags, NULL) == SQLITE_OK;
        db->version = opened ? version_of(db) : -1;
        if (db->version > 0) {
            sqlite3_busy_timeout(db->sql, 2000);
            db->instance = 1;
            return 0;
        }
        if (i + 1 < ARRAY_LEN(how)) {
            db_close(db);
        }
    }
    int r = fail(db, diag, path, "cannot be read");
    db_close(db);
    return r;
}

bool
db_is_damaged(struct db *db)
{
    sqlite3_stmt *stmt = NULL;
    bool damaged = false;
    int r = sqlite3_prepare_v2(db->sql, "PRAGMA quick_check(1)", -1, &stmt, NULL);
    if (r == SQLITE_OK) {
        r = sqlite3_step(stmt);
        damaged = r == SQLITE_ROW && !slice_eq(db_column_slice(stmt, 0), SLICE_LIT("ok"));
    }
    sqlite3_finalize(stmt);
    return damaged || db_says_damaged(r);
}

void
db_close(struct db *db)
{
    for (unsigned i = 0; i < db->statement_count; i++) {
        sqlite3_finalize(db->statements[i].stmt);
    }
    db->statement_count = 0;
    sqlite3_close(db->sql);
    db->sql = NULL;
}

sqlite3_stmt *
db_statement(struct db *db, const char *text)
{
    for (unsigned i = 0; i < db->statement_count; i++) {
        if (db->statements[i].text == text) {
            sqlite3_clear_bindings(db->statements[i].stmt);
            return db->statements[i].stmt;
        }
    }
    sqlite3_stmt *stmt = NULL;
    assert(db->statement_count < DB_STATEMENTS_MAX);
    if (sqlite3_prepare_v3(db->sql, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
        SQLITE_OK) {
        return NULL;
    }
    db->statements[db->statement_count].text = text;
    db->statements[db->statement_count++].stmt = stmt;
    return stmt;
}

sqlite3_stmt *
db_begin(struct db *db, const char *text)
{
    sqlite3_stmt *stmt = db_statement(db, text);
    if (stmt != NULL && sqlite3_bind_parameter_count(stmt) > 0) {
        sqlite3_bind_int64(stmt, 1, db->instance);
    }
    return stmt;
}

int
db_finish(sqlite3_stmt *stmt)
{
    int r = SQLITE_ROW;
    while (r == SQLITE_ROW) {
        r = sqlite3_step(stmt);
    }
    sqlite3_reset(stmt);
    return r;
}

int
db_run(struct db *db, const char *text)
{
    sqlite3_stmt *stmt = db_statement(db, text);
    return stmt == NULL ? sqlite3_errcode(db->sql) : db_finish(stmt);
}

void
db_bind_slice(sqlite3_stmt *stmt, int at, struct slice text)
{
    sqlite3_bind_text(stmt, at, text.len == 0 ? "" : (const char *)text.ptr, (int)text.len,
                      SQLITE_TRANSIENT);
}

void
db_bind_blob(sqlite3_stmt *stmt, int at, struct slice blob)
{
    if (blob.len == 0) {
        sqlite3_bind_zeroblob(stmt, at, 0);
    } else {
        sqlite3_bind_blob(stmt, at, blob.ptr, (int)blob.len, SQLITE_TRANSIENT);
    }
}

struct slice
db_column_slice(sqlite3_stmt *stmt, int at)
{
    const void *text = sqlite3_column_text(stmt, at);
    return slice_of(text, text == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, at));
}

struct slice
db_column_blob(sqlite3_stmt *stmt, int at)
{
    const void *blob = sqlite3_column_blob(stmt, at);
    return slice_of(blob, blob == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, at));
}

enum route_basis
db_route_basis(struct db *db, struct slice route)
{
    static const char text[] = "SELECT basis FROM routes WHERE instance = ?1 AND text = ?2";
    static const char text_4[] = "SELECT CASE guessed WHEN 0 THEN 'path' ELSE 'queries' END"
                                 " FROM routes WHERE instance = ?1 AND text = ?2";
    sqlite3_stmt *s = db_begin(db, db->version < 5 ? text_4 : text);
    enum route_basis basis = ROUTE_BASIS_PATH;
    if (s != NULL) {
        db_bind_slice(s, 2, route);
        if (sqlite3_step(s) == SQLITE_ROW) {
            basis = route_basis_by_name(db_column_slice(s, 0));
        }
        sqlite3_reset(s);
    }
    return basis;
}

static uint64_t
pragma_number(struct db *db, const char *text)
{
    sqlite3_stmt *stmt = db_statement(db, text);
    uint64_t n = 0;
    if (stmt != NULL) {
        if (sqlite3_step(stmt) == SQLITE_ROW) {
            n = (uint64_t)sqlite3_column_int64(stmt, 0);
        }
        sqlite3_reset(stmt);
    }
    return n;
}

uint64_t
db_size_bytes(struct db *db)
{
    uint64_t pages = pragma_number(db, "PRAGMA page_count");
    uint64_t spare = pragma_number(db, "PRAGMA freelist_count");
    return (pages - MIN(spare, pages)) * pragma_number(db, "PRAGMA page_size");
}
