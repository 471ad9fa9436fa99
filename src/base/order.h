/* SPDX-License-Identifier: Apache-2.0
 * base/order.h - orders for qsort(3). */
#ifndef BASE_ORDER_H
#define BASE_ORDER_H

#include <stdint.h>
#include <string.h>

/* Smallest first; the array need not be aligned. */
static inline int
order_u64(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

#endif
