/* SPDX-License-Identifier: Apache-2.0
 *
 * What only the database can tell of the minute that is over, given to the statements: the rows
 * that its tables' counters say were read, by what a call of each reads (its plan's estimate, or
 * what it returns), and the time that the advisor's samples saw it wait for locks. And asks for
 * both, all the time, so that there is something from before when anything changes. */
#include <math.h>
#include <string.h>

#include "analysis/judge/state.h"
#include "base/clock.h"
#include "base/hash.h"

#define WAITS_EVERY_NS  (10 * NS_PER_S)
#define TABLES_EVERY_NS (20 * NS_PER_S)
#define TABLES_COUNTED  (TABLES_MAX / 2) /* the others are for whoever looks for a cause */
#define COST_SHARE_MIN  0.01             /* of the minute's time, to have one's tables counted */

/* A table, and what was read of it in the minute. */
struct share {
    uint64_t key;
    double rows, weight;
    bool is_known;
};

struct shares {
    struct share share[TABLES_MAX];
    unsigned count;
};

static uint64_t
key_of(uint64_t database, const char *table)
{
    char plain[STATEMENT_NAME_LEN];
    statement_plain_name(table, plain);
    return hash_combine(database, hash_bytes(slice_from_str(plain)));
}

static void
take_shares(struct judge *j, struct shares *s)
{
    struct tables *t = advice_tables(j->advice);
    for (unsigned i = 0; i < t->count; i++) {
        struct share *x = &s->share[s->count++];
        *x = (struct share){
            .key = key_of(hash_bytes(slice_from_str(t->table[i].database)), t->table[i].name)};
        x->is_known = tables_take_reads(&t->table[i], &x->rows);
    }
}

static struct share *
share_of(struct shares *s, uint64_t key)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->share[i].key == key) {
            return &s->share[i];
        }
    }
    return NULL;
}

static uint64_t
database_of(struct judge *j, const struct statement *st)
{
    return hash_bytes(slice_from_str(judge_name(j, st->database)));
}

/* By how much it counts among those that read its tables. */
static double
weight_of(const struct statement *st, const struct series *s)
{
    double calls = (double)s->window.calls;
    double returned = calls > 0 ? (double)s->window.rows / calls : 0;
    return calls * (st->plan_rows > 0 ? st->plan_rows : fmax(returned, 1));
}

/* Its series and itself, where it has calls in that minute. */
static struct statement *
statement_of(const struct judge *j, const struct series *s, uint64_t minute)
{
    bool counts = s->fingerprint != 0 && s->window_number == minute && s->window.calls > 0;
    struct statement *st = counts ? statement_get(&j->statements, s->fingerprint) : NULL;
    return st != NULL && statement_has_plan(st) ? st : NULL;
}

static void
weigh(struct judge *j, struct shares *shares, uint64_t minute)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&j->series.by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        struct statement *st = s->kind == SERIES_STATEMENT ? statement_of(j, s, minute) : NULL;
        for (unsigned i = 0; st != NULL && i < st->reads.count; i++) {
            struct share *x = share_of(shares, key_of(database_of(j, st), st->reads.name[i]));
            if (x != NULL) {
                x->weight += weight_of(st, s);
            }
        }
    }
}

/* Of a call, in this minute; < 0: not known. */
static double
rows_of_call(struct judge *j, struct shares *shares, const struct statement *st,
             const struct series *s)
{
    double rows = 0;
    for (unsigned i = 0; i < st->reads.count; i++) {
        const struct share *x = share_of(shares, key_of(database_of(j, st), st->reads.name[i]));
        if (x == NULL || !x->is_known || x->weight <= 0) {
            return -1;
        }
        rows += x->rows * weight_of(st, s) / x->weight;
    }
    return st->reads.count == 0 ? -1 : rows / (double)s->window.calls;
}

static void
add(struct judge *j, struct series *s, enum window_amount which, double n, uint64_t wall_ns)
{
    struct series_sums sums = {0};
    window_amounts_add(&sums.amounts, which, (uint64_t)llround(fmin(fmax(n, 0), 1e15)));
    series_add(s, &sums, false, wall_ns, judge_keep_window, j);
}

