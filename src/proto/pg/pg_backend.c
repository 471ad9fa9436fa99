/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_backend.h"

#include "base/hash.h"

static enum dec
end(struct pg_backend *d, struct slice *in, struct pg_fact *fact)
{
    DEC_TRY(pg_wire_skip(&d->wire, in));
    pg_wire_next(&d->wire);
    return pg_wire_fact(&d->wire, PG_FACT_END, fact);
}

static enum dec
row(struct pg_backend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    fact->first = !d->row_open;
    if (w->left > 0) {
        DEC_TRY(
            pg_wire_piece(w, in, MIN(w->left, (uint32_t)MIN(in->len, UINT32_MAX)), &fact->piece));
    } else {
        fact->piece = SLICE_NONE;
    }
    fact->last = w->left == 0;
    d->row_open = !fact->last;
    if (fact->last) {
        pg_wire_next(w);
    }
    return pg_wire_fact(&d->wire, PG_FACT_ROW, fact);
}

/* One column of a RowDescription; w->step walks 2..8 for each. */
static enum dec
column(struct pg_backend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    struct slice name;
    uint32_t number;
    switch (w->step) {
    case 2:
        DEC_TRY(pg_wire_name(w, in, &name));
        d->column.name_hash = (uint32_t)hash_bytes(name);
        w->step = 3;
        /* fall through */
    case 3:
        DEC_TRY(pg_wire_int(w, in, 4, &d->column.table_oid));
        w->step = 4;
        /* fall through */
    case 4:
        DEC_TRY(pg_wire_int(w, in, 2, &number));
        d->column.attnum = (int16_t)number;
        w->step = 5;
        /* fall through */
    case 5:
        DEC_TRY(pg_wire_int(w, in, 4, &d->column.type_oid));
        w->step = 6;
        /* fall through */
    case 6: /* typlen */
        DEC_TRY(pg_wire_int(w, in, 2, &number));
        w->step = 7;
        /* fall through */
    case 7: /* typmod */
        DEC_TRY(pg_wire_int(w, in, 4, &number));
        w->step = 8;
        /* fall through */
    default:
        DEC_TRY(pg_wire_int(w, in, 2, &number));
        d->column.binary = number == 1;
        w->step = 2;
    }
    fact->column = d->column;
    fact->index = d->index++;
    return pg_wire_fact(&d->wire, PG_FACT_COLUMN, fact);
}

/* RowDescription and ParameterDescription: a count, then so many of one kind. */
static enum dec
description(struct pg_backend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    switch (w->step) {
    case 0:
        DEC_TRY(pg_wire_int(w, in, 2, &d->count));
        d->index = 0;
        fact->count = d->count;
        w->step = 2;
        return pg_wire_fact(&d->wire, PG_FACT_BEGIN, fact);
    default:
        if (d->index == d->count) {
            return end(d, in, fact);
        }
        if (w->type == 'T') {
            return column(d, in, fact);
        }
        DEC_TRY(pg_wire_int(w, in, 4, &fact->oid));
        fact->index = d->index++;
        return pg_wire_fact(&d->wire, PG_FACT_TYPE, fact);
    }
}

/* "SELECT 5", "INSERT 0 5", "COPY 5", "BEGIN": the rows are the last word, when it is a number. */
static enum dec
command_complete(struct pg_backend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    if (w->step == 0) {
        d->rows = 0;
        d->is_number = false;
        w->step = 1;
    }
    while (w->step == 1) {
        bool ended;
        struct slice piece;
        DEC_TRY(pg_wire_text(w, in, &piece, &ended));
        for (size_t i = 0; i < piece.len; i++) {
            uint8_t c = piece.ptr[i];
            if (c == ' ') {
                d->rows = 0;
                d->is_number = true;
            } else if (c >= '0' && c <= '9') {
                d->rows = d->rows * 10 + (uint64_t)(c - '0');
            } else {
                d->is_number = false;
            }
        }
        if (ended) {
            w->step = 2;
        }
    }
    fact->rows = d->is_number ? d->rows : 0;
    return end(d, in, fact);
}

static void
error_byte(struct pg_backend *d, uint8_t c)
{
    if (d->field == 0) {
        d->field = c;
        d->field_len = 0;
    } else if (c == 0) {
        d->field = 0;
    } else {
        if (d->field == 'C' && d->field_len < sizeof(d->sqlstate)) {
            d->sqlstate[d->field_len] = (char)c;
        } else if (d->field == 'V' && d->field_len == 0) {
            d->fatal = c == 'F' || c == 'P';
        }
        d->field_len = d->field_len < UINT8_MAX ? (uint8_t)(d->field_len + 1) : UINT8_MAX;
    }
}

static enum dec
error(struct pg_backend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    if (w->step == 0) {
        memset(d->sqlstate, 0, sizeof(d->sqlstate));
        d->fatal = false;
        d->field = 0;
        w->step = 1;
    }
    while (w->left > 0) {
        struct slice piece;
        DEC_TRY(pg_wire_piece(w, in, (uint32_t)MIN(w->left, in->len), &piece));
        for (size_t i = 0; i < piece.len; i++) {
            error_byte(d, piece.ptr[i]);
        }
    }
    memcpy(fact->sqlstate, d->sqlstate, sizeof(fact->sqlstate));
    fact->fatal = d->fatal;
    return end(d, in, fact);
}

