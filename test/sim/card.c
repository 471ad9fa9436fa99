/* SPDX-License-Identifier: Apache-2.0
 *
 * The card of the detectors: false incidents on months without a fault, and delays on injected
 * ones, with confidence bounds; what a minute's feed costs. `make judge`.
 *
 *   card [--laws calibration|held-out] [--worlds N] [--delay-worlds N] [--seed S] [--advisor]
 *        [--jobs N] [--results FILE] [--trial NAME] [--families] [--verbose]
 *          (--families: only those that no calibration world has)
 *   card --cost
 *   card --emit DAYS [--seed S]      one world's windows as lines, for slowburn backtest */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/card.h"

#define HELD_SEED 1000000u /* added to the seeds of held-out worlds */

static void
emit(const struct options *o)
{
    struct world_config c = {
        .seed = o->seed, .laws = o->laws, .routes = 50, .statements_each = 4, .deploys_a_day = 10};
    struct sky s = {.emits = true};
    sky_begin(&s, &c);
    sky_minutes(&s, o->emit_days * DAY_MIN);
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
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"results", required_argument, NULL, 'r'},
                                            {"trial", required_argument, NULL, 't'},
                                            {"families", no_argument, NULL, 'f'},
                                            {"cost", no_argument, NULL, 'c'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    struct options o = {
        .laws = WORLD_HELD_OUT, .worlds = 40, .delay_worlds = 40, .jobs = 1, .seed = 1};
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
        case 'j':
            o.jobs = (unsigned)atoi(optarg);
            break;
        case 'r':
            o.results = optarg;
            break;
        case 't':
            o.trial = optarg;
            break;
        case 'f':
            o.families = true;
            break;
        case 'c':
            o.cost = true;
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
    if (o.cost) {
        cost_print(&o);
        return 0;
    }
    printf("%s worlds, seeds from %llu\n", o.laws == WORLD_HELD_OUT ? "held-out" : "calibration",
           (unsigned long long)o.seed);
    int err = o.worlds > 0 ? calm_print(&o) : 0;
    err = err == 0 && o.delay_worlds > 0 ? trials_print(&o) : err;
    if (err != 0) {
        fprintf(stderr, "card: %s\n", strerror(-err));
    }
    return err == 0 ? 0 : 1;
}
