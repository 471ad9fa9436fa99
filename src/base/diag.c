/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

static void
set(struct diag *d, const char *hint, const char *fmt, va_list ap)
{
    if (d == NULL || diag_is_set(d)) {
        return;
    }
    vsnprintf(d->message, sizeof(d->message), fmt, ap);
    snprintf(d->hint, sizeof(d->hint), "%s", hint);
}

int
diag_set(struct diag *d, int err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(d, "", fmt, ap);
    va_end(ap);
    return err;
}

int
diag_set_hint(struct diag *d, int err, const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(d, hint, fmt, ap);
    va_end(ap);
    return err;
}

void
diag_at(struct diag *d, const char *file, unsigned line)
{
    if (d != NULL && d->file[0] == '\0') {
        snprintf(d->file, sizeof(d->file), "%s", file);
        d->line = line;
    }
}

char *
diag_format(const struct diag *d, char *dst, size_t size)
{
    char place[300] = "";
    if (d->file[0] != '\0' && d->line > 0) {
        snprintf(place, sizeof(place), "%s:%u: ", d->file, d->line);
    } else if (d->file[0] != '\0') {
        snprintf(place, sizeof(place), "%s: ", d->file);
    }
    snprintf(dst, size, "%s%s%s%s", place, d->message, d->hint[0] != '\0' ? "; " : "", d->hint);
    return dst;
}
