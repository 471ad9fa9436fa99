/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_text.h"

#include <stdlib.h>

#include "base/hash.h"

void
pg_texts_init(struct pg_texts *t)
{
    *t = (struct pg_texts){0};
    map_init(&t->map, PG_TEXTS_MAX);
}

void
pg_texts_fini(struct pg_texts *t)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&t->map, &at)) != NULL) {
        free(slot->value);
    }
    map_fini(&t->map);
}

struct pg_text *
pg_text_get(struct pg_texts *t, struct slice text)
{
    if (text.len == 0 || text.len > UINT32_MAX) {
        return NULL;
    }
    uint64_t hash = hash_bytes(text);
    struct pg_text *known = map_get(&t->map, hash);
    if (known != NULL) {
        return slice_eq(pg_text_slice(known), text) ? pg_text_ref(known) : NULL;
    }
    if (t->len + text.len > PG_TEXTS_LEN_MAX || t->map.count == PG_TEXTS_MAX) {
        return NULL;
    }
    struct pg_text *new = malloc(sizeof(*new) + text.len);
    if (new == NULL) {
        return NULL;
    }
    *new = (struct pg_text){.hash = hash, .refs = 1, .len = (uint32_t)text.len};
    memcpy(new->bytes, text.ptr, text.len);
    if (map_put(&t->map, hash, new) < 0) {
        free(new);
        return NULL;
    }
    t->len += text.len;
    return new;
}

struct pg_text *
pg_text_ref(struct pg_text *text)
{
    if (text != NULL) {
        text->refs++;
    }
    return text;
}

void
pg_text_put(struct pg_texts *t, struct pg_text **text)
{
    struct pg_text *gone = TAKE(*text);
    if (gone != NULL && --gone->refs == 0) {
        t->len -= gone->len;
        map_remove(&t->map, gone->hash);
        free(gone);
    }
}
