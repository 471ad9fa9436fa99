/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_wire.h - the framing that both directions share, cut at any byte.
 *
 * A message is a type byte, a big-endian length that counts itself, and a body. The reader below
 * takes fields off a body and remembers where it is when the input ends in the middle of one; it
 * never assembles a message, and keeps at most PG_NAME_MAX bytes of a name. No allocation, no
 * state but the struct's; one thread at a time.
 *
 * Every function answers DEC_OK (the field is read), DEC_MORE (the input is used up), or DEC_BAD /
 * DEC_LIMIT with w->error set. */
#ifndef PROTO_PG_PG_WIRE_H
#define PROTO_PG_PG_WIRE_H

#include "base/check.h"
#include "base/decode.h"
#include "base/slice.h"
#include "proto/pg/pg_fact.h"

/* PostgreSQL itself tells names apart by this many bytes (NAMEDATALEN - 1). */
#define PG_NAME_MAX 63

/* The longest message there can be, its length field included: a server's, whose body has at most
 * 1 GB less two bytes. */
#define PG_MESSAGE_MAX 0x40000002u

struct pg_wire {
    uint64_t offset; /* bytes consumed since the first */
    uint32_t left;   /* of this message's body */
    uint32_t len;    /* of the message on the wire, type byte included */
    uint64_t value;  /* of an integer that is being read */
    uint8_t type;
    uint8_t head_fill;  /* bytes of the header so far; 5: inside a body */
    uint8_t value_fill; /* bytes of the integer so far */
    uint8_t step;       /* the decoder's place in the body */
    uint8_t name_len;
    bool name_started;
    uint8_t name[PG_NAME_MAX];
    struct dec_error error;
};

/* True between two messages. */
static inline bool
pg_wire_is_between(const struct pg_wire *w)
{
    return w->head_fill == 0;
}

/* Reads the header; step starts at 0. */
enum dec pg_wire_head(struct pg_wire *w, struct slice *in);

/* The message is over; the next header follows. */
static inline void
pg_wire_next(struct pg_wire *w)
{
    w->head_fill = 0;
}

/* A big-endian integer of `size` bytes, 1 to 4. */
enum dec pg_wire_int(struct pg_wire *w, struct slice *in, unsigned size, uint32_t *ret_value);

/* A NUL-terminated name; the slice holds its first PG_NAME_MAX bytes and is valid until the next
 * call. */
enum dec pg_wire_name(struct pg_wire *w, struct slice *in, struct slice *ret_name);

/* Whatever is there of the next `len_max` bytes of the body; DEC_MORE when that is nothing. */
enum dec pg_wire_piece(struct pg_wire *w, struct slice *in, uint32_t len_max,
                       struct slice *ret_piece);

/* Whatever is there of a NUL-terminated text. *ret_ended: the NUL was met (and consumed). */
enum dec pg_wire_text(struct pg_wire *w, struct slice *in, struct slice *ret_piece,
                      bool *ret_ended);

/* The rest of the body. */
enum dec pg_wire_skip(struct pg_wire *w, struct slice *in);

enum dec pg_wire_fail(struct pg_wire *w, enum dec dec, const char *reason);

/* Names the fact and the message that it comes from; DEC_OK. */
static inline enum dec
pg_wire_fact(const struct pg_wire *w, enum pg_fact_kind kind, struct pg_fact *fact)
{
    fact->kind = (uint8_t)kind;
    fact->type = w->type;
    fact->len = w->len;
    return DEC_OK;
}

#endif
