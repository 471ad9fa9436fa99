/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_backend.h - what a server sends, as facts.
 *
 * Pull, like pg_frontend.h: zeroed memory is the start, cuts may be anywhere, nothing is assembled
 * or allocated. Rows come out as raw pieces of their body; whoever wants the columns feeds the
 * pieces to a pg_row (below), so that nobody else pays for it. The text of errors is never
 * looked at, and of parameters only whether it is standard_conforming_strings. One thread at a
 * time; about 200 bytes. */
#ifndef PROTO_PG_PG_BACKEND_H
#define PROTO_PG_PG_BACKEND_H

#include "proto/pg/pg_fact.h"
#include "proto/pg/pg_wire.h"

struct pg_backend {
    struct pg_wire wire;
    uint32_t count;
    uint32_t index;
    uint32_t number; /* of a command tag's last word, or the first field of the message */
    uint64_t rows;
    struct pg_column column;
    uint8_t matched;   /* of the one parameter that matters */
    char strings;      /* as in struct pg_fact */
    uint8_t field;     /* code of an error's field; 0: a code comes next */
    uint8_t field_len; /* of its value so far */
    bool fatal;
    bool is_number;
    bool row_open;
    char sqlstate[5];
};

/* As pg_frontend_next. */
enum dec pg_backend_next(struct pg_backend *d, struct slice *in, struct pg_fact *ret_fact);

/* Takes the body of one DataRow apart. Zeroed before each row; give it each PG_FACT_ROW's piece. */
struct pg_row {
    uint32_t count;
    uint32_t index;
    uint32_t left;
    uint32_t acc;
    uint8_t fill;
    bool started; /* count is known */
    bool open;
};

/* DEC_OK: the next (piece of a) value: index, first, last, is_null, piece. DEC_MORE: *piece is used
 * up. DEC_BAD: the row contradicts itself. */
enum dec pg_row_next(struct pg_row *r, struct slice *piece, struct pg_fact *ret_fact);

#endif
