/* SPDX-License-Identifier: Apache-2.0
 *
 * The card of the detectors: false incidents on months without a fault, and delays on injected
 * ones, with confidence bounds. `make judge`.
 *
 *   card [--laws calibration|held-out] [--worlds N] [--delay-worlds N] [--seed S] [--advisor]
 *   card --emit DAYS [--seed S]      one world's windows as lines, for slowburn backtest
 *
 * A false incident is any that opens in a world without a fault. A delay is that of the first
 * incident that opens after the onset with the affected statement, its route or everything as a
 * member; none by the end of the trial is an infinite delay. Faults are injected into a fork of a
 * world that has run for 16 days, so that each trial has learned what is normal by itself. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analysis/monitor/monitor.h"
#include "base/prng.h"
#include "sim/world.h"

#define LEARN_DAYS 7
#define MONTH_DAYS 30
#define WARM_DAYS  16
#define DAY_MIN    1440
#define TRIALS_MAX 4096u
#define HELD_SEED  1000000u /* added to the seeds of held-out worlds */

struct options {
    enum world_laws laws;
    unsigned worlds, delay_worlds, emit_days;
    uint64_t seed;
    bool advisor, verbose;
};

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

/* ---- one world under a monitor ---- */

struct sky {
    struct world *world;
    struct monitor *monitor;
    struct buf line;
    bool emits;
    double windows;
};

static void
on_reading(void *ctx, const struct reading *r)
{
    struct sky *s = ctx;
    s->windows++;
    if (s->emits) {
        buf_reset(&s->line);
        history_write(r, &s->line);
        fwrite(s->line.data, 1, s->line.len, stdout);
    } else {
        monitor_reading(s->monitor, r);
    }
}

static void
on_deploy(void *ctx, const struct history_deploy *d)
{
    struct sky *s = ctx;
    if (s->emits) {
        buf_reset(&s->line);
        history_write_deploy(d, &s->line);
        fwrite(s->line.data, 1, s->line.len, stdout);
    } else {
        monitor_deploy(s->monitor, d);
    }
}

/* SIM_SHOW=1: what the charts knew when it opened. */
static void
on_changed(void *ctx, const struct episode *e)
{
    const struct track *t = e->member[0];
    (void)ctx;
    if (e->state == EPISODE_OPEN && getenv("SIM_SHOW") != NULL) {
        fprintf(stderr,
                "day %.2f %s %s: s %.4f v1 %.4f 1/n %.4f scale %.2f drift %.0f %.0f %.0f %.0f "
                "shift %.0f "
                "shape %.0f per_s %.3f onset %.0f min ago, last",
                (double)(e->opened_s - WORLD_EPOCH) / 86400, lane_name(e->lane), e->subject,
                (double)t->noise.s, (double)t->noise.v1, (double)t->noise.inverse_n,
                (double)t->noise.scale, (double)t->drift.g[0], (double)t->drift.g[1],
                (double)t->drift.g[2], (double)t->drift.g[3], (double)t->shift.f,
                (double)t->shape.f, (double)t->now.per_s, (double)(e->opened_s - e->onset_s) / 60);
        for (unsigned i = 0; i < CONFIRM_WINDOWS; i++) {
            fprintf(stderr, " %.3f", (double)t->last[i]);
        }
        fprintf(stderr, "\n");
    }
}

static void
sky_begin(struct sky *s, const struct world_config *config)
{
    struct world_out out = {.ctx = s, .reading = on_reading, .deploy = on_deploy};
    struct monitor_config mc = {0};
    struct monitor_out mo = {.changed = on_changed};
    s->world = world_new(config, &out);
    s->monitor = monitor_new(&mc, &mo);
    buf_init(&s->line, HISTORY_LINE_MAX);
}

static void
sky_end(struct sky *s)
{
    world_free(&s->world);
    monitor_free(&s->monitor);
    buf_fini(&s->line);
}

static double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- false incidents ---- */

static void
print_episode(const struct episode *e, unsigned world)
{
    printf("    world %u: day %.1f, %s, %s, shift %.3f, members %u%s\n", world,
           (double)(e->opened_s - WORLD_EPOCH) / 86400, lane_name(e->lane), e->subject,
           (double)e->worst, e->member_count, e->learning ? ", learning" : "");
}

/* Garwood's exact upper bound of a Poisson mean, by bisection. */
static double
poisson_upper(unsigned k, double level)
{
    double low = 0, high = 10 + 3.0 * k;
    for (unsigned i = 0; i < 60; i++) {
        double mid = (low + high) / 2, term = exp(-mid), sum = term;
        for (unsigned j = 1; j <= k; j++) {
            term *= mid / j;
            sum += term;
        }
        *(sum > 1 - level ? &low : &high) = mid;
    }
    return low;
}

