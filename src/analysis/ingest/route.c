/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/route.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/ingest/route_tag.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"

#define ROUTE_ESTABLISHED 30u
#define ROUTE_GONE_NS     (2 * NS_PER_S)
#define ROUTE_DEPTH_MAX   16u

/* One path segment below its parent. */
struct node {
    struct node *first; /* children */
    struct node *next;  /* sibling */
    char *text;
    uint32_t children;
    uint32_t seen;
    bool is_folded; /* any child is "{x}" */
    bool is_late;   /* came when its parent had ROUTE_FIRST_NAMES */
};

/* A guessed route: its statements, sorted. */
struct guess {
    uint64_t key;
    uint64_t fingerprints[ROUTE_FIRST];
    uint32_t count;
    uint32_t index;
    uint32_t seen;
    uint64_t first_ns;
    uint64_t last_ns;
    struct guess *instead; /* what it turned out to be */
};

struct routes {
    struct route_out out;
    struct map by_key; /* index + 1, as a pointer's value */
    struct map by_set; /* struct guess */
    struct guess *guesses[ROUTES_MAX];
    size_t guess_count;
    uint32_t named[ROUTES_MAX]; /* index + 1 of what the application calls it; 0: nothing */
    uint8_t basis[ROUTES_MAX];  /* enum route_basis */
    struct node root;
    size_t nodes;
    uint32_t count;
};

struct routes *
routes_new(const struct route_out *out)
{
    struct routes *r = check_alloc(1, sizeof(*r));
    r->out = *out;
    map_init(&r->by_key, 2 * ROUTES_MAX);
    map_init(&r->by_set, ROUTES_MAX);
    return r;
}

static void
free_below(struct node *n)
{
    /* Depth is limited by ROUTE_DEPTH_MAX. */
    while (n->first != NULL) {
        struct node *child = n->first;
        n->first = child->next;
        free_below(child);
        free(child->text);
        free(child);
    }
}

void
routes_free(struct routes **routes)
{
    struct routes *r = *routes;
    if (r == NULL) {
        return;
    }
    free_below(&r->root);
    for (size_t i = 0; i < r->guess_count; i++) {
        free(r->guesses[i]);
    }
    map_fini(&r->by_key);
    map_fini(&r->by_set);
    free(r);
    *routes = NULL;
}

size_t
routes_count(const struct routes *r)
{
    return r->count;
}

static uint32_t
other(struct routes *r)
{
    if (r->count < ROUTES_MAX) {
        r->count = ROUTES_MAX;
        r->out.announce(r->out.ctx, ROUTE_OTHER, 0, METHOD_OTHER, ROUTE_BASIS_QUERIES,
                        SLICE_LIT("other"));
    }
    return ROUTE_OTHER;
}

static uint32_t
index_of(struct routes *r, uint64_t key, uint16_t listener, uint8_t method, enum route_basis basis,
         struct slice text)
{
    void *known = map_get(&r->by_key, key);
    if (known != NULL) {
        uint32_t old = (uint32_t)((uintptr_t)known - 1);
        if (basis == ROUTE_BASIS_APPLICATION && r->basis[old] != ROUTE_BASIS_APPLICATION) {
            r->basis[old] = ROUTE_BASIS_APPLICATION;
            r->out.announce(r->out.ctx, old, listener, method, basis, text);
        }
        return old;
    }
    if (r->count >= ROUTE_OTHER) {
        return other(r);
    }
    uint32_t index = r->count++;
    int full = map_put(&r->by_key, key, (void *)((uintptr_t)index + 1));
    assert(full == 0);
    r->basis[index] = (uint8_t)basis;
    r->out.announce(r->out.ctx, index, listener, method, basis, text);
    return index;
}

/* ---- paths ---- */

static bool
is_value_like(const struct node *n)
{
    uint32_t rare = 0, all = 0;
    for (const struct node *c = n->first; c != NULL; c = c->next) {
        rare += c->seen < 5;
        all += c->seen + 1;
    }
    return n->children >= ROUTE_VARIETY_MAX || (all >= 10 * n->children && rare * 2 > n->children);
}

