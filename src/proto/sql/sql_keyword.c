/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_keyword.h"

static const struct sql_keyword_facts facts[KEYWORD_COUNT] = {
#define KEYWORD_LETTER(letter)
#define KEYWORD(name, word, kind, command, sign)                                                   \
    [KEYWORD_##name] = {word, STATEMENT_##kind, SQL_COMMAND_##command, sign},
#include "proto/sql/sql_keyword.tbl"
#undef KEYWORD_LETTER
#undef KEYWORD
};

static const uint8_t letters[27] = {
#define KEYWORD_LETTER(letter) KEYWORD_OF_##letter,
#define KEYWORD(name, word, kind, command, sign)
#include "proto/sql/sql_keyword.tbl"
#undef KEYWORD_LETTER
#undef KEYWORD
    KEYWORD_COUNT,
};

const struct sql_keyword_facts *
sql_keyword_facts(enum sql_keyword keyword)
{
    return &facts[keyword];
}

enum sql_keyword
sql_keyword_find(const uint8_t *word, size_t len)
{
    if (len < 2 || len > 15 || word[0] < 'a' || word[0] > 'z') {
        return KEYWORD_NONE;
    }
    uint64_t low;
    uint64_t high;
    memcpy(&low, word, 8);
    memcpy(&high, word + 8, 8);
    size_t letter = (size_t)(word[0] - 'a');
    for (unsigned k = letters[letter] + 1u; k < letters[letter + 1]; k++) {
        uint64_t l;
        uint64_t h;
        memcpy(&l, facts[k].word, 8);
        memcpy(&h, facts[k].word + 8, 8);
        if (l == low && h == high) {
            return (enum sql_keyword)k;
        }
    }
    return KEYWORD_NONE;
}
