/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_reader.h"

#include <stdlib.h>

void
pg_readers_fini(struct pg_readers *p)
{
    while (p->free_count > 0) {
        free(p->free[--p->free_count]);
    }
}

static void
value_begin(struct pg_reader *r)
{
    if (r->value_open) {
        return;
    }
    r->value_open = true;
    hash_stream_init(&r->value, &r->key);
    if (!r->keeps_raw) {
        return;
    }
    if (r->params_len + 4 > sizeof(r->params)) {
        r->params_cut = true;
        return;
    }
    int32_t len = 0;
    r->param_at = r->params_len;
    memcpy(r->params + r->param_at, &len, sizeof(len));
    r->params_len += 4;
    r->param_count++;
}

static void
on_value_bytes(void *ctx, struct slice bytes)
{
    struct pg_reader *r = ctx;
    value_begin(r);
    hash_stream_add(&r->value, bytes);
    if (!r->keeps_raw || r->params_cut || bytes.len == 0) {
        return;
    }
    if (bytes.len > sizeof(r->params) - r->params_len) {
        r->params_cut = true;
        return;
    }
    memcpy(r->params + r->params_len, bytes.ptr, bytes.len);
    r->params_len += (uint32_t)bytes.len;
    int32_t len = (int32_t)(r->params_len - r->param_at - 4);
    memcpy(r->params + r->param_at, &len, sizeof(len));
}

static void
on_value_end(void *ctx, enum sql_value_kind kind, unsigned param)
{
    struct pg_reader *r = ctx;
    if (kind == SQL_VALUE_PARAM) {
        r->value_open = false;
        return;
    }
    value_begin(r);
    r->value_open = false;
    uint64_t hash = hash_stream_value(&r->value);
    hash = kind == SQL_VALUE_NULL ? 0 : hash == 0 ? 1 : hash;
    if (kind == SQL_VALUE_NULL && r->keeps_raw && !r->params_cut) {
        int32_t len = -1;
        memcpy(r->params + r->param_at, &len, sizeof(len));
    }
    if (r->value_count < EVENT_VALUES_MAX) {
        r->values[r->value_count] = hash;
    }
    r->value_count++;
    r->values_hash = hash_combine(r->values_hash, hash);
}

static void
values_start(struct pg_reader *r)
{
    r->values_hash = 0;
    r->value_count = 0;
    r->param_count = 0;
    r->params_len = 0;
    r->params_cut = false;
    r->value_open = false;
}

static void
on_statement(void *ctx, const struct sql_statement *statement)
{
    struct pg_reader *r = ctx;
    struct sql_statement s = *statement;
    s.truncated |= r->is_cut;
    r->on_statement(r->ctx, r, &s);
    values_start(r);
}

struct pg_reader *
pg_reader_begin(struct pg_readers *p, struct hash_key key, uint32_t text_max, bool keeps_raw,
                void (*on_stmt)(void *ctx, struct pg_reader *r,
                                const struct sql_statement *statement),
                void *ctx)
{
    struct pg_reader *r = NULL;
    if (p->free_count > 0) {
        r = p->free[--p->free_count];
    } else if (p->lent < PG_READERS_MAX) {
        r = malloc(sizeof(*r));
    }
    if (r == NULL) {
        return NULL;
    }
    p->lent++;
    r->key = key;
    r->on_statement = on_stmt;
    r->ctx = ctx;
    r->keeps_raw = keeps_raw;
    r->backslashes = false;
    r->is_cut = false;
    r->room = text_max;
    r->raw_cut = false;
    r->raw_len = 0;
    values_start(r);
    const struct sql_handler handler = {on_value_bytes, on_value_end, on_statement, r};
    sql_fingerprint_init(&r->sql, &handler, r->normal, sizeof(r->normal));
    return r;
}

void
pg_reader_set_backslashes(struct pg_reader *r, bool escape)
{
    r->backslashes = escape;
    sql_fingerprint_set_backslashes(&r->sql, escape);
}

void
pg_reader_add(struct pg_reader *r, struct slice piece)
{
    if (piece.len > r->room) {
        r->is_cut = true;
        r->raw_cut = true;
        piece = slice_sub(piece, 0, r->room);
    }
    r->room -= (uint32_t)piece.len;
    sql_fingerprint_feed(&r->sql, piece);
    if (!r->keeps_raw || r->raw_cut || piece.len == 0) {
        return;
    }
    if (piece.len > sizeof(r->raw) - r->raw_len) {
        r->raw_cut = true;
        return;
    }
    memcpy(r->raw + r->raw_len, piece.ptr, piece.len);
    r->raw_len += (uint32_t)piece.len;
}

unsigned
pg_reader_finish(struct pg_reader *r)
{
    return sql_fingerprint_finish(&r->sql);
}

void
pg_reader_return(struct pg_readers *p, struct pg_reader **r)
{
    if (*r == NULL) {
        return;
    }
    p->lent--;
    /* A few are kept; what a burst needed goes back. */
    if (p->free_count < 4) {
        p->free[p->free_count++] = *r;
    } else {
        free(*r);
    }
    *r = NULL;
}

struct slice
pg_reader_prepared_body(const struct pg_reader *r)
{
    struct sql_lexer lexer;
    struct sql_token token;
    struct slice rest = pg_reader_raw(r);
    unsigned depth = 0;
    sql_lexer_init(&lexer);
    lexer.backslashes = r->backslashes;
    while (sql_lexer_next(&lexer, &rest, &token)) {
        if (token.kind == SQL_TOKEN_PUNCT) {
            depth += token.piece.ptr[0] == '(';
            depth -= token.piece.ptr[0] == ')' && depth > 0;
        } else if (token.kind == SQL_TOKEN_WORD && depth == 0 && token.begins &&
                   slice_eq_ci(token.piece, SLICE_LIT("as"))) {
            return slice_trim(rest);
        }
    }
    return SLICE_NONE;
}
