/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults of known truth, injected into a fork of a world that has run for 16 days, so that each
 * trial has learned what is normal by itself. A delay is that of the first incident that opens
 * after the onset with the affected statement, its route or everything as a member; none by the end
 * of the trial is an infinite delay. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/prng.h"
#include "sim/card.h"

#define WARM_DAYS   16u
#define TRIAL_SEEDS 500000u /* added: worlds of their own */

struct trial {
    const char *name;
    struct fault fault[WORLD_FAULTS_MAX];
    unsigned fault_count;
    bool deploy; /* just before it */
    double horizon_h;
    double goal_median, goal_p90; /* minutes; 0: none */
};

/* What a child tells. */
struct outcome {
    double delay_min; /* INFINITY: missed */
    bool right_first, exact, deploy_named, deploy_wrong;
};

static bool
concerns(const struct sky *s, const struct episode *e, unsigned statement)
{
    const char *route = world_route(s->world, statement);
    const char *print = world_fingerprint(s->world, statement);
    for (unsigned i = 0; i < e->member_count; i++) {
        const struct track *t = e->member[i];
        if (t->kind == TRACK_COMMON || (t->route != NULL && strcmp(t->route, route) == 0) ||
            (t->fingerprint != NULL && strcmp(t->fingerprint, print) == 0)) {
            return true;
        }
    }
    return false;
}

static enum finding_kind
true_cause(enum fault_kind kind)
{
    static const enum finding_kind causes[FAULT_KINDS] = {
        [FAULT_STEP] = FINDING_SLOWER,
        [FAULT_RAMP] = FINDING_SLOWER,
        [FAULT_REPEATED] = FINDING_REPEATED_QUERY,
        [FAULT_LOST_INDEX] = FINDING_MISSING_INDEX,
        [FAULT_LOST_CACHE] = FINDING_CACHEABLE,
        [FAULT_LOCK_HOLDER] = FINDING_LOCK_WAIT,
        [FAULT_GROWTH] = FINDING_GROWTH,
        [FAULT_PLAN_FLIP] = FINDING_PLAN_CHANGE,
        [FAULT_ERRORS] = FINDING_ERRORS,
        [FAULT_STALL] = FINDING_STALL,
    };
    return causes[kind];
}

static bool
is_true(const struct sky *s, const struct trial *t, const struct episode_cause *c)
{
    for (unsigned i = 0; i < t->fault_count; i++) {
        unsigned st = t->fault[i].statement;
        bool errors = t->fault[i].kind == FAULT_ERRORS;
        if (c->kind == true_cause(t->fault[i].kind) &&
            strstr(c->subject,
                   errors ? world_route(s->world, st) : world_fingerprint(s->world, st)) != NULL) {
            return true;
        }
    }
    return false;
}

static void
grade(const struct sky *s, const struct trial *t, const struct episode *e, struct outcome *o)
{
    unsigned right = 0;
    for (unsigned i = 0; i < e->cause_count; i++) {
        right += is_true(s, t, &e->cause[i]) ? 1 : 0;
    }
    o->right_first = e->cause_count > 0 && is_true(s, t, &e->cause[0]);
    o->exact = right == t->fault_count && e->cause_count == t->fault_count;
    o->deploy_named = strcmp(e->deploy, "culprit") == 0;
    o->deploy_wrong = e->deploy[0] != '\0' && !o->deploy_named;
}

