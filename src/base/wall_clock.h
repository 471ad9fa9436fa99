/* SPDX-License-Identifier: Apache-2.0
 * base/wall_clock.h - what the wall clock showed at an instant of CLOCK_MONOTONIC, and back.
 *
 * An instant that was told to somebody never changes. Whoever keeps instants keeps one of these:
 * it answers for the same instant the same for ever, also once the wall clock was set meanwhile
 * (by hand, by a time server, by a machine that slept). Each stretch between two such settings has
 * the offset that was found when it began; what two measurements of it differ by is no setting.
 * What is to outlive the process is stored as wall clock, and comes back as the instant of which
 * the same wall clock is told.
 *
 * Reads no clock, allocates nothing; plain data, belongs to one thread. Limits: the last
 * WALL_CLOCK_STRETCHES_MAX settings, an older one is forgotten as if there had been none; what was
 * before the machine's start has room as far back as 11 days, to the millisecond. */
#ifndef BASE_WALL_CLOCK_H
#define BASE_WALL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define WALL_CLOCK_STRETCHES_MAX 64u
#define WALL_CLOCK_SETTING_NS    (20 * NS_PER_MS) /* less is the measurement's noise */

struct wall_clock_stretch {
    uint64_t from_ns, offset_ns; /* wall clock less CLOCK_MONOTONIC, modulo 2^64 */
};

struct wall_clock {
    struct wall_clock_stretch stretch[WALL_CLOCK_STRETCHES_MAX]; /* oldest first */
    unsigned count;
    uint64_t first_ms; /* of the wall clock, when the machine had run for a second */
};

/* It showed wall_ns at the instant at_ns. */
void wall_clock_init(struct wall_clock *clock, uint64_t at_ns, uint64_t wall_ns);
/* It shows wall_ns now. at_ns: of now, not before any instant that was asked for. */
void wall_clock_look(struct wall_clock *clock, uint64_t at_ns, uint64_t wall_ns);

/* 0 stays 0, either way: there is no such instant. */
uint64_t wall_clock_of(const struct wall_clock *clock, uint64_t at_ns);
/* wall_clock_of gives wall_ns for it again; only its millisecond, before the machine's start. */
uint64_t wall_clock_back(const struct wall_clock *clock, uint64_t wall_ns);
/* False: it is too long before the machine's start to be given back. */
bool wall_clock_reaches(const struct wall_clock *clock, uint64_t wall_ns);

#endif
