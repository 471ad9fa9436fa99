/* SPDX-License-Identifier: Apache-2.0
 * base/buf.h - a growable run of bytes that is born with its maximum.
 *
 * Owns its memory. One thread at a time. Appending past the maximum changes nothing, answers
 * -E2BIG and is remembered (buf_overflowed), so that a chain of appends needs one check at its
 * end. Doubles as it grows; memory comes from check_alloc, so it belongs outside the data plane. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/check.h"
#include "base/slice.h"

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t len_max;
    bool overflowed;
};

void buf_init(struct buf *b, size_t len_max);
void buf_fini(struct buf *b);
#define AUTO_BUF __attribute__((cleanup(buf_fini)))

/* 0 or -E2BIG. */
int buf_append(struct buf *b, struct slice s);
int buf_append_byte(struct buf *b, uint8_t byte);
int buf_append_str(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Empties it and forgets an overflow; keeps the memory. */
void buf_reset(struct buf *b);

/* Removes the first n bytes (n <= len). Linear in what stays. */
void buf_consume(struct buf *b, size_t n);

static inline struct slice
buf_slice(const struct buf *b)
{
    return slice_of(b->data, b->len);
}

/* The content as a NUL-terminated string, valid until the next change. */
const char *buf_str(struct buf *b);

static inline bool
buf_overflowed(const struct buf *b)
{
    return b->overflowed;
}

#endif
