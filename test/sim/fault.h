/* SPDX-License-Identifier: Apache-2.0
 * sim/fault.h - what can go wrong in a world, and what that does to a statement from minute to
 * minute.
 *
 * A fault is a kind and a size; what it has besides, a shape, a share, a period, makes families
 * that only held-out worlds have (trials.c). */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "base/check.h"
#include "model/error_class.h"

enum fault_kind {
    FAULT_STEP,        /* size: times as dear */
    FAULT_RAMP,        /* size: share an hour */
    FAULT_REPEATED,    /* size: calls for each one before, with different values */
    FAULT_LOST_INDEX,  /* size: times as dear, rows read in full */
    FAULT_LOST_CACHE,  /* size: calls for each one before, with the same values */
    FAULT_LOCK_HOLDER, /* size: milliseconds that each call waits */
    FAULT_GROWTH,      /* size: share an hour, of rows read and of cost */
    FAULT_PLAN_FLIP,   /* size: times as dear */
    FAULT_ERRORS,      /* size: times as many; of the statement's route */
    FAULT_STALL,       /* calls that do not end */
    FAULT_UNBOUNDED,   /* size: times as many rows; what they cost is not in it */
    FAULT_FAILING,     /* size: share of the calls that fail, and of the requests that make them */
    FAULT_KINDS,
};

/* How what grows by the hour does so. All but the first are as far after some hours. */
enum fault_shape {
    FAULT_STRAIGHT,
    FAULT_CONVEX, /* by the square of the time: as far after six hours */
    FAULT_STAIRS, /* a step every hour and a half, the first at once */
    FAULT_PAUSES, /* an hour's growth, and two of rest */
};

struct fault {
    enum fault_kind kind;
    unsigned statement;
    int64_t onset_s;
    double size;
    enum fault_shape shape;
    double share; /* of the calls that it hits; 0: all. FAULT_PLAN_FLIP, FAULT_STALL */
    double
        growth;  /* share an hour that it becomes dearer by, as its table does. FAULT_LOST_INDEX */
    double tail; /* exponent of the repeats of a request, which are Pareto's. FAULT_REPEATED */
    unsigned every_min, for_min;  /* it is there for so long, again and again; 0: it stays */
    enum error_class error_class; /* FAULT_FAILING */
};

/* On one statement, in one minute. */
struct effect {
    float ln_cost, calls, repeating, same, rows, rows_read, lock_ms, errors;
    float part, part_ln; /* of the calls; dearer by so much, ln */
    float tail, tail_size, tail_part;
    float failing;
    enum error_class failing_class;
    bool reads_all, other_plan, stalls;
    float stalled_s;
};

void effect_init(struct effect *e);
/* In the minute that ends at end_s, which is after its onset. */
void effect_add(struct effect *e, const struct fault *f, int64_t end_s);

#endif
