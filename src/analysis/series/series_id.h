/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/series_id.h - which series it is: its kind, and what it is of.
 *
 * Plain data; the route is borrowed from the watch, which lasts. Any thread. */
#ifndef ANALYSIS_SERIES_SERIES_ID_H
#define ANALYSIS_SERIES_SERIES_ID_H

#include "base/hash.h"
#include "base/slice.h"

enum series_kind { SERIES_STATEMENT, SERIES_ROUTE, SERIES_BOTH, SERIES_LOGINS, SERIES_KINDS };

struct series_id {
    enum series_kind kind;
    uint32_t database;
    uint64_t fingerprint; /* 0: a route, or other */
    const char *route;    /* NULL: a statement, or logins */
};

static inline uint64_t
series_id_key(const struct series_id *id)
{
    uint64_t key = hash_combine(0, (uint64_t)id->kind);
    if (id->route != NULL) {
        key = hash_combine(key, hash_bytes(slice_from_str(id->route)));
    }
    return hash_combine(hash_combine(key, id->fingerprint), id->database);
}

#endif
