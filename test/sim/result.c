/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/result.h"

#include <math.h>

#define DAY_S          86400
#define ASKED_KEPT     0.99f /* a minute: an hour or two */
#define OVERHEAD_BYTES 80

void
result_init(struct result *r, struct chance *c, bool held_out, float rows)
{
    double kind = chance_uniform(c);
    *r = (struct result){.is_list = kind > 0.65};
    r->rows = kind < 0.35 ? (float)chance_between(c, 0.6, 1) : rows * (r->is_list ? 4 : 1);
    r->width = (float)chance_log_between(c, 20, 400);
    r->cv = (float)(r->is_list ? chance_between(c, 0.7, held_out ? 3 : 2)
                               : chance_between(c, 0.1, 0.5));
    r->swing = (float)chance_between(c, 0, r->is_list ? 0.4 : 0.1);
    r->asked = (float)chance_between(c, 0, r->is_list ? 0.25 : 0.05);
    r->growth = r->is_list ? (float)chance_between(c, 0, 0.002) : 0;
    bool has_job = kind >= 0.35 && chance_uniform(c) < (held_out ? 0.15 : 0.1);
    r->at_night = has_job ? (float)chance_between(c, 2, held_out ? 6 : 4) : 0;
    r->on_sundays = held_out && chance_uniform(c) < 0.3;
}

void
result_init_typical(struct result *r)
{
    *r = (struct result){
        .rows = 20, .width = 100, .cv = 1, .swing = 0.2f, .asked = 0.1f, .is_list = true};
}

/* For minutes, and now and again for a quarter of an hour. */
static float
burst_of(struct result *r, struct chance *c, bool held_out)
{
    if (r->burst_left > 0 && --r->burst_left > 0) {
        return r->burst;
    }
    double chance = chance_uniform(c), rare = 1.0 / ((held_out ? 20 : 30) * 1440);
    double often = 1.0 / (held_out ? 500 : 720);
    if (!r->is_list || chance > rare + often) {
        return 1;
    }
    if (chance < rare) {
        r->burst_left = 10 + (unsigned)prng_below(&c->prng, held_out ? 11 : 6);
        r->burst = (float)chance_between(c, 2, held_out ? 4 : 3);
    } else {
        r->burst_left = 1 + (unsigned)prng_below(&c->prng, held_out ? 6 : 8);
        r->burst = (float)chance_between(c, 2, held_out ? 8 : 5);
    }
    return r->burst;
}

static bool
is_job(const struct result *r, int64_t now_s, double hour, bool held_out)
{
    unsigned day = (unsigned)((now_s / DAY_S + 4) % 7); /* 0: Sunday */
    return r->at_night > 0 && hour >= 2 && hour < (held_out ? 4.5 : 3) &&
           (!r->on_sundays || day == 0);
}

static float
stray(struct chance *c, bool held_out)
{
    return held_out ? chance_student(c) : chance_normal(c);
}

double
result_rows(struct result *r, struct chance *c, bool held_out, int64_t now_s, int64_t since_s,
            double calls)
{
    double hour = (double)(now_s % DAY_S) / 3600;
    float var = logf(1 + r->cv * r->cv / (float)MAX(calls, 1));
    r->ar = ASKED_KEPT * r->ar + sqrtf(1 - ASKED_KEPT * ASKED_KEPT) * r->asked * stray(c, held_out);
    double mean = (double)r->rows * (1 + (double)r->growth * (double)since_s / DAY_S) *
                  (1 + (double)r->swing * sin((hour - 11) * 2 * M_PI / 24));
    mean *= is_job(r, now_s, hour, held_out) ? (double)r->at_night : 1;
    float noise = r->ar + sqrtf(var) * MIN(stray(c, held_out), 4) - var / 2;
    return round(calls * mean * (double)(expf(noise) * burst_of(r, c, held_out)));
}

double
result_bytes(const struct result *r, struct chance *c, double calls, double rows)
{
    return OVERHEAD_BYTES * calls + rows * (double)(r->width * expf(0.05f * chance_normal(c)));
}
