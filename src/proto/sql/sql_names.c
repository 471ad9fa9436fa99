/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_names.h"

static bool
ends_inside_character(const uint8_t *bytes, size_t len)
{
    size_t back = 1;
    while (back < 4 && back < len && (bytes[len - back] & 0xc0) == 0x80) {
        back++;
    }
    uint8_t lead = bytes[len - back];
    size_t wants = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return wants > back;
}

/* Cuts bytes off when the last ones are a UTF-8 character's beginning. In another encoding they may
 * never be whole: then nothing is gained by cutting. */
size_t
sql_names_whole_characters(const uint8_t *bytes, size_t len)
{
    for (size_t cut = 0; cut < 4 && cut < len; cut++) {
        if (!ends_inside_character(bytes, len - cut)) {
            return len - cut;
        }
    }
    return len;
}

static void
take_name(struct sql_fingerprint *f, struct slice name, bool quoted)
{
    f->name_state = NAME_NONE;
    sql_shape_value(&f->shape);
    f->last_keyword = KEYWORD_NONE;
    if (f->command == SQL_COMMAND_NONE || f->name_len > 0) {
        return;
    }
    size_t len = 0;
    for (size_t i = 0; i < name.len && len <= SQL_NAME_MAX; i++) {
        f->name[len++] = name.ptr[i];
        i += quoted && name.ptr[i] == '"' ? 1 : 0;
    }
    f->name_len =
        (uint8_t)(len <= SQL_NAME_MAX ? len : sql_names_whole_characters(f->name, SQL_NAME_MAX));
}

static bool
is_fetch_direction(struct slice word)
{
    static const char *const words[] = {"next",     "prior",    "first", "last",
                                        "absolute", "relative", "all",   "forward",
                                        "backward", "from",     "in"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (slice_eq(word, slice_from_str(words[i]))) {
            return true;
        }
    }
    return false;
}

/* Whether the word stands where a name is awaited and is that name. */
static bool
word_is_name(struct sql_fingerprint *f, struct slice word, enum sql_keyword keyword)
{
    switch ((enum sql_name_state)f->name_state) {
    case NAME_NONE:
        return false;
    case NAME_NEXT:
        if (f->last_keyword == KEYWORD_PREPARE && keyword == KEYWORD_TRANSACTION) {
            f->name_state = NAME_NONE;
            f->kind = STATEMENT_TRANSACTION;
            f->command = SQL_COMMAND_NONE;
            return false;
        }
        return true;
    case NAME_OR_ALL:
        if (f->last_keyword == KEYWORD_DEALLOCATE && keyword == KEYWORD_PREPARE) {
            return false;
        }
        if (keyword == KEYWORD_ALL) {
            f->command = f->command == SQL_COMMAND_CLOSE ? SQL_COMMAND_CLOSE_ALL
                                                         : SQL_COMMAND_DEALLOCATE_ALL;
            f->name_state = NAME_NONE;
            return false;
        }
        return true;
    case NAME_OR_SAVEPOINT:
        if (keyword == KEYWORD_SAVEPOINT) {
            f->name_state = NAME_NEXT;
            return false;
        }
        return true;
    case NAME_BEHIND_TO:
        if (keyword == KEYWORD_TO) {
            f->name_state = NAME_OR_SAVEPOINT;
            f->command = SQL_COMMAND_ROLLBACK_TO;
        }
        return false;
    case NAME_FETCH:
        return !is_fetch_direction(word);
    }
    return false;
}

void
sql_names_begin(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    enum sql_command command = sql_keyword_table[keyword].command;
    f->command = (uint8_t)command;
    switch (command) {
    case SQL_COMMAND_PREPARE:
    case SQL_COMMAND_EXECUTE:
    case SQL_COMMAND_DECLARE:
    case SQL_COMMAND_SAVEPOINT:
        f->name_state = NAME_NEXT;
        break;
    case SQL_COMMAND_DEALLOCATE:
    case SQL_COMMAND_CLOSE:
        f->name_state = NAME_OR_ALL;
        break;
    case SQL_COMMAND_RELEASE:
        f->name_state = NAME_OR_SAVEPOINT;
        break;
    case SQL_COMMAND_FETCH:
    case SQL_COMMAND_MOVE:
        f->name_state = NAME_FETCH;
        break;
    default:
        f->name_state = keyword == KEYWORD_ROLLBACK ? NAME_BEHIND_TO : NAME_NONE;
        break;
    }
}

bool
sql_names_word(struct sql_fingerprint *f, struct slice word, enum sql_keyword keyword)
{
    bool is_name = word_is_name(f, word, keyword);
    if (is_name) {
        take_name(f, word, false);
    }
    return is_name;
}

bool
sql_names_quoted(struct sql_fingerprint *f, struct slice inside)
{
    if (f->name_state == NAME_NONE || f->name_state == NAME_BEHIND_TO) {
        return false;
    }
    take_name(f, inside, true);
    return true;
}
