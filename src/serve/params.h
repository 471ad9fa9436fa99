/* SPDX-License-Identifier: Apache-2.0
 * serve/params.h - members of a request's query string. Pure. */
#ifndef SERVE_PARAMS_H
#define SERVE_PARAMS_H

#include "base/check.h"
#include "base/slice.h"

/* The first member of this name, percent-decoded, with its end: 0; -ENOENT: not there; -EINVAL: not
 * well encoded, empty, or with control bytes; -E2BIG: longer than size - 1. */
MUST_CHECK int params_text(struct slice query, const char *name, char *dst, size_t size);

/* The same as a number. A member that is not there is `otherwise`. */
MUST_CHECK int params_u64(struct slice query, const char *name, uint64_t otherwise,
                          uint64_t *ret_value);

#endif
