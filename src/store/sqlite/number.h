/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/number.h - numbers within a blob: seven bits a byte, the lowest first. */
#ifndef STORE_SQLITE_NUMBER_H
#define STORE_SQLITE_NUMBER_H

#include "base/slice.h"

#define NUMBER_MAX 10u /* bytes of one */

/* Where the next one goes. */
static inline size_t
number_put(uint8_t *dst, size_t at, uint64_t v)
{
    for (; v > 0x7f; v >>= 7) {
        dst[at++] = (uint8_t)(v | 0x80);
    }
    dst[at++] = (uint8_t)v;
    return at;
}

/* false: there is none. */
static inline bool
number_take(struct slice *rest, uint64_t *ret_v)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && rest->len > 0; shift += 7) {
        uint8_t b = rest->ptr[0];
        *rest = slice_sub(*rest, 1, rest->len);
        v |= (uint64_t)(b & 0x7f) << shift;
        if ((b & 0x80) == 0) {
            *ret_v = v;
            return true;
        }
    }
    return false;
}

#endif
