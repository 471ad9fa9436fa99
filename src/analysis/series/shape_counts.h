/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/shape_counts.h - how many answers look how (struct response_shape), and what is
 * lost between two stretches of them.
 *
 * What at least SHAPE_ALWAYS of the answers had before and at most SHAPE_RARELY have now is lost: a
 * member of the root or of the item, its type, what the body is, its Content-Type. What is new is
 * no loss, nor is what comes where there was nothing.
 *
 * An answer counts where it was seen: of an object whose end was not, nothing is known to be
 * missing; one with very many members is a map, whose names are data. Plain data; pure. */
#ifndef ANALYSIS_SERIES_SHAPE_COUNTS_H
#define ANALYSIS_SERIES_SHAPE_COUNTS_H

#include "base/check.h"
#include "model/event.h"

#define SHAPE_NORMAL_MIN   200u /* answers; fewer are no normal */
#define SHAPE_STEP_ANSWERS 20u  /* fewer say nothing of now */
#define SHAPE_ALWAYS       0.99
#define SHAPE_RARELY       0.10
#define SHAPE_MEMBERS_MAX  40u /* bits of a set; more is a map */

enum shape_set { SHAPE_ROOT_NAMES, SHAPE_ROOT_TYPED, SHAPE_ITEM_NAMES, SHAPE_ITEM_TYPED };
#define SHAPE_SETS 4u

struct shape_counts {
    uint32_t answers, roots, items; /* roots, items: whose members are known */
    uint32_t body[RESPONSE_BODY_COUNT];
    uint32_t type[RESPONSE_TYPE_COUNT];
    uint32_t has[SHAPE_SETS][64];
};

struct shape_loss {
    bool body, type;
    uint64_t set[SHAPE_SETS];
};

/* Of all that is lost: the least that was there before, and the most that is there now. */
struct shape_shares {
    double before, now;
    uint32_t of_before, of_now; /* answers */
};

static inline unsigned
shape_members(uint64_t set)
{
    return (unsigned)__builtin_popcountll(set);
}

static inline double
shape_share(uint32_t n, uint32_t of)
{
    return of == 0 ? 0 : (double)n / of;
}

/* Whose members a set is about. */
static inline uint32_t
shape_counts_looked_into(const struct shape_counts *c, unsigned set)
{
    return set < SHAPE_ITEM_NAMES ? c->roots : c->items;
}

/* n such answers; is_of_items: its item is of those that are compared. */
void shape_counts_one(struct shape_counts *c, const struct response_shape *shape, bool is_of_items,
                      uint32_t n);
void shape_counts_set(uint32_t has[64], uint64_t set, uint32_t n);
void shape_counts_add(struct shape_counts *to, const struct shape_counts *from);
void shape_counts_halve(struct shape_counts *c);
void shape_counts_forget_items(struct shape_counts *c);

bool shape_counts_always(uint32_t n, uint32_t of);
/* Which one of a few all answers had; -1: none. */
int shape_counts_usual(const uint32_t *counts, unsigned count, uint32_t answers);

struct shape_loss shape_counts_loss(const struct shape_counts *normal,
                                    const struct shape_counts *now);
struct shape_loss shape_loss_common(const struct shape_loss *a, const struct shape_loss *b);
bool shape_loss_is(const struct shape_loss *loss);
struct shape_shares shape_loss_shares(const struct shape_loss *loss,
                                      const struct shape_counts *normal,
                                      const struct shape_counts *now);

#endif
