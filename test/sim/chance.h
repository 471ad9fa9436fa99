/* SPDX-License-Identifier: Apache-2.0
 * sim/chance.h - random numbers for worlds: fast, seeded, and the same everywhere.
 *
 * Laws are drawn from one table of normal quantiles, which is the same in every world. One thread
 * per struct chance; the table is read only once it is made. */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include "base/prng.h"

#define CHANCE_NORMALS   65536u
#define CHANCE_EXP_STEPS 16u /* of one; up to CHANCE_FEW */
#define CHANCE_FEW       8
#define CHANCE_PHI_STEPS 2048u

struct chance_table {
    float normal[CHANCE_NORMALS];
    float phi[CHANCE_PHI_STEPS + 2];
    float exp_of_minus[CHANCE_FEW * CHANCE_EXP_STEPS + 1];
};

struct chance {
    struct prng prng;
    uint64_t bits; /* of a random number, for several */
    const struct chance_table *table;
};

void chance_table_make(struct chance_table *t);

double chance_uniform(struct chance *c);
double chance_between(struct chance *c, double from, double to);
double chance_log_between(struct chance *c, double from, double to);
float chance_normal(struct chance *c);
/* Heavy tails: Student's t with 3 degrees of freedom, scaled to a variance of one. */
float chance_student(struct chance *c);
/* From one, with heavy tails: at least k with the probability k^-alpha; cut at most. */
double chance_pareto(struct chance *c, double alpha, double most);
double chance_poisson(struct chance *c, double mean);
/* The same for many that are drawn one after the other, by 16 bits each. */
uint32_t chance_count(struct chance *c, float mean);

/* The normal law's distribution function. */
float chance_phi(const struct chance *c, float x);

#endif
