/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_statement.h"

#include "base/prng.h"
#include "proto/sql/sql_keyword.h"
#include "proto/sql/sql_names.h"

static uint64_t
finished_hash(uint64_t hash)
{
    uint64_t fingerprint = prng_mix(hash);
    return fingerprint == 0 ? 1 : fingerprint;
}

static struct slice
comment_inside(const struct sql_fingerprint *f, unsigned at)
{
    struct slice c = slice_of(f->comment[at], f->comment_len[at]);
    if (!f->comment_cut[at] && c.len >= 2 && memcmp(c.ptr + c.len - 2, "*/", 2) == 0) {
        c.len -= 2;
    }
    return slice_trim(c);
}

void
sql_statement_begin(struct sql_fingerprint *f)
{
    sql_shape_begin(&f->shape);
    f->begin_depth = 0;
    f->name_len = 0;
    f->last_keyword = KEYWORD_NONE;
    f->first_keyword = KEYWORD_NONE;
    f->name_state = NAME_NONE;
    f->kind = STATEMENT_OTHER;
    f->command = SQL_COMMAND_NONE;
    f->has_words = false;
    f->awaits_kind = false;
    f->cte_writes = false;
    f->in_routine = false;
    f->has_inner = false;
    f->ended = false;
}

void
sql_statement_end(struct sql_fingerprint *f, bool is_last)
{
    unsigned comment = is_last && f->comment_after ? f->comment_at ^ 1u : f->comment_at;
    sql_shape_end(&f->shape, f->truncated);
    struct sql_statement s = {
        .fingerprint = finished_hash(f->shape.hash),
        .text = slice_of(f->shape.text, f->shape.text_len),
        .kind = f->kind,
        .command = f->command,
        .name = slice_of(f->name, f->name_len),
        .comment = comment_inside(f, comment),
        .truncated = f->truncated,
        .text_cut = f->shape.text_cut,
        .comment_cut = f->comment_cut[comment],
    };
    if (f->has_inner) {
        s.inner_fingerprint = s.fingerprint;
        s.inner_text = slice_sub(s.text, f->inner_start, s.text.len);
        s.inner_kind = f->kind;
        s.kind = f->outer_kind;
        s.fingerprint = finished_hash(sql_shape_mix(f->outer_hash, f->shape.hash));
    }
    f->statements++;
    if (f->handler.on_statement != NULL) {
        f->handler.on_statement(f->handler.ctx, &s);
    }
    f->comment_len[f->comment_at] = 0;
    f->comment_cut[f->comment_at] = false;
    f->comment_at = f->comment_after ? f->comment_at ^ 1u : f->comment_at;
    f->comment_after = false;
    sql_statement_begin(f);
}

void
sql_statement_comment(struct sql_fingerprint *f, const struct sql_token *t)
{
    f->comment_after = f->comment_after || f->ended;
    unsigned at = f->comment_after ? f->comment_at ^ 1u : f->comment_at;
    if (t->begins) {
        f->comment_len[at] = 0;
        f->comment_cut[at] = false;
    }
    size_t len = MIN(t->piece.len, (size_t)(SQL_COMMENT_MAX - f->comment_len[at]));
    memcpy(f->comment[at] + f->comment_len[at], t->piece.ptr, len);
    f->comment_len[at] = (uint16_t)(f->comment_len[at] + len);
    f->comment_cut[at] = f->comment_cut[at] || len < t->piece.len;
}
