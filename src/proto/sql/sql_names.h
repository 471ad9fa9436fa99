/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_names.h - the names of prepared statements, cursors and savepoints.
 *
 * They are the client's own counters as often as not (pdo_stmt_00000001, active_record_1), so each
 * becomes `?` in the text; the first one of a command is kept as the statement's name. Private to
 * this folder. */
#ifndef PROTO_SQL_SQL_NAMES_H
#define PROTO_SQL_SQL_NAMES_H

#include "proto/sql/sql_keyword.h"

enum sql_name_state {
    NAME_NONE,
    NAME_NEXT,
    NAME_OR_ALL,       /* DEALLOCATE [PREPARE] name | ALL, CLOSE name | ALL */
    NAME_OR_SAVEPOINT, /* RELEASE [SAVEPOINT] name */
    NAME_BEHIND_TO,    /* ROLLBACK ... TO [SAVEPOINT] name */
    NAME_FETCH,        /* FETCH [direction] [FROM | IN] name */
};

/* The statement begins with the keyword. */
void sql_names_begin(struct sql_fingerprint *f, enum sql_keyword keyword);

/* Takes the word when it stands where a name is awaited and is one. f->name_state is not NONE. */
bool sql_names_word(struct sql_fingerprint *f, struct slice word, enum sql_keyword keyword);

/* The same for the inside of a quoted identifier, and for a bind marker (empty). */
bool sql_names_quoted(struct sql_fingerprint *f, struct slice inside);

/* bytes without the last ones when these are a UTF-8 character's beginning. */
size_t sql_names_whole_characters(const uint8_t *bytes, size_t len);

#endif
