/* SPDX-License-Identifier: Apache-2.0
 * analysis/pace.h - how often a document is made again: once a second at most, and never for more
 * than a part of the time of the thread that makes it; of a table that nobody has read for half a
 * minute, a tenth of that part.
 *
 * Plain data, zeroed; of the thread that makes it, but for pace_read, which is anybody's. */
#ifndef ANALYSIS_PACE_H
#define ANALYSIS_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pace {
    uint64_t made_ns, took_ns; /* the last time; made_ns 0: at once */
    bool is_due;               /* something has changed: its owner's to set and to clear */
    _Atomic uint64_t read_ns;
};

/* Somebody reads it. */
void pace_read(struct pace *p, uint64_t now_ns);

bool pace_may_make(const struct pace *p, bool is_table, uint64_t now_ns);
/* It was, for as long as that. */
void pace_made(struct pace *p, uint64_t now_ns, uint64_t took_ns);

#endif
