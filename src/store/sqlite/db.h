/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/db.h - one open database: its schema, and statements that are prepared once.
 *
 * Owned by one thread at a time. Statements are looked up by their text's address, so only string
 * constants may be passed. */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "base/check.h"
#include "base/diag.h"
#include "base/slice.h"
#include "model/route_basis.h"

#define DB_VERSION        9
#define DB_STATEMENTS_MAX 128
#define DB_PATH_MAX       4096
#define DB_PLANS_OF_ONE   4 /* that are kept of a statement in a database */

/* The text of series s. What has one fingerprint has one text, whatever the database that it was
 * first seen in. */
#define DB_TEXT_OF_SERIES                                                                          \
    "coalesce((SELECT text FROM fingerprints f WHERE f.instance = s.instance"                      \
    " AND f.fingerprint = s.fingerprint LIMIT 1), '')"

struct db {
    sqlite3 *sql;
    int64_t version; /* of its schema: older than DB_VERSION only where it is read */
    struct {
        const char *text;
        sqlite3_stmt *stmt;
    } statements[DB_STATEMENTS_MAX];
    unsigned statement_count;
    int64_t instance;
};

/* Opens and brings the schema up to date. 0; -EUCLEAN: no database, or one whose first pages are
 * damaged; -EPROTO: of a newer version; -EIO. */
MUST_CHECK int db_open(struct db *db, const char *path, const char *instance, uint64_t size_max,
                       struct diag *diag);
MUST_CHECK int db_open_readonly(struct db *db, const char *path, struct diag *diag);
void db_close(struct db *db);

/* Looks at the structure of every page: seconds for a store of 1 GB. Any thread may end it early by
 * sqlite3_interrupt; what was not seen counts as sound. */
bool db_is_damaged(struct db *db);

static inline bool
db_says_damaged(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* A statement that is ready to be bound; NULL: it cannot be prepared. */
sqlite3_stmt *db_statement(struct db *db, const char *text);

/* The same with the instance bound to its first parameter, where it has any. */
sqlite3_stmt *db_begin(struct db *db, const char *text);

/* Runs it to its end and resets it: SQLITE_DONE or an error code. */
int db_finish(sqlite3_stmt *stmt);
int db_run(struct db *db, const char *text);

void db_bind_slice(sqlite3_stmt *stmt, int at, struct slice text);
void db_bind_blob(sqlite3_stmt *stmt, int at, struct slice blob);
struct slice db_column_slice(sqlite3_stmt *stmt, int at);
struct slice db_column_blob(sqlite3_stmt *stmt, int at);

/* What the name of a route rests on; ROUTE_BASIS_PATH for one that is not there. */
enum route_basis db_route_basis(struct db *db, struct slice route);

/* Pages in use. */
uint64_t db_size_bytes(struct db *db);

/* Writes one record. SQLITE_DONE or an error code. */
struct stored;
int db_write(struct db *db, const struct stored *record);

#endif
