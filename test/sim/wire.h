/* SPDX-License-Identifier: Apache-2.0
 * sim/wire.h - the way from a worker to the judge in virtual time: records through a real ring, a
 * reader that can be stalled, ingest and its linker, the queue.
 *
 * What happened goes in as traces that are known; they are taken apart into records, published when
 * each of them is due, and put together again by what is tested. One thread, no clock. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "analysis/ingest/ingest.h"
#include "bus/publish.h"

struct wire;

struct wire_out {
    void *ctx;
    struct slice (*text_of)(void *ctx, uint64_t fingerprint);
    void (*item)(void *ctx, const struct intake_item *item);
};

struct wire *wire_new(size_t ring_bytes, const struct wire_out *out);
void wire_free(struct wire **wire);

/* A request with its queries, all on one connection that lived for it. values: what it carried. */
void wire_trace(struct wire *wire, const struct trace *trace, uint8_t method, const char *path,
                const uint64_t *values, unsigned value_count);

/* Publishes what was due by then; reads, unless the reader is stalled. */
void wire_play(struct wire *wire, uint64_t now_ns, bool is_stalled);

struct publisher_totals wire_published(const struct wire *wire);
struct ingest_totals wire_ingested(const struct wire *wire);

#endif
