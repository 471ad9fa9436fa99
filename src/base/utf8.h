/* SPDX-License-Identifier: Apache-2.0
 * base/utf8.h - where a character of UTF-8 ends (RFC 3629). Pure. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

/* Bytes of the character that the text begins with; 0: it begins with none that is whole. */
static inline size_t
utf8_length(struct slice text)
{
    const uint8_t *p = text.ptr;
    if (text.len == 0 || p[0] < 0x80) {
        return text.len == 0 ? 0 : 1;
    }
    size_t len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (len == 0 || text.len < len) {
        return 0;
    }
    /* No longer form of a shorter one, no surrogate, nothing beyond U+10FFFF. */
    uint8_t least = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t most = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < least || p[1] > most) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

#endif
