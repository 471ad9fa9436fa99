/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include <errno.h>

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
slice_eq_ci(struct slice a, struct slice b)
{
    return a.len == b.len && slice_starts_with_ci(a, b);
}

bool
slice_starts_with_ci(struct slice s, struct slice prefix)
{
    if (s.len < prefix.len) {
        return false;
    }
    for (size_t i = 0; i < prefix.len; i++) {
        if (lower(s.ptr[i]) != lower(prefix.ptr[i])) {
            return false;
        }
    }
    return true;
}

size_t
slice_find(struct slice s, uint8_t byte)
{
    const uint8_t *hit = s.len == 0 ? NULL : memchr(s.ptr, byte, s.len);
    return hit == NULL ? s.len : (size_t)(hit - s.ptr);
}

struct slice
slice_trim(struct slice s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s = slice_sub(s, 1, s.len);
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool
slice_split(struct slice *rest, uint8_t sep, struct slice *ret_piece)
{
    if (rest->ptr == NULL) {
        return false;
    }
    size_t at = slice_find(*rest, sep);
    *ret_piece = slice_sub(*rest, 0, at);
    *rest = at == rest->len ? SLICE_NONE : slice_sub(*rest, at + 1, rest->len);
    return true;
}

int
slice_to_u64(struct slice s, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (s.len == 0) {
        return -EINVAL;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return -EINVAL;
        }
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value)) {
            return -ERANGE;
        }
    }
    *ret_value = value;
    return 0;
}

char *
slice_to_str(struct slice s, char *dst, size_t size)
{
    if (size > 0) {
        size_t n = s.len < size - 1 ? s.len : size - 1;
        if (n > 0) {
            memcpy(dst, s.ptr, n);
        }
        dst[n] = '\0';
    }
    return dst;
}
