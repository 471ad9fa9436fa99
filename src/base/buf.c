/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
buf_init(struct buf *b, size_t len_max)
{
    *b = (struct buf){.len_max = len_max};
}

void
buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

/* One byte more than asked, so that buf_str can always end the string. */
static int
reserve(struct buf *b, size_t more)
{
    if (more > b->len_max - b->len) {
        b->overflowed = true;
        return -E2BIG;
    }
    size_t need = b->len + more + 1;
    if (need > b->cap) {
        size_t cap = b->cap == 0 ? 64 : b->cap;
        while (cap < need) {
            cap *= 2;
        }
        uint8_t *data = check_alloc(cap, 1);
        if (b->len > 0) {
            memcpy(data, b->data, b->len);
        }
        free(b->data);
        b->data = data;
        b->cap = cap;
    }
    return 0;
}

int
buf_append(struct buf *b, struct slice s)
{
    int r = reserve(b, s.len);
    if (r == 0 && s.len > 0) {
        memcpy(b->data + b->len, s.ptr, s.len);
        b->len += s.len;
    }
    return r;
}

int
buf_append_byte(struct buf *b, uint8_t byte)
{
    return buf_append(b, slice_of(&byte, 1));
}

int
buf_append_str(struct buf *b, const char *s)
{
    return buf_append(b, slice_from_str(s));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return -EINVAL;
    }
    int r = reserve(b, (size_t)n);
    if (r == 0) {
        va_start(ap, fmt);
        vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
        va_end(ap);
        b->len += (size_t)n;
    }
    return r;
}

void
buf_reset(struct buf *b)
{
    b->len = 0;
    b->overflowed = false;
}

void
buf_consume(struct buf *b, size_t n)
{
    assert(n <= b->len);
    if (n > 0) {
        memmove(b->data, b->data + n, b->len - n);
        b->len -= n;
    }
}

const char *
buf_str(struct buf *b)
{
    if (b->data == NULL) {
        return "";
    }
    b->data[b->len] = '\0';
    return (const char *)b->data;
}
