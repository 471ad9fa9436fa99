/* SPDX-License-Identifier: Apache-2.0
 * app/push.h - what the analyzer's process sends out by itself, webhooks and OTLP, wired to the
 * judge and to the store.
 *
 * Nothing is made where nothing is configured. Its receivers' threads begin with push_start. A
 * build without it (-Dpush=disabled) has push_none.c, and refuses such a configuration. */
#ifndef APP_PUSH_H
#define APP_PUSH_H

#include <jansson.h>

#include "base/diag.h"
#include "store/store.h"

struct push;

/* configuration: the analyzer's. *ret_push may be NULL: there is nothing to send. The store
 * outlives it. 0 or -errno with a diag. */
MUST_CHECK int push_new(const json_t *configuration, struct store *store, struct diag *diag,
                        struct push **ret_push);

/* All below take a push that is NULL. */

/* What the store kept; true: it is ours alone. */
bool push_restore(struct push *p, const struct stored *record);
void push_start(struct push *p);

/* What the judge gives to the store. On its thread; hands over and returns. */
void push_record(struct push *p, const struct stored *record);

/* A trace that is kept. As above. */
bool push_wants_traces(const struct push *p);
void push_trace(struct push *p, uint64_t start_wall_ns, struct slice json);

/* Every few seconds: true when it is time for push_metrics. */
bool push_wants_metrics(struct push *p);
/* The judge's metrics document; the status document, or none. */
void push_metrics(struct push *p, struct slice metrics, struct slice status);

/* The names and values of status facts. */
void push_facts(struct push *p, void (*fact)(void *ctx, const char *name, json_t *value),
                void *ctx);

/* Before the store's end. */
void push_free(struct push **push);

#endif
