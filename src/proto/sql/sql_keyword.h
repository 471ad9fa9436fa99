/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_keyword.h - the words of sql_keyword.tbl. Private to this folder. Pure. */
#ifndef PROTO_SQL_SQL_KEYWORD_H
#define PROTO_SQL_SQL_KEYWORD_H

#include "proto/sql/sql_fingerprint.h"

/* The letters are ids too, so that the words of one letter are a range. */
enum sql_keyword {
    KEYWORD_NONE,
#define KEYWORD_LETTER(letter)                   KEYWORD_OF_##letter,
#define KEYWORD(name, word, kind, command, sign) KEYWORD_##name,
#include "proto/sql/sql_keyword.tbl"
#undef KEYWORD_LETTER
#undef KEYWORD
    KEYWORD_COUNT
};

struct sql_keyword_facts {
    char word[16]; /* "" for none and for the letters */
    uint8_t kind;  /* enum statement_kind */
    uint8_t command;
    bool sign;
};

const struct sql_keyword_facts *sql_keyword_facts(enum sql_keyword keyword);

/* word: lower case, with at least 16 readable bytes, zero from len on. */
enum sql_keyword sql_keyword_find(const uint8_t *word, size_t len);

#endif
