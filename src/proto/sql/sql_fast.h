/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_fast.h - the plain tokens of a text, as long as they lie in view.
 *
 * Nearly all tokens are words, quoted identifiers, simple literals and single signs, with what
 * follows them in view. These need neither the lexer's states nor a token in between: they are
 * measured, folded, hashed and copied 16 bytes at a time. Whatever is not plain is left for the
 * lexer; the result is the same either way. Private to this folder. */
#ifndef PROTO_SQL_SQL_FAST_H
#define PROTO_SQL_SQL_FAST_H

#include "proto/sql/sql_fingerprint.h"

/* Bytes that must be readable from any token's start. */
#define SQL_FAST_VIEW 48

/* The lexer is between tokens. Takes plain tokens that begin before `stop` and are followed by
 * another byte before `end`; returns the first byte not taken. From every byte before `stop`,
 * SQL_FAST_VIEW bytes are readable; those from `end` on are blanks or zero. */
const uint8_t *sql_fast_take(struct sql_fingerprint *f, const uint8_t *from, const uint8_t *stop,
                             const uint8_t *end);

#endif
