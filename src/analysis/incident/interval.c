/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/interval.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/incident/actions.h"
#include "analysis/incident/changes.h"

/* All figures that have an error, in one line. */
union figures {
    struct {
        double before[INCIDENT_CHANGES_MAX], now[INCIDENT_CHANGES_MAX];
        double change[INCIDENT_CHANGES_MAX];
        double measured_before, measured_now, measured_change, unexplained;
        double cause[INCIDENT_CAUSES_MAX];
        double together[INCIDENT_TOGETHER_MAX], interaction[INCIDENT_TOGETHER_MAX];
        double all;
    };
    double of[3 * INCIDENT_CHANGES_MAX + 4 + INCIDENT_CAUSES_MAX + 2 * INCIDENT_TOGETHER_MAX + 1];
};

#define FIGURES (sizeof(union figures) / sizeof(double))

struct estimate {
    const struct incident *inc;
    const struct shift *shift;
    const struct shift_route *route; /* as it is */
    uint64_t waits[SHIFT_PARTS_MAX]; /* statements of the line "waiting" */
    unsigned wait_count;
    struct shift_route *without; /* room for one */
    union figures figures[STATS_BLOCKS_MAX];
};

static double
cost_of(const struct stats *s, uint64_t fingerprint)
{
    const struct stats_query *q = stats_find(s, fingerprint);
    return q == NULL ? 0 : q->cost_ms;
}

/* The lines of "what changed" on one side. */
static void
lines_of(const struct estimate *e, const struct stats *s, double *ms)
{
    double waiting = 0, own = 0, all = s->other_ms;
    for (unsigned i = 0; i < s->query_count; i++) {
        all += s->q[i].cost_ms;
    }
    for (unsigned i = 0; i < e->wait_count; i++) {
        waiting += cost_of(s, e->waits[i]);
    }
    for (unsigned i = 0; i < e->inc->change_count; i++) {
        uint64_t fingerprint = e->inc->change[i].fingerprint;
        own += fingerprint != 0 ? cost_of(s, fingerprint) : 0;
    }
    for (unsigned i = 0; i < e->inc->change_count; i++) {
        const struct incident_change *c = &e->inc->change[i];
        ms[i] = c->fingerprint != 0                   ? cost_of(s, c->fingerprint)
                : strcmp(c->kind, "waiting") == 0     ? waiting
                : strcmp(c->kind, "application") == 0 ? s->app_ms
                                                      : all - own - waiting;
    }
}

static void
changes_of(const struct estimate *e, const struct shift_route *r, union figures *f)
{
    lines_of(e, &r->before, f->before);
    lines_of(e, &r->now, f->now);
    f->measured_before = r->before.mean_ms;
    f->measured_now = r->now.mean_ms;
    f->measured_change = f->unexplained = r->now.mean_ms - r->before.mean_ms;
    for (unsigned i = 0; i < e->inc->change_count; i++) {
        f->change[i] = f->now[i] - f->before[i];
        f->unexplained -= f->change[i];
    }
}

static bool
is_of_counters(const struct finding *f)
{
    const struct finding_shares *s = &f->shares;
    return f->has_saving && s->now == 0 && s->change == 0 && s->app == 0 && s->waiting == 0;
}

/* What a finding brings with it, by these figures instead of those that it was made of. */
static double
brought_ms(const struct finding *f, const struct shift_route *r)
{
    const struct finding_shares *s = &f->shares;
    double now = cost_of(&r->now, f->fingerprint), before = cost_of(&r->before, f->fingerprint);
    return s->now * now + s->change * (now - before) + s->app * r->app_change_ms +
           s->waiting * r->waiting_ms;
}

/* How far that strays where what was before was learned. */
static double
learned_error_ms(const struct finding *f, const struct stats *before)
{
    const struct finding_shares *s = &f->shares;
    return before->spread * (s->change * cost_of(before, f->fingerprint) + s->app * before->app_ms +
                             s->waiting * before->query_ms);
}

static void
savings_of(const struct estimate *e, const struct shift_route *r, union figures *f)
{
    const struct incident *inc = e->inc;
    struct finding findings[INCIDENT_CAUSES_MAX];
    struct attribution_input in;
    actions_attribution(inc, e->shift, e->route, findings, &in);
    double rate = in.requests_per_s; /* a block that is left out is no traffic that is gone */
    actions_attribution(inc, e->shift, r, findings, &in);
    in.requests_per_s = rate;
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *finding = &inc->cause[i].finding;
        f->cause[i] =
            finding->has_saving ? brought_ms(finding, r) : actions_cause_saving_ms(inc, &in, i, r);
    }
    uint32_t all = 0;
    for (unsigned i = 0; i < inc->action_count; i++) {
        all |= inc->action[i].kind == ACTION_ROLL_BACK ? 0 : 1u << i;
    }
    f->all = attribution_saving_ms(&in, actions_causes_of(inc, all));
    for (unsigned i = 0; i < inc->together_count; i++) {
        uint32_t causes = actions_causes_of(inc, inc->together[i].mask);
        f->together[i] = attribution_saving_ms(&in, causes);
        f->interaction[i] = actions_interaction_ms(&in, causes);
    }
}

static void
figures_of(const struct estimate *e, const struct shift_route *r, union figures *f)
{
    memset(f, 0, sizeof(*f));
    changes_of(e, r, f);
    savings_of(e, r, f);
}

