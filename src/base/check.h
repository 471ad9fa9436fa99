/* SPDX-License-Identifier: Apache-2.0
 * base/check.h - assertions, object magic, and the attributes that every room uses.
 *
 * assert() is for our own bugs: it stops the process and the supervisor restarts it. It may never
 * look at bytes that came from outside: a decoder answers DEC_BAD, a caller counts. Assertions
 * stay on in releases.
 *
 * Any thread; no state. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK                      __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))
#define NORETURN                        __attribute__((noreturn))
#define UNUSED                          __attribute__((unused))

/* AUTO(session) struct session *s = NULL;   calls session_free(&s) when s leaves its scope. */
#define AUTO(type) __attribute__((cleanup(type##_free)))

/* Hands over ownership: the value of p, and p is NULL from here on. */
#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

#define ARRAY_LEN(a)                    (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                       ((a) < (b) ? (a) : (b))
#define MAX(a, b)                       ((a) > (b) ? (a) : (b))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Prints what failed and where, then abort()s. */
NORETURN void check_failed(const char *what, const char *file, int line);

#undef assert
#define assert(e) ((e) ? (void)0 : check_failed(#e, __FILE__, __LINE__))

/* Long-lived objects begin with `unsigned magic`. Free zeroes it, so a stale pointer is caught. */
#define OBJ_CHECK(obj, magic_value) assert((obj) != NULL && (obj)->magic == (magic_value))

/* malloc failure outside the data plane: say so and abort; the supervisor restarts the process.
 * The caller owns what it gets; free with free(). Zeroed. */
void *check_alloc(size_t n, size_t size);
/* Grows what check_alloc gave; what is new is not zeroed. */
void *check_realloc(void *old, size_t n, size_t size);
char *check_strdup(const char *s);

#endif
