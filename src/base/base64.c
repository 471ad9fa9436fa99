/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <errno.h>

static uint8_t
letter_of(unsigned value)
{
    if (value < 26) {
        return (uint8_t)('A' + value);
    }
    if (value < 52) {
        return (uint8_t)('a' + value - 26);
    }
    if (value < 62) {
        return (uint8_t)('0' + value - 52);
    }
    return value == 62 ? '+' : '/';
}

static int
value_of(uint8_t letter)
{
    if (letter >= 'A' && letter <= 'Z') {
        return letter - 'A';
    }
    if (letter >= 'a' && letter <= 'z') {
        return letter - 'a' + 26;
    }
    if (letter >= '0' && letter <= '9') {
        return letter - '0' + 52;
    }
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

size_t
base64_encode(struct slice bytes, uint8_t *dst)
{
    size_t at = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = MIN(bytes.len - i, 3u);
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            group = group << 8 | (k < n ? bytes.ptr[i + k] : 0u);
        }
        for (size_t k = 0; k < 4; k++) {
            dst[at++] = k <= n ? letter_of(group >> (18 - 6 * k) & 63) : '=';
        }
    }
    return at;
}

int
base64_decode(struct slice text, uint8_t *dst, size_t size)
{
    size_t at = 0;
    if (text.len % 4 != 0) {
        return -EINVAL;
    }
    for (size_t i = 0; i < text.len; i += 4) {
        const uint8_t *in = text.ptr + i;
        bool is_last = i + 4 == text.len;
        size_t n = is_last && in[3] == '=' ? (in[2] == '=' ? 1 : 2) : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 4; k++) {
            int value = k <= n ? value_of(in[k]) : 0;
            if (value < 0) {
                return -EINVAL;
            }
            group = group << 6 | (uint32_t)value;
        }
        /* Bits behind the last byte say nothing; two texts of the same bytes there shall not be. */
        if ((group & ((1u << 8 * (3 - n)) - 1)) != 0) {
            return -EINVAL;
        }
        if (size - at < n) {
            return -ENOSPC;
        }
        for (size_t k = 0; k < n; k++) {
            dst[at++] = (uint8_t)(group >> (16 - 8 * k));
        }
    }
    return (int)at;
}
