/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
check_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "slowburn: internal error: %s does not hold at %s:%d; this process stops\n",
            what, file, line);
    abort();
}

void *
check_alloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (p == NULL) {
        check_failed("memory is available", __FILE__, __LINE__);
    }
    return p;
}

void *
check_realloc(void *old, size_t n, size_t size)
{
    void *p = reallocarray(old, n ? n : 1, size ? size : 1);
    if (p == NULL) {
        check_failed("memory is available", __FILE__, __LINE__);
    }
    return p;
}

char *
check_strdup(const char *s)
{
    size_t len = strlen(s) + 1;
    return memcpy(check_alloc(len, 1), s, len);
}
