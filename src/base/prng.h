/* SPDX-License-Identifier: Apache-2.0
 * base/prng.h - seeded pseudo-random numbers for tests, sampling and jitter; never for secrets.
 *
 * SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). The
 * state is the caller's; the same seed gives the same sequence on every machine. */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stdint.h>

struct prng {
    uint64_t state;
};

/* A good 64-bit mixing function: every input bit changes about half of the output. */
static inline uint64_t
prng_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t
prng_next(struct prng *p)
{
    p->state += 0x9e3779b97f4a7c15u;
    return prng_mix(p->state);
}

/* 0 <= result < n; n > 0. The bias is below n / 2^64. */
static inline uint64_t
prng_below(struct prng *p, uint64_t n)
{
    __extension__ typedef unsigned __int128 u128;
    return (uint64_t)(((u128)prng_next(p) * n) >> 64);
}

#endif
