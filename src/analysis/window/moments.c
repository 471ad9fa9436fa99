/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/window/moments.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

#define LN2            0.69314718f
#define CELL_WIDTH_MAX 0.4f

typedef float floats __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));
typedef int32_t ints __attribute__((vector_size(16)));

#define LANES 4u

static floats
as_floats(words x)
{
    floats high = __builtin_convertvector((ints)(x >> 16), floats);
    return high * 65536 + __builtin_convertvector((ints)(x & 0xffff), floats);
}

/* ln(m) for m in [1, 2): the series of 2 artanh((m - 1) / (m + 1)) around sqrt(2). */
static floats
ln_of(floats f)
{
    words bits = (words)f;
    floats e = __builtin_convertvector((ints)(bits >> 23) - 127, floats);
    f = (floats)((bits & 0x7fffff) | 0x3f800000);
    floats s = (f - 1.41421356f) / (f + 1.41421356f), s2 = s * s;
    return e * LN2 + 0.34657359f + s * (2 + s2 * (0.6666667f + s2 * (0.4f + s2 * 0.2857143f)));
}

float
moments_ln(uint32_t us)
{
    return ln_of(as_floats((words){us, 1, 1, 1}))[0];
}

static floats
least_of(floats a, floats b)
{
    words is_less = (words)(a < b);
    return (floats)(((words)a & is_less) | ((words)b & ~is_less));
}

/* Calls of cells above the limit: part of them where the limit lies inside. A limit that is NAN
 * compares as false. */
static floats
above(floats n, floats ln, floats by_width, float limit)
{
    floats share = (ln - limit) * by_width;
    share = (floats)((words)share & (words)(share > 0));
    return n * least_of(share, (floats){1, 1, 1, 1});
}

static float
sum_of(floats x)
{
    return (x[0] + x[1]) + (x[2] + x[3]);
}

/* Two cells side by side; beyond the last one there are longer ones, of no calls. */
static words
two_cells(const struct reading *r, unsigned i)
{
    const struct reading_cell none = {UINT32_MAX, 0};
    struct reading_cell cell[2] = {i < r->cell_count ? r->cell[i] : none,
                                   i + 1 < r->cell_count ? r->cell[i + 1] : none};
    return (words){cell[0].upper_us, cell[0].count, cell[1].upper_us, cell[1].count};
}

void
moments_of(const struct reading *r, float limit_a, float limit_b, struct moments *m)
{
    const floats width_max = {CELL_WIDTH_MAX, CELL_WIDTH_MAX, CELL_WIDTH_MAX, CELL_WIDTH_MAX};
    floats n = {0}, sum_ln = {0}, sum_ln2 = {0}, sum_us = {0}, over_a = {0}, over_b = {0};
    floats before = {-1, -1, -1, -1};
    float limit = MIN(limit_a, limit_b);
    for (unsigned i = 0; i < r->cell_count; i += LANES) {
        words first, second;
        if (i + LANES <= r->cell_count) {
            memcpy(&first, &r->cell[i], sizeof(first));
            memcpy(&second, &r->cell[i + 2], sizeof(second));
        } else {
            first = two_cells(r, i);
            second = two_cells(r, i + 2);
        }
        floats us = as_floats(__builtin_shufflevector(first, second, 0, 2, 4, 6));
        floats calls = as_floats(__builtin_shufflevector(first, second, 1, 3, 5, 7));
        floats ln = ln_of(us);
        /* A cell is as wide as the step from the one before, or as a step can be. */
        floats lower = __builtin_shufflevector(before, ln, 3, 4, 5, 6);
        n += calls;
        sum_ln += calls * ln;
        sum_ln2 += calls * ln * ln;
        sum_us += calls * us;
        if (!(ln[LANES - 1] <= limit)) { /* the longest of the four; most are below both */
            floats by_width = 1 / least_of(ln - lower, width_max);
            over_a += above(calls, ln, by_width, limit_a);
            over_b += above(calls, ln, by_width, limit_b);
        }
        before = ln;
    }
    *m = (struct moments){.n = sum_of(n),
                          .sum_ln = sum_of(sum_ln),
                          .sum_ln2 = sum_of(sum_ln2),
                          .sum_us = sum_of(sum_us),
                          .above = {sum_of(over_a), sum_of(over_b)}};
}
