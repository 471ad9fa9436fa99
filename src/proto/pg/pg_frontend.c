/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_frontend.h"

#include "base/hash.h"

static enum dec
end(struct pg_frontend *d, struct slice *in, struct pg_fact *fact)
{
    DEC_TRY(pg_wire_skip(&d->wire, in));
    pg_wire_next(&d->wire);
    fact->name = d->name;
    fact->portal = d->portal;
    fact->result_formats = d->result_formats;
    return pg_wire_fact(&d->wire, PG_FACT_END, fact);
}

static enum dec
name(struct pg_frontend *d, struct slice *in, uint64_t *ret_hash)
{
    struct slice text;
    DEC_TRY(pg_wire_name(&d->wire, in, &text));
    *ret_hash = hash_bytes(text);
    return DEC_OK;
}

static enum dec
text(struct pg_frontend *d, struct slice *in, uint8_t step_after, struct pg_fact *fact)
{
    bool ended;
    DEC_TRY(pg_wire_text(&d->wire, in, &fact->piece, &ended));
    if (ended) {
        d->wire.step = step_after;
    }
    return pg_wire_fact(&d->wire, PG_FACT_TEXT, fact);
}

static enum dec
query(struct pg_frontend *d, struct slice *in, struct pg_fact *fact)
{
    switch (d->wire.step) {
    case 0:
        d->wire.step = 1;
        return pg_wire_fact(&d->wire, PG_FACT_BEGIN, fact);
    case 1:
        return text(d, in, 2, fact);
    default:
        return end(d, in, fact);
    }
}

static enum dec
parse(struct pg_frontend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    switch (w->step) {
    case 0:
        DEC_TRY(name(d, in, &d->name));
        fact->name = d->name;
        w->step = 1;
        return pg_wire_fact(&d->wire, PG_FACT_BEGIN, fact);
    case 1:
        return text(d, in, 2, fact);
    case 2:
        DEC_TRY(pg_wire_int(w, in, 2, &d->count));
        d->index = 0;
        w->step = 3;
        /* fall through */
    case 3:
        if (d->index < d->count) {
            DEC_TRY(pg_wire_int(w, in, 4, &fact->oid));
            fact->index = d->index++;
            return pg_wire_fact(&d->wire, PG_FACT_TYPE, fact);
        }
        w->step = 4;
        /* fall through */
    default:
        return end(d, in, fact);
    }
}

/* The format codes of a Bind: w->step is `step` while the count is read, then step + 1. */
static enum dec
formats(struct pg_frontend *d, struct slice *in, uint8_t step, struct pg_formats *ret_formats)
{
    struct pg_wire *w = &d->wire;
    if (w->step == step) {
        DEC_TRY(pg_wire_int(w, in, 2, &d->count));
        *ret_formats = (struct pg_formats){(uint16_t)d->count, 0};
        d->index = 0;
        w->step++;
    }
    while (d->index < d->count) {
        uint32_t code;
        DEC_TRY(pg_wire_int(w, in, 2, &code));
        if (code == 1 && d->index < 64) {
            ret_formats->binary |= 1ull << d->index;
        }
        d->index++;
    }
    w->step++;
    return DEC_OK;
}

static enum dec
value(struct pg_frontend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    fact->first = !d->value_open;
    fact->is_null = false;
    fact->piece = SLICE_NONE;
    if (!d->value_open) {
        DEC_TRY(pg_wire_int(w, in, 4, &d->value_left));
        fact->is_null = d->value_left == UINT32_MAX;
        if (fact->is_null) {
            d->value_left = 0;
        }
        if (d->value_left > w->left) {
            return pg_wire_fail(w, DEC_BAD, "a bound value is longer than its message");
        }
        d->value_open = true;
    }
    if (d->value_left > 0) {
        /* The first piece may be empty: the length was the last byte of the input. */
        enum dec dec = pg_wire_piece(w, in, d->value_left, &fact->piece);
        if (dec == DEC_MORE && !fact->first) {
            return dec;
        }
        d->value_left -= (uint32_t)fact->piece.len;
    }
    fact->last = d->value_left == 0;
    fact->index = d->index;
    fact->binary = pg_formats_is_binary(d->formats, d->index);
    if (fact->last) {
        d->value_open = false;
        d->index++;
    }
    return pg_wire_fact(&d->wire, PG_FACT_VALUE, fact);
}

static enum dec
bind(struct pg_frontend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    switch (w->step) {
    case 0:
        DEC_TRY(name(d, in, &d->portal));
        w->step = 1;
        /* fall through */
    case 1:
        DEC_TRY(name(d, in, &d->name));
        w->step = 2;
        /* fall through */
    case 2:
    case 3:
        DEC_TRY(formats(d, in, 2, &d->formats));
        /* fall through */
    case 4:
        DEC_TRY(pg_wire_int(w, in, 2, &d->count));
        d->index = 0;
        d->value_open = false;
        fact->name = d->name;
        fact->portal = d->portal;
        fact->count = d->count;
        w->step = 5;
        return pg_wire_fact(&d->wire, PG_FACT_BEGIN, fact);
    case 5:
        if (d->index < d->count) {
            return value(d, in, fact);
        }
        w->step = 6;
        /* fall through */
    case 6:
    case 7:
        DEC_TRY(formats(d, in, 6, &d->result_formats));
        /* fall through */
    default:
        return end(d, in, fact);
    }
}

static enum dec
describe_or_close(struct pg_frontend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    switch (w->step) {
    case 0:
        DEC_TRY(pg_wire_int(w, in, 1, &d->count));
        if (d->count != 'S' && d->count != 'P') {
            return pg_wire_fail(w, DEC_BAD, "Describe or Close of neither statement nor portal");
        }
        w->step = 1;
        /* fall through */
    case 1:
        DEC_TRY(name(d, in, &d->name));
        w->step = 2;
        /* fall through */
    default:
        fact->target = (char)d->count;
        return end(d, in, fact);
    }
}

static enum dec
execute(struct pg_frontend *d, struct slice *in, struct pg_fact *fact)
{
    struct pg_wire *w = &d->wire;
    switch (w->step) {
    case 0:
        DEC_TRY(name(d, in, &d->portal));
        w->step = 1;
        /* fall through */
    case 1:
        DEC_TRY(pg_wire_int(w, in, 4, &d->count));
        w->step = 2;
        /* fall through */
    default:
        fact->rows = d->count;
        return end(d, in, fact);
    }
}

enum dec
pg_frontend_next(struct pg_frontend *d, struct slice *in, struct pg_fact *ret_fact)
{
    if (d->wire.head_fill < 5) {
        DEC_TRY(pg_wire_head(&d->wire, in));
    }
    switch (d->wire.type) {
    case 'Q':
        return query(d, in, ret_fact);
    case 'P':
        return parse(d, in, ret_fact);
    case 'B':
        return bind(d, in, ret_fact);
    case 'D':
    case 'C':
        return describe_or_close(d, in, ret_fact);
    case 'E':
        return execute(d, in, ret_fact);
    case 'S':
    case 'H':
    case 'd':
    case 'c':
    case 'f':
    case 'F':
    case 'X':
    case 'p':
        return end(d, in, ret_fact);
    default:
        return pg_wire_fail(&d->wire, DEC_BAD, "a client's message of unknown type");
    }
}
