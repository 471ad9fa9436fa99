/* SPDX-License-Identifier: Apache-2.0
 * advisor/parse.h - what a statement is and touches, by PostgreSQL's own grammar (libpg_query).
 *
 * The grammar's tree is walked by recursion, in the library and here: texts are bounded by
 * PARSE_TEXT_MAX and PARSE_DEPTH_MAX, and the caller runs on a large stack. Needs no login. */
#ifndef ADVISOR_PARSE_H
#define ADVISOR_PARSE_H

#include "advisor/names.h"
#include "base/buf.h"
#include "model/event.h"

#define PARSE_TEXT_MAX  (16u * 1024)
#define PARSE_DEPTH_MAX 200 /* of parentheses and brackets */

struct parse {
    enum statement_kind kind; /* SELECT, INSERT, UPDATE, DELETE; else OTHER */
    bool returns_at_once;     /* INSERT ... VALUES: nothing to plan */
    bool writes_in_with;      /* WITH x AS (INSERT ...): cannot be planned as a SELECT */
    struct names reads;       /* tables as written, quoted where they need it; the one whose column
                                 is compared first comes first */
    struct names writes;
    struct names columns; /* compared with a value in a predicate */
};

/* 0; -EINVAL: *ret_reason (static) says why this is not one statement of a known kind. */
MUST_CHECK int parse_text(const char *text, struct parse *ret_parse, const char **ret_reason);

/* The tree of exactly one statement, or NULL with a static reason. New reference. */
json_t *parse_tree(const char *text, const char **ret_reason);

/* The strings of a list of {"String": {"sval": ...}}. */
const char *parse_string(const json_t *string_node);

/* A normalized text with its ? as $1, $2, ... (or as a literal where the grammar wants one). */
void parse_number_markers(const char *normalized, struct buf *ret_text);

/* The statement as something that can be planned without the right to write: itself for SELECT,
 * SELECT 1 FROM target, others WHERE predicate for UPDATE and DELETE, the query of INSERT. 0 or
 * -EINVAL with a static reason. */
MUST_CHECK int parse_as_select(const char *text, const struct parse *p, struct buf *ret_text,
                               const char **ret_reason);

/* Which $n (1-based, below size) the text has. Returns the highest. */
unsigned parse_params(const char *text, bool *ret_used, unsigned size);

#endif
