/* SPDX-License-Identifier: Apache-2.0
 * How sure the figures of both tables are: 95 of 100 intervals hold the truth where requests are
 * noisy together, errors of parts and of the whole fit, and what cannot be told is not. */
#include "analysis/incident/interval.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/incident/actions.h"
#include "analysis/incident/cause.h"
#include "analysis/incident/progress.h"
#include "unit/analysis/change/scene.h"

#define PLAYS 240u

struct play {
    struct routes s;
    struct statement_table statements;
    struct incident *inc;
};

static double
uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

static double
noise(uint64_t *seed)
{
    double sum = 0;
    for (unsigned i = 0; i < 12; i++) {
        sum += uniform(seed);
    }
    return sum - 6;
}

/* The first route's statement runs six times instead of once and another one once; each request's
 * calls are dearer or cheaper together, and requests in a row alike. */
static void
open_play(struct play *p, uint64_t seed, double lasting)
{
    static const char text[] = "select * from \"items\" where \"order_id\" = ?";
    double state = 0;
    routes_open(&p->s);
    for (uint64_t at = T0; at < NOW; at += EVERY / 4) {
        state = lasting * state + sqrt(1 - lasting * lasting) * noise(&seed);
        double ms = 10 * exp(0.2 * state), app = 12 + 3 * uniform(&seed);
        unsigned calls = at < SPLIT ? 1 : 6;
        struct kit_query q[8];
        for (unsigned i = 0; i <= calls; i++) {
            q[i] = (struct kit_query){.fingerprint = i < calls ? 1 : 9,
                                      .values = i,
                                      .at_ms = i * (ms + 0.5),
                                      .ms = i < calls ? ms : ms / 4};
        }
        kit_request(p->s.watch[0], at, (calls + 1) * (ms + 0.5) + app, q, calls + 1);
        for (unsigned i = 1; i < ROUTES; i++) {
            kit_calls(p->s.watch[i], at, i + 1, 1, 10, 10);
        }
        load_add(&p->s.load, at, ROUTES, ROUTES, 0, 10.0 * (ROUTES - 1 + calls));
    }
    struct shift_route *r = routes_compare(&p->s);
    statement_table_init(&p->statements, 16);
    assert_non_null(
        statement_add(&p->statements, 1, 0, STATEMENT_SELECT, slice_from_str(text), T0));
    p->inc = incident_new(1, r, SPLIT, NOW);
    p->inc->has_deploy = true;
    const struct finding repeated = {
        .kind = FINDING_REPEATED_QUERY, .evidence = EVIDENCE_PROVED, .fingerprint = 1};
    const struct finding index = {.kind = FINDING_MISSING_INDEX,
                                  .evidence = EVIDENCE_PROVED,
                                  .fingerprint = 1,
                                  .cost_ratio = 0.2};
    assert_true(cause_add(p->inc, &repeated, "", NULL));
    assert_true(cause_add(p->inc, &index, "", NULL));
    progress_follow(p->inc, p->s.shift, &p->s.load, &p->statements, 0, NOW);
    actions_weigh(p->inc, p->s.shift, &p->statements);
}

static void
close_play(struct play *p)
{
    free(p->inc);
    statement_table_fini(&p->statements);
    routes_close(&p->s);
}

/* ---- coverage */

enum figure { LINE, APPLICATION, MEASURED, ALONE, TOGETHER, INTERACTION, FIGURE_COUNT };

static void
read_figures(const struct incident *inc, double *value, double *error)
{
    for (unsigned i = 0; i < inc->change_count; i++) {
        const struct incident_change *c = &inc->change[i];
        if (c->fingerprint == 1) {
            value[LINE] = c->change_ms;
            error[LINE] = c->change_error_ms;
        } else if (strcmp(c->kind, "application") == 0) {
            value[APPLICATION] = c->change_ms;
            error[APPLICATION] = c->change_error_ms;
        }
    }
    value[MEASURED] = inc->measured_now_ms - inc->measured_before_ms;
    error[MEASURED] = inc->measured_change_error_ms;
    value[ALONE] = inc->action[1].saving_alone_ms;
    error[ALONE] = inc->action[1].saving_alone_error_ms;
    value[TOGETHER] = inc->together[0].saving_ms;
    error[TOGETHER] = inc->together[0].saving_error_ms;
    value[INTERACTION] = inc->together[0].interaction_ms;
    error[INTERACTION] = inc->together[0].interaction_error_ms;
}

