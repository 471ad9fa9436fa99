/* SPDX-License-Identifier: Apache-2.0
 * bus/publish.h - a worker's way out: announcements, records, and sums where the ring is full.
 *
 * One publisher per worker; only its thread may call. It serves at most one ring per subscriber
 * (today one, the analyzer); with none attached publishing costs a branch. When a ring is full,
 * QUERY and REQUEST records are folded into a bounded table per fingerprint (or path) and sent as
 * FOLDED records once there is room again: plain dropping would bias exactly the incident. They go
 * on being folded until the ring is half empty, so that what the reader gets are whole stretches.
 * Other records that do not fit are dropped and counted. sent = kept + folded + dropped, always.
 *
 * Announcements: publish_name and publish_statement send their record only when this epoch's
 * consumer has not had it yet, so callers call them before each use; the memory of what was
 * announced is bounded (PUBLISH_KNOWN_MAX), and when it is full it starts over.
 *
 * Costs: a QUERY is one reserve, one copy of about 250 bytes, one commit; no system call, no
 * allocation. The fold table holds PUBLISH_FOLD_MAX fingerprints; the rest is one sum. */
#ifndef BUS_PUBLISH_H
#define BUS_PUBLISH_H

#include "bus/ring.h"
#include "model/event.h"

#define PUBLISH_FOLD_MAX  1024
#define PUBLISH_KNOWN_MAX 16384

struct publisher;

MUST_CHECK int publisher_new(uint16_t worker, struct publisher **ret_publisher);
void publisher_free(struct publisher **publisher);

/* Takes the producer; the ring that was attached before is ended and freed. Announcements start
 * over with the new ring's generation as epoch. NULL detaches. */
void publisher_attach(struct publisher *p, struct ring_producer **producer);
/* Another consumer reads the same ring on where the one before stopped: announcements start over,
 * nothing that was published is lost. */
void publisher_renew(struct publisher *p, uint32_t epoch);
bool publisher_is_attached(const struct publisher *p);
/* Bytes of records in the ring that nobody has read yet. */
size_t publisher_unread(const struct publisher *p);
/* Changes when a consumer attaches; 0 before the first. */
uint32_t publisher_epoch(const struct publisher *p);

/* Publishes one record: *ev's body as its type's size says (head filled in here, except type) and
 * the tail pieces one after another. now_ns stamps it. */
void publisher_send(struct publisher *p, uint64_t now_ns, union event *ev,
                    const struct slice *tails, size_t tail_count);

/* Announce, if this consumer has not heard of it. Returns the id to use (hash of the text). */
uint32_t publisher_name(struct publisher *p, uint64_t now_ns, enum name_kind kind,
                        struct slice text);
/* For listeners and upstreams, whose id is their index. */
void publisher_name_indexed(struct publisher *p, uint64_t now_ns, enum name_kind kind, uint32_t id,
                            struct slice text);
/* True when the caller should now send the STATEMENT record (asks once an epoch). */
bool publisher_wants_statement(struct publisher *p, uint64_t fingerprint, uint32_t database);

/* Sends folded sums if there are any and there is room again. Call when idle and once a second. */
void publisher_flush(struct publisher *p, uint64_t now_ns);

struct publisher_totals {
    uint64_t sent;      /* publisher_send calls while attached */
    uint64_t kept;      /* of these, in the ring as records */
    uint64_t folded;    /* of these, in sums */
    uint64_t dropped;   /* of these, lost */
    uint64_t abandoned; /* of the kept ones, in a ring that was replaced before they were read */
};
struct publisher_totals publisher_totals(const struct publisher *p);

#endif
