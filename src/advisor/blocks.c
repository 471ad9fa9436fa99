/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/blocks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advisor/login.h"
#include "proto/sql/sql_fingerprint.h"

#define KNOWS_WAITSTART 140000 /* the first server that does */
#define ROWS_MAX        ((BLOCKS_WAITERS_MAX + BLOCKS_BETWEEN_MAX) * BLOCKS_EACH_MAX)
#define FAR             UINT32_MAX /* no end is known: a circle */
#define CUT             (1u << 30) /* nor here: the last one waits itself; any known end is nearer */

static const char *
state_name(enum block_state state)
{
    static const char *const names[] = {"active", "idle in transaction", "prepared transaction",
                                        "waiting", "not known"};
    return names[state];
}

static struct block *
pair_of(struct blocks *b, const struct block *like)
{
    for (unsigned i = 0; i < b->count; i++) {
        struct block *x = &b->block[i];
        if (x->waiting == like->waiting && x->holder == like->holder && x->state == like->state &&
            strcmp(x->lock, like->lock) == 0) {
            return x;
        }
    }
    if (b->count == BLOCKS_MAX) {
        b->refused++;
        return NULL;
    }
    b->block[b->count] = *like;
    return &b->block[b->count++];
}

static bool
is_better(const struct block_row *a, const struct block_row *b)
{
    return a->hops < b->hops || (a->hops == b->hops && a->is_idle && !b->is_idle);
}

/* The row that says what this process waits for, where several are in its way the best one. NULL:
 * it waits for nobody. */
static const struct block_row *
row_of(const struct block_row *rows, unsigned count, int waiter)
{
    const struct block_row *best = NULL;
    for (unsigned i = 0; i < count; i++) {
        if (rows[i].waiter == waiter && (best == NULL || is_better(&rows[i], best))) {
            best = &rows[i];
        }
    }
    return best;
}

/* What the blocker waits for. NULL: it is the last one. */
static const struct block_row *
next_of(const struct block_row *rows, unsigned count, const struct block_row *row)
{
    return row->blocker == 0 ? NULL : row_of(rows, count, row->blocker);
}

/* How many wait from each to the end, by the shortest way. */
static void
measure_ways(struct block_row *rows, unsigned count)
{
    bool is_news = true;
    for (unsigned i = 0; i < count; i++) {
        rows[i].hops = FAR;
    }
    for (unsigned round = 0; is_news && round < count; round++) {
        is_news = false;
        for (unsigned i = 0; i < count; i++) {
            const struct block_row *next = next_of(rows, count, &rows[i]);
            uint32_t end = rows[i].blocker_lock[0] == '\0' ? 1 : CUT;
            uint32_t hops = next == NULL ? end : next->hops == FAR ? FAR : next->hops + 1;
            is_news = is_news || hops < rows[i].hops;
            rows[i].hops = MIN(rows[i].hops, hops);
        }
    }
}

static bool
is_first_of_waiter(const struct block_row *rows, unsigned i)
{
    return row_of(rows, i, rows[i].waiter) == NULL;
}

/* A queue from one that waits to the last, in the words of a block. */
struct way {
    const struct block_row *last; /* row: its blocker is in nobody's queue */
    unsigned depth;
    struct block_session chain[BLOCKS_CHAIN_MAX];
    unsigned chain_count;
};

static struct block_session
last_of(const struct block_row *row)
{
    if (row->blocker_lock[0] != '\0') {
        return (struct block_session){.state = BLOCK_CUT};
    }
    return (struct block_session){
        .statement = row->holder,
        .state = row->blocker == 0 ? BLOCK_PREPARED
                 : row->is_idle    ? BLOCK_IDLE
                                   : BLOCK_ACTIVE,
        .idle_ms = row->is_idle ? row->idle_ms : 0,
        .transaction_ms = row->transaction_ms,
    };
}

static void
add_waiting(struct way *w, const struct block_session *s, const char *lock)
{
    w->depth++;
    if (w->chain_count + 1 < BLOCKS_CHAIN_MAX) { /* the last place is the holder's */
        struct block_session *added = &w->chain[w->chain_count++];
        *added = *s;
        added->state = BLOCK_WAITING;
        snprintf(added->lock, sizeof(added->lock), "%s", lock);
    }
}

static void
add_waiter(struct way *w, const struct block_row *row, double transaction_ms)
{
    struct block_session s = {
        .statement = row->waiting, .waited_ms = row->waited_ms, .transaction_ms = transaction_ms};
    add_waiting(w, &s, row->lock);
    w->last = row;
}

