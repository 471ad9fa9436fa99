/* SPDX-License-Identifier: Apache-2.0
 *
 * Traffic: what is usual of all of it at this time, when it is so much more that latency says
 * nothing, and which part of it is whose. None of it is an alarm; an episode says what its
 * subject's was, and is. */
#include <math.h>

#include "analysis/monitor/monitor_state.h"

#define EARLY_SURGE     1.5f
#define LATELY_WEIGHT   (1.0f / 60)
#define SURGE_CUT       0.1f /* ln */
#define SURGE_STEPS_MAX (6u * 60)
#define RATE_WEIGHT     0.1f /* of a minute */
#define DAY_DECAY       0.8  /* as of each series' calls, failures.c */
#define SILENT_S        600

/* What is usual rests on a day or two at first, and may be off by as much as one of them was: so it
 * is a surge, too, when the excess itself has suddenly grown. Cut, so that a surge moves it little.
 */
static bool
is_surge(struct monitor *m)
{
    float excess = logf(1 + m->load) - m->load_lately;
    m->load_lately += LATELY_WEIGHT * MAX(MIN(excess, SURGE_CUT), -SURGE_CUT);
    return m->load > LIMIT_SURGE || excess > logf(1 + LIMIT_SURGE);
}

/* Far more traffic than usual is learned as little more, or the next surge at that time would be
 * half of one; what lasts is what is usual. */
static float
worth_learning(struct monitor *m, float x, float usual)
{
    m->surge_steps = m->frozen ? m->surge_steps + 1 : 0;
    bool lasts = m->surge_steps > SURGE_STEPS_MAX;
    return m->frozen && !lasts ? MIN(x, usual + SURGE_CUT) : x;
}

/* Traffic beyond what is usual at this time; far beyond, nothing is judged by latency. */
static void
learn(struct monitor *m, double calls)
{
    m->load = 0;
    m->frozen = m->early_surge = false;
    if (calls > 0) {
        float x = logf((float)calls);
        int64_t local = m->step_s + m->config.utc_offset_s;
        if (week_is_ready(&m->traffic, &m->traffic_past, local)) {
            float usual = week_expect(&m->traffic, &m->traffic_past, local);
            m->load = expf(x - usual) - 1;
            m->frozen = is_surge(m);
            m->usual_per_min = expf(usual);
            x = worth_learning(m, x, usual);
        } else { /* before and after, with the time of day unknown */
            float usual = level_expect(&m->traffic_early);
            m->early_surge = calls > EARLY_SURGE * usual;
            m->usual_per_min = usual;
            level_add(&m->traffic_early, &m->traffic_early_past, m->step_s, (float)calls, true);
        }
        week_add(&m->traffic, &m->traffic_past, local, x, true);
    }
    m->totals.frozen += m->frozen ? 1 : 0;
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
traffic_read(struct monitor *m, struct track *t, const struct reading *r)
{
    int64_t end_s = r->start_s + r->length_s;
    int64_t for_s = t->last_s == 0 ? r->length_s : MAX(end_s - t->last_s, r->length_s);
    follow(&t->per_min, (float)r->calls, (float)for_s * (1.0f / MONITOR_STEP_S));
    m->calls_in_step[t->kind] += r->calls * MONITOR_STEP_S / r->length_s;
    m->calls_of_day[t->kind].today += r->calls;
}

static void
end_day(struct monitor *m)
{
    for (unsigned i = 0; i < TRACK_COMMON; i++) {
        struct traffic_days *d = &m->calls_of_day[i];
        d->kept = DAY_DECAY * d->kept + d->yesterday;
        d->yesterday = d->today;
        d->today = 0;
    }
}

void
traffic_step(struct monitor *m)
{
    uint32_t day = (uint32_t)(m->step_s / 86400);
    enum track_kind kind = m->calls_in_step[TRACK_ROUTE] > 0       ? TRACK_ROUTE
                           : m->calls_in_step[TRACK_STATEMENT] > 0 ? TRACK_STATEMENT
                                                                   : TRACK_CALL;
    learn(m, m->calls_in_step[kind]);
    m->traffic_is_of = kind;
    follow(&m->per_min, (float)m->calls_in_step[kind], 1);
    memset(m->calls_in_step, 0, sizeof(m->calls_in_step));
    if (day != m->day) {
        end_day(m);
        m->day = day;
    }
}

/* Of all traffic, over the last days; NAN: not known. */
static double
usual_share(const struct monitor *m, const struct track *t)
{
    const struct traffic_days *all = &m->calls_of_day[m->traffic_is_of];
    bool has_kept = t->calls_kept > 0 && all->kept > 0;
    double of = has_kept ? all->kept : all->yesterday + all->today;
    double calls = has_kept ? t->calls_kept : t->calls_yesterday + t->calls_today;
    return of > 0 ? calls / of : NAN;
}

static double
per_min_of(const struct monitor *m, const struct track *t)
{
    return m->step_s - t->last_s > SILENT_S ? 0 : t->per_min;
}

/* A call is a part of its route's requests; a statement by itself of none. */
static const struct track *
part_of_all(const struct monitor *m, const struct track *t)
{
    const struct track *part = t->kind == TRACK_CALL ? t->parent : t;
    return part != NULL && part->kind == m->traffic_is_of ? part : NULL;
}

void
traffic_note(const struct monitor *m, struct episode *e)
{
    const struct track *t = monitor_track(m, e->subject_key);
    struct episode_traffic *to = &e->traffic;
    if (t == NULL) {
        return; /* it was evicted: as it was */
    }
    *to = (struct episode_traffic){m->per_min, m->usual_per_min, NAN, NAN};
    if (t->kind == TRACK_COMMON) {
        return;
    }
    const struct track *part = part_of_all(m, t);
    to->per_min = per_min_of(m, t);
    to->per_min_before = usual_share(m, t) * m->usual_per_min;
    if (part != NULL && m->per_min > 0) {
        to->share = MIN(per_min_of(m, part) / m->per_min, 1);
        to->share_before = usual_share(m, part);
    }
}