/* "standard_conforming_strings", a NUL, and "on" or "off": their last letters tell them apart. */
static void
parameter_byte(struct pg_backend *d, uint8_t c)
{
    static const char wanted[] = "standard_conforming_strings\0o";
    if (d->matched < sizeof(wanted) - 1) {
        d->matched = c == (uint8_t)wanted[d->matched] ? (uint8_t)(d->matched + 1) : UINT8_MAX;
    } else if (d->matched == sizeof(wanted) - 1) {
        d->strings = c == 'n' || c == 'f' ? (char)c : 0;
        d->matched = UINT8_MAX;
    }
}

static enum dec
parameter(struct pg_backend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    if (w->step == 0) {
        d->matched = 0;
        d->strings = 0;
        w->step = 1;
    }
    while (w->left > 0 && d->matched != UINT8_MAX) {
        struct slice piece;
        DEC_TRY(pg_wire_piece(w, in, (uint32_t)MIN(w->left, in->len), &piece));
        for (size_t i = 0; i < piece.len; i++) {
            parameter_byte(d, piece.ptr[i]);
        }
    }
    fact->strings = d->strings;
    return end(d, in, fact);
}

/* Messages of which one leading integer matters. */
static enum dec
number(struct pg_backend *d, struct slice *in, unsigned size)
{
    if (d->wire.step == 0) {
        DEC_TRY(pg_wire_int(&d->wire, in, size, &d->number));
        d->wire.step = 1;
    }
    return DEC_OK;
}

/* The key's length is the message's: 4 bytes in protocol 3.0, up to 256 from 3.2 on. */
static enum dec
cancel_key(struct pg_backend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    DEC_TRY(number(d, in, 4));
    fact->pid = d->number;
    if (w->left == 0) {
        return end(d, in, fact);
    }
    DEC_TRY(pg_wire_piece(w, in, (uint32_t)MIN(w->left, in->len), &fact->piece));
    fact->first = w->step == 1;
    w->step = 2;
    return pg_wire_fact(w, PG_FACT_KEY, fact);
}

enum dec
pg_backend_next(struct pg_backend *d, struct slice *in, struct pg_fact *ret_fact)
{
    if (d->wire.head_fill < 5) {
        DEC_TRY(pg_wire_head(&d->wire, in));
    }
    switch (d->wire.type) {
    case 'D':
        return row(d, in, ret_fact);
    case 'T':
    case 't':
        return description(d, in, ret_fact);
    case 'C':
        return command_complete(d, in, ret_fact);
    case 'E':
        return error(d, in, ret_fact);
    case 'Z':
        DEC_TRY(number(d, in, 1));
        ret_fact->tx_state = (uint8_t)d->number;
        return end(d, in, ret_fact);
    case 'K':
        return cancel_key(d, in, ret_fact);
    case 'S':
        return parameter(d, in, ret_fact);
    case 'R':
        DEC_TRY(number(d, in, 4));
        ret_fact->auth = d->number;
        return end(d, in, ret_fact);
    case '1':
    case '2':
    case '3':
    case 'n':
    case 'I':
    case 's':
    case 'c':
    case 'd':
    case 'A':
    case 'N':
    case 'V':
    case 'v':
    case 'G':
    case 'H':
    case 'W':
        return end(d, in, ret_fact);
    default:
        return pg_wire_fail(&d->wire, DEC_BAD, "a server's message of unknown type");
    }
}

static bool
row_int(struct pg_row *r, struct slice *piece, unsigned size)
{
    while (r->fill < size && piece->len > 0) {
        r->acc = (r->fill == 0 ? 0 : r->acc << 8) | *piece->ptr;
        r->fill++;
        *piece = slice_sub(*piece, 1, piece->len);
    }
    if (r->fill < size) {
        return false;
    }
    r->fill = 0;
    return true;
}

enum dec
pg_row_next(struct pg_row *r, struct slice *piece, struct pg_fact *ret_fact)
{
    if (!r->started) {
        if (!row_int(r, piece, 2)) {
            return DEC_MORE;
        }
        r->count = r->acc;
        r->started = true;
    }
    if (r->index >= r->count) {
        return piece->len == 0 ? DEC_MORE : DEC_BAD;
    }
    ret_fact->first = !r->open;
    ret_fact->is_null = false;
    if (!r->open) {
        if (!row_int(r, piece, 4)) {
            return DEC_MORE;
        }
        ret_fact->is_null = r->acc == UINT32_MAX;
        if (r->acc > INT32_MAX && !ret_fact->is_null) {
            return DEC_BAD;
        }
        r->left = ret_fact->is_null ? 0 : r->acc;
        r->open = true;
    } else if (piece->len == 0) {
        return DEC_MORE;
    }
    size_t n = MIN(piece->len, r->left);
    ret_fact->kind = PG_FACT_VALUE;
    ret_fact->type = 'D';
    ret_fact->index = r->index;
    ret_fact->piece = slice_sub(*piece, 0, n);
    *piece = slice_sub(*piece, n, piece->len);
    r->left -= (uint32_t)n;
    ret_fact->last = r->left == 0;
    if (ret_fact->last) {
        r->open = false;
        r->index++;
    }
    return DEC_OK;
}
