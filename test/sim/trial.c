/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/trial.h"

#define TYPICAL 0u
#define BUSY    4u /* the first statement of the second route */

static const struct trial common[] = {
    {"ramp of 5 %/h", {{FAULT_RAMP, TYPICAL, 0, 0.05}}, 1, false, 0, 12, 130, 170},
    {"ramp of 1 %/h", {{FAULT_RAMP, TYPICAL, 0, 0.01}}, 1, false, 0, 30, 360, 0},
    {"ramp of 1 %/day", {{FAULT_RAMP, TYPICAL, 0, 0.01 / 24}}, 1, false, 0, 14 * 24, 6 * 1440, 0},
    {"step of 20 %, 100/min", {{FAULT_STEP, TYPICAL, 0, 1.2}}, 1, false, 0, 8, 45, 0},
    {"step of 20 %, 1000/min", {{FAULT_STEP, BUSY, 0, 1.2}}, 1, false, 0, 8, 25, 0},
    {"step of 50 %", {{FAULT_STEP, TYPICAL, 0, 1.5}}, 1, false, 0, 8, 25, 0},
    {"errors x 3 from 0.1 %", {{FAULT_ERRORS, BUSY, 0, 3}}, 1, false, 0, 8, 16, 0},
    {"stall", {{FAULT_STALL, TYPICAL, 0, 1}}, 1, false, 0, 4, 0, 0},
    {"lock holder, 20 ms", {{FAULT_LOCK_HOLDER, BUSY, 0, 20}}, 1, false, 0, 4, 0, 0},
    {"growth, 20 %/h", {{FAULT_GROWTH, BUSY, 0, 0.2}}, 1, false, 0, 12, 0, 0},
    {"plan flip, 4 x", {{FAULT_PLAN_FLIP, BUSY, 0, 4}}, 1, false, 0, 4, 0, 0},
    {"rows x 3", {{FAULT_UNBOUNDED, BUSY, 0, 3}}, 1, false, 0, 4, 0, 0},
    {"ramp of 5 %/h, deploy", {{FAULT_RAMP, TYPICAL, 0, 0.05}}, 1, true, 0, 8, 0, 0},
    {"rows x 20, deploy", {{FAULT_UNBOUNDED, BUSY, 0, 20}}, 1, true, 0, 4, 0, 0},
    {"repeated query, deploy", {{FAULT_REPEATED, BUSY, 0, 20}}, 1, true, 0, 4, 1, 0},
    {"lost index, deploy", {{FAULT_LOST_INDEX, BUSY, 0, 15}}, 1, true, 0, 4, 1, 0},
    {"lost cache, deploy", {{FAULT_LOST_CACHE, BUSY, 0, 6}}, 1, true, 0, 4, 1, 0},
    {"repeated + index",
     {{FAULT_REPEATED, BUSY, 0, 12}, {FAULT_LOST_INDEX, BUSY + 1, 0, 12}},
     2,
     true,
     0,
     4,
     1,
     0},
    {"repeated + cache",
     {{FAULT_REPEATED, BUSY, 0, 15}, {FAULT_LOST_CACHE, BUSY + 2, 0, 10}},
     2,
     true,
     0,
     4,
     1,
     0},
    {"index + cache + repeated",
     {{FAULT_LOST_INDEX, BUSY, 0, 10},
      {FAULT_LOST_CACHE, BUSY + 1, 0, 10},
      {FAULT_REPEATED, BUSY + 2, 0, 12}},
     3,
     true,
     0,
     4,
     1,
     0},
    {"growth + errors",
     {{FAULT_GROWTH, BUSY, 0, 0.5}, {FAULT_ERRORS, BUSY, 0, 6}},
     2,
     false,
     0,
     8,
     0,
     0},
    {"step + lock + plan",
     {{FAULT_STEP, BUSY, 0, 2},
      {FAULT_LOCK_HOLDER, BUSY + 1, 0, 15},
      {FAULT_PLAN_FLIP, BUSY + 2, 0, 5}},
     3,
     false,
     0,
     4,
     0,
     0},
    {"lock + plan",
     {{FAULT_LOCK_HOLDER, BUSY, 0, 15}, {FAULT_PLAN_FLIP, BUSY + 1, 0, 5}},
     2,
     false,
     0,
     4,
     0,
     0},
};

