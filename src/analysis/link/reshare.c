/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/link/reshare.h"

#include <math.h>

#define HALVINGS_MAX 4u

struct reshare_piece *
reshare_add(struct reshare *r, const struct affinity *a, uint64_t shape, double rest)
{
    struct reshare_piece *p = &r->pieces[r->next];
    r->next = (r->next + 1) % RESHARE_PIECES;
    r->count = MIN(r->count + 1, RESHARE_PIECES);
    p->shape = shape;
    p->rest = rest;
    p->halvings = a->halvings;
    p->count = 0;
    return p;
}

bool
reshare_place(struct reshare_piece *p, uint32_t route, unsigned place, double weight, double share)
{
    uint32_t at = 0;
    while (at < p->count && (p->of[at].route != route || p->of[at].place != place)) {
        at++;
    }
    if (at == RESHARE_PLACES) {
        return false;
    }
    if (at == p->count) {
        p->of[p->count++] = (struct reshare_place){.route = route, .place = place};
    }
    p->of[at].base += (float)weight;
    p->of[at].share += (float)share;
    return true;
}

static void
look_again(struct reshare_piece *p, struct affinity *a)
{
    double mean = affinity_mean(a, p->shape), weight[RESHARE_PLACES], sum = p->rest;
    uint32_t halvings = a->halvings - p->halvings;
    if (mean == 0 || halvings > HALVINGS_MAX) {
        return;
    }
    double left = ldexp(1, -(int)halvings); /* of what was learned */
    for (uint32_t i = 0; i < p->count; i++) {
        const struct reshare_place *c = &p->of[i];
        weight[i] = (double)c->base * affinity_ratio(a, c->route, p->shape, c->place, mean);
        sum += weight[i];
    }
    for (uint32_t i = 0; i < p->count; i++) {
        double share = weight[i] / sum;
        affinity_learn(a, p->of[i].route, p->shape, p->of[i].place,
                       left * (share - (double)p->of[i].share));
        p->of[i].share = (float)share;
    }
}

void
reshare_some(struct reshare *r, struct affinity *a)
{
    for (unsigned i = 0; i < RESHARE_EACH && r->count > 0; i++) {
        r->looked_at = (r->looked_at + 1) % r->count;
        look_again(&r->pieces[r->looked_at], a);
    }
}