/* Around the mean of all plays: the intervals are about chance, not about what a rule is worth. */
static void
check_coverage(double lasting, double least)
{
    static double value[PLAYS][FIGURE_COUNT], error[PLAYS][FIGURE_COUNT];
    static struct play p;
    for (unsigned i = 0; i < PLAYS; i++) {
        open_play(&p, 1000 * i + 17, lasting);
        interval_estimate(p.inc, p.s.shift);
        read_figures(p.inc, value[i], error[i]);
        close_play(&p);
    }
    for (unsigned f = 0; f < FIGURE_COUNT; f++) {
        double mean = 0;
        unsigned held = 0;
        for (unsigned i = 0; i < PLAYS; i++) {
            mean += value[i][f] / PLAYS;
        }
        for (unsigned i = 0; i < PLAYS; i++) {
            held += fabs(value[i][f] - mean) <= error[i][f] ? 1 : 0;
        }
        double share = (double)held / PLAYS;
        if (share < least || share > 0.99) {
            fail_msg("figure %u: %.3f of the intervals hold it", f, share);
        }
    }
}

static void
intervals_hold_what_they_promise(void **state)
{
    (void)state;
    check_coverage(0, 0.91);
}

/* Alike for five requests or so, of which a block has twelve and more. */
static void
noise_that_lasts_is_in_them(void **state)
{
    (void)state;
    check_coverage(0.8, 0.87);
}

/* ---- how they fit together */

static void
figures_fit(void **state)
{
    static struct play p;
    (void)state;
    open_play(&p, 1, 0);
    struct incident *inc = p.inc;
    interval_estimate(inc, p.s.shift);
    assert_int_equal(inc->action_count, 3);
    assert_true(inc->action[0].saving_alone_error_ms == inc->measured_change_error_ms);
    for (unsigned i = 0; i < inc->cause_count; i++) {
        assert_true(inc->cause[i].saving_error_ms > 0);
        assert_true(inc->action[1 + i].saving_alone_error_ms == inc->cause[i].saving_error_ms);
    }
    assert_true(inc->together[0].saving_error_ms == inc->saving_together_error_ms);
    /* Both work on the same calls: together they save less than the sum, and surely so. */
    kit_near(inc->together[0].interaction_ms,
             inc->saving_together_ms - inc->cause[0].saving_ms - inc->cause[1].saving_ms);
    assert_true(-inc->together[0].interaction_ms > inc->together[0].interaction_error_ms);
    for (unsigned i = 0; i < inc->change_count; i++) {
        const struct incident_change *c = &inc->change[i];
        double both = hypot(c->before_error_ms, c->now_error_ms);
        assert_true(c->change_error_ms > 0.6 * both && c->change_error_ms < 1.1 * both);
    }
    assert_true(inc->unexplained_error_ms < 0.1 * inc->measured_change_error_ms);
    close_play(&p);
}

/* What was learned over weeks has no blocks: a minute's spread stands for them. */
static void
what_was_learned_strays_by_its_spread(void **state)
{
    static struct play p;
    (void)state;
    open_play(&p, 1, 0);
    struct shift_route *r = shift_find(p.s.shift, p.s.watch[0]);
    const struct finding was = p.inc->cause[0].finding;
    r->before.block_count = 0;
    r->before.spread = 0.5;
    interval_estimate(p.inc, p.s.shift);
    double wanted = 1.959964 * 0.5 * p.inc->measured_before_ms;
    kit_near(p.inc->measured_before_error_ms, wanted);
    assert_true(p.inc->measured_change_error_ms > wanted);
    for (unsigned i = 0; i < p.inc->change_count; i++) { /* a lock's wait is as sure as its line */
        const struct incident_change *c = &p.inc->change[i];
        if (c->fingerprint == 1) {
            p.inc->cause[0].finding = (struct finding){
                .kind = FINDING_LOCK_WAIT,
                .fingerprint = 1,
                .has_saving = true,
                .saving_ms = c->change_ms,
                .shares = {.change = 1},
            };
            interval_estimate(p.inc, p.s.shift);
            kit_near(p.inc->cause[0].saving_error_ms, c->change_error_ms);
            assert_true(c->change_error_ms > 1.9 * 0.5 * c->before_ms);
        }
    }
    assert_int_equal(p.inc->cause[0].finding.kind, FINDING_LOCK_WAIT);
    p.inc->cause[0].finding = was;
    r->before.spread = NAN;
    interval_estimate(p.inc, p.s.shift);
    assert_true(isnan(p.inc->measured_change_error_ms));
    assert_true(p.inc->measured_now_error_ms > 0); /* that side is known */
    assert_true(p.inc->cause[0].saving_error_ms > 0);
    close_play(&p);
}

