/* SPDX-License-Identifier: Apache-2.0
 * analysis/track/affects.h - what a deploy says that it affects, beside what something is about.
 *
 * Both are names of routes and fingerprints (16 hexadecimal digits), compared by their hashes.
 * Plain data; pure. */
#ifndef ANALYSIS_TRACK_AFFECTS_H
#define ANALYSIS_TRACK_AFFECTS_H

#include "analysis/window/history.h"

#define SCOPE_NAMES_MAX 256u

struct affects {
    uint64_t name[HISTORY_AFFECTS_MAX];
    unsigned count; /* 0: it may be anything */
};

/* What an episode or an incident is about. */
struct scope {
    uint64_t name[SCOPE_NAMES_MAX];
    unsigned count;
    bool is_whole; /* about everything */
};

void affects_make(struct affects *ret_affects, const struct history_deploy *d);

void scope_init(struct scope *s);
/* NULL and "" are nothing; beyond SCOPE_NAMES_MAX none is added. */
void scope_add(struct scope *s, const char *name);
void scope_add_fingerprint(struct scope *s, uint64_t fingerprint); /* 0 is none */

/* It names some of it. */
bool affects_names(const struct affects *a, const struct scope *s);
/* It may have changed some of it: it names it or, where one of the two is about everything, need
 * not. */
bool affects_some(const struct affects *a, const struct scope *s);

#endif
