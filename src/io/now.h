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

#endif