static struct node *
child_add(struct routes *r, struct node *parent, struct slice text)
{
    if (r->nodes == ROUTE_NODES_MAX) {
        return NULL;
    }
    struct node *n = check_alloc(1, sizeof(*n));
    n->text = check_alloc(1, text.len + 1);
    slice_to_str(text, n->text, text.len + 1);
    n->is_late = parent->children >= ROUTE_FIRST_NAMES;
    n->next = parent->first;
    parent->first = n;
    parent->children++;
    r->nodes++;
    return n;
}

static size_t
nodes_below(const struct node *n)
{
    size_t count = 0;
    for (const struct node *c = n->first; c != NULL; c = c->next) {
        count += 1 + nodes_below(c);
    }
    return count;
}

/* The node for this segment, folded where there are too many; NULL: no room. */
static struct node *
child_of(struct routes *r, struct node *parent, struct slice text)
{
    if (parent->is_folded) {
        text = SLICE_LIT("{x}");
    }
    struct node *before = NULL;
    for (struct node *c = parent->first; c != NULL; before = c, c = c->next) {
        if (!slice_eq(slice_from_str(c->text), text)) {
            continue;
        }
        c->seen++;
        if (before != NULL) { /* to the front: the common ones are found at once */
            before->next = c->next;
            c->next = parent->first;
            parent->first = c;
        }
        return c;
    }
    if (parent->children >= ROUTE_VARIETY && !parent->is_folded && is_value_like(parent)) {
        r->nodes -= nodes_below(parent);
        free_below(parent);
        parent->children = 0;
        parent->is_folded = true;
        text = SLICE_LIT("{x}");
    }
    return child_add(r, parent, text);
}

static void
append(char *dst, size_t size, size_t *at, const char *text)
{
    if (*at < size) {
        int n = snprintf(dst + *at, size - *at, "%s", text);
        *at = MIN(*at + (size_t)MAX(n, 0), size - 1);
    }
}

uint32_t
routes_of_request(struct routes *r, uint16_t listener, uint8_t method, struct slice path)
{
    char text[ROUTE_TEXT_MAX] = "";
    size_t at = 0;
    struct node *n = &r->root;
    struct slice piece;
    unsigned depth = 0;
    while (depth < ROUTE_DEPTH_MAX && slice_split(&path, '/', &piece)) {
        if (piece.len == 0) {
            continue;
        }
        n = child_of(r, n, piece);
        if (n == NULL) {
            return other(r);
        }
        append(text, sizeof(text), &at, "/");
        /* It may be a value; whether it comes back will tell. */
        bool hidden = n->is_late && n->seen + 1 < ROUTE_FAMILIAR;
        append(text, sizeof(text), &at, hidden ? "{x}" : n->text);
        depth++;
    }
    if (depth == 0) {
        append(text, sizeof(text), &at, "/");
    } else if (depth == ROUTE_DEPTH_MAX) {
        append(text, sizeof(text), &at, "/...");
    }
    struct slice whole = slice_of(text, at);
    uint64_t key = hash_combine(hash_combine(hash_bytes(whole), listener), method);
    return index_of(r, key, listener, method, ROUTE_BASIS_PATH, whole);
}

uint32_t
routes_of_name(struct routes *r, uint16_t listener, uint8_t method, struct slice name)
{
    name = slice_sub(name, 0, ROUTE_TEXT_MAX - 1);
    uint64_t key = hash_combine(hash_combine(hash_bytes(name), listener), method);
    return index_of(r, key, listener, method, ROUTE_BASIS_APPLICATION, name);
}

/* ---- work ---- */

static uint32_t
first_statements(const struct trace *t, uint64_t first[ROUTE_FIRST])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->query_count && count < ROUTE_FIRST; i++) {
        const struct trace_query *q = &t->queries[i];
        bool skip = q->kind == STATEMENT_SESSION || q->kind == STATEMENT_TRANSACTION;
        for (uint32_t k = 0; k < count && !skip; k++) {
            skip = first[k] == q->fingerprint;
        }
        if (!skip) {
            first[count++] = q->fingerprint;
        }
    }
    return count;
}

static bool
trace_has(const struct trace *t, uint64_t fingerprint)
{
    for (uint32_t i = 0; i < t->query_count; i++) {
        if (t->queries[i].fingerprint == fingerprint) {
            return true;
        }
    }
    return false;
}

