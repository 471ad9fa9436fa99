/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/grid.h"

#include <math.h>

#include "base/check.h"

#define CELL_LN   0.2310491f /* a third of a power of two */
#define EXACT_MAX 40         /* so few calls are drawn one by one */

static void
forget_range(struct grid *g)
{
    g->low = GRID_CELLS;
    g->high = 0;
}

void
grid_init(struct grid *g)
{
    *g = (struct grid){0};
    forget_range(g);
    for (unsigned i = 0; i < GRID_CELLS; i++) {
        g->upper[i] = (uint32_t)lround(exp2((double)(i + 1) / 3));
        g->upper[i] += i > 0 && g->upper[i] <= g->upper[i - 1] ? 1 : 0;
        g->ln_upper[i] = logf((float)g->upper[i]);
    }
}

static unsigned
cell_of(float ln_us)
{
    int i = (int)ceilf(ln_us / CELL_LN) - 1;
    return (unsigned)MAX(MIN(i, GRID_CELLS - 1), 0);
}

static void
touch(struct grid *g, unsigned from, unsigned to)
{
    g->low = MIN(g->low, from);
    g->high = MAX(g->high, to);
}

void
grid_add(struct grid *g, struct chance *chance, double n, float mean, float sd)
{
    if (n <= 0) {
        return;
    }
    if (n <= EXACT_MAX) {
        for (unsigned i = 0; i < (unsigned)n; i++) {
            unsigned c = cell_of(mean + sd * chance_normal(chance));
            g->count[c]++;
            touch(g, c, c);
        }
        return;
    }
    unsigned from = cell_of(mean - 4 * sd), to = cell_of(mean + 4 * sd);
    float before = 0, inverse = 1 / sd;
    for (unsigned c = from; c <= to; c++) {
        float p = c == to ? 1 : chance_phi(chance, (g->ln_upper[c] - mean) * inverse);
        float expect = (float)n * (p - before);
        before = p;
        g->count[c] += expect > 1e-3f ? chance_count(chance, expect) : 0;
    }
    touch(g, from, to);
}

void
grid_take(struct grid *g, struct reading_cell cell[GRID_CELLS], struct reading *r)
{
    unsigned n = 0;
    double calls = 0, us = 0;
    for (unsigned c = g->low; c <= g->high && c < GRID_CELLS; c++) {
        if (g->count[c] > 0) {
            cell[n++] = (struct reading_cell){g->upper[c], g->count[c]};
            calls += g->count[c];
            us += g->count[c] * exp((double)(g->ln_upper[c] - CELL_LN / 2));
            g->count[c] = 0;
        }
    }
    forget_range(g);
    r->cell = cell;
    r->cell_count = n;
    r->calls = calls;
    r->time_ms = us / 1000;
    r->known |= READING_TIME;
}
