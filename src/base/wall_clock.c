/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wall_clock.h"

#include <string.h>

#include "base/check.h"

/* Nothing happens within the machine's first second: its nanoseconds stand for the milliseconds
 * before it, in their order. */
#define EARLY_NS NS_PER_S

void
wall_clock_init(struct wall_clock *c, uint64_t at_ns, uint64_t wall_ns)
{
    *c = (struct wall_clock){.stretch = {{0, wall_ns - at_ns}}, .count = 1};
    c->first_ms = (wall_ns - at_ns + EARLY_NS) / NS_PER_MS;
}

void
wall_clock_look(struct wall_clock *c, uint64_t at_ns, uint64_t wall_ns)
{
    uint64_t offset_ns = wall_ns - at_ns;
    int64_t by = (int64_t)(offset_ns - c->stretch[c->count - 1].offset_ns);
    if (by < (int64_t)WALL_CLOCK_SETTING_NS && by > -(int64_t)WALL_CLOCK_SETTING_NS) {
        return;
    }
    if (c->count == WALL_CLOCK_STRETCHES_MAX) {
        memmove(&c->stretch[0], &c->stretch[1], (c->count - 1) * sizeof(c->stretch[0]));
        c->stretch[0].from_ns = 0;
        c->count--;
    }
    c->stretch[c->count++] = (struct wall_clock_stretch){at_ns, offset_ns};
}

uint64_t
wall_clock_of(const struct wall_clock *c, uint64_t at_ns)
{
    if (at_ns == 0) {
        return 0;
    }
    if (at_ns < EARLY_NS) {
        uint64_t ms = EARLY_NS - at_ns;
        return c->first_ms > ms ? (c->first_ms - ms) * NS_PER_MS : 1;
    }
    unsigned i = c->count - 1;
    while (i > 0 && at_ns < c->stretch[i].from_ns) {
        i--;
    }
    return at_ns + c->stretch[i].offset_ns;
}

bool
wall_clock_reaches(const struct wall_clock *c, uint64_t wall_ns)
{
    return wall_ns == 0 || wall_ns / NS_PER_MS + EARLY_NS > c->first_ms;
}

uint64_t
wall_clock_back(const struct wall_clock *c, uint64_t wall_ns)
{
    if (wall_ns == 0) {
        return 0;
    }
    uint64_t set_ns = 0; /* the clock was set forward over it, and never showed it */
    for (unsigned i = c->count; i-- > 0;) {
        int64_t at = (int64_t)(wall_ns - c->stretch[i].offset_ns);
        uint64_t end = i + 1 == c->count ? INT64_MAX : c->stretch[i + 1].from_ns;
        if (at >= (int64_t)MAX(c->stretch[i].from_ns, EARLY_NS)) {
            if ((uint64_t)at < end) {
                return (uint64_t)at;
            }
            set_ns = end;
        }
    }
    if (set_ns != 0) {
        return set_ns;
    }
    uint64_t wall_ms = wall_ns / NS_PER_MS;
    uint64_t before_ms = c->first_ms > wall_ms ? c->first_ms - wall_ms : 0;
    return before_ms < EARLY_NS ? EARLY_NS - before_ms : 1;
}
