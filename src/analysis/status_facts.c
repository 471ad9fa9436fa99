/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/status_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
status_facts_init(struct status_facts *f)
{
    memset(f, 0, sizeof(*f));
    pthread_mutex_init(&f->lock, NULL);
}

void
status_facts_fini(struct status_facts *f)
{
    for (unsigned i = 0; i < STATUS_FACTS_MAX; i++) {
        free(f->fact[i].json);
    }
    pthread_mutex_destroy(&f->lock);
}

int
status_facts_put(struct status_facts *f, const char *name, struct slice json)
{
    if (json.len > STATUS_FACTS_LEN_MAX || strlen(name) >= sizeof(f->fact[0].name)) {
        return -E2BIG;
    }
    int r = -ENOSPC;
    pthread_mutex_lock(&f->lock);
    for (unsigned i = 0; i < STATUS_FACTS_MAX; i++) {
        struct status_fact *fact = &f->fact[i];
        if (fact->json == NULL || strcmp(fact->name, name) == 0) {
            free(fact->json);
            fact->json = check_alloc(1, json.len + 1);
            slice_to_str(json, fact->json, json.len + 1);
            slice_to_str(slice_from_str(name), fact->name, sizeof(fact->name));
            r = 0;
            break;
        }
    }
    pthread_mutex_unlock(&f->lock);
    return r;
}

void
status_facts_write(struct status_facts *f, struct buf *b)
{
    pthread_mutex_lock(&f->lock);
    for (unsigned i = 0; i < STATUS_FACTS_MAX && f->fact[i].json != NULL; i++) {
        (void)buf_printf(b, ",\"%s\":", f->fact[i].name);
        (void)buf_append_str(b, f->fact[i].json);
    }
    pthread_mutex_unlock(&f->lock);
}
