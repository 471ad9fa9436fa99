/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "io/log.h"
#include "store/sqlite/db.h"
#include "store/sqlite/read.h"
#include "store/sqlite/retain.h"
#include "store/sqlite/totals.h"

#define STORE_MAGIC  0x53544f52u
#define RETAIN_NS    (60 * NS_PER_S)
#define RETAIN_STEPS 64
#define TOTALS_NS    (200 * NS_PER_MS) /* of each turn at most, to catch up */
#define SLICES_MAX   6

/* A record that waits, with its texts behind it. */
struct waiting {
    struct list in_order;
    uint64_t key;
    size_t size;
    struct stored record;
};

struct store {
    unsigned magic;
    char path[4096];
    uint64_t size_max;
    uint64_t commit_ns;
    bool is_urgent; /* under the lock: a record that is not to wait for its commit */
    uint64_t retry_ns;
    struct db db; /* the writer's, once it runs */
    pthread_t thread;
    bool is_started;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t wake;  /* the writer: stop or sync */
    pthread_cond_t done;  /* store_sync: a turn has ended */
    struct list waiting;
    struct map by_key;
    size_t waiting_bytes;
    bool stop;
    uint64_t sync_wanted;
    uint64_t sync_done;
    bool sync_failed;
    struct store_totals totals;
};

/* ---- records at rest in memory ---- */

/* The texts of a record, to be copied with it. */
static unsigned
slices_of(struct stored *r, struct slice *ret_slices[SLICES_MAX])
{
    unsigned n = 0;
    switch (r->kind) {
    case STORED_FINGERPRINT:
        ret_slices[n++] = &r->fingerprint.database;
        ret_slices[n++] = &r->fingerprint.text;
        break;
    case STORED_ROUTE:
        ret_slices[n++] = &r->route.text;
        break;
    case STORED_WINDOW:
        ret_slices[n++] = &r->window.database;
        ret_slices[n++] = &r->window.route;
        ret_slices[n++] = &r->window.sketch;
        break;
    case STORED_STATE:
        ret_slices[n++] = &r->state.name;
        ret_slices[n++] = &r->state.blob;
        break;
    case STORED_TRACE:
        ret_slices[n++] = &r->trace.route;
        ret_slices[n++] = &r->trace.json;
        break;
    case STORED_FINDING:
        ret_slices[n++] = &r->finding.kind;
        ret_slices[n++] = &r->finding.subject;
        ret_slices[n++] = &r->finding.evidence;
        ret_slices[n++] = &r->finding.json;
        break;
    case STORED_INCIDENT:
        ret_slices[n++] = &r->incident.state;
        ret_slices[n++] = &r->incident.json;
        ret_slices[n++] = &r->incident.blob;
        break;
    case STORED_TIMELINE:
        ret_slices[n++] = &r->timeline.kind;
        ret_slices[n++] = &r->timeline.text;
        break;
    case STORED_DEPLOY:
        ret_slices[n++] = &r->deploy.name;
        ret_slices[n++] = &r->deploy.basis;
        break;
    case STORED_FIX:
        ret_slices[n++] = &r->fix.action;
        ret_slices[n++] = &r->fix.state;
        ret_slices[n++] = &r->fix.json;
        break;
    case STORED_PLAN:
        ret_slices[n++] = &r->plan.database;
        ret_slices[n++] = &r->plan.json;
        break;
    default:
        break;
    }
    return n;
}

