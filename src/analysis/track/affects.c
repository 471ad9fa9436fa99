/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/track/affects.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"

void
affects_make(struct affects *a, const struct history_deploy *d)
{
    a->count = MIN(d->affects_count, HISTORY_AFFECTS_MAX);
    for (unsigned i = 0; i < a->count; i++) {
        a->name[i] = hash_bytes(d->affects[i]);
    }
}

void
scope_init(struct scope *s)
{
    s->count = 0;
    s->is_whole = false;
}

void
scope_add(struct scope *s, const char *name)
{
    if (name != NULL && name[0] != '\0' && s->count < SCOPE_NAMES_MAX) {
        s->name[s->count++] = hash_bytes(slice_from_str(name));
    }
}

void
scope_add_fingerprint(struct scope *s, uint64_t fingerprint)
{
    char hex[20];
    snprintf(hex, sizeof(hex), "%016" PRIx64, fingerprint);
    scope_add(s, fingerprint == 0 ? NULL : hex);
}

bool
affects_names(const struct affects *a, const struct scope *s)
{
    for (unsigned i = 0; i < a->count; i++) {
        for (unsigned k = 0; k < s->count; k++) {
            if (a->name[i] == s->name[k]) {
                return true;
            }
        }
    }
    return false;
}

bool
affects_some(const struct affects *a, const struct scope *s)
{
    return a->count == 0 || s->is_whole || affects_names(a, s);
}
