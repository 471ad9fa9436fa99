/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_names.h"

#include <errno.h>

int
pg_names_put(struct pg_names *n, size_t count_max, uint64_t name, void *value)
{
    struct map *m = &n->map;
    if (m->count == m->count_max && map_get(m, name) == NULL) {
        if (m->count_max >= count_max) {
            return -ENOSPC;
        }
        struct map bigger;
        map_init(&bigger, MIN(count_max, m->count_max == 0 ? 5 : m->count_max * 2));
        size_t at = 0;
        struct map_slot *slot;
        while ((slot = map_next(m, &at)) != NULL) {
            int r = map_put(&bigger, slot->key, slot->value);
            assert(r == 0);
        }
        map_fini(m);
        *m = bigger;
    }
    return map_put(m, name, value);
}
