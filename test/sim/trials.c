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
#include "sim/trial.h"

#define WARM_DAYS       16u
#define TRIAL_SEEDS     500000u /* added: worlds of their own */
#define SETTLE_S        (30 * 60)
#define DECOYS_MAX      8u
#define DECOY_NEAR_MIN  10 /* minutes before the onset */
#define DECOY_FAR_MIN   120
#define DECOY_AFTER_MIN 30

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
        [FAULT_UNBOUNDED] = FINDING_UNBOUNDED_RESULT,
        [FAULT_FAILING] = FINDING_ERRORS,
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
    bool tells = !breakdown_cannot_tell(&e->breakdown); /* to abstain is as wrong */
    o->right_first = tells && e->cause_count > 0 && is_true(s, t, &e->cause[0]);
    o->exact = tells && right == t->fault_count && e->cause_count == t->fault_count;
    o->deploy_named = strcmp(e->deploy, "culprit") == 0;
    o->deploy_wrong = e->deploy[0] != '\0' && !o->deploy_named;
}

/* Minutes from the onset of each deploy that is not to blame: before it, and, every other one, soon
 * after it. */
static void
place_decoys(const struct trial *t, uint64_t seed, int wait, int at[DECOYS_MAX])
{
    struct prng prng = {~seed};
    for (unsigned i = 0; i < t->decoys; i++) {
        int before = DECOY_NEAR_MIN + (int)prng_below(&prng, DECOY_FAR_MIN - DECOY_NEAR_MIN);
        int after = 5 + (int)prng_below(&prng, DECOY_AFTER_MIN - 5);
        at[i] = i % 2 == 0 ? -MIN(before, wait) : after;
    }
}

static void
minute(struct sky *s, const struct trial *t, int from_onset, const int decoy[DECOYS_MAX])
{
    for (unsigned i = 0; i < t->decoys; i++) {
        if (decoy[i] == from_onset) {
            world_deploy(s->world, t->fault[0].statement, "decoy");
        }
    }
    world_minute(s->world);
}

static void
inject(struct sky *s, const struct trial *t, int64_t onset)
{
    if (t->deploy) {
        world_deploy(s->world, t->fault[0].statement, "culprit");
    }
    for (unsigned i = 0; i < t->fault_count; i++) {
        struct fault f = t->fault[i];
        f.onset_s = onset;
        world_fault(s->world, &f);
    }
}

static void
print_outcome(const struct trial *t, const struct outcome *o, const struct episode *hit)
{
    printf("    %s: %.0f min, lane %s, first %d, exact %d", t->name, o->delay_min,
           hit == NULL ? "-" : lane_name(hit->lane), o->right_first, o->exact);
    if (hit != NULL && !isnan(hit->breakdown.explained)) {
        printf(", explained %.0f %%%s", 100 * hit->breakdown.explained,
               breakdown_cannot_tell(&hit->breakdown) ? ", cannot tell" : "");
    }
    for (unsigned i = 0; hit != NULL && i < hit->cause_count; i++) {
        printf("; %s %s (%s)", finding_kind_name(hit->cause[i].kind), hit->cause[i].subject,
               hit->cause[i].detail);
    }
    printf("%s%s\n", hit == NULL || hit->deploy[0] == '\0' ? "" : " deploy ",
           hit == NULL ? "" : hit->deploy);
    fflush(stdout);
}

/* The first that was opened behind the onset, and concerns the first fault; NULL: none yet. */
static const struct episode *
find_hit(const struct sky *s, const struct trial *t, unsigned known, int64_t onset)
{
    for (unsigned k = known; k < monitor_episode_count(s->monitor); k++) {
        const struct episode *e = monitor_episode(s->monitor, k);
        if (e->opened_s > onset && concerns(s, e, t->fault[0].statement)) {
            return e;
        }
    }
    return NULL;
}

/* In the child: the rest of the day that is left to chance, then the faults. */
static struct outcome
play(struct sky *s, const struct trial *t, uint64_t seed, bool verbose)
{
    struct outcome o = {.delay_min = INFINITY};
    struct prng prng = {seed};
    int decoy[DECOYS_MAX];
    world_reseed(s->world, seed);
    int wait = 60 + (int)prng_below(&prng, DAY_MIN - 60);
    place_decoys(t, seed, wait, decoy);
    for (int i = 0; i < wait; i++) {
        minute(s, t, i - wait, decoy);
    }
    int64_t onset = world_now(s->world) + (int64_t)prng_below(&prng, 60), settle = INT64_MAX;
    inject(s, t, onset);
    unsigned known = monitor_episode_count(s->monitor);
    const struct episode *hit = NULL;
    /* Half an hour later it should know what it is about. */
    for (int i = 0; i < (int)(t->horizon_h * 60) && world_now(s->world) < settle; i++) {
        minute(s, t, i, decoy);
        hit = hit == NULL ? find_hit(s, t, known, onset) : hit;
        settle = hit != NULL && settle == INT64_MAX ? world_now(s->world) + SETTLE_S : settle;
    }
    if (hit != NULL) {
        o.delay_min = (double)(hit->opened_s - onset) / 60;
        grade(s, t, hit, &o);
    }
    if (verbose) {
        print_outcome(t, &o, hit);
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
print_row(const struct trial *t, const struct outcome *o, unsigned n, bool has_goals)
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
    print_share("first cause", first, n, has_goals ? 98 : 0);
    print_share("exact", exact, n, has_goals && t->fault_count > 1 ? 80 : 0);
    if (t->deploy) {
        print_share("deploy named", named, n, has_goals ? 99 : 0);
    }
    if (t->deploy && named + wrong > 0) {
        print_share("right where one is", named, named + wrong, has_goals ? 95 : 0);
    }
    print_share("wrong deploy", wrong, n, 0);
    printf("\n");
    free(delay);
}

struct card {
    const struct options *o;
    struct outcome *found[TRIALS_MAX];
    unsigned worlds;
};

static bool
is_wanted(const struct options *o, unsigned t)
{
    bool is_family = t >= trials_count(WORLD_CALIBRATION);
    return (is_family || !o->families) &&
           (o->trial == NULL || strstr(trial_of(t)->name, o->trial) != NULL);
}

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
    for (unsigned t = 0; t < trials_count(o->laws); t++) {
        struct outcome r = {.delay_min = NAN};
        if (is_wanted(o, t)) {
            (void)fork_trial(&s, trial_of(t), seed * 100 + t + 1, o->verbose, &r);
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
    for (unsigned t = 0; t < trials_count(c->o->laws); t++) {
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
    for (unsigned t = 0; t < trials_count(o->laws); t++) {
        c.found[t] = check_alloc(o->delay_worlds, sizeof(struct outcome));
    }
    int err =
        results_run(o->results, part, o->seed, o->delay_worlds, o->jobs, play_world, add_world, &c);
    printf("delays in minutes (with the interval that holds the quantile with 95 %%), %s\n",
           o->advisor ? "with an advisor" : "from the wire only");
    for (unsigned t = 0; t < trials_count(o->laws); t++) {
        bool is_common = t < trials_count(WORLD_CALIBRATION);
        if (t == trials_count(WORLD_CALIBRATION)) {
            printf("families that no calibration world has, without goals\n");
        }
        unsigned n = keep_played(c.found[t], c.worlds);
        if (err == 0 && n > 0) {
            print_row(trial_of(t), c.found[t], n, is_common);
        }
        free(c.found[t]);
    }
    return err;
}
