/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/read.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/now.h"

/* 0, -ENOENT or -EIO. */
static int
open_at_rest(const char *dir, struct db *ret_db)
{
    char file[4096];
    struct diag diag = {0};
    if (snprintf(file, sizeof(file), "%s/%s", dir, STORE_FILE) >= (int)sizeof(file)) {
        return -ENAMETOOLONG;
    }
    /* Not by opening it: to close it again would take this process's locks from its own writer. */
    if (access(file, R_OK) != 0) {
        return errno == ENOENT ? -ENOENT : -EIO;
    }
    return db_open_readonly(ret_db, file, &diag) != 0 ? -EIO : 0;
}

int
store_document(const char *dir, const char *path, json_t **ret_document)
{
    struct db db;
    int r = open_at_rest(dir, &db);
    if (r != 0) {
        return r;
    }
    r = read_document(&db, path, now_wall_ns() / NS_PER_S, ret_document);
    db_close(&db);
    return r;
}

int
store_windows(const char *dir, int64_t from_s, store_window_cb *on_record, void *ctx)
{
    struct db db;
    int r = open_at_rest(dir, &db);
    if (r != 0) {
        return r;
    }
    r = read_windows(&db, from_s, on_record, ctx);
    db_close(&db);
    return r;
}
