/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "io/log.h"
#include "io/now.h"
#include "store/sqlite/db.h"
#include "store/sqlite/pending.h"
#include "store/sqlite/read.h"
#include "store/sqlite/upkeep.h"

#define STORE_MAGIC 0x53544f52u
#define RETAIN_NS   (60 * NS_PER_S)

struct store {
    unsigned magic;
    char path[4096];
    uint64_t size_max;
    uint64_t commit_ns;
    bool is_urgent; /* under the lock: a record that is not to wait for its commit */
    uint64_t retry_ns;
    char instance[64];
    struct db db; /* the writer's, once it runs; its sql is NULL when it cannot be opened */
    pthread_t thread;
    bool is_started;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t wake;  /* the writer: stop or sync */
    pthread_cond_t done;  /* store_sync: a turn has ended */
    struct pending pending;
    bool stop;
    bool is_looking; /* the writer, at every page */
    uint64_t sync_wanted;
    uint64_t sync_done;
    bool sync_failed;
    struct store_totals totals;
};

void
store_put(struct store *s, const struct stored *record)
{
    OBJ_CHECK(s, STORE_MAGIC);
    pthread_mutex_lock(&s->lock);
    s->totals.put++;
    pending_put(&s->pending, record);
    if (record->kind == STORED_INCIDENT || record->kind == STORED_DEPLOY ||
        (record->kind == STORED_STATE && record->state.is_urgent)) {
        s->is_urgent = true;
        pthread_cond_signal(&s->wake);
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- the file ---- */

static int
set_aside(struct store *s, struct diag *diag)
{
    char aside[sizeof(s->path) + 32], side[sizeof(s->path) + 32];
    snprintf(aside, sizeof(aside), "%s.damaged", s->path);
    if (rename(s->path, aside) != 0) {
        return diag_set(diag, -errno, "%s is damaged and cannot be set aside", s->path);
    }
    const char *const ends[] = {"-wal", "-shm"};
    for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
        snprintf(side, sizeof(side), "%s%s", s->path, ends[i]);
        (void)remove(side);
    }
    log_error("store", "store_damaged", "the store is damaged: set aside, beginning a new one",
              LOG_STR("path", aside));
    return 0;
}

static int
begin_anew(struct store *s, struct diag *diag)
{
    db_close(&s->db);
    int r = set_aside(s, diag);
    return r == 0 ? db_open(&s->db, s->path, s->instance, s->size_max, diag) : r;
}

static int
open_or_begin_anew(struct store *s, struct diag *diag)
{
    struct diag first = {0};
    int r = db_open(&s->db, s->path, s->instance, s->size_max, &first);
    if (r == -EUCLEAN) {
        return begin_anew(s, diag);
    }
    if (r != 0) {
        *diag = first;
    }
    return r;
}

/* ---- the writer ---- */

/* The oldest, at most as many as surely find room at once after something was let go. */
static size_t
take_some(struct store *s, struct list *batch)
{
    pthread_mutex_lock(&s->lock);
    size_t count = pending_take(&s->pending, s->size_max / 8, batch);
    pthread_mutex_unlock(&s->lock);
    return count;
}

static void
give_back(struct store *s, struct list *batch)
{
    pthread_mutex_lock(&s->lock);
    pending_give_back(&s->pending, batch);
    pthread_mutex_unlock(&s->lock);
}

static int
write_batch(struct db *db, struct list *batch)
{
    int r = db_run(db, "BEGIN IMMEDIATE");
    LIST_FOREACH (it, batch) {
        if (r != SQLITE_DONE) {
            break;
        }
        r = db_write(db, &LIST_ENTRY(it, struct pending_record, in_order)->record);
    }
    if (r == SQLITE_DONE) {
        r = db_run(db, "COMMIT");
    }
    if (r != SQLITE_DONE && !sqlite3_get_autocommit(db->sql)) {
        (void)db_run(db, "ROLLBACK");
    }
    return r;
}

static const char *
reason_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return "the disk, or the store's own size limit, is full";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another process holds the store";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return "the store cannot be opened for writing";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the store is damaged";
    default:
        return "writing to the store failed";
    }
}

