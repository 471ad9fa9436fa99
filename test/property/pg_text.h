/* SPDX-License-Identifier: Apache-2.0
 * test/property/pg_text.h - the facts of a decoder as one text, the same for every way of cutting
 * the input: pieces are joined, positions are left out. */
#ifndef PROPERTY_PG_TEXT_H
#define PROPERTY_PG_TEXT_H

#include "base/buf.h"
#include "proto/pg/pg_backend.h"
#include "proto/pg/pg_frontend.h"

static inline void
pg_text_piece(struct buf *b, bool first, bool last, struct slice piece)
{
    if (first) {
        (void)buf_append_str(b, "<");
    }
    (void)buf_append(b, piece);
    if (last) {
        (void)buf_append_str(b, ">");
    }
}

static inline void
pg_text_frontend(struct buf *b, const struct pg_fact *f)
{
    switch (f->kind) {
    case PG_FACT_TEXT:
        (void)buf_append(b, f->piece);
        return;
    case PG_FACT_TYPE:
        (void)buf_printf(b, "[%u:%u]", f->index, f->oid);
        return;
    case PG_FACT_VALUE:
        if (f->first) {
            (void)buf_printf(b, "[%u%s%s", f->index, f->binary ? "b" : "", f->is_null ? "n" : "");
        }
        pg_text_piece(b, f->first, f->last, f->piece);
        return;
    case PG_FACT_BEGIN:
        (void)buf_printf(b, "\n%c+", f->type);
        if (f->type == 'P' || f->type == 'B') {
            (void)buf_printf(b, "%016llx", (unsigned long long)f->name);
        }
        if (f->type == 'B') {
            (void)buf_printf(b, "/%016llx %u", (unsigned long long)f->portal, f->count);
        }
        return;
    default:
        (void)buf_printf(b, "\n%c %u", f->type, f->len);
        if (f->type == 'B') {
            (void)buf_printf(b, " %u/%llx", f->result_formats.count,
                             (unsigned long long)f->result_formats.binary);
        }
        if (f->type == 'D' || f->type == 'C') {
            (void)buf_printf(b, " %c%016llx", f->target, (unsigned long long)f->name);
        }
        if (f->type == 'E') {
            (void)buf_printf(b, " %016llx %llu", (unsigned long long)f->portal,
                             (unsigned long long)f->rows);
        }
    }
}

static inline void
pg_text_backend(struct buf *b, const struct pg_fact *f)
{
    switch (f->kind) {
    case PG_FACT_TYPE:
        (void)buf_printf(b, "[%u:%u]", f->index, f->oid);
        return;
    case PG_FACT_COLUMN:
        (void)buf_printf(b, "[%u:%u.%d %u %08x %d]", f->index, f->column.table_oid,
                         f->column.attnum, f->column.type_oid, f->column.name_hash,
                         f->column.binary);
        return;
    case PG_FACT_ROW:
        if (f->first) {
            (void)buf_printf(b, "\nD %u", f->len);
        }
        pg_text_piece(b, f->first, f->last, f->piece);
        return;
    case PG_FACT_KEY:
        pg_text_piece(b, f->first, false, f->piece);
        return;
    case PG_FACT_BEGIN:
        (void)buf_printf(b, "\n%c+%u", f->type, f->count);
        return;
    default:
        (void)buf_printf(b, "\n%c %u", f->type, f->len);
        if (f->type == 'C') {
            (void)buf_printf(b, " %llu", (unsigned long long)f->rows);
        } else if (f->type == 'Z') {
            (void)buf_printf(b, " %u", f->tx_state);
        } else if (f->type == 'K') {
            (void)buf_printf(b, " %u", f->pid);
        } else if (f->type == 'R') {
            (void)buf_printf(b, " %u", f->auth);
        } else if (f->type == 'E') {
            (void)buf_append(b, slice_of(f->sqlstate, 5));
            (void)buf_printf(b, "%d", f->fatal);
        }
    }
}

/* Everything the decoders say about `bytes`, cut as `next_cut` says (0: to the end). */
static inline enum dec
pg_text_decode(struct buf *b, bool frontend, struct slice bytes, size_t (*next_cut)(void *),
               void *ctx)
{
    struct pg_frontend f = {0};
    struct pg_backend s = {0};
    struct pg_fact fact = {0};
    while (bytes.len > 0) {
        size_t cut = next_cut(ctx);
        struct slice in = slice_sub(bytes, 0, cut == 0 ? bytes.len : cut);
        bytes = slice_sub(bytes, in.len, bytes.len);
        enum dec dec;
        do {
            dec = frontend ? pg_frontend_next(&f, &in, &fact) : pg_backend_next(&s, &in, &fact);
            if (dec == DEC_OK) {
                frontend ? pg_text_frontend(b, &fact) : pg_text_backend(b, &fact);
            }
        } while (dec == DEC_OK);
        if (dec != DEC_MORE) {
            struct pg_wire *w = frontend ? &f.wire : &s.wire;
            (void)buf_printf(b, "\n! %s", w->error.reason);
            return dec;
        }
    }
    return DEC_MORE;
}

#endif