/* An established route that stopped when this one came, and all of whose statements are in it. */
static struct guess *
what_it_replaces(const struct routes *r, const struct guess *g, const struct trace *t)
{
    struct guess *best = NULL;
    for (size_t i = 0; i < r->guess_count; i++) {
        struct guess *old = r->guesses[i];
        if (old == g || old->instead != NULL || old->seen < ROUTE_ESTABLISHED) {
            continue;
        }
        uint64_t interval = (old->last_ns - old->first_ns) / old->seen;
        bool gone = t->end_ns > old->last_ns + MAX(ROUTE_GONE_NS, 10 * interval);
        bool whole = gone && (best == NULL || old->count > best->count);
        for (uint32_t k = 0; k < old->count && whole; k++) {
            whole = trace_has(t, old->fingerprints[k]);
        }
        if (whole) {
            best = old;
        }
    }
    return best;
}

static void
describe(const struct routes *r, const uint64_t *first, uint32_t count, uint64_t key,
         char text[ROUTE_TEXT_MAX], size_t *ret_len)
{
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        char words[80];
        struct slice s = r->out.statement_words(r->out.ctx, first[i]);
        if (s.len > 0) {
            slice_to_str(s, words, sizeof(words));
        } else {
            snprintf(words, sizeof(words), "%016llx", (unsigned long long)first[i]);
        }
        append(text, ROUTE_TEXT_MAX, &at, i == 0 ? "" : ", ");
        append(text, ROUTE_TEXT_MAX, &at, words);
    }
    char tail[16];
    snprintf(tail, sizeof(tail), " (%04x)", (unsigned)(key & 0xffff));
    append(text, ROUTE_TEXT_MAX, &at, tail);
    *ret_len = at;
}

static struct guess *
guess_of(struct routes *r, const struct trace *t, const uint64_t *first, uint32_t count)
{
    uint64_t key = 0;
    for (uint32_t i = 0; i < count; i++) {
        key += hash_combine(1, first[i]); /* a set: in any order */
    }
    struct guess *g = map_get(&r->by_set, key);
    if (g != NULL || r->guess_count == ROUTES_MAX) {
        return g;
    }
    char text[ROUTE_TEXT_MAX] = "";
    size_t len = 0;
    describe(r, first, count, key, text, &len);
    g = check_alloc(1, sizeof(*g));
    g->key = key;
    g->count = count;
    memcpy(g->fingerprints, first, count * sizeof(first[0]));
    g->index =
        index_of(r, key, t->listener, METHOD_OTHER, ROUTE_BASIS_QUERIES, slice_of(text, len));
    g->first_ns = t->end_ns;
    if (map_put(&r->by_set, key, g) != 0) {
        free(g);
        return NULL;
    }
    r->guesses[r->guess_count++] = g;
    return g;
}

uint32_t
routes_of_tag(struct routes *r, uint32_t route, uint16_t listener, uint8_t method, struct slice tag)
{
    char text[ROUTE_TEXT_MAX];
    size_t len = tag.len == 0 ? 0 : route_tag_template(tag, text, sizeof(text));
    if (route >= ROUTES_MAX) {
        return route;
    }
    if (len > 0) {
        struct slice name = slice_of(text, len);
        uint64_t key = hash_combine(hash_bytes(name), (uint64_t)listener << 8 | method);
        r->named[route] =
            index_of(r, hash_combine(key, 1), listener, method, ROUTE_BASIS_APPLICATION, name) + 1;
    }
    return r->named[route] != 0 ? r->named[route] - 1 : route;
}

uint32_t
routes_of_work(struct routes *r, const struct trace *trace, struct slice tag)
{
    if (tag.len > 0) {
        return index_of(r, hash_combine(hash_bytes(tag), trace->listener), trace->listener,
                        METHOD_OTHER, ROUTE_BASIS_APPLICATION, tag);
    }
    uint64_t first[ROUTE_FIRST];
    uint32_t count = first_statements(trace, first);
    if (count == 0) {
        return TRACE_ROUTE_UNLINKED;
    }
    struct guess *g = guess_of(r, trace, first, count);
    if (g == NULL) {
        return other(r);
    }
    if (g->instead == NULL && g->seen < ROUTE_ESTABLISHED) {
        g->instead = what_it_replaces(r, g, trace);
    }
    g = g->instead != NULL ? g->instead : g;
    if (g->instead == NULL) {
        g->seen++;
        g->last_ns = MAX(g->last_ns, trace->end_ns);
    }
    return g->index;
}
