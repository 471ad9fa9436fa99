/* SPDX-License-Identifier: Apache-2.0
 * app/lookup.h - answers the console's questions from the store, on a thread of its own.
 *
 *    serve thread ──lookup_ask──> [queue] ──> lookup thread ──answered──> serve_answer
 *
 * so that neither judge nor serve ever waits for SQLite. Answers are kept for a few seconds: a
 * hundred consoles that ask the same are one look into the store. Limits: LOOKUP_WAITING_MAX
 * questions (then -EAGAIN), LOOKUP_KEPT_MAX answers. */
#ifndef APP_LOOKUP_H
#define APP_LOOKUP_H

#include "serve/serve.h"

#define LOOKUP_WAITING_MAX 128u
#define LOOKUP_KEPT_MAX    32u

struct lookup;

/* Called on the lookup thread, once for each question taken. Takes the text. */
typedef void lookup_answered(void *ctx, uint64_t ticket, int result, struct serve_text **text);

/* data_dir is copied. The store is opened at the first question. */
MUST_CHECK int lookup_new(const char *data_dir, lookup_answered *answered, void *ctx,
                          struct lookup **ret_lookup);

/* Answers what waits with -EAGAIN and stops. */
void lookup_free(struct lookup **lookup);

/* 0 or -EAGAIN. Any thread. */
MUST_CHECK int lookup_ask(struct lookup *lookup, const struct serve_question *question);

#endif