static void
note_failure(struct store *s, int code)
{
    pthread_mutex_lock(&s->lock);
    s->totals.failures++;
    bool is_new = s->totals.error[0] == '\0';
    snprintf(s->totals.error, sizeof(s->totals.error), "%s", reason_of(code));
    pthread_mutex_unlock(&s->lock);
    if (is_new) {
        log_warn("store", "store_failed",
                 "cannot write to the store; traffic and analysis go on, trying again",
                 LOG_STR("reason", reason_of(code)), LOG_STR("detail", sqlite3_errmsg(s->db.sql)),
                 LOG_STR("path", s->path));
    }
}

static void
replace_damaged(struct store *s)
{
    struct diag diag = {0};
    bool began_anew = begin_anew(s, &diag) == 0;
    pthread_mutex_lock(&s->lock);
    s->totals.began_anew |= began_anew;
    pthread_mutex_unlock(&s->lock);
    if (!began_anew) {
        log_error("store", "store_failed", diag.message, LOG_STR("path", s->path));
    }
}

static void
look_at_all(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    bool stop = s->stop;
    s->is_looking = !stop;
    pthread_mutex_unlock(&s->lock);
    bool damaged = !stop && db_is_damaged(&s->db);
    pthread_mutex_lock(&s->lock);
    s->is_looking = false;
    pthread_mutex_unlock(&s->lock);
    if (damaged) {
        replace_damaged(s);
    }
}

static void
fail_turn(struct store *s, int code)
{
    note_failure(s, code);
    if (db_says_damaged(code)) {
        replace_damaged(s);
    }
}

static bool
is_open(struct store *s)
{
    struct diag diag = {0};
    if (s->db.sql == NULL && open_or_begin_anew(s, &diag) != 0) {
        note_failure(s, SQLITE_CANTOPEN);
    }
    return s->db.sql != NULL;
}

static void
note_success(struct store *s, size_t written, uint64_t took_ns)
{
    uint64_t size = db_size_bytes(&s->db);
    pthread_mutex_lock(&s->lock);
    bool was_failing = s->totals.error[0] != '\0';
    s->totals.error[0] = '\0';
    s->totals.written += written;
    s->totals.size_bytes = size;
    s->totals.commit_max_ns = MAX(s->totals.commit_max_ns, took_ns);
    pthread_mutex_unlock(&s->lock);
    if (was_failing) {
        log_info("store", "store_recovered", "writing to the store again",
                 LOG_STR("path", s->path));
    }
}

static bool
write_turn(struct store *s)
{
    struct list batch;
    list_init(&batch);
    for (size_t count = take_some(s, &batch); count > 0; count = take_some(s, &batch)) {
        uint64_t began = now_monotonic_ns();
        int r = write_batch(&s->db, &batch);
        if ((r & 0xff) == SQLITE_FULL) {
            upkeep_make_room(&s->db, s->size_max);
            r = write_batch(&s->db, &batch);
        }
        if (r != SQLITE_DONE) {
            give_back(s, &batch);
            fail_turn(s, r);
            return false;
        }
        pending_free(&batch);
        note_success(s, count, now_monotonic_ns() - began);
    }
    return true;
}

/* Until something is asked for, or the time has come. Returns whether to stop; *ret_sync: the
 * number of the newest sync that is wanted. */
static bool
wait_for(struct store *s, uint64_t ns, uint64_t *ret_sync)
{
    uint64_t until = now_monotonic_ns() + ns;
    struct timespec t = {(time_t)(until / NS_PER_S), (long)(until % NS_PER_S)};
    pthread_mutex_lock(&s->lock);
    int r = 0;
    while (!s->stop && !s->is_urgent && s->sync_wanted == s->sync_done && r == 0) {
        r = pthread_cond_timedwait(&s->wake, &s->lock, &t);
    }
    s->is_urgent = false;
    bool stop = s->stop;
    *ret_sync = s->sync_wanted;
    pthread_mutex_unlock(&s->lock);
    return stop;
}

static void
tidy_turn(struct store *s, uint64_t *next_retain)
{
    uint64_t wall_s = now_wall_ns() / NS_PER_S;
    int r = upkeep_catch_up(&s->db, wall_s);
    if (r == SQLITE_DONE && now_monotonic_ns() >= *next_retain) {
        r = upkeep_retain(&s->db, wall_s, s->size_max);
        *next_retain = now_monotonic_ns() + RETAIN_NS;
    }
    if (r != SQLITE_DONE) {
        fail_turn(s, r);
    }
}

