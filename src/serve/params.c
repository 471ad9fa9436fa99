/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/params.h"

#include <errno.h>

static int
decode(struct slice encoded, char *dst, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < encoded.len; i++) {
        int c = encoded.ptr[i] == '+' ? ' ' : encoded.ptr[i];
        if (c == '%') {
            int high = i + 1 < encoded.len ? slice_hex_digit(encoded.ptr[i + 1]) : -1;
            int low = i + 2 < encoded.len ? slice_hex_digit(encoded.ptr[i + 2]) : -1;
            c = high < 0 || low < 0 ? -1 : high * 16 + low;
            i += 2;
        }
        if (c < 0x20 || c == 0x7f) {
            return -EINVAL;
        }
        if (len + 1 >= size) {
            return -E2BIG;
        }
        dst[len++] = (char)c;
    }
    dst[len] = '\0';
    return len == 0 ? -EINVAL : 0;
}

int
params_text(struct slice query, const char *name, char *dst, size_t size)
{
    struct slice member;
    while (slice_split(&query, '&', &member)) {
        size_t equals = slice_find(member, '=');
        if (slice_eq(slice_sub(member, 0, equals), slice_from_str(name))) {
            return decode(slice_sub(member, equals + 1, member.len), dst, size);
        }
    }
    return -ENOENT;
}

int
params_u64(struct slice query, const char *name, uint64_t otherwise, uint64_t *ret_value)
{
    char text[24];
    int err = params_text(query, name, text, sizeof(text));
    if (err == -ENOENT) {
        *ret_value = otherwise;
        return 0;
    }
    return err == 0 && slice_to_u64(slice_from_str(text), ret_value) == 0 ? 0 : -EINVAL;
}
