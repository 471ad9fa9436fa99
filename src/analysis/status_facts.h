/* SPDX-License-Identifier: Apache-2.0
 * analysis/status_facts.h - what other parts of the program say about themselves, as members of the
 * status document: a name and valid JSON each, the latest replaces what was there.
 *
 * Any thread. At most STATUS_FACTS_MAX names, STATUS_FACTS_LEN_MAX bytes each; a name stays once it
 * is there. */
#ifndef ANALYSIS_STATUS_FACTS_H
#define ANALYSIS_STATUS_FACTS_H

#include <pthread.h>

#include "base/buf.h"
#include "base/slice.h"

#define STATUS_FACTS_MAX     16u
#define STATUS_FACTS_LEN_MAX 8192u

struct status_fact {
    char name[32];
    char *json; /* owned; NULL: free, as all behind it are */
};

struct status_facts {
    pthread_mutex_t lock; /* all below */
    struct status_fact fact[STATUS_FACTS_MAX];
};

void status_facts_init(struct status_facts *f);
void status_facts_fini(struct status_facts *f);

/* 0, -ENOSPC or -E2BIG. */
MUST_CHECK int status_facts_put(struct status_facts *f, const char *name, struct slice json);
/* Appends `,"name":json` for each. */
void status_facts_write(struct status_facts *f, struct buf *b);

#endif
