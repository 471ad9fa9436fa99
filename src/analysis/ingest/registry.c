/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/registry.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"

#define REGISTRY_NAME_MAX 41 /* of a table's name, as shown */

struct statement {
    char words[REGISTRY_WORDS_MAX];
};

struct registry {
    struct map statements; /* by fingerprint and database */
    struct map by_fingerprint;
    struct map names;
};

struct registry *
registry_new(void)
{
    struct registry *r = check_alloc(1, sizeof(*r));
    map_init(&r->statements, REGISTRY_STATEMENTS_MAX);
    map_init(&r->by_fingerprint, REGISTRY_STATEMENTS_MAX);
    map_init(&r->names, REGISTRY_NAMES_MAX);
    return r;
}

void
registry_free(struct registry **registry)
{
    struct registry *r = *registry;
    if (r == NULL) {
        return;
    }
    size_t at = 0;
    for (struct map_slot *s = map_next(&r->by_fingerprint, &at); s != NULL;
         s = map_next(&r->by_fingerprint, &at)) {
        free(s->value);
    }
    map_fini(&r->statements);
    map_fini(&r->by_fingerprint);
    map_fini(&r->names);
    free(r);
    *registry = NULL;
}

static struct slice
next_word(struct slice *rest)
{
    size_t from = 0;
    while (from < rest->len && (isspace(rest->ptr[from]) || rest->ptr[from] == '(')) {
        from++;
    }
    size_t to = from;
    while (to < rest->len && !isspace(rest->ptr[to]) && strchr("(),;", rest->ptr[to]) == NULL) {
        to++;
    }
    struct slice word = slice_sub(*rest, from, to - from);
    *rest = slice_sub(*rest, MAX(to, from), rest->len);
    if (word.len == 0 && rest->len > 0) {
        *rest = slice_sub(*rest, 1, rest->len);
    }
    return word;
}

/* "shop"."Order" -> shop.Order */
static void
without_quotes(struct slice name, char dst[REGISTRY_NAME_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < name.len && n + 1 < REGISTRY_NAME_MAX; i++) {
        if (name.ptr[i] != '"') {
            dst[n++] = (char)name.ptr[i];
        }
    }
    dst[n] = '\0';
}

static void
make_words(struct slice text, char words[REGISTRY_WORDS_MAX])
{
    struct slice rest = slice_sub(text, 0, 2048);
    struct slice verb = next_word(&rest);
    char table[REGISTRY_NAME_MAX] = "";
    bool next = slice_eq_ci(verb, SLICE_LIT("update"));
    while (rest.len > 0 && table[0] == '\0') {
        struct slice word = next_word(&rest);
        if (next && word.len > 0 && !slice_eq_ci(word, SLICE_LIT("only"))) {
            without_quotes(word, table);
        }
        next = next || slice_eq_ci(word, SLICE_LIT("from")) || slice_eq_ci(word, SLICE_LIT("into"));
    }
    snprintf(words, REGISTRY_WORDS_MAX, "%.*s%s%s", (int)MIN(verb.len, 16u), (const char *)verb.ptr,
             table[0] != '\0' ? " " : "", table);
}

/* Always new; a full table forgets it again, and it is passed on the next time as well. */
static bool
remember(struct map *m, uint64_t key, struct registry *r)
{
    int full = map_put(m, key, r);
    return full == 0 || full == -ENOSPC;
}

bool
registry_statement(struct registry *r, const struct event_statement *ev, struct slice text)
{
    uint64_t key = hash_combine(ev->fingerprint, ev->database);
    bool known = map_get(&r->statements, key) != NULL;
    if (map_get(&r->by_fingerprint, ev->fingerprint) == NULL) {
        struct statement *s = check_alloc(1, sizeof(*s));
        make_words(text, s->words);
        if (map_put(&r->by_fingerprint, ev->fingerprint, s) != 0) {
            free(s);
        }
    }
    return !known && remember(&r->statements, key, r);
}

bool
registry_name(struct registry *r, const struct event_name *ev, struct slice text)
{
    uint64_t key = hash_combine(hash_combine(hash_bytes(text), ev->kind), ev->id);
    bool known = map_get(&r->names, key) != NULL;
    return !known && remember(&r->names, key, r);
}

struct slice
registry_words(const struct registry *r, uint64_t fingerprint)
{
    const struct statement *s = map_get(&r->by_fingerprint, fingerprint);
    return s == NULL ? SLICE_NONE : slice_from_str(s->words);
}

size_t
registry_statement_count(const struct registry *r)
{
    return r->statements.count;
}