/* Who is in the way waits itself: so much is known of it. */
static void
add_blocker(struct way *w)
{
    struct block_session s = {.statement = w->last->holder,
                              .waited_ms = w->last->blocker_waited_ms,
                              .transaction_ms = w->last->transaction_ms};
    add_waiting(w, &s, w->last->blocker_lock);
}

static void
follow(const struct block_row *rows, unsigned count, const struct block_row *first, struct way *w)
{
    *w = (struct way){0};
    add_waiter(w, first, 0);
    /* Nobody is at the end of a circle: it is a deadlock, which the server ends by itself. */
    while (w->last->hops != FAR) {
        const struct block_row *next = next_of(rows, count, w->last);
        if (next == NULL) {
            break;
        }
        add_waiter(w, next, w->last->transaction_ms);
    }
    if (w->last->blocker_lock[0] != '\0') {
        add_blocker(w);
    }
    w->chain[w->chain_count++] = last_of(w->last);
}

static void
add_way(struct blocks *b, const struct block_row *first, const struct way *w, double ms)
{
    const struct block_session *holder = &w->chain[w->chain_count - 1];
    struct block like = {
        .waiting = first->waiting, .holder = holder->statement, .state = holder->state};
    memcpy(like.lock, first->lock, sizeof(like.lock));
    struct block *x = pair_of(b, &like);
    if (x == NULL) {
        return;
    }
    x->samples += x->in_sample == 0;
    x->in_sample++;
    x->lock_ms += ms;
    x->waiters = MAX(x->waiters, x->in_sample);
    x->waited_ms = MAX(x->waited_ms, first->waited_ms);
    x->idle_ms = MAX(x->idle_ms, holder->idle_ms);
    x->transaction_ms = MAX(x->transaction_ms, holder->transaction_ms);
    if (w->depth >= x->depth) {
        x->depth = w->depth;
        memcpy(x->chain, w->chain, sizeof(x->chain));
        x->chain_count = w->chain_count;
    }
}

void
blocks_fold(struct blocks *b, struct block_row *rows, unsigned count, double ms)
{
    for (unsigned i = 0; i < b->count; i++) {
        b->block[i].in_sample = 0;
    }
    measure_ways(rows, count);
    for (unsigned i = 0; i < count; i++) {
        struct way w;
        if (is_first_of_waiter(rows, i)) {
            const struct block_row *first = row_of(rows, count, rows[i].waiter);
            follow(rows, count, first, &w);
            add_way(b, first, &w, ms);
        }
    }
}

/* What the server cut short is no statement that is known from the wire. */
static uint64_t
fingerprint_of(const char *text, bool is_cut)
{
    static struct sql_fingerprint f;
    struct sql_statement s;
    return !is_cut && sql_fingerprint_once(&f, slice_from_str(text), NULL, 0, &s) ? s.fingerprint
                                                                                  : 0;
}

