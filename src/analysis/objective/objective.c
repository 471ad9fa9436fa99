/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/objective/objective.h"

const struct objective_rule objective_rules[OBJECTIVE_RULES_COUNT] = {
    {14.4, 60, 5, "1 h and 5 min"},
    {6, 360, 30, "6 h and 30 min"},
    {1, 4320, 360, "3 d and 6 h"},
};

struct sum {
    double total, bad;
};

static void
add(struct objective_slot *slots, uint32_t count, uint32_t number, uint64_t total, uint64_t bad)
{
    struct objective_slot *s = &slots[number % count];
    if (s->number > number) {
        return; /* later than all that is remembered */
    }
    if (s->number != number) {
        *s = (struct objective_slot){.number = number};
    }
    s->total = (uint32_t)MIN(s->total + total, (uint64_t)UINT32_MAX);
    s->bad = (uint32_t)MIN(s->bad + MIN(bad, total), (uint64_t)s->total);
}

void
objective_add(struct objective *o, uint32_t minute, uint32_t minutes, uint64_t total, uint64_t bad)
{
    uint64_t total_before = 0, bad_before = 0;
    for (uint32_t i = 0; i < minutes; i++) {
        uint64_t total_to = (uint64_t)((double)total * (i + 1) / minutes);
        uint64_t bad_to = (uint64_t)((double)bad * (i + 1) / minutes);
        uint64_t t = total_to - total_before, b = bad_to - bad_before;
        add(o->minute, OBJECTIVE_MINUTES, minute + i, t, b);
        add(o->bucket, OBJECTIVE_BUCKETS, (minute + i) / OBJECTIVE_BUCKET_MIN, t, b);
        total_before = total_to;
        bad_before = bad_to;
    }
}

static struct sum
sum_of(const struct objective_slot *slots, uint32_t count, uint32_t last, uint32_t wanted)
{
    struct sum sum = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct objective_slot *s = &slots[i];
        if (s->total > 0 && s->number <= last && last - s->number < wanted) {
            sum.total += s->total;
            sum.bad += s->bad;
        }
    }
    return sum;
}

static bool
has_minutes(uint32_t minutes)
{
    return minutes < OBJECTIVE_MINUTES;
}

static struct sum
sum_over(const struct objective *o, uint32_t minute, uint32_t minutes)
{
    if (has_minutes(minutes)) {
        return sum_of(o->minute, OBJECTIVE_MINUTES, minute, minutes);
    }
    return sum_of(o->bucket, OBJECTIVE_BUCKETS, minute / OBJECTIVE_BUCKET_MIN,
                  minutes / OBJECTIVE_BUCKET_MIN);
}

double
objective_burn(const struct objective *o, uint32_t minute, uint32_t minutes)
{
    struct sum sum = sum_over(o, minute, minutes);
    return sum.total > 0 ? sum.bad / sum.total / o->allowed : 0;
}

unsigned
objective_alarm(const struct objective *o, uint32_t minute)
{
    for (unsigned i = 0; i < OBJECTIVE_RULES_COUNT; i++) {
        const struct objective_rule *r = &objective_rules[i];
        if (sum_over(o, minute, r->long_min).bad >= OBJECTIVE_BAD_MIN &&
            objective_burn(o, minute, r->long_min) >= r->rate &&
            objective_burn(o, minute, r->short_min) >= r->rate) {
            return i;
        }
    }
    return OBJECTIVE_RULES_COUNT;
}

uint32_t
objective_onset(const struct objective *o, uint32_t minute, unsigned rule)
{
    const struct objective_rule *r = &objective_rules[rule];
    bool by_minute = has_minutes(r->long_min);
    uint32_t each = by_minute ? 1 : OBJECTIVE_BUCKET_MIN, best = minute / each;
    double excess = 0, most = 0;
    for (uint32_t back = 0; back < r->long_min / each && back <= minute / each; back++) {
        uint32_t number = minute / each - back;
        const struct objective_slot *s = by_minute ? &o->minute[number % OBJECTIVE_MINUTES]
                                                   : &o->bucket[number % OBJECTIVE_BUCKETS];
        if (s->number == number) {
            excess += s->bad - r->rate * o->allowed * s->total;
        }
        if (excess > most) {
            most = excess;
            best = number;
        }
    }
    return best * each;
}

double
objective_budget(const struct objective *o, uint32_t minute)
{
    return 1 - objective_burn(o, minute, o->days * 1440);
}
