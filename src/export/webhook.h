/* SPDX-License-Identifier: Apache-2.0
 * export/webhook.h - tells receivers outside what becomes of incidents: one message for each change
 * of state (announce.h), in the words of its kind (message.h).
 *
 *   judge ──webhooks_incident──> [incidents] ──> a thread for each receiver ──> post ──> URL
 *                                                     └──> out.told ──> the store
 *
 * Each receiver has a thread of its own, so that one that is slow or away delays no other, and is
 * told of one thing at a time. What does not go out is tried again with growing waits (retry.h)
 * until WEBHOOKS_GIVE_UP_S; whatever happens to the incident meanwhile takes the place of what
 * waits, so there is at most one message for each incident. At most WEBHOOKS_BURST messages at
 * once, then one every WEBHOOKS_PACE_S. What was told goes to out.told at once: after a restart
 * nothing is told twice but what was sent in the moment before a death; its delivery id tells that
 * it is the same.
 *
 * Limits: WEBHOOKS_MAX receivers, WEBHOOKS_INCIDENTS_MAX incidents; when there is no room the
 * oldest that is over goes, and what a receiver had not been told of it is counted as dropped.
 * webhooks_incident and webhooks_totals from any thread; they take a short lock. */
#ifndef EXPORT_WEBHOOK_H
#define EXPORT_WEBHOOK_H

#include "export/message.h"

#define WEBHOOKS_MAX           8u
#define WEBHOOKS_INCIDENTS_MAX 128u
#define WEBHOOKS_BURST         5u
#define WEBHOOKS_PACE_S        3u
#define WEBHOOKS_GIVE_UP_S     86400
#define WEBHOOK_NAME_MAX       64u

struct webhook_totals {
    char name[WEBHOOK_NAME_MAX];
    enum webhook_kind kind;
    uint64_t sent;
    uint64_t failed;  /* tries that did not succeed */
    uint64_t dropped; /* messages that were given up: refused for good, too old, or no room */
    uint64_t merged;  /* messages whose place a later one took before they could be sent */
    unsigned queued;  /* that are to be sent now */
    unsigned status;  /* of HTTP, the last one; 0: none */
    char error[128];  /* why the last try failed; "": it did not */
};

struct webhooks_config {
    const char *instance; /* copied */
    const char *console;
};

struct webhooks_out {
    void *ctx;
    /* What this receiver was told, to be given back by webhooks_restore. On its thread; borrowed.
     */
    void (*told)(void *ctx, const char *name, struct slice blob);
};

struct webhooks;

struct webhooks *webhooks_new(const struct webhooks_config *config, const struct webhooks_out *out);

/* Before webhooks_start. 0, -ENOSPC or -ENOMEM. */
MUST_CHECK int webhooks_add(struct webhooks *w, const char *name,
                            const struct webhook_settings *settings);

/* Before webhooks_start, and before the incidents: a blob of out.told. A receiver that is not there
 * any more is skipped. 0 or -EBADMSG. */
MUST_CHECK int webhooks_restore(struct webhooks *w, const char *name, struct slice blob);

void webhooks_start(struct webhooks *w);

/* The incident's document, as it is now; copied. */
void webhooks_incident(struct webhooks *w, uint32_t id, struct slice json);

/* false: there are not so many. */
bool webhooks_totals(struct webhooks *w, unsigned i, struct webhook_totals *ret_totals);

/* Stops at once; what waits is told after the next start. */
void webhooks_free(struct webhooks **webhooks);

#endif
