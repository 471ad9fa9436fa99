/* SPDX-License-Identifier: Apache-2.0
 * analysis/mailbox.h - letters from any thread to one, which may wait for them.
 *
 * Bounded: MAILBOX_MAX letters wait at most, then mailbox_put answers -EAGAIN and nothing is lost
 * that was taken before. Owns the text of what waits; whoever takes a letter owns it from then on.
 * Costs a short lock, and a copy of the text. */
#ifndef ANALYSIS_MAILBOX_H
#define ANALYSIS_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"

#define MAILBOX_MAX 128u

enum letter_kind { LETTER_ANSWER, LETTER_COMMAND };

struct letter {
    enum letter_kind kind;
    unsigned command; /* which one: the reader's to know */
    uint64_t ticket;
    uint32_t id; /* of the question, or of the incident; of a mute its seconds */
    size_t len;
    uint8_t *text; /* owned; of mailbox_put: ignored */
};

struct mailbox {
    pthread_mutex_t lock; /* all below */
    pthread_cond_t wake;  /* the reader: a letter came */
    struct letter letter[MAILBOX_MAX];
    size_t first, count;
};

void mailbox_init(struct mailbox *m);
/* No thread uses it any more. */
void mailbox_fini(struct mailbox *m);

/* 0 or -EAGAIN. */
MUST_CHECK int mailbox_put(struct mailbox *m, const struct letter *letter, struct slice text);
/* The oldest; false: there is none. */
bool mailbox_take(struct mailbox *m, struct letter *ret_letter);
/* Until a letter is there, or this instant of CLOCK_MONOTONIC. */
void mailbox_wait(struct mailbox *m, uint64_t until_ns);

#endif