/* In the child: the rest of the day that is left to chance, then the faults. */
static struct outcome
play(struct sky *s, const struct trial *t, uint64_t seed, bool verbose)
{
    struct outcome o = {.delay_min = INFINITY};
    struct prng prng = {seed};
    world_reseed(s->world, seed);
    unsigned wait = 60 + (unsigned)prng_below(&prng, DAY_MIN - 60);
    for (unsigned i = 0; i < wait; i++) {
        world_minute(s->world);
    }
    int64_t onset = world_now(s->world) + (int64_t)prng_below(&prng, 60);
    if (t->deploy) {
        world_deploy(s->world, t->fault[0].statement, "culprit");
    }
    for (unsigned i = 0; i < t->fault_count; i++) {
        struct fault f = t->fault[i];
        f.onset_s = onset;
        world_fault(s->world, &f);
    }
    unsigned known = monitor_episode_count(s->monitor);
    const struct episode *hit = NULL;
    int64_t settle = 0;
    for (unsigned i = 0; i < (unsigned)(t->horizon_h * 60); i++) {
        world_minute(s->world);
        for (unsigned k = known; k < monitor_episode_count(s->monitor) && hit == NULL; k++) {
            const struct episode *e = monitor_episode(s->monitor, k);
            if (e->opened_s > onset && concerns(s, e, t->fault[0].statement)) {
                hit = e;
                o.delay_min = (double)(e->opened_s - onset) / 60;
                settle = world_now(s->world) + 30 * 60;
            }
        }
        if (hit != NULL && world_now(s->world) >= settle) {
            break; /* half an hour later it should know what it is about */
        }
    }
    if (hit != NULL) {
        grade(s, t, hit, &o);
    }
    if (verbose) {
        printf("    %s: %.0f min, lane %s, first %d, exact %d", t->name, o.delay_min,
               hit == NULL ? "-" : lane_name(hit->lane), o.right_first, o.exact);
        for (unsigned i = 0; hit != NULL && i < hit->cause_count; i++) {
            printf("; %s %s (%s)", finding_kind_name(hit->cause[i].kind), hit->cause[i].subject,
                   hit->cause[i].detail);
        }
        printf("%s%s\n", hit == NULL || hit->deploy[0] == '\0' ? "" : " deploy ",
               hit == NULL ? "" : hit->deploy);
        fflush(stdout);
    }
    return o;
}

/* Runs the trial in a process of its own, so that the world it starts from stays as it is. */
static bool
fork_trial(struct sky *s, const struct trial *t, uint64_t seed, bool verbose, struct outcome *ret)
{
    int ends[2], status = 0;
    fflush(stdout);
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        struct outcome o = play(s, t, seed, verbose);
        ssize_t n = write(ends[1], &o, sizeof(o));
        _exit(n == sizeof(o) ? 0 : 1);
    }
    close(ends[1]);
    bool ok = pid > 0 && read(ends[0], ret, sizeof(*ret)) == sizeof(*ret);
    close(ends[0]);
    return pid > 0 && waitpid(pid, &status, 0) == pid && ok;
}

#define TYPICAL 0u
#define BUSY    4u /* the first statement of the second route */

