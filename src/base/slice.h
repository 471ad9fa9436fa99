/* SPDX-License-Identifier: Apache-2.0
 * base/slice.h - a borrowed run of bytes.
 *
 * A slice owns nothing and ends nowhere but at len: NUL-terminated strings live only at the edges
 * of the operating system. It is valid as long as what it points into. Passed by value; any
 * thread. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *ptr;
    size_t len;
};

#define SLICE_LIT(s) ((struct slice){(const uint8_t *)("" s), sizeof(s) - 1})
#define SLICE_NONE   ((struct slice){NULL, 0})
/* For printf("%.*s"). */
#define SLICE_ARG(s) (int)(s).len, (const char *)(s).ptr

static inline struct slice
slice_of(const void *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

static inline struct slice
slice_from_str(const char *s)
{
    return slice_of(s, s == NULL ? 0 : strlen(s));
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The part from `from` on, at most len bytes; both are cut to what is there. */
static inline struct slice
slice_sub(struct slice s, size_t from, size_t len)
{
    if (from > s.len) {
        from = s.len;
    }
    if (len > s.len - from) {
        len = s.len - from;
    }
    return slice_of(s.ptr == NULL ? NULL : s.ptr + from, len);
}

/* ASCII case is folded, bytes above 0x7f are compared as they are. */
bool slice_eq_ci(struct slice a, struct slice b);
bool slice_starts_with_ci(struct slice s, struct slice prefix);

/* Position of the byte, or s.len. */
size_t slice_find(struct slice s, uint8_t byte);

/* Without ASCII blanks at either end. */
struct slice slice_trim(struct slice s);

/* Takes the text before the next `sep` off *rest and returns it; the last piece empties *rest.
 * Returns false when *rest was used up before. */
bool slice_split(struct slice *rest, uint8_t sep, struct slice *ret_piece);

/* Decimal digits only, the whole slice. 0 or -EINVAL (not a number), -ERANGE (does not fit). */
int slice_to_u64(struct slice s, uint64_t *ret_value);

/* Copies to a NUL-terminated string of at most size - 1 bytes; longer input is cut. Returns dst. */
char *slice_to_str(struct slice s, char *dst, size_t size);

/* The value of a hexadecimal digit of either case, or -1. */
static inline int
slice_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    uint8_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#endif
