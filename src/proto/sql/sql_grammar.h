/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_grammar.h - the little grammar that a fingerprint needs: what kind of statement
 * this is, where the one inside PREPARE begins, what is no statement's end. Private to this
 * folder. */
#ifndef PROTO_SQL_SQL_GRAMMAR_H
#define PROTO_SQL_SQL_GRAMMAR_H

#include "proto/sql/sql_keyword.h"

/* Which words do more than stand there, here: bits of enum sql_heed. Other words may be put
 * without a call to sql_grammar_word. */
static inline unsigned
sql_grammar_heeds(const struct sql_fingerprint *f)
{
    unsigned heeds = SQL_HEED_ALWAYS;
    heeds |= f->has_words ? 0 : SQL_HEED_WORD;
    heeds |= f->awaits_kind || f->shape.list_count > 0 ? SQL_HEED_VERB : 0;
    heeds |= f->command == SQL_COMMAND_PREPARE ? SQL_HEED_AS : 0;
    heeds |= f->in_routine ? SQL_HEED_BLOCK : 0;
    return heeds;
}

/* Before the word is put. */
void sql_grammar_word(struct sql_fingerprint *f, enum sql_keyword keyword);

/* Whether NULL, TRUE or FALSE stands for a value here. */
bool sql_grammar_is_literal(const struct sql_fingerprint *f, enum sql_keyword keyword);

/* AS was put. */
bool sql_grammar_is_inner(const struct sql_fingerprint *f);
void sql_grammar_begin_inner(struct sql_fingerprint *f);

#endif
