/* SPDX-License-Identifier: Apache-2.0
 * base/diag.h - an error as a person reads it: where, what, and what to do.
 *
 * The caller owns the struct; diag_set fills it once (the first error wins, later ones are
 * dropped, so that the cause is not hidden by its consequences). One thread at a time. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/check.h"

struct diag {
    char file[256];    /* "" when the error is in no file */
    unsigned line;     /* 1-based; 0: unknown */
    char message[512]; /* names the thing */
    char hint[256];    /* what happens next, or what to do; may be "" */
};

static inline bool
diag_is_set(const struct diag *d)
{
    return d->message[0] != '\0';
}

/* Both return `err` (a negative errno), so that `return diag_set(d, -EINVAL, ...)` reads well. */
int diag_set(struct diag *d, int err, const char *fmt, ...) PRINTF_LIKE(3, 4);
int diag_set_hint(struct diag *d, int err, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Adds the place; keeps one that is already there. */
void diag_at(struct diag *d, const char *file, unsigned line);

/* "file:line: message; hint" into dst, cut to size. Returns dst. */
char *diag_format(const struct diag *d, char *dst, size_t size);

#endif
