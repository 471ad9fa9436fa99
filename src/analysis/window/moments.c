/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/window/moments.h"

#include <math.h>
#include <string.h>

#define LN2            0.69314718f
#define CELL_WIDTH_MAX 0.4f

/* ln(m) for m in [1, 2): the series of 2 artanh((m - 1) / (m + 1)) around sqrt(2). */
float
moments_ln(uint32_t us)
{
    float f = (float)us;
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    float e = (float)(int)((bits >> 23) - 127);
    bits = (bits & 0x7fffff) | 0x3f800000;
    memcpy(&f, &bits, sizeof(f));
    float s = (f - 1.41421356f) / (f + 1.41421356f), s2 = s * s;
    return e * LN2 + 0.34657359f + s * (2 + s2 * (0.6666667f + s2 * (0.4f + s2 * 0.2857143f)));
}

/* Calls of a cell above the limit: part of them where the limit lies inside it. A cell is as wide
 * as the step from the one before, or as a step can be. */
static float
above(float n, float ln, float lower, float limit)
{
    if (!(ln > limit)) {
        return 0;
    }
    float width = ln - lower;
    width = width > CELL_WIDTH_MAX ? CELL_WIDTH_MAX : width;
    float share = (ln - limit) / width;
    return share < 1 ? share * n : n;
}

void
moments_of(const struct reading *r, float limit_a, float limit_b, struct moments *m)
{
    *m = (struct moments){0};
    float lower = -1;
    for (unsigned i = 0; i < r->cell_count; i++) {
        float n = (float)r->cell[i].count;
        float ln = moments_ln(r->cell[i].upper_us);
        m->n += n;
        m->sum_ln += n * ln;
        m->sum_ln2 += n * ln * ln;
        m->sum_us += n * (float)r->cell[i].upper_us;
        m->above[0] += above(n, ln, lower, limit_a);
        m->above[1] += above(n, ln, lower, limit_b);
        lower = ln;
    }
}