static void
false_incidents(const struct options *o)
{
    unsigned incidents = 0, bad_worlds = 0, lanes[LANE_COUNT] = {0};
    double months = 0, open_s = 0, watched_s = 0, began = seconds(), windows = 0;
    for (unsigned i = 0; i < o->worlds; i++) {
        struct world_config c = {.seed = o->seed + i,
                                 .laws = o->laws,
                                 .routes = 50,
                                 .statements_each = 4,
                                 .deploys_a_day = 10,
                                 .has_advisor = o->advisor};
        struct sky s = {0};
        sky_begin(&s, &c);
        for (unsigned minute = 0; minute < (LEARN_DAYS + MONTH_DAYS) * DAY_MIN; minute++) {
            world_minute(s.world);
        }
        unsigned n = monitor_episode_count(s.monitor);
        for (unsigned k = 0; k < n; k++) {
            const struct episode *e = monitor_episode(s.monitor, k);
            lanes[e->lane]++;
            open_s += (double)((e->over_s == 0 ? world_now(s.world) : e->over_s) - e->opened_s);
            if (o->verbose) {
                print_episode(e, i);
            }
        }
        incidents += n;
        bad_worlds += n > 0 ? 1 : 0;
        months +=
            c.routes * (1 + c.statements_each) * (double)(LEARN_DAYS + MONTH_DAYS) / MONTH_DAYS;
        watched_s += (LEARN_DAYS + MONTH_DAYS) * 86400.0;
        windows += s.windows;
        sky_end(&s);
        fflush(stdout);
    }
    double upper = poisson_upper(incidents, 0.95);
    printf("false incidents      %u in %.0f series-months, %u of %u worlds; per 10,000: %.2f, "
           "95 %% upper bound %.2f (goal <= 1)\n",
           incidents, months, bad_worlds, o->worlds, incidents / months * 1e4,
           upper / months * 1e4);
    printf("  worlds as the unit 95 %% upper bound %.2f per 10,000\n",
           incidents == 0
               ? upper / months * 1e4
               : (double)incidents / bad_worlds * poisson_upper(bad_worlds, 0.95) / months * 1e4);
    printf("  by lane           ");
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        printf(" %s %u", lane_name((enum lane)i), lanes[i]);
    }
    printf("\n  open without a fault %.3f %% of the time (goal <= 1 %%)\n",
           100 * open_s / watched_s);
    printf("  %.0f ns a window, worlds and judging together\n",
           (seconds() - began) / windows * 1e9);
}

/* ---- delays ---- */

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

static void
print_row(const struct trial *t, struct outcome *o, unsigned n)
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
    printf("  missed %u of %u  first cause %.0f %%  exact %.0f %%", missed, n, 100.0 * first / n,
           100.0 * exact / n);
    if (t->deploy) {
        printf("  deploy named %.0f %%", 100.0 * named / n);
    }
    printf("  wrong deploy %.0f %%\n", 100.0 * wrong / n);
    free(delay);
}

static void
delays(const struct options *o)
{
    struct outcome *found[TRIALS];
    unsigned n[TRIALS] = {0};
    for (unsigned t = 0; t < TRIALS; t++) {
        found[t] = check_alloc(o->delay_worlds, sizeof(**found));
    }
    for (unsigned i = 0; i < o->delay_worlds; i++) {
        struct world_config c = {.seed = o->seed + 500000 + i,
                                 .laws = o->laws,
                                 .routes = 12,
                                 .statements_each = 4,
                                 .deploys_a_day = 10,
                                 .has_advisor = o->advisor};
        struct sky s = {0};
        sky_begin(&s, &c);
        for (unsigned minute = 0; minute < WARM_DAYS * DAY_MIN; minute++) {
            world_minute(s.world);
        }
        for (unsigned t = 0; t < TRIALS; t++) {
            uint64_t seed = (o->seed + i) * 100 + t + 1;
            n[t] += fork_trial(&s, &trials[t], seed, o->verbose, &found[t][n[t]]) ? 1 : 0;
        }
        sky_end(&s);
    }
    printf("delays in minutes (with the interval that holds the quantile with 95 %%), %s\n",
           o->advisor ? "with an advisor" : "from the wire only");
    for (unsigned t = 0; t < TRIALS; t++) {
        if (n[t] > 0) {
            print_row(&trials[t], found[t], n[t]);
        }
        free(found[t]);
    }
}

static void
emit(const struct options *o)
{
    struct world_config c = {
        .seed = o->seed, .laws = o->laws, .routes = 50, .statements_each = 4, .deploys_a_day = 10};
    struct sky s = {.emits = true};
    sky_begin(&s, &c);
    for (unsigned minute = 0; minute < o->emit_days * DAY_MIN; minute++) {
        world_minute(s.world);
    }
    sky_end(&s);
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {{"laws", required_argument, NULL, 'l'},
                                            {"worlds", required_argument, NULL, 'w'},
                                            {"delay-worlds", required_argument, NULL, 'd'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"emit", required_argument, NULL, 'e'},
                                            {"advisor", no_argument, NULL, 'a'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    struct options o = {.laws = WORLD_HELD_OUT, .worlds = 40, .delay_worlds = 40, .seed = 1};
    int opt;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'l':
            o.laws = strcmp(optarg, "calibration") == 0 ? WORLD_CALIBRATION : WORLD_HELD_OUT;
            break;
        case 'w':
            o.worlds = (unsigned)atoi(optarg);
            break;
        case 'd':
            o.delay_worlds = (unsigned)atoi(optarg);
            break;
        case 's':
            o.seed = strtoull(optarg, NULL, 10);
            break;
        case 'e':
            o.emit_days = (unsigned)atoi(optarg);
            break;
        case 'a':
            o.advisor = true;
            break;
        case 'v':
            o.verbose = true;
            break;
        default:
            return 2;
        }
    }
    o.seed += o.laws == WORLD_HELD_OUT ? HELD_SEED : 0;
    if (o.emit_days > 0) {
        emit(&o);
        return 0;
    }
    printf("%s worlds, seeds from %llu\n", o.laws == WORLD_HELD_OUT ? "held-out" : "calibration",
           (unsigned long long)o.seed);
    if (o.worlds > 0) {
        false_incidents(&o);
    }
    if (o.delay_worlds > 0) {
        delays(&o);
    }
    return 0;
}
