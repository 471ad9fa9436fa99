/* SPDX-License-Identifier: Apache-2.0
 * analysis/ingest/registry.h - what the proxy has announced, so that each thing is passed on once;
 * and a few words for each statement.
 *
 * "select orders", "insert order_items": the verb and the first table of the normalized text, for
 * guessed routes only (nothing is concluded from them). At most REGISTRY_STATEMENTS_MAX
 * statements and REGISTRY_NAMES_MAX names; what comes after is passed on every time and has no
 * words. One thread. */
#ifndef ANALYSIS_INGEST_REGISTRY_H
#define ANALYSIS_INGEST_REGISTRY_H

#include "model/event.h"

#define REGISTRY_STATEMENTS_MAX 20000u
#define REGISTRY_NAMES_MAX      4096u
#define REGISTRY_WORDS_MAX      64

struct registry;

struct registry *registry_new(void);
void registry_free(struct registry **registry);

/* True when it is new and must be passed on. */
bool registry_statement(struct registry *r, const struct event_statement *ev, struct slice text);
bool registry_name(struct registry *r, const struct event_name *ev, struct slice text);

/* Empty when it is not known. */
struct slice registry_words(const struct registry *r, uint64_t fingerprint);

size_t registry_statement_count(const struct registry *r);

#endif
