/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_keyword.h"

const struct sql_keyword_facts sql_keyword_table[KEYWORD_COUNT] = {
    [KEYWORD_NONE] = {.heed = SQL_HEED_WORD},
#define KEYWORD(name, word, kind, command, sign, heed)                                             \
    [KEYWORD_##name] = {word, STATEMENT_##kind, SQL_COMMAND_##command, sign,                       \
                        SQL_HEED_##heed | SQL_HEED_WORD},
#include "proto/sql/sql_keyword.tbl"
#undef KEYWORD
};

const uint8_t sql_keyword_slots[1 << (64 - SQL_KEYWORD_SHIFT)] = {
#define KEYWORD_SLOT(slot, name) [slot] = KEYWORD_##name,
#include "proto/sql/sql_keyword_slots.h"
#undef KEYWORD_SLOT
};
