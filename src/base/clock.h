/* SPDX-License-Identifier: Apache-2.0
 * base/clock.h - names and conversions for time. Nothing here reads a clock: time comes in as
 * now_ns from whoever owns a loop (io/loop.h), so that the same code runs in virtual time.
 *
 * *_ns is nanoseconds of CLOCK_MONOTONIC unless the name says wall: shared by all processes of one
 * machine, and never stepped. Wall time appears at the edges only (store, API, pages). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

static inline double
clock_ns_to_ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

#endif