static void *
run_writer(void *arg)
{
    struct store *s = arg;
    uint64_t next_retain = now_monotonic_ns() + 10 * NS_PER_S;
    bool ok = true, stop = false;
    look_at_all(s);
    while (!stop) {
        uint64_t sync = 0;
        stop = wait_for(s, ok ? s->commit_ns : s->retry_ns, &sync);
        ok = is_open(s) && write_turn(s);
        if (ok && !stop) {
            tidy_turn(s, &next_retain);
        }
        pthread_mutex_lock(&s->lock);
        s->sync_done = sync;
        s->sync_failed = !ok;
        pthread_cond_broadcast(&s->done);
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

int
store_sync(struct store *s)
{
    OBJ_CHECK(s, STORE_MAGIC);
    pthread_mutex_lock(&s->lock);
    uint64_t mine = ++s->sync_wanted;
    pthread_cond_signal(&s->wake);
    while (s->sync_done < mine) {
        pthread_cond_wait(&s->done, &s->lock);
    }
    int r = s->sync_failed ? -EIO : 0;
    pthread_mutex_unlock(&s->lock);
    return r;
}

struct store_totals
store_totals(const struct store *s)
{
    struct store *mutable = (struct store *)(uintptr_t)s;
    pthread_mutex_lock(&mutable->lock);
    struct store_totals t = s->totals;
    t.pending = s->pending.by_key.count;
    t.replaced = s->pending.replaced;
    t.dropped = s->pending.dropped;
    pthread_mutex_unlock(&mutable->lock);
    return t;
}

/* ---- life ---- */

int
store_open(const struct store_config *config, struct diag *diag, struct store **ret_store)
{
    struct store *s = check_alloc(1, sizeof(*s));
    s->magic = STORE_MAGIC;
    s->size_max = config->size_max_bytes == 0 ? STORE_SIZE_DEFAULT : config->size_max_bytes;
    s->size_max = MAX(s->size_max, STORE_SIZE_MIN);
    s->commit_ns = config->commit_ns == 0 ? NS_PER_S : config->commit_ns;
    s->retry_ns = config->retry_ns == 0 ? 5 * NS_PER_S : config->retry_ns;
    pending_init(&s->pending);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_cond_init(&s->done, &attr);
    pthread_condattr_destroy(&attr);
    const char *instance = config->instance == NULL ? "local" : config->instance;
    int r = 0;
    if (snprintf(s->path, sizeof(s->path), "%s/%s", config->dir, STORE_FILE) >=
            (int)sizeof(s->path) ||
        snprintf(s->instance, sizeof(s->instance), "%s", instance) >= (int)sizeof(s->instance)) {
        r = diag_set(diag, -ENAMETOOLONG, "%s, instance %s: too long", config->dir, instance);
    }
    if (r == 0) {
        r = open_or_begin_anew(s, diag);
    }
    if (r == 0) {
        s->totals.size_bytes = db_size_bytes(&s->db);
        r = -pthread_create(&s->thread, NULL, run_writer, s);
        s->is_started = r == 0;
    }
    if (r != 0) {
        store_free(&s);
        return r;
    }
    *ret_store = s;
    return 0;
}

int
store_restore(struct store *s, store_record_cb *on_record, void *ctx)
{
    OBJ_CHECK(s, STORE_MAGIC);
    struct db db;
    struct diag diag = {0};
    if (db_open_readonly(&db, s->path, &diag) != 0) {
        return -EIO;
    }
    int r = read_restore(&db, now_wall_ns() / NS_PER_S, on_record, ctx);
    db_close(&db);
    return r;
}

void
store_free(struct store **store)
{
    struct store *s = *store;
    if (s == NULL) {
        return;
    }
    OBJ_CHECK(s, STORE_MAGIC);
    if (s->is_started) {
        pthread_mutex_lock(&s->lock);
        s->stop = true;
        if (s->is_looking) {
            sqlite3_interrupt(s->db.sql);
        }
        pthread_cond_signal(&s->wake);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    pending_fini(&s->pending);
    db_close(&s->db);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->done);
    s->magic = 0;
    free(s);
    *store = NULL;
}
