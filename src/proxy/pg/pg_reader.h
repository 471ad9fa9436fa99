/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_reader.h - reads one statement text as it streams by: fingerprint, values, raw text.
 *
 * Big (about 70 KiB), so it is lent: a session holds one only between the first and the last byte
 * of a Query or Parse, which is mostly one call. At most PG_READERS_MAX per worker; when all are
 * out, that text passes unobserved. One worker's thread. */
#ifndef PROXY_PG_PG_READER_H
#define PROXY_PG_PG_READER_H

#include "base/hash.h"
#include "model/event.h"
#include "proto/sql/sql_fingerprint.h"

#define PG_READERS_MAX       128u
#define PG_READER_NORMAL_MAX 16384u
#define PG_READER_PARAMS_MAX 8192u

struct pg_reader {
    struct sql_fingerprint sql;
    struct hash_key key;
    void (*on_statement)(void *ctx, struct pg_reader *r, const struct sql_statement *statement);
    void *ctx;
    bool keeps_raw;
    bool backslashes;
    bool is_cut; /* there was more text than is looked at */
    bool raw_cut;
    uint32_t room; /* bytes of text that are still looked at */
    bool params_cut;
    bool is_null;
    bool value_open;
    struct hash_stream value;
    /* The values of the statement being read; on_statement takes them, then they start over. */
    uint64_t values_hash;
    uint32_t value_count; /* all; the first EVENT_VALUES_MAX of them are in `values` */
    uint32_t param_count; /* in `params`, each: int32_t len, bytes */
    uint32_t params_len;
    uint32_t param_at;
    uint32_t raw_len;
    uint64_t values[EVENT_VALUES_MAX];
    uint8_t params[PG_READER_PARAMS_MAX];
    uint8_t normal[PG_READER_NORMAL_MAX];
    uint8_t raw[EVENT_LENS_TEXT_MAX];
};

struct pg_readers {
    struct pg_reader *free[PG_READERS_MAX];
    unsigned free_count;
    unsigned lent;
};

void pg_readers_fini(struct pg_readers *p);

/* text_max: so many bytes of the text are looked at, at most SQL_TEXT_MAX.
 * keeps_raw: keep the text and the values' own bytes too (prepared statements, lens). */
struct pg_reader *pg_reader_begin(struct pg_readers *p, struct hash_key key, uint32_t text_max,
                                  bool keeps_raw,
                                  void (*on_statement)(void *ctx, struct pg_reader *r,
                                                       const struct sql_statement *statement),
                                  void *ctx);
/* Behind begin. escape: as sql_fingerprint_set_backslashes. */
void pg_reader_set_backslashes(struct pg_reader *r, bool escape);
void pg_reader_add(struct pg_reader *r, struct slice piece);
/* Ends the text; on_statement may still be called. The reader stays lent. Returns the number of
 * statements. */
unsigned pg_reader_finish(struct pg_reader *r);
void pg_reader_return(struct pg_readers *p, struct pg_reader **r);

/* The whole text as sent; empty when it was not kept or did not fit. */
static inline struct slice
pg_reader_raw(const struct pg_reader *r)
{
    return r->keeps_raw && !r->raw_cut ? slice_of(r->raw, r->raw_len) : SLICE_NONE;
}

/* What PREPARE name [(types)] AS is followed by in it; empty when it cannot be found. */
struct slice pg_reader_prepared_body(const struct pg_reader *r);

#endif