void
blocks_sample(struct login *s, struct blocks *b, double ms)
{
    /* Since when one waits is known since 14; before, since when its statement runs. */
    static const char since_14[] = "SELECT pid, min(waitstart) AS since FROM pg_locks"
                                   " WHERE NOT granted GROUP BY pid";
    static const char before_14[] = "SELECT NULL::int AS pid, NULL::timestamptz AS since";
    static const char format[] =
        "WITH s AS MATERIALIZED (SELECT * FROM pg_stat_activity),"
        " a AS MATERIALIZED (SELECT pid, (pg_blocking_pids(pid))[1:4] AS pids FROM (SELECT pid"
        "  FROM s WHERE datname = current_database() AND state = 'active'"
        "  AND wait_event_type = 'Lock' ORDER BY query_start LIMIT 32) oldest),"
        " b AS MATERIALIZED (SELECT pid, (pg_blocking_pids(pid))[1:4] AS pids FROM (SELECT pid"
        "  FROM s WHERE wait_event_type = 'Lock' AND pid IN (SELECT unnest(pids) FROM a)"
        "  AND pid NOT IN (SELECT pid FROM a) ORDER BY query_start LIMIT 8) between),"
        " l AS MATERIALIZED (%s)"
        " SELECT w.pid, q.pid, w.wait_event, coalesce(w.query, ''), coalesce(h.query, ''),"
        " octet_length(w.query) >= c.cut, octet_length(h.query) >= c.cut,"
        " coalesce(h.state LIKE 'idle in transaction%%', false),"
        " coalesce(1000 * extract(epoch FROM clock_timestamp() - coalesce(l.since, "
        "w.query_start)), 0),"
        " coalesce(1000 * extract(epoch FROM clock_timestamp() - h.state_change), 0),"
        " coalesce(1000 * extract(epoch FROM clock_timestamp() - h.xact_start), 0),"
        " CASE WHEN h.wait_event_type = 'Lock' THEN coalesce(h.wait_event, 'lock') ELSE '' END,"
        " coalesce(1000 * extract(epoch FROM clock_timestamp() - coalesce(k.since, "
        "h.query_start)), 0)"
        " FROM (SELECT pid, pids FROM a UNION ALL SELECT pid, pids FROM b) t"
        " CROSS JOIN LATERAL unnest(t.pids) q(pid)"
        " CROSS JOIN (SELECT pg_size_bytes(current_setting('track_activity_query_size')) - 4) "
        "c(cut)"
        " JOIN s w ON w.pid = t.pid LEFT JOIN l ON l.pid = t.pid LEFT JOIN s h ON h.pid = q.pid"
        " LEFT JOIN l k ON k.pid = q.pid"
        " LIMIT 160";
    char sql[sizeof(format) + sizeof(since_14)];
    bool knows = PQserverVersion(s->conn) >= KNOWS_WAITSTART;
    snprintf(sql, sizeof(sql), format, knows ? since_14 : before_14);
    struct block_row rows[ROWS_MAX];
    AUTO_RESULT PGresult *r = login_query(s, sql, 0, NULL, NULL);
    unsigned count = r == NULL ? 0 : MIN((unsigned)PQntuples(r), ROWS_MAX);
    for (unsigned i = 0; i < count; i++) {
        int n = (int)i;
        rows[i] = (struct block_row){
            .waiter = atoi(PQgetvalue(r, n, 0)),
            .blocker = atoi(PQgetvalue(r, n, 1)),
            .waiting = fingerprint_of(PQgetvalue(r, n, 3), *PQgetvalue(r, n, 5) == 't'),
            .holder = fingerprint_of(PQgetvalue(r, n, 4), *PQgetvalue(r, n, 6) == 't'),
            .is_idle = *PQgetvalue(r, n, 7) == 't',
            .waited_ms = strtod(PQgetvalue(r, n, 8), NULL),
            .idle_ms = strtod(PQgetvalue(r, n, 9), NULL),
            .transaction_ms = strtod(PQgetvalue(r, n, 10), NULL),
            .blocker_waited_ms = strtod(PQgetvalue(r, n, 12), NULL),
        };
        snprintf(rows[i].lock, sizeof(rows[i].lock), "%s", PQgetvalue(r, n, 2));
        snprintf(rows[i].blocker_lock, sizeof(rows[i].blocker_lock), "%s", PQgetvalue(r, n, 11));
    }
    blocks_fold(b, rows, count, ms);
}

static json_t *
hex_json(uint64_t fingerprint)
{
    char hex[17];
    snprintf(hex, sizeof(hex), "%016" PRIx64, fingerprint);
    return fingerprint == 0 ? json_null() : json_string(hex);
}

static json_t *
chain_json(const struct block *x)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < x->chain_count; i++) {
        const struct block_session *s = &x->chain[i];
        json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:f, s:f, s:f}", "statement",
                                              hex_json(s->statement), "state", state_name(s->state),
                                              "lock", s->lock, "waited_ms", s->waited_ms, "idle_ms",
                                              s->idle_ms, "transaction_ms", s->transaction_ms));
    }
    return list;
}

void
blocks_take(struct blocks *b, json_t *answer)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < b->count; i++) {
        const struct block *x = &b->block[i];
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:s, s:s, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:o}",
                            "waiting", hex_json(x->waiting), "holder", hex_json(x->holder), "state",
                            state_name(x->state), "lock", x->lock, "samples", (int)x->samples,
                            "waiters", (int)x->waiters, "depth", (int)x->depth, "waited_ms",
                            x->waited_ms, "idle_ms", x->idle_ms, "transaction_ms",
                            x->transaction_ms, "lock_ms", x->lock_ms, "chain", chain_json(x)));
    }
    json_object_set_new(answer, "blocks", list);
    json_object_set_new(answer, "blocks_refused", json_integer(b->refused));
    *b = (struct blocks){0};
}