static const struct trial trials[] = {
    {"ramp of 5 %/h", {{FAULT_RAMP, TYPICAL, 0, 0.05}}, 1, false, 12, 130, 170},
    {"ramp of 1 %/h", {{FAULT_RAMP, TYPICAL, 0, 0.01}}, 1, false, 30, 360, 0},
    {"ramp of 1 %/day", {{FAULT_RAMP, TYPICAL, 0, 0.01 / 24}}, 1, false, 14 * 24, 6 * 1440, 0},
    {"step of 20 %, 100/min", {{FAULT_STEP, TYPICAL, 0, 1.2}}, 1, false, 8, 45, 0},
    {"step of 20 %, 1000/min", {{FAULT_STEP, BUSY, 0, 1.2}}, 1, false, 8, 25, 0},
    {"step of 50 %", {{FAULT_STEP, TYPICAL, 0, 1.5}}, 1, false, 8, 25, 0},
    {"errors x 3 from 0.1 %", {{FAULT_ERRORS, BUSY, 0, 3}}, 1, false, 8, 16, 0},
    {"stall", {{FAULT_STALL, TYPICAL, 0, 1}}, 1, false, 4, 0, 0},
    {"lock holder, 20 ms", {{FAULT_LOCK_HOLDER, BUSY, 0, 20}}, 1, false, 4, 0, 0},
    {"growth, 20 %/h", {{FAULT_GROWTH, BUSY, 0, 0.2}}, 1, false, 12, 0, 0},
    {"plan flip, 4 x", {{FAULT_PLAN_FLIP, BUSY, 0, 4}}, 1, false, 4, 0, 0},
    {"repeated query, deploy", {{FAULT_REPEATED, BUSY, 0, 20}}, 1, true, 4, 1, 0},
    {"lost index, deploy", {{FAULT_LOST_INDEX, BUSY, 0, 15}}, 1, true, 4, 1, 0},
    {"lost cache, deploy", {{FAULT_LOST_CACHE, BUSY, 0, 6}}, 1, true, 4, 1, 0},
    {"repeated + index",
     {{FAULT_REPEATED, BUSY, 0, 12}, {FAULT_LOST_INDEX, BUSY + 1, 0, 12}},
     2,
     true,
     4,
     1,
     0},
    {"repeated + cache",
     {{FAULT_REPEATED, BUSY, 0, 15}, {FAULT_LOST_CACHE, BUSY + 2, 0, 10}},
     2,
     true,
     4,
     1,
     0},
    {"index + cache + repeated",
     {{FAULT_LOST_INDEX, BUSY, 0, 10},
      {FAULT_LOST_CACHE, BUSY + 1, 0, 10},
      {FAULT_REPEATED, BUSY + 2, 0, 12}},
     3,
     true,
     4,
     1,
     0},
    {"growth + errors",
     {{FAULT_GROWTH, BUSY, 0, 0.5}, {FAULT_ERRORS, BUSY, 0, 6}},
     2,
     false,
     8,
     0,
     0},
    {"step + lock + plan",
     {{FAULT_STEP, BUSY, 0, 2},
      {FAULT_LOCK_HOLDER, BUSY + 1, 0, 15},
      {FAULT_PLAN_FLIP, BUSY + 2, 0, 5}},
     3,
     false,
     4,
     0,
     0},
    {"lock + plan",
     {{FAULT_LOCK_HOLDER, BUSY, 0, 15}, {FAULT_PLAN_FLIP, BUSY + 1, 0, 5}},
     2,
     false,
     4,
     0,
     0},
};
#define TRIALS (sizeof(trials) / sizeof(trials[0]))

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Order statistics that hold a quantile with about 95 %. */
static void
print_quantile(const double *sorted, unsigned n, double q, const char *name, double goal)
{
    double half = 1.96 * sqrt(n * q * (1 - q));
    unsigned at = (unsigned)MIN(q * n, n - 1.0);
    unsigned low = (unsigned)MAX(floor(n * q - half), 0);
    unsigned high = (unsigned)MIN(ceil(n * q + half), n - 1.0);
    printf("  %s %.0f (%.0f-%.0f)", name, sorted[at], sorted[low], sorted[high]);
    if (goal > 0) {
        printf(" goal %.0f", goal);
    }
}

/* With the interval of 95 % (Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 22, 1927). */
static void
print_share(const char *name, unsigned yes, unsigned n, double goal)
{
    double share = (double)yes / n, square = 1.96 * 1.96 / n;
    double middle = (share + square / 2) / (1 + square);
    double half = sqrt(square * share * (1 - share) + square * square / 4) / (1 + square);
    printf("  %s %.0f %% (%.0f-%.0f)", name, 100 * share, 100 * (middle - half),
           100 * (middle + half));
    if (goal > 0) {
        printf(" goal %.0f", goal);
    }
}

