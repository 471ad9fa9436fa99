/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/track/traffic.h"

#include <math.h>

#include "base/check.h"

#define EARLY_SURGE     1.5f
#define LATELY_WEIGHT   (1.0f / 60)
#define SURGE_CUT       0.1f /* ln */
#define SURGE_STEPS_MAX (6u * 60)
#define RATE_WEIGHT     0.1f /* of a minute */
#define DAY_DECAY       0.8f /* as of each series' calls, failures.c */
#define SILENT_S        600

/* What is usual rests on a day or two at first, and may be off by as much as one of them was: so it
 * is a surge, too, when the excess itself has suddenly grown. Cut, so that a surge moves it little.
 */
static bool
is_surge(struct traffic *all)
{
    float excess = logf(1 + all->load) - all->load_lately;
    all->load_lately += LATELY_WEIGHT * MAX(MIN(excess, SURGE_CUT), -SURGE_CUT);
    return all->load > LIMIT_SURGE || excess > logf(1 + LIMIT_SURGE);
}

/* Far more traffic than usual is learned as little more, or the next surge at that time would be
 * half of one; what lasts is what is usual. */
static float
worth_learning(struct traffic *all, float x, float usual)
{
    all->surge_steps = all->frozen ? all->surge_steps + 1 : 0;
    bool lasts = all->surge_steps > SURGE_STEPS_MAX;
    return all->frozen && !lasts ? MIN(x, usual + SURGE_CUT) : x;
}

/* Traffic beyond what is usual at this time; far beyond, nothing is judged by latency. */
static void
learn(struct traffic *all, double calls, int64_t step_s, int utc_offset_s)
{
    all->load = 0;
    all->frozen = all->early_surge = false;
    if (calls > 0) {
        float x = logf((float)calls);
        int64_t local = step_s + utc_offset_s;
        if (week_is_ready(&all->week, &all->past, local)) {
            float usual = week_expect(&all->week, &all->past, local);
            all->load = expf(x - usual) - 1;
            all->frozen = is_surge(all);
            all->usual_per_min = expf(usual);
            x = worth_learning(all, x, usual);
        } else { /* before and after, with the time of day unknown */
            float usual = level_expect(&all->early);
            all->early_surge = calls > EARLY_SURGE * usual;
            all->usual_per_min = usual;
            level_add(&all->early, &all->early_past, step_s, (float)calls, true);
        }
        week_add(&all->week, &all->past, local, x, true);
    }
    all->frozen_steps += all->frozen ? 1 : 0;
}

/* Of a step, which is a minute. What was silent for long begins anew with what it has now. */
static void
follow(float *per_min, float calls, float steps)
{
    steps = MIN(steps, 1 / RATE_WEIGHT);
    bool begins = *per_min == 0 || RATE_WEIGHT * steps >= 1;
    *per_min = begins ? calls / steps : *per_min + RATE_WEIGHT * (calls - steps * *per_min);
}

void
traffic_read(struct traffic *all, struct track *t, const struct reading *r)
{
    int64_t end_s = r->start_s + r->length_s;
    int64_t for_s = t->last_s == 0 ? r->length_s : MAX(end_s - t->last_s, r->length_s);
    follow(&t->per_min, (float)r->calls, (float)for_s * (1.0f / TRACK_STEP_S));
    all->calls_in_step[t->kind] += r->calls * TRACK_STEP_S / r->length_s;
    all->calls_of_day[t->kind].calls[0] += r->calls;
}

/* Of all routes, if there were any on that day or the one before it: at night there may be nothing
 * but jobs. */
static const struct traffic_days *
days_of_all(const struct traffic *all, unsigned ago)
{
    const struct traffic_days *of = all->calls_of_day;
    unsigned kind = TRACK_ROUTE, before = MIN(ago + 1, TRAFFIC_DAYS - 1);
    while (kind != TRACK_CALL && of[kind].calls[ago] + of[kind].calls[before] <= 0) {
        kind = kind == TRACK_ROUTE ? TRACK_STATEMENT : TRACK_CALL;
    }
    return &of[kind];
}

/* All calls of a day, as far as it is over; of one that is long ago, of the last one that is kept.
 */