static uint64_t
key_of(const struct stored *r)
{
    uint64_t k = hash_combine(0, r->kind);
    switch (r->kind) {
    case STORED_FINGERPRINT:
        k = hash_combine(k, r->fingerprint.fingerprint);
        return hash_combine(k, hash_bytes(r->fingerprint.database));
    case STORED_ROUTE:
        return hash_combine(k, hash_bytes(r->route.text));
    case STORED_WINDOW:
        k = hash_combine(k, r->window.start_wall_ns);
        k = hash_combine(k, r->window.length_s);
        k = hash_combine(k, r->window.upstream);
        k = hash_combine(k, r->window.fingerprint);
        k = hash_combine(k, hash_bytes(r->window.database));
        return hash_combine(k, hash_bytes(r->window.route));
    case STORED_STATE:
        return hash_combine(k, hash_bytes(r->state.name));
    case STORED_TRACE:
        return hash_combine(k, hash_bytes(slice_of(r->trace.trace_id, 16)));
    case STORED_FINDING:
        k = hash_combine(k, r->finding.incident);
        k = hash_combine(k, hash_bytes(r->finding.kind));
        return hash_combine(k, hash_bytes(r->finding.subject));
    case STORED_INCIDENT:
        return hash_combine(k, r->incident.id);
    case STORED_TIMELINE:
        k = hash_combine(k, r->timeline.incident);
        k = hash_combine(k, r->timeline.at_wall_ns);
        k = hash_combine(k, hash_bytes(r->timeline.kind));
        return hash_combine(k, hash_bytes(r->timeline.text));
    case STORED_DEPLOY:
        return hash_combine(hash_combine(k, hash_bytes(r->deploy.name)), r->deploy.at_wall_ns);
    case STORED_FIX:
        return hash_combine(hash_combine(k, r->fix.incident), hash_bytes(r->fix.action));
    case STORED_PLAN:
        k = hash_combine(hash_combine(k, r->plan.fingerprint), r->plan.shape);
        return hash_combine(k, hash_bytes(r->plan.database));
    default:
        return k;
    }
}

static struct waiting *
waiting_new(const struct stored *record)
{
    struct stored copy = *record;
    struct slice *slices[SLICES_MAX];
    unsigned n = slices_of(&copy, slices);
    size_t size = sizeof(struct waiting);
    for (unsigned i = 0; i < n; i++) {
        size += slices[i]->len;
    }
    struct waiting *w = check_alloc(1, size);
    uint8_t *at = (uint8_t *)w + sizeof(*w);
    for (unsigned i = 0; i < n; i++) {
        if (slices[i]->len > 0) {
            memcpy(at, slices[i]->ptr, slices[i]->len);
        }
        *slices[i] = slice_of(at, slices[i]->len);
        at += slices[i]->len;
    }
    w->record = copy;
    w->size = size;
    w->key = key_of(record);
    list_init(&w->in_order);
    return w;
}

/* An incident that comes without its private part keeps the one that waits. */
static bool
keeps_older_blob(const struct waiting *old, const struct stored *record)
{
    return record->kind == STORED_INCIDENT && record->incident.blob.len == 0 &&
           old->record.incident.blob.len > 0;
}

/* With the lock held. */
static void
enqueue(struct store *s, const struct stored *record)
{
    struct stored whole = *record;
    struct waiting *old = map_get(&s->by_key, key_of(record));
    if (old != NULL && keeps_older_blob(old, record)) {
        whole.incident.blob = old->record.incident.blob;
    }
    struct waiting *w = waiting_new(&whole);
    if (old != NULL) {
        s->totals.replaced++;
        s->waiting_bytes -= old->size;
        list_remove(&old->in_order);
    } else if (s->waiting_bytes + w->size > STORE_PENDING_BYTES) {
        s->totals.dropped++;
        free(w);
        return;
    }
    if (map_put(&s->by_key, w->key, w) != 0) {
        s->totals.dropped++;
        free(w);
        return;
    }
    free(old);
    list_append(&s->waiting, &w->in_order);
    s->waiting_bytes += w->size;
}

