/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/fault.h"

#include <math.h>

#define CONVEX_HOURS 6.0f
#define STAIR_HOURS  1.5f
#define PAUSE_HOURS  3.0f /* one of growth in so many */
#define WHOLE_TABLE  1000 /* times the rows */

void
effect_init(struct effect *e)
{
    *e = (struct effect){.calls = 1, .rows = 1, .rows_read = 1, .errors = 1};
}

/* Hours of growth at its rate. */
static float
hours_of_growth(enum fault_shape shape, float hours)
{
    switch (shape) {
    case FAULT_CONVEX:
        return hours * hours / CONVEX_HOURS;
    case FAULT_STAIRS:
        return STAIR_HOURS * (1 + floorf(hours / STAIR_HOURS));
    case FAULT_PAUSES:
        return floorf(hours / PAUSE_HOURS) + MIN(fmodf(hours, PAUSE_HOURS), 1);
    case FAULT_STRAIGHT:
        break;
    }
    return hours;
}

/* Of the minute; of those that come back in whole minutes. */
static float
part_of_minute(const struct fault *f, int64_t since_s)
{
    bool rests = f->every_min > 0 && since_s / 60 % f->every_min >= f->for_min;
    return rests ? 0 : MIN((float)since_s / 60, 1);
}

static void
repeat(struct effect *e, const struct fault *f, float part)
{
    if (f->tail > 0) {
        e->tail = (float)f->tail;
        e->tail_size = (float)f->size;
        e->tail_part = part;
    } else {
        e->calls *= 1 + part * ((float)f->size - 1);
        e->repeating = part;
    }
}

static void
flip_plan(struct effect *e, const struct fault *f, float part)
{
    e->other_plan = true;
    if (f->share > 0) {
        e->part = part * (float)f->share;
        e->part_ln = logf((float)f->size);
    } else {
        e->ln_cost += part * logf((float)f->size);
    }
}

static void
lose_index(struct effect *e, const struct fault *f, float part, float hours)
{
    float table = 1 + (float)f->growth * hours;
    e->ln_cost += part * logf((float)f->size * table);
    e->rows_read *= 1 + part * WHOLE_TABLE * table;
    e->reads_all = true;
}

void
effect_add(struct effect *e, const struct fault *f, int64_t end_s)
{
    int64_t since_s = end_s - f->onset_s;
    float part = part_of_minute(f, since_s), hours = (float)since_s / 3600;
    float size = (float)f->size, grown = 1 + size * hours_of_growth(f->shape, hours);
    switch (f->kind) {
    case FAULT_STEP:
        e->ln_cost += part * logf(size);
        break;
    case FAULT_RAMP:
        e->ln_cost += logf(grown);
        break;
    case FAULT_REPEATED:
        repeat(e, f, part);
        break;
    case FAULT_LOST_INDEX:
        lose_index(e, f, part, hours);
        break;
    case FAULT_LOST_CACHE:
        e->calls *= 1 + part * (size - 1);
        e->same = part;
        break;
    case FAULT_LOCK_HOLDER:
        e->lock_ms += part * size;
        break;
    case FAULT_GROWTH:
        e->ln_cost += logf(grown);
        e->rows_read *= grown;
        break;
    case FAULT_PLAN_FLIP:
        flip_plan(e, f, part);
        break;
    case FAULT_ERRORS:
        e->errors *= 1 + part * (size - 1);
        break;
    case FAULT_STALL:
        e->stalls = f->share <= 0;
        e->calls *= 1 - (float)f->share;
        e->stalled_s = (float)since_s;
        break;
    case FAULT_UNBOUNDED:
        e->rows *= 1 + part * (size - 1);
        break;
    case FAULT_FAILING:
        e->failing = part * size;
        e->failing_class = f->error_class;
        break;
    case FAULT_KINDS:
        break;
    }
}
