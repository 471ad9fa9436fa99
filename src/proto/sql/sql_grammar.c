/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_grammar.h"

#include "proto/sql/sql_names.h"

static bool
is_write(enum sql_keyword k)
{
    return k == KEYWORD_INSERT || k == KEYWORD_UPDATE || k == KEYWORD_DELETE || k == KEYWORD_MERGE;
}

static bool
is_query(enum sql_keyword k)
{
    return k == KEYWORD_SELECT || k == KEYWORD_VALUES || k == KEYWORD_TABLE || k == KEYWORD_WITH;
}

/* What the statement is. WITH says nothing yet: its main verb does, and so does a part of it that
 * writes. */
static void
learn_kind(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    if (!f->has_words) {
        f->has_words = true;
        f->first_keyword = (uint8_t)keyword;
        f->kind = sql_keyword_table[keyword].kind;
        f->awaits_kind = keyword == KEYWORD_WITH;
        f->kind_depth = f->shape.depth;
        if (!f->has_inner) {
            sql_names_begin(f, keyword);
        }
    } else if (f->awaits_kind && is_write(keyword) && f->shape.depth > f->kind_depth &&
               f->shape.last_class == SQL_CLASS_OPEN) {
        f->kind = sql_keyword_table[keyword].kind;
        f->cte_writes = true;
    } else if (f->awaits_kind && f->shape.depth == f->kind_depth &&
               (is_write(keyword) || (is_query(keyword) && keyword != KEYWORD_WITH))) {
        f->kind = f->cte_writes ? f->kind : sql_keyword_table[keyword].kind;
        f->awaits_kind = false;
    }
}

/* The few words that change how what follows is read. */
static void
learn_reading(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    enum sql_keyword last = f->last_keyword;
    if (is_query(keyword)) {
        sql_shape_is_query(&f->shape);
    }
    if ((keyword == KEYWORD_OF && last == KEYWORD_CURRENT) ||
        (keyword == KEYWORD_EXECUTE &&
         (last == KEYWORD_AS || f->first_keyword == KEYWORD_EXPLAIN))) {
        f->name_state = NAME_NEXT;
    } else if (keyword == KEYWORD_ALL && last == KEYWORD_DISCARD) {
        f->command = SQL_COMMAND_DISCARD_ALL;
    } else if ((keyword == KEYWORD_FUNCTION || keyword == KEYWORD_PROCEDURE) &&
               f->first_keyword == KEYWORD_CREATE &&
               (last == KEYWORD_CREATE || last == KEYWORD_REPLACE)) {
        f->in_routine = true;
    } else if (f->in_routine &&
               (keyword == KEYWORD_BEGIN || (keyword == KEYWORD_CASE && f->begin_depth > 0))) {
        f->begin_depth++;
    } else if (keyword == KEYWORD_END && f->begin_depth > 0) {
        f->begin_depth--;
    }
}

void
sql_grammar_word(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    if (f->shape.rows == SQL_ROWS_SUPPRESSED) {
        return; /* a row that is folded away says nothing about the statement */
    }
    learn_kind(f, keyword);
    learn_reading(f, keyword);
}

bool
sql_grammar_is_literal(const struct sql_fingerprint *f, enum sql_keyword keyword)
{
    bool is_one = keyword == KEYWORD_NULL || keyword == KEYWORD_TRUE || keyword == KEYWORD_FALSE;
    return is_one && f->last_keyword != KEYWORD_IS && f->last_keyword != KEYWORD_NOT &&
           f->last_keyword != KEYWORD_SET;
}

bool
sql_grammar_is_inner(const struct sql_fingerprint *f)
{
    return f->command == SQL_COMMAND_PREPARE && f->last_keyword == KEYWORD_AS &&
           f->shape.depth == 0 && !f->has_inner;
}

/* PREPARE name AS: from here on it is the statement inside, as if it stood alone. */
void
sql_grammar_begin_inner(struct sql_fingerprint *f)
{
    struct sql_shape *s = &f->shape;
    f->has_inner = true;
    f->outer_hash = s->hash;
    f->outer_kind = f->kind;
    if (s->text != NULL && !s->text_cut && s->text_len < s->text_size) {
        s->text[s->text_len++] = ' ';
    } else {
        s->text_cut = s->text != NULL;
    }
    f->inner_start = s->text_len;
    s->hash = SQL_HASH_SEED;
    s->last_class = SQL_CLASS_START;
    s->rows = SQL_ROWS_NONE;
    s->list_count = 0;
    f->last_keyword = KEYWORD_NONE;
    f->first_keyword = KEYWORD_NONE;
    f->kind = STATEMENT_OTHER;
    f->name_state = NAME_NONE;
    f->has_words = false;
}
