/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/shapes.h - what one route's answers look like (struct response_shape), and
 * whether that became something else behind a deploy.
 *
 *   learning --a deploy--> comparing --bad for SHAPES_STEPS_BAD steps--> changed
 *      ^                      | half an hour later, the same                | as before again,
 *      +----------------------+---------------------------------------------+ or taken for normal
 *
 * Changed is what lost something (shape_counts.h), the same in some steps in a row. A step lasts
 * for SHAPES_STEP_NS and has SHAPE_STEP_ANSWERS at least, so that a route with few says nothing.
 * What only some answers have (an optional member, half of an experiment) was never always there.
 * Items count only under the member that they mostly are under (an empty list shows none). What was
 * learned in the minute before a deploy is let go of: the deploy may be marked late.
 *
 * One request costs a compare of 40 bytes while the shape stays; about 5 KiB each. Pure; the
 * judge's thread. */
#ifndef ANALYSIS_SERIES_SHAPES_H
#define ANALYSIS_SERIES_SHAPES_H

#include <jansson.h>

#include "analysis/series/shape_counts.h"
#include "base/clock.h"

#define SHAPES_STEP_NS     (30 * NS_PER_S)
#define SHAPES_STEP_MAX_NS (300 * NS_PER_S) /* too few answers for so long: the step is let go */
#define SHAPES_STEPS_BAD   4u
#define SHAPES_STEPS_GOOD  2u
#define SHAPES_NORMAL_MAX  5000u /* from then on the older ones count for less and less */
#define SHAPES_WINDOW_NS   (30 * 60 * NS_PER_S) /* so long a deploy may be to blame */
#define SHAPES_LATE_NS     (300 * NS_PER_S)     /* it may be marked, or seen of another route */

struct shapes {
    struct response_shape last; /* came so often and is not counted yet */
    uint32_t repeated;
    uint16_t item_of;
    uint32_t item_votes;
    struct shape_counts normal;
    struct shape_counts older; /* learning: the step before; else: all since the deploy */
    struct shape_counts fresh; /* the step underway */
    struct shape_counts run;   /* the bad steps in a row, or all since it is changed */
    uint64_t step_ns;          /* when it began; 0: not yet */
    uint64_t deploy_ns;        /* 0: learning */
    bool deploy_marked;
    char deploy_name[128];
    unsigned bad_steps, good_steps;
    uint64_t bad_ns; /* when the run began */
    struct shape_loss loss;
    bool is_changed;
    uint32_t incident; /* that tells of it; 0: none does */
    bool dirty;        /* the store has another one */
    bool learned;      /* the store has one that knows less */
    uint64_t kept_ns;  /* when it was given the last one */
};

enum shapes_news { SHAPES_SAME, SHAPES_CHANGED, SHAPES_BACK };

/* Zeroed memory has seen nothing. An answer that says nothing (RESPONSE_UNSEEN) is not counted. */
void shapes_add(struct shapes *s, const struct response_shape *shape);

/* About once a second. */
enum shapes_news shapes_turn(struct shapes *s, uint64_t now_ns);

/* at_ns: not after now. Of no account while something is lost: the one before has done it, and this
 * one may be the way back. But what is marked so soon behind one that was only inferred is the
 * same, and gives it its name. */
void shapes_deploy(struct shapes *s, uint64_t now_ns, uint64_t at_ns, const char *name,
                   bool is_marked);

/* As it is since it changed, it is meant to be. */
void shapes_adopt(struct shapes *s, uint64_t now_ns);

/* "1 of 7 members that each answer had is missing: as before were 100.0 % of 1204 answers, and
 * since the deploy are 0.0 % of 240". No name of a member: it may be data. Returns dst. */
const char *shapes_describe(const struct shapes *s, char dst[256]);

/* What is always there, and what became of it. wall_ns: of deploy_ns and bad_ns. */
json_t *shapes_save(const struct shapes *s, uint64_t deploy_wall_ns, uint64_t bad_wall_ns);
/* Into zeroed memory. 0 or -EBADMSG. */
MUST_CHECK int shapes_load(struct shapes *s, const json_t *saved, uint64_t *ret_deploy_wall_ns,
                           uint64_t *ret_bad_wall_ns);

#endif
