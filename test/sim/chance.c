/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/chance.h"

#include <math.h>

#include "base/check.h"

#define PHI_MAX 4.5f

void
chance_table_make(struct chance_table *t)
{
    struct prng prng = {7}; /* a table of quantiles, shuffled by its reader */
    for (unsigned i = 0; i < CHANCE_NORMALS; i += 2) {
        double u = ((double)(prng_next(&prng) >> 11) + 0.5) * 0x1p-53;
        double v = ((double)(prng_next(&prng) >> 11) + 0.5) * 0x1p-53;
        t->normal[i] = (float)(sqrt(-2 * log(u)) * cos(2 * M_PI * v));
        t->normal[i + 1] = (float)(sqrt(-2 * log(u)) * sin(2 * M_PI * v));
    }
    for (unsigned i = 0; i < ARRAY_LEN(t->exp_of_minus); i++) {
        t->exp_of_minus[i] = expf(-(float)i / CHANCE_EXP_STEPS);
    }
    for (unsigned i = 0; i < CHANCE_PHI_STEPS + 2; i++) {
        double x = -PHI_MAX + 2 * PHI_MAX * (double)i / CHANCE_PHI_STEPS;
        t->phi[i] = (float)(0.5 * erfc(-x / M_SQRT2));
    }
}

double
chance_uniform(struct chance *c)
{
    return (double)(prng_next(&c->prng) >> 11) * 0x1p-53;
}

double
chance_between(struct chance *c, double from, double to)
{
    return from + (to - from) * chance_uniform(c);
}

double
chance_log_between(struct chance *c, double from, double to)
{
    return exp(chance_between(c, log(from), log(to)));
}

float
chance_normal(struct chance *c)
{
    return c->table->normal[prng_next(&c->prng) >> 48];
}

float
chance_student(struct chance *ch)
{
    float a = chance_normal(ch), b = chance_normal(ch), c = chance_normal(ch);
    float t = chance_normal(ch) / sqrtf((a * a + b * b + c * c) / 3);
    return MAX(MIN(t, 12), -12) / 1.732f;
}

double
chance_pareto(struct chance *c, double alpha, double most)
{
    return MIN(pow(1 - chance_uniform(c), -1 / alpha), most);
}

double
chance_poisson(struct chance *c, double mean)
{
    if (mean > 30) {
        return MAX(round(mean + sqrt(mean) * chance_normal(c)), 0);
    }
    double limit = exp(-mean), product = chance_uniform(c);
    unsigned n = 0;
    for (; product > limit; n++) {
        product *= chance_uniform(c);
    }
    return n;
}

/* By inversion, and by the normal law where the difference does not show. */
uint32_t
chance_count(struct chance *c, float mean)
{
    /* Three of 16 bits; the highest one marks the end. */
    c->bits >>= 16;
    c->bits = c->bits <= 0xffff ? prng_next(&c->prng) | 1ull << 63 : c->bits;
    if (mean > CHANCE_FEW) {
        float normal = c->table->normal[c->bits & (CHANCE_NORMALS - 1)];
        float k = mean + sqrtf(mean) * normal + 0.5f;
        return k > 0 ? (uint32_t)k : 0;
    }
    unsigned step = (unsigned)(mean * CHANCE_EXP_STEPS);
    float rest = mean - (float)step / CHANCE_EXP_STEPS;
    float u = ((float)(c->bits & 0xffff) + 0.5f) / 0x10000;
    float p = c->table->exp_of_minus[step] * (1 - rest + rest * rest / 2), below = p;
    uint32_t n = 0;
    while (u > below && n < 40) {
        p *= mean / (float)++n;
        below += p;
    }
    return n;
}

float
chance_phi(const struct chance *c, float x)
{
    if (x <= -PHI_MAX || x >= PHI_MAX) {
        return x > 0 ? 1 : 0;
    }
    float at = (x + PHI_MAX) * (CHANCE_PHI_STEPS / (2 * PHI_MAX));
    unsigned i = (unsigned)at;
    return c->table->phi[i] + (at - (float)i) * (c->table->phi[i + 1] - c->table->phi[i]);
}
