/* SPDX-License-Identifier: Apache-2.0
 * io/now.h - the time, for whoever owns a thread and has no loop: the only place outside of
 * io/loop.h and io/log.h that reads a clock. What decides anything takes the time from its caller
 * instead (base/clock.h), so that it runs in virtual time too. Any thread; tens of ns. */
#ifndef IO_NOW_H
#define IO_NOW_H

#include <time.h>

#include "base/clock.h"

static inline uint64_t
now_of_clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Never stepped, shared by all processes of the machine. */
static inline uint64_t
now_monotonic_ns(void)
{
    return now_of_clock_ns(CLOCK_MONOTONIC);
}

/* Since 1970; stepped when somebody sets the clock. */
static inline uint64_t
now_wall_ns(void)
{
    return now_of_clock_ns(CLOCK_REALTIME);
}

/* The same in whole seconds, as for calendars. */
static inline time_t
now_wall_s(void)
{
    return (time_t)(now_wall_ns() / NS_PER_S);
}

#define NOW_READINGS 4u
#define NOW_CLOSE_NS (50 * NS_PER_US)

/* What the wall clock shows at now_ns, which is not long ago. It is read between two readings of
 * the other one: where those are far apart, this thread did not run meanwhile, and it is read
 * again. */
static inline uint64_t
now_wall_at_ns(uint64_t now_ns)
{
    uint64_t offset_ns = 0, closest_ns = UINT64_MAX;
    for (unsigned i = 0; i < NOW_READINGS && closest_ns > NOW_CLOSE_NS; i++) {
        uint64_t before_ns = now_monotonic_ns();
        uint64_t wall_ns = now_wall_ns();
        uint64_t apart_ns = now_monotonic_ns() - before_ns;
        if (apart_ns < closest_ns) {
            closest_ns = apart_ns;
            offset_ns = wall_ns - before_ns - apart_ns / 2;
        }
    }
    return now_ns + offset_ns;
}

#endif