/* What those of the held-out families are made of, on the busy route's statement i. */
#define GROWING_INDEX(i)                                                                           \
    {                                                                                              \
        .kind = FAULT_LOST_INDEX, .statement = BUSY + (i), .size = 1.5, .growth = 0.3              \
    }
#define RETURNING_LOCK(i)                                                                          \
    {                                                                                              \
        .kind = FAULT_LOCK_HOLDER, .statement = BUSY + (i), .size = 60, .every_min = 15,           \
        .for_min = 3                                                                               \
    }
#define PART_OF_CACHE(i)                                                                           \
    {                                                                                              \
        .kind = FAULT_LOST_CACHE, .statement = BUSY + (i), .size = 1.8                             \
    }
#define PAGE_SIZES(i)                                                                              \
    {                                                                                              \
        .kind = FAULT_REPEATED, .statement = BUSY + (i), .size = 1, .tail = 0.9                    \
    }
#define PART_OF_VALUES(i)                                                                          \
    {                                                                                              \
        .kind = FAULT_PLAN_FLIP, .statement = BUSY + (i), .size = 8, .share = 0.25                 \
    }
#define DEADLOCKS(i)                                                                               \
    {                                                                                              \
        .kind = FAULT_FAILING, .statement = BUSY + (i), .size = 0.02, .every_min = 20,             \
        .for_min = 4, .error_class = ERROR_CLASS_DEADLOCK                                          \
    }
#define SHAPED(shape_of)                                                                           \
    {                                                                                              \
        .kind = FAULT_RAMP, .statement = TYPICAL, .size = 0.05, .shape = (shape_of)                \
    }

static const struct trial held_out[] = {
    {"5 %/h, convex", {SHAPED(FAULT_CONVEX)}, 1, .horizon_h = 12},
    {"5 %/h, in stairs", {SHAPED(FAULT_STAIRS)}, 1, .horizon_h = 12},
    {"5 %/h, with pauses", {SHAPED(FAULT_PAUSES)}, 1, .horizon_h = 24},
    {"index, growing table", {GROWING_INDEX(0)}, 1, .horizon_h = 8},
    {"lock that comes back", {RETURNING_LOCK(0)}, 1, .horizon_h = 8},
    {"part of a cache, deploy", {PART_OF_CACHE(0)}, 1, .deploy = true, .horizon_h = 4},
    {"by page size, deploy", {PAGE_SIZES(0)}, 1, .deploy = true, .horizon_h = 4},
    {"plan of some values", {PART_OF_VALUES(0)}, 1, .horizon_h = 4},
    {"stall of one worker", {{FAULT_STALL, TYPICAL, 0, 1, .share = 0.125}}, 1, .horizon_h = 4},
    {"deadlocks in bursts", {DEADLOCKS(0)}, 1, .horizon_h = 8},
    {"page size + part of cache",
     {PAGE_SIZES(0), PART_OF_CACHE(1)},
     2,
     .deploy = true,
     .horizon_h = 4},
    {"growing table + deadlocks", {GROWING_INDEX(0), DEADLOCKS(1)}, 2, .horizon_h = 8},
    {"lock + values + cache",
     {RETURNING_LOCK(0), PART_OF_VALUES(1), PART_OF_CACHE(2)},
     3,
     .deploy = true,
     .horizon_h = 4},
    {"repeated query, decoys",
     {{FAULT_REPEATED, BUSY, 0, 20}},
     1,
     .deploy = true,
     .decoys = 4,
     .horizon_h = 4},
    {"step of 50 %, decoys", {{FAULT_STEP, TYPICAL, 0, 1.5}}, 1, .decoys = 4, .horizon_h = 8},
};

_Static_assert(ARRAY_LEN(common) + ARRAY_LEN(held_out) <= TRIALS_MAX,
               "more than there is room for");

unsigned
trials_count(enum world_laws laws)
{
    return (unsigned)(ARRAY_LEN(common) + (laws == WORLD_HELD_OUT ? ARRAY_LEN(held_out) : 0));
}

const struct trial *
trial_of(unsigned i)
{
    return i < ARRAY_LEN(common) ? &common[i] : &held_out[i - ARRAY_LEN(common)];
}
