/* SPDX-License-Identifier: Apache-2.0
 * base/list.h - an intrusive doubly linked list: no allocation, O(1) removal.
 *
 * The node sits inside the object; the list owns nothing. A node is on one list at a time and is
 * self-linked when on none, so list_remove twice is harmless. One thread at a time. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/check.h"

struct list {
    struct list *next;
    struct list *prev;
};

static inline void
list_init(struct list *l)
{
    l->next = l;
    l->prev = l;
}

static inline bool
list_is_empty(const struct list *l)
{
    return l->next == l;
}

static inline void
list_append(struct list *head, struct list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline void
list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)

/* Safe against removal of `it` itself. */
#define LIST_FOREACH(it, head)                                                                     \
    for (struct list *it = (head)->next, *it##_next = it->next; it != (head);                      \
         it = it##_next, it##_next = it->next)

#endif
