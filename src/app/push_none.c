/* SPDX-License-Identifier: Apache-2.0
 * Instead of push.c, in a build without it. config_check has refused what would need it. */
#include "app/push.h"

int
push_new(const json_t *configuration, struct store *store, struct diag *diag,
         struct push **ret_push)
{
    *ret_push = NULL;
    return 0;
}

bool
push_restore(struct push *p, const struct stored *record)
{
    return false;
}

void
push_start(struct push *p)
{
}

void
push_record(struct push *p, const struct stored *record)
{
}

bool
push_wants_traces(const struct push *p)
{
    return false;
}

void
push_trace(struct push *p, uint64_t start_wall_ns, struct slice json)
{
}

bool
push_wants_metrics(struct push *p)
{
    return false;
}

void
push_metrics(struct push *p, struct slice metrics, struct slice status)
{
}

void
push_facts(struct push *p, void (*fact)(void *ctx, const char *name, json_t *value), void *ctx)
{
}

void
push_free(struct push **push)
{
}
