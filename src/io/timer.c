/* SPDX-License-Identifier: Apache-2.0 */
#include "io/timer.h"

/* Makes the later of two trees the first child of the other. */
static struct timer *
meld(struct timer *a, struct timer *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? b : a;
    }
    if (b->at_ns < a->at_ns) {
        struct timer *t = a;
        a = b;
        b = t;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child != NULL) {
        a->child->prev = b;
    }
    a->child = b;
    a->next = NULL;
    a->prev = NULL;
    return a;
}

/* Melds a list of siblings: pairs from left to right, then the pairs from right to left. */
static struct timer *
meld_children(struct timer *first)
{
    struct timer *pairs = NULL;
    while (first != NULL) {
        struct timer *a = first;
        struct timer *b = a->next;
        first = b == NULL ? NULL : b->next;
        a->next = a->prev = NULL;
        if (b != NULL) {
            b->next = b->prev = NULL;
        }
        struct timer *pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    struct timer *root = NULL;
    while (pairs != NULL) {
        struct timer *pair = pairs;
        pairs = pair->next;
        pair->next = NULL;
        root = meld(root, pair);
    }
    return root;
}

void
timer_set(struct timer_heap *heap, struct timer *timer, uint64_t at_ns)
{
    timer_cancel(heap, timer);
    timer->at_ns = at_ns;
    timer->child = timer->next = timer->prev = NULL;
    timer->is_set = true;
    heap->root = meld(heap->root, timer);
}

void
timer_cancel(struct timer_heap *heap, struct timer *timer)
{
    if (!timer->is_set) {
        return;
    }
    if (timer == heap->root) {
        heap->root = meld_children(timer->child);
    } else {
        if (timer->prev->child == timer) {
            timer->prev->child = timer->next;
        } else {
            timer->prev->next = timer->next;
        }
        if (timer->next != NULL) {
            timer->next->prev = timer->prev;
        }
        heap->root = meld(heap->root, meld_children(timer->child));
    }
    timer->child = timer->next = timer->prev = NULL;
    timer->is_set = false;
}

uint64_t
timer_next_ns(const struct timer_heap *heap)
{
    return heap->root == NULL ? UINT64_MAX : heap->root->at_ns;
}

unsigned
timer_fire_due(struct timer_heap *heap, uint64_t now_ns, unsigned max)
{
    unsigned fired = 0;
    while (fired < max && heap->root != NULL && heap->root->at_ns <= now_ns) {
        struct timer *timer = heap->root;
        timer_cancel(heap, timer);
        timer->fire(timer, now_ns);
        fired++;
    }
    return fired;
}
