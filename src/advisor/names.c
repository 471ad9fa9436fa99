/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/names.h"

#include <string.h>

bool
names_has(const struct names *n, const char *name)
{
    for (unsigned i = 0; i < n->count; i++) {
        if (strcmp(n->name[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void
names_add(struct names *n, const char *name)
{
    size_t len = strlen(name);
    if (len > 0 && len < NAMES_LEN_MAX && n->count < NAMES_MAX && !names_has(n, name)) {
        memcpy(n->name[n->count++], name, len + 1);
    }
}

json_t *
names_to_json(const struct names *n)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < n->count; i++) {
        json_array_append_new(list, json_string(n->name[i]));
    }
    return list;
}
