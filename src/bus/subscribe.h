/* SPDX-License-Identifier: Apache-2.0
 * bus/subscribe.h - the analyzer's side of the bus: all workers' rings, read in turn.
 *
 * Owned and called by one thread (ingest), which polls every few milliseconds; a poll makes no
 * system call and allocates nothing. Several proxies may publish at a time, while one follows
 * another: each is a source with a number. A new attachment of a source puts its rings beside that
 * source's old ones, which are read to their end first and then freed, so nothing that was
 * published is lost when the proxy or the epoch changes; other sources are left alone. A ring that
 * is being read already is read on, by one reader. One that cannot be right is detached and
 * counted; the others go on. At most SUBSCRIBER_RINGS_MAX rings; when that many are still being
 * read, the oldest one of a former attachment gives way, with what was left in it counted as
 * `abandoned`. */
#ifndef BUS_SUBSCRIBE_H
#define BUS_SUBSCRIBE_H

#include "base/diag.h"
#include "bus/channel.h"
#include "model/event.h"

#define SUBSCRIBER_WORKERS_MAX (CHANNEL_FDS_MAX / 2)
#define SUBSCRIBER_RINGS_MAX   (6 * SUBSCRIBER_WORKERS_MAX)

struct subscriber;

struct subscriber_totals {
    uint64_t received;  /* records handed to the callback */
    uint64_t missing;   /* by their sequence numbers: folded or dropped by the publisher */
    uint64_t skipped;   /* of a type this version does not know */
    uint64_t broken;    /* rings detached with -EBADMSG */
    uint64_t abandoned; /* rings that gave way unread */
    uint64_t attached;  /* attachments made */
    uint32_t epoch;     /* of the newest attachment; 0: none yet */
    uint32_t rings;     /* attached now, former ones included */
};

/* The event's fixed body is a copy (head.missed: so many records of its ring, folded or dropped,
 * are missing before it, at most 65,535); the tail lies in the ring and is valid during the call.
 */
typedef void subscriber_event_cb(void *ctx, const union event *ev, struct slice tail);

MUST_CHECK int subscriber_new(struct subscriber **ret_subscriber);
void subscriber_free(struct subscriber **subscriber);

/* The content of a CHANNEL_RINGS message: data_fd and cursor_fd per worker, alternating, so count
 * is even. Takes all descriptors, also on failure. All rings of one call are one attachment of
 * that source; -EBADMSG: at least one is not a ring, and none was attached. */
MUST_CHECK int subscriber_attach(struct subscriber *s, unsigned source, const int *fds,
                                 unsigned fd_count, struct diag *diag);

/* The source publishes no more (it may have been killed): its rings go once they are empty. */
void subscriber_retire(struct subscriber *s, unsigned source);

/* At most records_max records of each ring; returns how many there were. 0: nothing now. */
size_t subscriber_poll(struct subscriber *s, size_t records_max, subscriber_event_cb *on_event,
                       void *ctx);

struct subscriber_totals subscriber_totals(const struct subscriber *s);

#endif