static void
give(struct judge *j, struct series *s, const struct statement *st, uint64_t wall_ns)
{
    double calls = (double)s->window.calls;
    if (st->rows_of_call >= 0) {
        add(j, s, AMOUNT_ROWS_READ, st->rows_of_call * calls, wall_ns);
    }
    if (st->lock_ms_of_call >= 0) {
        add(j, s, AMOUNT_LOCK_MS, st->lock_ms_of_call * calls, wall_ns);
    }
}

/* The few that take most of the time have their tables counted from now on. */
static void
count_tables(struct judge *j, const struct statement *st)
{
    const char *database = judge_name(j, st->database);
    for (unsigned i = 0; i < st->reads.count; i++) {
        if (advice_tables(j->advice)->count < TABLES_COUNTED) {
            (void)advice_table(j->advice, database, st->reads.name[i]);
        }
    }
}

/* Where there is room: which databases have statements. */
static void
remember_database(struct judge *j, uint32_t database)
{
    struct judge_long_term *l = &j->long_term;
    for (unsigned i = 0; i < l->database_count; i++) {
        if (l->database[i] == database) {
            return;
        }
    }
    if (database != 0 && l->database_count < ARRAY_LEN(l->database)) {
        l->database[l->database_count++] = database;
    }
}

static double
busy_ns(const struct judge *j, uint64_t minute)
{
    double sum = 0;
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&j->series.by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        bool counts = s->kind == SERIES_STATEMENT && s->window_number == minute;
        sum += counts ? (double)s->window.time_ns : 0;
    }
    return sum;
}

void
judge_apportion(struct judge *j, uint64_t minute)
{
    struct judge_long_term *l = &j->long_term;
    struct waiting *waits = advice_waiting(j->advice);
    struct shares shares = {0};
    double busy = busy_ns(j, minute);
    uint64_t wall_ns = (minute + 1) * SERIES_WINDOW_NS - 1;
    bool sampled[ARRAY_LEN(l->database)] = {false};
    for (unsigned i = 0; i < l->database_count; i++) {
        const char *name = judge_name(j, l->database[i]);
        sampled[i] = waiting_take_sampled(waits, hash_bytes(slice_from_str(name)));
    }
    take_shares(j, &shares);
    weigh(j, &shares, minute);
    struct map_slot *slot;
    for (size_t at = 0; (slot = map_next(&j->series.by_key, &at)) != NULL;) {
        struct series *s = slot->value;
        struct statement *st = s->kind == SERIES_STATEMENT ? statement_of(j, s, minute) : NULL;
        if (st == NULL) {
            continue;
        }
        bool is_sampled = false;
        for (unsigned i = 0; i < l->database_count; i++) {
            is_sampled = is_sampled || (l->database[i] == st->database && sampled[i]);
        }
        st->rows_of_call = rows_of_call(j, &shares, st, s);
        st->lock_ms_of_call =
            !is_sampled ? -1
                        : waiting_take_lock_ms(waits, st->fingerprint) / (double)s->window.calls;
        give(j, s, st, wall_ns);
        remember_database(j, st->database);
        if ((double)s->window.time_ns >= COST_SHARE_MIN * busy) {
            count_tables(j, st);
        }
    }
    for (size_t at = 0; (slot = map_next(&j->series.by_key, &at)) != NULL;) {
        struct series *s = slot->value;
        struct statement *st = s->kind == SERIES_BOTH ? statement_of(j, s, minute) : NULL;
        if (st != NULL) {
            give(j, s, st, wall_ns);
        }
    }
}

/* Once a second; databases take turns. */
void
judge_ask_counters(struct judge *j)
{
    struct judge_long_term *l = &j->long_term;
    if (l->database_count == 0) {
        return;
    }
    const char *name = judge_name(j, l->database[l->asked++ % l->database_count]);
    if (name[0] != '\0') {
        advice_ask_waits(j->advice, name, WAITS_EVERY_NS, j->now_ns);
        advice_ask_tables(j->advice, name, TABLES_EVERY_NS, j->now_ns);
    }
}