/* Where nothing is known of its requests: its means stray by so much. */
static void
learned_side(const struct estimate *e, struct jackknife *sides)
{
    union figures f = {0};
    double spread = e->route->before.spread;
    changes_of(e, e->route, &f);
    for (size_t i = 0; i < FIGURES; i++) {
        sides[i] = (struct jackknife){0};
    }
    for (unsigned i = 0; i < e->inc->change_count; i++) {
        sides[&f.before[i] - f.of].variance = sides[&f.change[i] - f.of].variance =
            pow(f.before[i] * spread, 2);
    }
    for (unsigned i = 0; i < e->inc->cause_count; i++) {
        const struct finding *finding = &e->inc->cause[i].finding;
        sides[&f.cause[i] - f.of].variance =
            finding->has_saving ? pow(learned_error_ms(finding, &e->route->before), 2) : 0;
    }
    sides[&f.measured_before - f.of].variance = sides[&f.measured_change - f.of].variance =
        sides[&f.unexplained - f.of].variance = pow(f.measured_before * spread, 2);
}

/* of_now: else of before. */
static void
side_of(struct estimate *e, bool of_now, struct jackknife *sides)
{
    const struct shift_route *r = e->route;
    const struct stats *whole = of_now ? &r->now : &r->before;
    struct shift_route *x = e->without;
    double values[STATS_BLOCKS_MAX];
    if (whole->block_count == 0 && whole->n > 0) {
        learned_side(e, sides);
        return;
    }
    for (unsigned b = 0; b < whole->block_count; b++) {
        x->watch = r->watch;
        stats_copy(&x->before, &r->before);
        stats_copy(&x->now, &r->now);
        jackknife_without(whole, b, of_now ? &x->now : &x->before);
        shift_judge(e->shift, x);
        figures_of(e, x, &e->figures[b]);
    }
    for (size_t i = 0; i < FIGURES; i++) {
        for (unsigned b = 0; b < whole->block_count; b++) {
            values[b] = e->figures[b].of[i];
        }
        sides[i] = jackknife_of(values, whole->block_count);
    }
}

static void
put_errors(struct incident *inc, const union figures *error)
{
    for (unsigned i = 0; i < inc->change_count; i++) {
        struct incident_change *c = &inc->change[i];
        c->before_error_ms = error->before[i];
        c->now_error_ms = error->now[i];
        c->change_error_ms = error->change[i];
    }
    inc->measured_before_error_ms = error->measured_before;
    inc->measured_now_error_ms = error->measured_now;
    inc->measured_change_error_ms = error->measured_change;
    inc->unexplained_error_ms = error->unexplained;
    for (unsigned i = 0; i < inc->cause_count; i++) {
        bool is_sure = !is_of_counters(&inc->cause[i].finding);
        inc->cause[i].saving_error_ms = is_sure ? error->cause[i] : NAN;
    }
    for (unsigned i = 0; i < inc->action_count; i++) {
        struct incident_action *a = &inc->action[i];
        unsigned c = actions_cause_of(inc, a);
        a->saving_alone_error_ms = a->kind == ACTION_ROLL_BACK ? error->measured_change
                                   : c < INCIDENT_CAUSES_MAX   ? inc->cause[c].saving_error_ms
                                                               : NAN;
    }
    for (unsigned i = 0; i < inc->together_count; i++) {
        inc->together[i].saving_error_ms = error->together[i];
        inc->together[i].interaction_error_ms = error->interaction[i];
    }
    inc->saving_together_error_ms = error->all;
}

static void
note_waits(struct estimate *e)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    unsigned n = shift_parts(e->shift, e->route, parts);
    for (unsigned i = 0; i < n; i++) {
        if (changes_only_waits(e->inc, &parts[i])) {
            e->waits[e->wait_count++] = parts[i].fingerprint;
        }
    }
}

static void
errors_of(const struct incident *inc, const struct shift *s, const struct shift_route *r,
          union figures *ret_error)
{
    struct estimate *e = check_alloc(1, sizeof(*e));
    struct jackknife before[FIGURES], now[FIGURES];
    *e = (struct estimate){.inc = inc, .shift = s, .route = r};
    e->without = check_alloc(1, sizeof(*e->without));
    note_waits(e);
    side_of(e, false, before);
    side_of(e, true, now);
    for (size_t i = 0; i < FIGURES; i++) {
        ret_error->of[i] = jackknife_error(before[i], now[i]);
    }
    free(e->without);
    free(e);
}

void
interval_estimate(struct incident *inc, struct shift *s)
{
    const struct shift_route *r = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    if (r != NULL && inc->state == INCIDENT_OPEN && r->now.n >= 5) {
        union figures error;
        errors_of(inc, s, r, &error);
        put_errors(inc, &error);
    }
}

double
interval_of_saving(const struct incident *inc, const struct shift *s, const struct shift_route *r,
                   unsigned cause)
{
    union figures error;
    errors_of(inc, s, r, &error);
    return cause == INCIDENT_CAUSES_MAX                 ? error.measured_change
           : is_of_counters(&inc->cause[cause].finding) ? NAN
                                                        : error.cause[cause];
}

struct jackknife
interval_of_mean(const struct stats *s, uint64_t fingerprint)
{
    struct stats *without = check_alloc(1, sizeof(*without));
    double values[STATS_BLOCKS_MAX];
    for (unsigned b = 0; b < s->block_count; b++) {
        jackknife_without(s, b, without);
        values[b] = fingerprint == 0 ? without->mean_ms : cost_of(without, fingerprint);
    }
    free(without);
    return jackknife_of(values, s->block_count);
}
