/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_names.h - a session's table from a name's hash to a statement or a portal.
 *
 * A map that starts without memory and doubles up to its maximum: most sessions hold none or a
 * few. Borrows its values. One thread. */
#ifndef PROXY_PG_PG_NAMES_H
#define PROXY_PG_PG_NAMES_H

#include "base/map.h"

struct pg_names {
    struct map map;
};

static inline void *
pg_names_get(const struct pg_names *n, uint64_t name)
{
    return map_get(&n->map, name);
}

static inline void *
pg_names_remove(struct pg_names *n, uint64_t name)
{
    return map_remove(&n->map, name);
}

/* 0 or -ENOSPC. */
MUST_CHECK int pg_names_put(struct pg_names *n, size_t count_max, uint64_t name, void *value);

static inline void
pg_names_fini(struct pg_names *n)
{
    map_fini(&n->map);
}

#endif
