/* SPDX-License-Identifier: Apache-2.0
 * test/unit/normal.h - noise of a standard normal law, from a seed (Box and Muller, "A note on the
 * generation of random normal deviates", 1958). */
#ifndef UNIT_NORMAL_H
#define UNIT_NORMAL_H

#include <math.h>

#include "base/prng.h"

static inline float
normal(struct prng *p)
{
    double u = ((double)(prng_next(p) >> 11) + 0.5) * 0x1p-53;
    double v = (double)(prng_next(p) >> 11) * 0x1p-53;
    return (float)(sqrt(-2 * log(u)) * cos(2 * M_PI * v));
}

#endif
