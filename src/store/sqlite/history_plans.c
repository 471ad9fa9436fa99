/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/clock.h"
#include "store/sqlite/history.h"

#define PLANS_MAX 8 /* of a statement in all its databases */

static json_t *
seconds_json(sqlite3_stmt *s, int at)
{
    return json_integer(sqlite3_column_int64(s, at) / (int64_t)NS_PER_S);
}

static json_t *
plan_json(sqlite3_stmt *s)
{
    struct slice text = db_column_slice(s, 4);
    json_t *plan = json_loadb((const char *)text.ptr, text.len, 0, NULL);
    if (!json_is_object(plan)) {
        json_decref(plan);
        return NULL;
    }
    json_object_set_new(plan, "database", json_text(db_column_slice(s, 0)));
    history_put_hex(plan, "shape", (uint64_t)sqlite3_column_int64(s, 1));
    json_object_set_new(plan, "first_seen", seconds_json(s, 2));
    json_object_set_new(plan, "last_seen", seconds_json(s, 3));
    return plan;
}

int
history_plans(struct history *h, uint64_t fingerprint, json_t **ret_document)
{
    sqlite3_stmt *s = db_statement(
        &h->db, "SELECT database, shape, first_seen, last_seen, document FROM plans"
                " WHERE instance = ?1 AND fingerprint = ?2 ORDER BY last_seen DESC LIMIT ?3");
    if (s == NULL) {
        return -EIO;
    }
    json_t *list = json_array();
    int r;
    sqlite3_bind_int64(s, 1, h->db.instance);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)fingerprint);
    sqlite3_bind_int64(s, 3, PLANS_MAX);
    while ((r = sqlite3_step(s)) == SQLITE_ROW) {
        json_t *plan = plan_json(s);
        if (plan != NULL) {
            json_array_append_new(list, plan);
        }
    }
    sqlite3_reset(s);
    if (r != SQLITE_DONE) {
        json_decref(list);
        return -EIO;
    }
    json_t *o = json_object();
    history_put_hex(o, "fingerprint", fingerprint);
    json_object_set_new(o, "plans", list);
    *ret_document = o;
    return 0;
}