/* A lock's wait is its statement's change, and as sure as that. */
static void
what_a_finding_brings_is_as_sure_as_what_it_is_made_of(void **state)
{
    static struct play p;
    (void)state;
    open_play(&p, 1, 0);
    const struct shift_route *r = shift_find(p.s.shift, p.s.watch[0]);
    struct finding lock = {.kind = FINDING_LOCK_WAIT,
                           .evidence = EVIDENCE_MEASURED,
                           .fingerprint = 1,
                           .has_saving = true,
                           .shares = {.change = 1}};
    struct finding churn = {.kind = FINDING_CONNECTION_CHURN,
                            .evidence = EVIDENCE_MEASURED,
                            .has_saving = true,
                            .saving_ms = r->app_change_ms / 2,
                            .shares = {.app = 0.5}};
    struct finding counted = {
        .kind = FINDING_RETRY_STORM, .evidence = EVIDENCE_MEASURED, .has_saving = true};
    double change_ms = 0, statement = 0, app = 0;
    for (unsigned i = 0; i < p.inc->change_count; i++) {
        const struct incident_change *c = &p.inc->change[i];
        if (c->fingerprint == 1) {
            lock.saving_ms = change_ms = c->change_ms;
        }
    }
    p.inc->cause_count = 0;
    assert_true(cause_add(p.inc, &lock, "", NULL));
    assert_true(cause_add(p.inc, &churn, "", NULL));
    assert_true(cause_add(p.inc, &counted, "", NULL));
    actions_weigh(p.inc, p.s.shift, &p.statements);
    interval_estimate(p.inc, p.s.shift);
    for (unsigned i = 0; i < p.inc->change_count; i++) {
        const struct incident_change *c = &p.inc->change[i];
        statement = c->fingerprint == 1 ? c->change_error_ms : statement;
        app = strcmp(c->kind, "application") == 0 ? c->change_error_ms : app;
    }
    assert_true(change_ms > 0 && statement > 0 && app > 0);
    for (unsigned i = 0; i < 3; i++) {
        const struct incident_cause *c = &p.inc->cause[i];
        if (c->finding.kind == FINDING_LOCK_WAIT) {
            kit_near(c->saving_error_ms, statement);
        } else if (c->finding.kind == FINDING_CONNECTION_CHURN) {
            kit_near(c->saving_error_ms, app / 2);
        } else {
            assert_true(isnan(c->saving_error_ms)); /* by counters alone */
        }
    }
    close_play(&p);
}

static void
once_a_fix_has_landed_they_stay(void **state)
{
    static struct play p;
    (void)state;
    open_play(&p, 1, 0);
    p.inc->state = INCIDENT_FIXING;
    p.inc->measured_change_error_ms = 7;
    interval_estimate(p.inc, p.s.shift);
    assert_true(p.inc->measured_change_error_ms == 7);
    close_play(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_hold_what_they_promise),
        cmocka_unit_test(noise_that_lasts_is_in_them),
        cmocka_unit_test(figures_fit),
        cmocka_unit_test(what_was_learned_strays_by_its_spread),
        cmocka_unit_test(what_a_finding_brings_is_as_sure_as_what_it_is_made_of),
        cmocka_unit_test(once_a_fix_has_landed_they_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
