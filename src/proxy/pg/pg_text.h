/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_text.h - texts of prepared statements, each kept once per worker.
 *
 * Sessions that prepare the same text share it. Counted references; bounded in number and in bytes
 * (PG_TEXTS_MAX, PG_TEXTS_LEN_MAX); when full a statement is simply kept without its text. They
 * may hold literals, so they never leave the proxy's memory but through the lens. One worker. */
#ifndef PROXY_PG_PG_TEXT_H
#define PROXY_PG_PG_TEXT_H

#include "base/map.h"
#include "base/slice.h"

#define PG_TEXTS_MAX     16384u
#define PG_TEXTS_LEN_MAX (32u * 1024 * 1024)

struct pg_text {
    uint64_t hash;
    uint32_t refs;
    uint32_t len;
    uint8_t bytes[];
};

struct pg_texts {
    struct map map;
    size_t len;
};

void pg_texts_init(struct pg_texts *t);
void pg_texts_fini(struct pg_texts *t); /* frees also what is still referred to */

/* A reference to the text; NULL when it is empty or there is no room. */
struct pg_text *pg_text_get(struct pg_texts *t, struct slice text);
struct pg_text *pg_text_ref(struct pg_text *text); /* NULL is fine */
void pg_text_put(struct pg_texts *t, struct pg_text **text);

static inline struct slice
pg_text_slice(const struct pg_text *text)
{
    return text == NULL ? SLICE_NONE : slice_of(text->bytes, text->len);
}

#endif
