/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "analysis/detect/beside.h"
#include "analysis/detect/detect.h"

#define SAMPLES_MIN 3 /* in which it waited */

static const char *
lock_words(const char *lock)
{
    static const char *const words[][2] = {
        {"transactionid", "a row's lock"},    {"tuple", "a row's lock"},
        {"relation", "a table's lock"},       {"advisory", "an advisory lock"},
        {"virtualxid", "older transactions"},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(lock, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return "a lock";
}

/* Who is in the way decides what helps. Nothing of it is done by slowburn. */
static void
advise(const struct waiting_block *b, struct finding *f)
{
    if (strcmp(b->state, "prepared transaction") == 0) {
        snprintf(f->advice, sizeof(f->advice),
                 "look it up in pg_prepared_xacts, then COMMIT PREPARED or ROLLBACK PREPARED it");
    } else if (waiting_is_cut(b)) {
        snprintf(
            f->advice, sizeof(f->advice),
            "find who holds it: pg_blocking_pids(pid) in pg_stat_activity, from one that waits "
            "to one that waits for none; ALTER ROLE ... SET lock_timeout = '2s' lets who waits "
            "fail soon instead of piling up");
    } else if (waiting_is_idle(b)) {
        snprintf(
            f->advice, sizeof(f->advice),
            "commit before doing anything else; who it is: pg_stat_activity where state = 'idle "
            "in transaction', by xact_start; ALTER ROLE ... SET "
            "idle_in_transaction_session_timeout = '10s' ends such by itself");
    } else {
        snprintf(f->advice, sizeof(f->advice),
                 "make the holder's transaction shorter, or lock later in it; ALTER ROLE ... SET "
                 "lock_timeout = '2s' lets who waits fail soon instead of piling up");
    }
}

bool
detect_lock_wait(const struct detect_input *in, struct finding *f)
{
    const struct shift_part *p = in->part;
    char holder[160], through[200], samples[32], of[32];
    if (p == NULL || p->change_ms <= 0 || !detect_matters(in, p->change_ms) ||
        !detect_stands_out(in)) {
        return false;
    }
    const struct waiting_block *b = waiting_of(advice_waiting(in->advice), in->now->fingerprint);
    if (b == NULL || b->samples < SAMPLES_MIN) {
        return false;
    }
    detect_begin(in, FINDING_LOCK_WAIT, EVIDENCE_MEASURED, "samples", f);
    f->block = *b;
    f->has_saving = true;
    f->saving_ms = p->change_ms;
    f->shares.change = 1;
    advise(b, f);
    snprintf(
        f->detail, sizeof(f->detail),
        "waits for %s in %s of %s samples, up to %.1f s and %.0f at a time, behind %.140s%.190s",
        lock_words(b->lock), detect_count(b->samples, samples), detect_count(b->of, of),
        b->waited_ms / 1000, b->waiters, detect_holder(in, b, holder, sizeof(holder)),
        detect_through(in, b, through, sizeof(through)));
    struct beside beside = beside_of(advice_databases(in->advice), in->shift, 0);
    beside_say_deadlocks(&beside, f->detail, sizeof(f->detail));
    return true;
}
