/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/blocks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advisor/login.h"
#include "proto/sql/sql_fingerprint.h"

#define ROWS_MAX 128u

static const char *
state_name(enum block_state state)
{
    static const char *const names[] = {"active", "idle in transaction", "prepared transaction"};
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

/* The row that says what this process waits for. NULL: it waits for nobody. */
static const struct block_row *
row_of(const struct block_row *rows, unsigned count, int waiter)
{
    for (unsigned i = 0; i < count; i++) {
        if (rows[i].waiter == waiter) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool
is_first_of_waiter(const struct block_row *rows, unsigned i)
{
    return row_of(rows, i, rows[i].waiter) == NULL;
}

void
blocks_fold(struct blocks *b, const struct block_row *rows, unsigned count, double ms)
{
    for (unsigned i = 0; i < b->count; i++) {
        b->block[i].in_sample = 0;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!is_first_of_waiter(rows, i)) {
            continue;
        }
        const struct block_row *last = &rows[i];
        unsigned depth = 1;
        /* A circle is a deadlock, which the server ends by itself. */
        for (const struct block_row *next; depth < BLOCKS_WAITERS_MAX; depth++) {
            next = last->blocker == 0 ? NULL : row_of(rows, count, last->blocker);
            if (next == NULL) {
                break;
            }
            last = next;
        }
        struct block like = {.waiting = rows[i].waiting, .holder = last->holder};
        like.state = last->blocker == 0 ? BLOCK_PREPARED
                     : last->is_idle    ? BLOCK_IDLE
                                        : BLOCK_ACTIVE;
        memcpy(like.lock, rows[i].lock, sizeof(like.lock));
        struct block *x = pair_of(b, &like);
        if (x == NULL) {
            continue;
        }
        x->samples += x->in_sample == 0;
        x->in_sample++;
        x->lock_ms += ms;
        x->waiters = MAX(x->waiters, x->in_sample);
        x->depth = MAX(x->depth, depth);
        x->waited_ms = MAX(x->waited_ms, rows[i].waited_ms);
        x->idle_ms = MAX(x->idle_ms, last->is_idle ? last->idle_ms : 0);
        x->transaction_ms = MAX(x->transaction_ms, last->transaction_ms);
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
    static const char sql[] =
        "SELECT w.pid, b.pid, w.wait_event, coalesce(w.query, ''), coalesce(h.query, ''),"
        " octet_length(w.query) >= c.cut, octet_length(h.query) >= c.cut,"
        " coalesce(h.state LIKE 'idle in transaction%', false),"
        " coalesce(1000 * extract(epoch FROM clock_timestamp() - coalesce(l.since, "
        "w.query_start)), 0),"
        " coalesce(1000 * extract(epoch FROM clock_timestamp() - h.state_change), 0),"
        " coalesce(1000 * extract(epoch FROM clock_timestamp() - h.xact_start), 0)"
        " FROM (SELECT pid, wait_event, query, query_start FROM pg_stat_activity"
        "  WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'"
        "  ORDER BY query_start LIMIT 32) w"
        " CROSS JOIN (SELECT pg_size_bytes(current_setting('track_activity_query_size')) - 4) "
        "c(cut)"
        " CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) b(pid)"
        " LEFT JOIN (SELECT pid, min(waitstart) AS since FROM pg_locks WHERE NOT granted GROUP BY "
        "pid) l"
        "  ON l.pid = w.pid"
        " LEFT JOIN pg_stat_activity h ON h.pid = b.pid"
        " LIMIT 128";
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
        };
        snprintf(rows[i].lock, sizeof(rows[i].lock), "%s", PQgetvalue(r, n, 2));
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

void
blocks_take(struct blocks *b, json_t *answer)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < b->count; i++) {
        const struct block *x = &b->block[i];
        json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:s, s:s, s:i, s:i, s:i, s:f, s:f, s:f, s:f}", "waiting",
                      hex_json(x->waiting), "holder", hex_json(x->holder), "state",
                      state_name(x->state), "lock", x->lock, "samples", (int)x->samples, "waiters",
                      (int)x->waiters, "depth", (int)x->depth, "waited_ms", x->waited_ms, "idle_ms",
                      x->idle_ms, "transaction_ms", x->transaction_ms, "lock_ms", x->lock_ms));
    }
    json_object_set_new(answer, "blocks", list);
    json_object_set_new(answer, "blocks_refused", json_integer(b->refused));
    *b = (struct blocks){0};
}
