/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/script.h"

#define SURVEY_MIN    360u /* judge/survey.c */
#define LOOK_SHARE    0.25 /* of the route's mean: change/assess.c */
#define LOOK_MS       1.5
#define USUAL_WEIGHT  0.05
#define COUNTED_MAX   32u /* judge/apportion.c */
#define COUNTED_SHARE 0.01
#define SAMPLE_MS     1000 /* advisor/waits.c */

void
script_begin(struct script *s, uint64_t seed, const struct chance_table *table)
{
    *s = (struct script){.chance = {.prng = {prng_mix(seed)}, .table = table}};
}

void
script_minute(struct script *s)
{
    s->minute++;
    s->busy_before_ms = s->busy_ms;
    s->busy_ms = 0;
}

/* The route has become slower by this statement, and so by so much. */
static bool
is_looked_at(struct script_statement *of, double ms, double route_ms)
{
    double more = ms - of->usual_ms, usual_route_ms = route_ms - more;
    bool looks = of->usual_ms > 0 && more >= LOOK_MS && more >= LOOK_SHARE * usual_route_ms;
    of->usual_ms += (of->usual_ms > 0 ? USUAL_WEIGHT : 1) * more;
    return looks;
}

static void
tell_plan(struct script *s, struct script_statement *of, const struct effect *e, struct reading *r)
{
    static const char *const names[] = {
        [PLAN_USUAL] = "Index Scan",
        [PLAN_OTHER] = "Nested Loop, Index Scan",
        [PLAN_READS_ALL] = "Seq Scan",
    };
    bool is_other = e->other_plan && (e->part <= 0 || chance_uniform(&s->chance) < (double)e->part);
    enum script_plan plan = e->reads_all ? PLAN_READS_ALL : is_other ? PLAN_OTHER : PLAN_USUAL;
    if (plan != of->told) {
        of->told = plan;
        r->known |= READING_PLAN;
        r->plan = slice_from_str(names[plan]);
    }
}

/* So many of its calls are seen waiting, and each stands for a second. */
static void
tell_locks(struct script *s, const struct effect *e, struct reading *r)
{
    double seen =
        e->lock_ms <= 0 ? 0 : chance_poisson(&s->chance, r->calls * (double)e->lock_ms / SAMPLE_MS);
    r->known |= READING_LOCK;
    r->lock_ms = seen * SAMPLE_MS;
}

static void
tell_rows(struct script *s, struct script_statement *of, const struct effect *e, struct reading *r)
{
    bool is_large = s->busy_before_ms > 0 && r->time_ms >= COUNTED_SHARE * s->busy_before_ms;
    if (!of->is_counted && is_large && s->counted < COUNTED_MAX) {
        of->is_counted = true;
        s->counted++;
    }
    if (of->is_counted) {
        r->known |= READING_ROWS_READ;
        r->rows_read = r->calls * (double)(of->rows * e->rows_read);
    }
}

void
script_tell(struct script *s, struct script_statement *of, unsigned place, const struct effect *e,
            double ms, double route_ms, struct reading *r)
{
    bool is_looked = is_looked_at(of, ms, route_ms);
    s->busy_ms += r->time_ms;
    if (r->calls <= 0) {
        return;
    }
    if (is_looked || s->is_asked || s->minute % SURVEY_MIN == place % SURVEY_MIN) {
        tell_plan(s, of, e, r);
    }
    tell_locks(s, e, r);
    tell_rows(s, of, e, r);
}
