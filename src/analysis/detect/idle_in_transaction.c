/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"

#define IDLE_MS_MIN 100 /* less is the way to the next statement */

/* Of what holds up the statement in question; its subject is what the idle session ran last. */
bool
detect_idle_in_transaction(const struct detect_input *in, struct finding *f)
{
    struct finding wait;
    char through[200];
    if (!detect_lock_wait(in, &wait) || !waiting_is_idle(&wait.block)) {
        return false;
    }
    const struct waiting_block *b = &wait.block;
    const struct statement *holder = statement_get(in->statements, b->holder);
    bool is_prepared = strcmp(b->state, "prepared transaction") == 0;
    if (!is_prepared && b->idle_ms < IDLE_MS_MIN) {
        return false;
    }
    *f = wait;
    f->kind = FINDING_IDLE_IN_TRANSACTION;
    f->fingerprint = b->holder;
    snprintf(f->label, sizeof(f->label), "%.90s",
             is_prepared      ? "a prepared transaction"
             : holder != NULL ? holder->label
                              : "a session whose statement is not known");
    if (holder != NULL) {
        detect_about(f, holder);
    }
    detect_through(in, b, through, sizeof(through));
    if (is_prepared) {
        snprintf(f->detail, sizeof(f->detail), "nobody has ended it; %.100s waits for it%.190s",
                 in->statement->label, through);
    } else {
        snprintf(f->detail, sizeof(f->detail),
                 "the last statement, then nothing for up to %.1f s of a transaction of %.1f s; "
                 "%.100s waits for it%.190s",
                 b->idle_ms / 1000, b->transaction_ms / 1000, in->statement->label, through);
    }
    return true;
}