void
store_put(struct store *s, const struct stored *record)
{
    OBJ_CHECK(s, STORE_MAGIC);
    pthread_mutex_lock(&s->lock);
    s->totals.put++;
    enqueue(s, record);
    if (record->kind == STORED_INCIDENT || record->kind == STORED_DEPLOY ||
        (record->kind == STORED_STATE && record->state.is_urgent)) {
        s->is_urgent = true;
        pthread_cond_signal(&s->wake);
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- the writer ---- */

static uint64_t
clock_now(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* The oldest, at most as many as surely find room at once after something was let go. */
static size_t
take_some(struct store *s, struct list *batch)
{
    size_t count = 0, bytes = 0;
    pthread_mutex_lock(&s->lock);
    LIST_FOREACH (it, &s->waiting) {
        struct waiting *w = LIST_ENTRY(it, struct waiting, in_order);
        bytes += w->size;
        if (count > 0 && bytes > s->size_max / 8) {
            break;
        }
        s->waiting_bytes -= w->size;
        map_remove(&s->by_key, w->key);
        list_remove(it);
        list_append(batch, it);
        count++;
    }
    pthread_mutex_unlock(&s->lock);
    return count;
}

/* What could not be written goes back, unless a newer one has come meanwhile. */
static void
give_back(struct store *s, struct list *batch)
{
    pthread_mutex_lock(&s->lock);
    struct list newer;
    list_init(&newer);
    LIST_FOREACH (it, &s->waiting) {
        list_remove(it);
        list_append(&newer, it);
    }
    LIST_FOREACH (it, batch) {
        struct waiting *w = LIST_ENTRY(it, struct waiting, in_order);
        list_remove(it);
        bool fits = s->waiting_bytes + w->size <= STORE_PENDING_BYTES;
        if (map_get(&s->by_key, w->key) != NULL) {
            s->totals.replaced++;
            free(w);
        } else if (!fits || map_put(&s->by_key, w->key, w) != 0) {
            s->totals.dropped++;
            free(w);
        } else {
            s->waiting_bytes += w->size;
            list_append(&s->waiting, it);
        }
    }
    LIST_FOREACH (it, &newer) {
        list_remove(it);
        list_append(&s->waiting, it);
    }
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
        r = db_write(db, &LIST_ENTRY(it, struct waiting, in_order)->record);
    }
    if (r == SQLITE_DONE) {
        r = db_run(db, "COMMIT");
    }
    if (r != SQLITE_DONE && !sqlite3_get_autocommit(db->sql)) {
        (void)db_run(db, "ROLLBACK");
    }
    return r;
}

enum retain_step {
    RETAIN_TOTALS,
    RETAIN_TURN_DAY,
    RETAIN_ROLL_UP,
    RETAIN_BY_AGE,
    RETAIN_BY_SIZE,
};

/* Runs one step in a transaction of its own. */
static int
in_transaction(struct store *s, uint64_t now_s, enum retain_step step, uint64_t size_target,
               bool *ret_more)
{
    int r = db_run(&s->db, "BEGIN IMMEDIATE");
    if (r != SQLITE_DONE) {
        return r;
    }
    switch (step) {
    case RETAIN_TOTALS:
        r = totals_step(&s->db, now_s, ret_more);
        break;
    case RETAIN_TURN_DAY:
        r = retain_turn_day(&s->db, now_s, ret_more);
        break;
    case RETAIN_ROLL_UP:
        r = retain_roll_up(&s->db, now_s, ret_more);
        break;
    case RETAIN_BY_AGE:
        r = retain_by_age(&s->db, now_s);
        break;
    default:
        r = retain_by_size(&s->db, size_target, ret_more);
        break;
    }
    if (r == SQLITE_DONE) {
        r = db_run(&s->db, "COMMIT");
    }
    if (r != SQLITE_DONE && !sqlite3_get_autocommit(s->db.sql)) {
        (void)db_run(&s->db, "ROLLBACK");
    }
    return r;
}

static int
retain(struct store *s, uint64_t now_s)
{
    int r = SQLITE_DONE;
    for (enum retain_step step = RETAIN_ROLL_UP; step <= RETAIN_BY_SIZE && r == SQLITE_DONE;
         step++) {
        bool more = true;
        for (int i = 0; i < RETAIN_STEPS && more && r == SQLITE_DONE; i++) {
            more = false;
            r = in_transaction(s, now_s, step, s->size_max / 10 * 9, &more);
        }
    }
    return r;
}

/* One row of totals a minute, one day turned a day; many of them only after a start. */
static int
catch_up(struct store *s, uint64_t now_s)
{
    uint64_t until = clock_now(CLOCK_MONOTONIC) + TOTALS_NS;
    int r = SQLITE_DONE;
    for (bool more = true; more && r == SQLITE_DONE && clock_now(CLOCK_MONOTONIC) < until;) {
        more = false;
        r = in_transaction(s, now_s, RETAIN_TOTALS, 0, &more);
    }
    if (r == SQLITE_DONE) {
        bool more;
        r = in_transaction(s, now_s, RETAIN_TURN_DAY, 0, &more);
        r = (r & 0xff) == SQLITE_FULL ? SQLITE_DONE : r; /* it stays as it is, and is as right */
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

/* The oldest goes until a quarter is free. */
static void
make_room(struct store *s)
{
    bool more = true;
    for (int i = 0; i < RETAIN_STEPS && more; i++) {
        more = false;
        if (in_transaction(s, 0, RETAIN_BY_SIZE, s->size_max / 4 * 3, &more) != SQLITE_DONE) {
            return;
        }
    }
}

static bool
write_turn(struct store *s)
{
    struct list batch;
    list_init(&batch);
    for (size_t count = take_some(s, &batch); count > 0; count = take_some(s, &batch)) {
        uint64_t began = clock_now(CLOCK_MONOTONIC);
        int r = write_batch(&s->db, &batch);
        if ((r & 0xff) == SQLITE_FULL) {
            make_room(s);
            r = write_batch(&s->db, &batch);
        }
        if (r != SQLITE_DONE) {
            note_failure(s, r);
            give_back(s, &batch);
            return false;
        }
        LIST_FOREACH (it, &batch) {
            struct waiting *w = LIST_ENTRY(it, struct waiting, in_order);
            list_remove(it);
            free(w);
        }
        note_success(s, count, clock_now(CLOCK_MONOTONIC) - began);
    }
    return true;
}

/* Until something is asked for, or the time has come. Returns whether to stop; *ret_sync: the
 * number of the newest sync that is wanted. */
static bool
wait_for(struct store *s, uint64_t ns, uint64_t *ret_sync)
{
    uint64_t until = clock_now(CLOCK_MONOTONIC) + ns;
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

static void *
run_writer(void *arg)
{
    struct store *s = arg;
    uint64_t next_retain = clock_now(CLOCK_MONOTONIC) + 10 * NS_PER_S;
    bool ok = true, stop = false;
    while (!stop) {
        uint64_t sync = 0;
        stop = wait_for(s, ok ? s->commit_ns : s->retry_ns, &sync);
        ok = write_turn(s);
        int made = ok && !stop ? catch_up(s, clock_now(CLOCK_REALTIME) / NS_PER_S) : SQLITE_DONE;
        if (made != SQLITE_DONE) {
            note_failure(s, made);
        }
        if (ok && !stop && clock_now(CLOCK_MONOTONIC) >= next_retain) {
            int r = retain(s, clock_now(CLOCK_REALTIME) / NS_PER_S);
            if (r != SQLITE_DONE) {
                note_failure(s, r);
            }
            next_retain = clock_now(CLOCK_MONOTONIC) + RETAIN_NS;
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
    t.pending = s->by_key.count;
    pthread_mutex_unlock(&mutable->lock);
    return t;
}

/* ---- life ---- */

static int
open_or_replace(struct store *s, const char *instance, struct diag *diag)
{
    struct diag first = {0};
    int r = db_open(&s->db, s->path, instance, s->size_max, &first);
    if (r != -EUCLEAN) {
        if (r != 0) {
            *diag = first;
        }
        return r;
    }
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
    return db_open(&s->db, s->path, instance, s->size_max, diag);
}

int
store_open(const struct store_config *config, struct diag *diag, struct store **ret_store)
{
    struct store *s = check_alloc(1, sizeof(*s));
    s->magic = STORE_MAGIC;
    s->size_max = config->size_max_bytes == 0 ? STORE_SIZE_DEFAULT : config->size_max_bytes;
    s->size_max = MAX(s->size_max, STORE_SIZE_MIN);
    s->commit_ns = config->commit_ns == 0 ? NS_PER_S : config->commit_ns;
    s->retry_ns = config->retry_ns == 0 ? 5 * NS_PER_S : config->retry_ns;
    list_init(&s->waiting);
    map_init(&s->by_key, STORE_PENDING_MAX);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_cond_init(&s->done, &attr);
    pthread_condattr_destroy(&attr);
    int r = 0;
    if (snprintf(s->path, sizeof(s->path), "%s/%s", config->dir, STORE_FILE) >=
        (int)sizeof(s->path)) {
        r = diag_set(diag, -ENAMETOOLONG, "%s: too long", config->dir);
    }
    if (r == 0) {
        r = open_or_replace(s, config->instance == NULL ? "local" : config->instance, diag);
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
    int r = read_restore(&db, clock_now(CLOCK_REALTIME) / NS_PER_S, on_record, ctx);
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
        pthread_cond_signal(&s->wake);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    LIST_FOREACH (it, &s->waiting) {
        free(LIST_ENTRY(it, struct waiting, in_order));
    }
    db_close(&s->db);
    map_fini(&s->by_key);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    pthread_cond_destroy(&s->done);
    s->magic = 0;
    free(s);
    *store = NULL;
}
