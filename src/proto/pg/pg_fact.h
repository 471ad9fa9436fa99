/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_fact.h - what the decoders of PostgreSQL's protocol say, one fact at a time.
 *
 * Every message ends in one PG_FACT_END, except DataRow, whose last PG_FACT_ROW has `last` set.
 * Messages whose content is streamed say PG_FACT_BEGIN first. A fact's fields are valid only where
 * this page says so; its slices point into the input, or into the decoder, until the next call.
 *
 *   from the client
 *     Q  BEGIN, TEXT..., END
 *     P  BEGIN (name), TEXT..., TYPE (index, oid)..., END
 *     B  BEGIN (name: the statement's, portal, count of parameters), VALUE..., END (result_formats)
 *     D C  END (target 'S' or 'P', name of either)
 *     E  END (portal, rows: at most so many, 0: all)
 *     S H d c f F X p  END; nothing inside is looked at
 *   from the server
 *     T  BEGIN (count), COLUMN..., END        t  BEGIN (count), TYPE..., END
 *     D  ROW...                               C  END (rows)
 *     Z  END (tx_state)                       E  END (sqlstate, fatal)
 *     K  KEY (pid)..., END (pid)                R  END (auth: 0 is "ok")
 *     S  END (strings)
 *     1 2 3 n I s c d A N V v G H W  END
 */
#ifndef PROTO_PG_PG_FACT_H
#define PROTO_PG_PG_FACT_H

#include "base/check.h"
#include "base/slice.h"

enum pg_fact_kind {
    PG_FACT_BEGIN,
    PG_FACT_TEXT,   /* piece of a statement's text */
    PG_FACT_TYPE,   /* index, oid */
    PG_FACT_VALUE,  /* index, format, is_null, first, last, piece (empty for an empty value) */
    PG_FACT_COLUMN, /* index, column */
    PG_FACT_ROW,    /* first, last, piece of the body of a DataRow */
    PG_FACT_KEY,    /* first, piece of the key to cancel with */
    PG_FACT_END,
};

/* The formats of a Bind: none given (all text), one for all, or one each. Only the first 64 are
 * kept; later ones count as text. */
struct pg_formats {
    uint16_t count;
    uint64_t binary;
};

static inline bool
pg_formats_is_binary(struct pg_formats f, unsigned index)
{
    if (f.count == 1) {
        return (f.binary & 1) != 0;
    }
    return index < 64 && index < f.count && (f.binary >> index & 1) != 0;
}

struct pg_column {
    uint32_t table_oid;
    uint32_t type_oid;
    uint32_t name_hash; /* low 32 bits of hash_bytes(name) */
    int16_t attnum;
    bool binary;
};

struct pg_fact {
    uint8_t kind; /* enum pg_fact_kind */
    uint8_t type; /* the message's type byte */
    bool first;
    bool last;
    bool is_null;
    bool binary;
    bool fatal; /* the session ends with this error */
    char target;
    uint8_t tx_state; /* 'I', 'T', 'E' */
    /* standard_conforming_strings is 'n' (on) or 'f' (off) from here on; 0: another parameter. */
    char strings;
    char sqlstate[5]; /* zeroes: the server sent none */
    uint32_t len;     /* of the whole message on the wire; with every fact */
    uint32_t index;
    uint32_t count;
    uint32_t oid;
    uint32_t pid;
    uint32_t auth;
    uint64_t name;   /* hash_bytes of a statement's name; of nothing for the unnamed one */
    uint64_t portal; /* the same for a portal */
    uint64_t rows;
    struct slice piece;
    struct pg_formats result_formats;
    struct pg_column column;
};

#endif
