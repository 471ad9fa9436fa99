/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_statement.h - where statements begin and end, and the comments that are theirs.
 *
 * The last block comment of a statement is kept; one behind its `;` is its own when no other
 * statement follows. Private to this folder. */
#ifndef PROTO_SQL_SQL_STATEMENT_H
#define PROTO_SQL_SQL_STATEMENT_H

#include "proto/sql/sql_fingerprint.h"

void sql_statement_begin(struct sql_fingerprint *f);
/* Tells it and begins the next. is_last: the text ends here, and with it what was behind `;`. */
void sql_statement_end(struct sql_fingerprint *f, bool is_last);
void sql_statement_comment(struct sql_fingerprint *f, const struct sql_token *t);

static inline bool
sql_statement_has_tokens(const struct sql_fingerprint *f)
{
    return !sql_shape_is_blank(&f->shape) || f->has_inner;
}

#endif