static float
of_day(const struct traffic *all, uint32_t day)
{
    if (day > all->day) {
        return 0; /* its first step is not over */
    }
    unsigned ago = MIN(all->day - day, TRAFFIC_DAYS - 1);
    return (float)days_of_all(all, ago)->calls[ago];
}

void
traffic_forget(const struct traffic *all, struct track *t)
{
    float before = all->day == t->day ? of_day(all, t->day) : 0;
    t->past->all_calls = (struct traffic_past){.before = before};
}

void
traffic_new_day(const struct traffic *all, struct track *t, const struct reading *r, bool learns)
{
    struct traffic_past *of = &t->past->all_calls;
    uint32_t day = (uint32_t)(r->start_s / 86400);
    if (t->day == 0) {
        of->before = all->day == day ? of_day(all, day) : 0;
        return;
    }
    if (learns) {
        of->kept = DAY_DECAY * of->kept + of->yesterday;
    }
    of->yesterday = MAX(of_day(all, t->day) - of->before, 0);
    of->before = 0;
}

static void
end_day(struct traffic *all)
{
    for (unsigned i = 0; i < TRACK_COMMON; i++) {
        double *calls = all->calls_of_day[i].calls;
        memmove(&calls[1], &calls[0], (TRAFFIC_DAYS - 1) * sizeof(calls[0]));
        calls[0] = 0;
    }
}

void
traffic_step(struct traffic *all, int64_t step_s, int utc_offset_s)
{
    uint32_t day = (uint32_t)(step_s / 86400);
    enum track_kind kind = all->calls_in_step[TRACK_ROUTE] > 0       ? TRACK_ROUTE
                           : all->calls_in_step[TRACK_STATEMENT] > 0 ? TRACK_STATEMENT
                                                                     : TRACK_CALL;
    learn(all, all->calls_in_step[kind], step_s, utc_offset_s);
    all->is_of = kind;
    follow(&all->per_min, (float)all->calls_in_step[kind], 1);
    memset(all->calls_in_step, 0, sizeof(all->calls_in_step));
    /* On the first day behind a silence of months the last one before it is kept. */
    for (unsigned i = 1; i < TRAFFIC_DAYS && all->day != 0 && all->day + i <= day; i++) {
        end_day(all);
    }
    all->day = day;
}

/* Of all traffic, over the last days, as far as it was there; NAN: not known. */
static double
usual_share(const struct traffic *all, const struct track *t)
{
    const struct traffic_past *past = &t->past->all_calls;
    bool has_kept = t->calls_kept > 0 && past->kept > 0;
    float lately = past->yesterday + of_day(all, t->day) - past->before;
    float of = has_kept ? past->kept : lately;
    float calls = has_kept ? t->calls_kept : t->calls_yesterday + t->calls_today;
    return of > 0 ? MIN(calls / of, 1) : NAN;
}

/* At night there may be nothing but jobs: what is usual then is of these. */
static bool
is_of_the_same(const struct traffic *all)
{
    return days_of_all(all, 0) == &all->calls_of_day[all->is_of];
}

static double
per_min_of(const struct track *t, int64_t now_s)
{
    return now_s - t->last_s > SILENT_S ? 0 : t->per_min;
}

/* A call is a part of its route's requests; a statement by itself of none. */
static const struct track *
part_of_all(const struct traffic *all, const struct track *t)
{
    const struct track *part = t->kind == TRACK_CALL ? t->parent : t;
    return part != NULL && part->kind == all->is_of ? part : NULL;
}

void
traffic_of(const struct traffic *all, const struct track *t, int64_t now_s,
           struct traffic_share *ret)
{
    *ret = (struct traffic_share){all->per_min, all->usual_per_min, NAN, NAN};
    if (t->kind == TRACK_COMMON) {
        return;
    }
    const struct track *part = part_of_all(all, t);
    ret->per_min = per_min_of(t, now_s);
    bool is_known = is_of_the_same(all);
    ret->per_min_before = is_known ? usual_share(all, t) * all->usual_per_min : NAN;
    if (part != NULL && all->per_min > 0) {
        ret->share = MIN(per_min_of(part, now_s) / all->per_min, 1);
        ret->share_before = is_known ? usual_share(all, part) : NAN;
    }
}
