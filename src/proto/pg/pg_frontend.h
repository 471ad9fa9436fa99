/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_frontend.h - what a client sends after its startup packet, as facts.
 *
 * Pull: give it the bytes as they come, cut anywhere, and call pg_frontend_next until it says
 * DEC_MORE. Zeroed memory is the start. Nothing is assembled, copied (but names) or allocated;
 * texts and values come out in pieces. Passwords (`p`) are never looked into.
 * One thread at a time; about 200 bytes. */
#ifndef PROTO_PG_PG_FRONTEND_H
#define PROTO_PG_PG_FRONTEND_H

#include "proto/pg/pg_fact.h"
#include "proto/pg/pg_wire.h"

struct pg_frontend {
    struct pg_wire wire;
    uint64_t name;
    uint64_t portal;
    uint32_t count; /* of what is being listed */
    uint32_t index;
    uint32_t value_left;
    struct pg_formats formats;
    struct pg_formats result_formats;
    bool value_open;
};

/* DEC_OK: *ret_fact is the next fact; DEC_MORE: *in is used up; DEC_BAD, DEC_LIMIT: lost, with
 * d->wire.error; do not call again. Advances *in. */
enum dec pg_frontend_next(struct pg_frontend *d, struct slice *in, struct pg_fact *ret_fact);

#endif
