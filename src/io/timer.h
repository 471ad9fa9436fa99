/* SPDX-License-Identifier: Apache-2.0
 * io/timer.h - things that are due at a time: an intrusive pairing heap.
 *
 * The timer sits inside the object it belongs to (borrowed while set); nothing is allocated. Set
 * and next are O(1), cancel and fire O(log n) amortized. One thread at a time; time is passed
 * in. (Fredman, Sedgewick, Sleator, Tarjan: "The pairing heap", 1986.) */
#ifndef IO_TIMER_H
#define IO_TIMER_H

#include "base/check.h"

struct timer {
    uint64_t at_ns;
    struct timer *child;
    struct timer *next; /* sibling */
    struct timer *prev; /* sibling, or the parent of a first child */
    void (*fire)(struct timer *timer, uint64_t now_ns);
    bool is_set;
};

struct timer_heap {
    struct timer *root;
};

/* Sets it anew when it is set already. */
void timer_set(struct timer_heap *heap, struct timer *timer, uint64_t at_ns);
void timer_cancel(struct timer_heap *heap, struct timer *timer);

/* When the first is due; UINT64_MAX: none is set. */
uint64_t timer_next_ns(const struct timer_heap *heap);

/* Fires what is due, at most `max` of them; a timer is unset before its fire is called, which may
 * set and cancel any timer. Returns how many fired. */
unsigned timer_fire_due(struct timer_heap *heap, uint64_t now_ns, unsigned max);

#endif