static void
print_row(const struct trial *t, const struct outcome *o, unsigned n)
{
    double *delay = check_alloc(n, sizeof(*delay));
    unsigned missed = 0, first = 0, exact = 0, named = 0, wrong = 0;
    for (unsigned i = 0; i < n; i++) {
        delay[i] = o[i].delay_min;
        missed += isinf(o[i].delay_min) ? 1 : 0;
        first += o[i].right_first ? 1 : 0;
        exact += o[i].exact ? 1 : 0;
        named += o[i].deploy_named ? 1 : 0;
        wrong += o[i].deploy_wrong ? 1 : 0;
    }
    qsort(delay, n, sizeof(*delay), by_value);
    printf("%-26s", t->name);
    print_quantile(delay, n, 0.5, "median", t->goal_median);
    print_quantile(delay, n, 0.9, "p90", t->goal_p90);
    printf("  missed %u of %u", missed, n);
    print_share("first cause", first, n, 98);
    print_share("exact", exact, n, t->fault_count > 1 ? 80 : 0);
    if (t->deploy) {
        print_share("deploy named", named, n, 99);
    }
    if (t->deploy && named + wrong > 0) {
        print_share("right where one is", named, named + wrong, 95);
    }
    print_share("wrong deploy", wrong, n, 0);
    printf("\n");
    free(delay);
}

struct card {
    const struct options *o;
    struct outcome *found[TRIALS];
    unsigned worlds;
};

/* A delay and four yes or no of each trial; "-": it could not be played. */
static void
play_world(void *ctx, uint64_t seed, char figures[RESULTS_LINE_MAX])
{
    const struct options *o = ((struct card *)ctx)->o;
    const struct world_config c = {.seed = seed + TRIAL_SEEDS,
                                   .laws = o->laws,
                                   .routes = 12,
                                   .statements_each = 4,
                                   .deploys_a_day = 10,
                                   .has_advisor = o->advisor};
    struct sky s = {0};
    unsigned at = 0;
    sky_begin(&s, &c);
    sky_minutes(&s, WARM_DAYS * DAY_MIN);
    for (unsigned t = 0; t < TRIALS; t++) {
        struct outcome r = {.delay_min = NAN};
        if (o->trial == NULL || strstr(trials[t].name, o->trial) != NULL) {
            (void)fork_trial(&s, &trials[t], seed * 100 + t + 1, o->verbose, &r);
        }
        at +=
            (unsigned)snprintf(figures + at, RESULTS_LINE_MAX - at, "%.2f %d %d %d %d ",
                               r.delay_min, r.right_first, r.exact, r.deploy_named, r.deploy_wrong);
    }
    sky_end(&s);
}

static void
add_world(void *ctx, uint64_t seed, const char *figures)
{
    struct card *c = ctx;
    char *p = (char *)figures;
    (void)seed;
    for (unsigned t = 0; t < TRIALS; t++) {
        struct outcome *r = &c->found[t][c->worlds];
        r->delay_min = strtod(p, &p);
        r->right_first = strtol(p, &p, 10) != 0;
        r->exact = strtol(p, &p, 10) != 0;
        r->deploy_named = strtol(p, &p, 10) != 0;
        r->deploy_wrong = strtol(p, &p, 10) != 0;
    }
    c->worlds++;
}

/* Without those that could not be played. */
static unsigned
keep_played(struct outcome *o, unsigned n)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!isnan(o[i].delay_min)) {
            o[kept++] = o[i];
        }
    }
    return kept;
}

int
trials_print(const struct options *o)
{
    struct card c = {.o = o};
    char part[64];
    snprintf(part, sizeof(part), "delays-%s%s",
             o->laws == WORLD_HELD_OUT ? "held-out" : "calibration", o->advisor ? "-advisor" : "");
    for (unsigned t = 0; t < TRIALS; t++) {
        c.found[t] = check_alloc(o->delay_worlds, sizeof(struct outcome));
    }
    int err =
        results_run(o->results, part, o->seed, o->delay_worlds, o->jobs, play_world, add_world, &c);
    printf("delays in minutes (with the interval that holds the quantile with 95 %%), %s\n",
           o->advisor ? "with an advisor" : "from the wire only");
    for (unsigned t = 0; t < TRIALS; t++) {
        unsigned n = keep_played(c.found[t], c.worlds);
        if (err == 0 && n > 0) {
            print_row(&trials[t], c.found[t], n);
        }
        free(c.found[t]);
    }
    return err;
}
