/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/outside.h"

#define SEEN_MAX 1000.0f

double
outside_share(const struct outside *o, uint64_t first)
{
    uint64_t at = first % OUTSIDE_CELLS;
    bool known = first != 0 && o->cells[at].fingerprint == first;
    return known ? (double)(o->cells[at].outside / (o->cells[at].seen + 1)) : 0;
}

double
outside_times_seen(const struct outside *o, uint64_t first)
{
    uint64_t at = first % OUTSIDE_CELLS;
    return first != 0 && o->cells[at].fingerprint == first ? (double)o->cells[at].seen : 0;
}

void
outside_learn(struct outside *o, uint64_t first, bool was_outside)
{
    uint64_t at = first % OUTSIDE_CELLS;
    if (first == 0) {
        return;
    }
    if (o->cells[at].fingerprint != first) {
        o->cells[at].fingerprint = first;
        o->cells[at].seen = o->cells[at].outside = 0;
    }
    o->cells[at].seen++;
    o->cells[at].outside += was_outside ? 1.0f : 0.0f;
    if (o->cells[at].seen > SEEN_MAX) {
        o->cells[at].seen /= 2;
        o->cells[at].outside /= 2;
    }
}
