/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_keyword.h - the words of sql_keyword.tbl. Private to this folder. Pure. */
#ifndef PROTO_SQL_SQL_KEYWORD_H
#define PROTO_SQL_SQL_KEYWORD_H

#include "proto/sql/sql_fingerprint.h"
#include "proto/sql/sql_keyword_slots.h" /* made from the table */

enum sql_keyword {
    KEYWORD_NONE,
#define KEYWORD(name, word, kind, command, sign, heed) KEYWORD_##name,
#include "proto/sql/sql_keyword.tbl"
#undef KEYWORD
    KEYWORD_COUNT
};

/* When a word does more than stand there. Bits: what is read decides which of them count. */
enum sql_heed {
    SQL_HEED_NOT = 0,
    SQL_HEED_ALWAYS = 1,
    SQL_HEED_VERB = 2,  /* where a list may be a query, or WITH awaits its main verb */
    SQL_HEED_AS = 4,    /* in PREPARE */
    SQL_HEED_BLOCK = 8, /* in a routine's body */
    SQL_HEED_WORD = 16, /* any word: the statement's first */
};

struct sql_keyword_facts {
    char word[16]; /* "" for none */
    uint8_t kind;  /* enum statement_kind */
    uint8_t command;
    bool sign;
    uint8_t heed;
};

extern const struct sql_keyword_facts sql_keyword_table[KEYWORD_COUNT];

extern const uint8_t sql_keyword_slots[1 << (64 - SQL_KEYWORD_SHIFT)];

/* word: lower case, zeros behind it. */
static inline enum sql_keyword
sql_keyword_find(sql_bytes16 word)
{
    unsigned found =
        sql_keyword_slots[sql_bytes_word(word, 0) * SQL_KEYWORD_MULTIPLIER >> SQL_KEYWORD_SHIFT];
    sql_bytes16 its = sql_bytes_load((const uint8_t *)sql_keyword_table[found].word);
    return sql_bytes_bits((sql_bytes16)(its == word)) == 0xffff ? (enum sql_keyword)found
                                                                : KEYWORD_NONE;
}

#endif
