/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/publish.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"

/* Sums sent between two records; and a name is no longer than this. */
#define FLUSH_STEP   32
#define NAME_LEN_MAX 1024
/* Beside the kinds of names, in the set of what was announced. */
#define KNOWN_STATEMENT 256

struct fold {
    uint64_t key; /* of the map */
    uint64_t id;  /* fingerprint, or hash of the path; 0: everything else */
    uint64_t calls;
    uint64_t errors;
    uint64_t rows;
    uint64_t time_ns;
    uint32_t database;
};

/* Sums of one kind of record, waiting for room. */
struct fold_table {
    struct fold folds[PUBLISH_FOLD_MAX];
    size_t count;
    struct fold rest;
    struct map by_key;
};

/* What this consumer has heard of: a set of hashes. When it is full it starts over, and everything
 * is announced once more. */
struct known {
    uint64_t *slots; /* 0: free */
    size_t mask;
    size_t count;
};

struct publisher {
    struct ring_producer *ring; /* NULL: nobody listens */
    struct publisher_totals totals;
    uint64_t seq;
    uint32_t epoch;
    uint16_t worker;
    bool is_folding; /* the ring was full, and is not half empty yet */
    struct known known;
    struct fold_table queries;
    struct fold_table requests;
};

static size_t
known_slot(const struct known *k, uint64_t key)
{
    size_t at = (size_t)key & k->mask;
    while (k->slots[at] != 0 && k->slots[at] != key) {
        at = (at + 1) & k->mask;
    }
    return at;
}

static uint64_t
known_key(uint64_t kind, uint64_t id, uint64_t database)
{
    uint64_t key = hash_combine(hash_combine(hash_combine(0, kind), id), database);
    return key == 0 ? 1 : key;
}

static bool
known_has(const struct known *k, uint64_t key)
{
    return k->slots[known_slot(k, key)] == key;
}

static void
known_clear(struct known *k)
{
    memset(k->slots, 0, (k->mask + 1) * sizeof(*k->slots));
    k->count = 0;
}

static void
known_add(struct known *k, uint64_t key)
{
    if (known_has(k, key)) {
        return;
    }
    if (k->count == PUBLISH_KNOWN_MAX) {
        known_clear(k);
    }
    k->slots[known_slot(k, key)] = key;
    k->count++;
}

static void
known_remove(struct known *k, uint64_t key)
{
    size_t hole = known_slot(k, key);
    if (k->slots[hole] == 0) {
        return;
    }
    size_t at = hole;
    for (;;) {
        at = (at + 1) & k->mask;
        if (k->slots[at] == 0) {
            break;
        }
        size_t home = (size_t)k->slots[at] & k->mask;
        if (((at - home) & k->mask) >= ((at - hole) & k->mask)) {
            k->slots[hole] = k->slots[at];
            hole = at;
        }
    }
    k->slots[hole] = 0;
    k->count--;
}

int
publisher_new(uint16_t worker, struct publisher **ret_publisher)
{
    struct publisher *p = check_alloc(1, sizeof(*p));
    p->worker = worker;
    p->known.mask = 2u * PUBLISH_KNOWN_MAX - 1;
    p->known.slots = check_alloc(p->known.mask + 1, sizeof(*p->known.slots));
    map_init(&p->queries.by_key, PUBLISH_FOLD_MAX);
    map_init(&p->requests.by_key, PUBLISH_FOLD_MAX);
    *ret_publisher = p;
    return 0;
}

void
publisher_free(struct publisher **publisher)
{
    struct publisher *p = TAKE(*publisher);
    if (p == NULL) {
        return;
    }
    struct ring_producer *none = NULL;
    publisher_attach(p, &none);
    map_fini(&p->queries.by_key);
    map_fini(&p->requests.by_key);
    free(p->known.slots);
    free(p);
}

void
publisher_attach(struct publisher *p, struct ring_producer **producer)
{
    if (p->ring != NULL) {
        p->totals.abandoned += ring_unread(p->ring);
        ring_end(p->ring);
        ring_producer_free(&p->ring);
    }
    if (producer == NULL || *producer == NULL) {
        return;
    }
    p->ring = TAKE(*producer);
    p->epoch = ring_producer_generation(p->ring);
    p->seq = 0;
    known_clear(&p->known);
}

void
publisher_renew(struct publisher *p, uint32_t epoch)
{
    if (p->ring != NULL) {
        p->epoch = epoch;
        known_clear(&p->known);
    }
}

bool
publisher_is_attached(const struct publisher *p)
{
    return p->ring != NULL;
}

size_t
publisher_unread(const struct publisher *p)
{
    return p->ring == NULL ? 0 : ring_used(p->ring);
}

uint32_t
publisher_epoch(const struct publisher *p)
{
    return p->epoch;
}

/* Copies the record into the ring under the next sequence number. False: there is no room, or it
 * is longer than any record may be. */
static bool
put_record(struct publisher *p, uint64_t now_ns, union event *ev, const struct slice *tails,
           size_t tail_count)
{
    size_t body = event_body_size(ev->head.type);
    assert(body > 0);
    size_t len = body;
    for (size_t i = 0; i < tail_count; i++) {
        if (tails[i].len > EVENT_LEN_MAX) {
            return false;
        }
        len += tails[i].len;
    }
    size_t padded = (len + 7) & ~(size_t)7;
    if (padded > EVENT_LEN_MAX) {
        return false;
    }
    uint8_t *to = ring_reserve(p->ring, (uint32_t)padded);
    if (to == NULL) {
        return false;
    }
    ev->head.worker = p->worker;
    ev->head.body_len = (uint16_t)body;
    ev->head.missed = 0;
    ev->head.len = (uint32_t)padded;
    ev->head.epoch = p->epoch;
    ev->head.seq = p->seq;
    ev->head.time_ns = now_ns;
    memcpy(to, ev, body);
    size_t at = body;
    for (size_t i = 0; i < tail_count; i++) {
        if (tails[i].len > 0) {
            memcpy(to + at, tails[i].ptr, tails[i].len);
            at += tails[i].len;
        }
    }
    memset(to + at, 0, padded - at);
    ring_commit(p->ring, (uint32_t)padded);
    return true;
}

static struct fold *
fold_for(struct fold_table *t, uint64_t id, uint32_t database)
{
    uint64_t key = hash_combine(hash_combine(0, id), database);
    struct fold *f = map_get(&t->by_key, key);
    if (f != NULL) {
        return f;
    }
    if (t->count == PUBLISH_FOLD_MAX) {
        return &t->rest;
    }
    f = &t->folds[t->count];
    if (map_put(&t->by_key, key, f) < 0) {
        return &t->rest;
    }
    t->count++;
    *f = (struct fold){.key = key, .id = id, .database = database};
    return f;
}

static uint64_t
span_ns(uint64_t start_ns, uint64_t end_ns)
{
    return end_ns > start_ns ? end_ns - start_ns : 0;
}

static void
fold_query(struct publisher *p, const struct event_query *q)
{
    struct fold *f = fold_for(&p->queries, q->fingerprint, q->database);
    /* What prepared or closed a statement took time, and is no call of it. */
    f->calls += q->role == ROLE_EXECUTE;
    f->errors += (q->flags & QUERY_ERROR) != 0;
    f->rows += q->rows;
    f->time_ns += span_ns(q->start_ns, q->end_ns) + q->prepare_ns;
}

/* The path is the end of the tail, and callers send it within one piece. */
static uint64_t
path_hash_of(const struct event_request *r, const struct slice *tails, size_t tail_count)
{
    uint8_t bytes[1 + EVENT_PATH_MAX] = {r->method};
    size_t len = MIN(r->path_len, EVENT_PATH_MAX);
    if (tail_count == 0 || tails[tail_count - 1].len < len) {
        len = 0;
    }
    if (len > 0) {
        struct slice last = tails[tail_count - 1];
        memcpy(bytes + 1, last.ptr + last.len - len, len);
    }
    return hash_bytes(slice_of(bytes, 1 + len));
}

static void
fold_request(struct publisher *p, const struct event_request *r, const struct slice *tails,
             size_t tail_count)
{
    struct fold *f = fold_for(&p->requests, path_hash_of(r, tails, tail_count), 0);
    f->calls++;
    f->errors += r->status >= 500;
    f->time_ns += span_ns(r->start_ns, r->end_ns);
}

static bool
put_fold(struct publisher *p, uint64_t now_ns, unsigned type, const struct fold *f)
{
    union event ev;
    memset(&ev, 0, sizeof(ev));
    ev.head.type = (uint16_t)type;
    if (type == EV_FOLDED) {
        struct event_folded *q = &ev.as_event_folded;
        q->fingerprint = f->id;
        q->calls = f->calls;
        q->errors = f->errors;
        q->rows = f->rows;
        q->time_ns = f->time_ns;
        q->database = f->database;
    } else {
        struct event_folded_request *r = &ev.as_event_folded_request;
        r->path_hash = f->id;
        r->requests = f->calls;
        r->errors = f->errors;
        r->time_ns = f->time_ns;
    }
    if (!put_record(p, now_ns, &ev, NULL, 0)) {
        return false;
    }
    p->seq++;
    p->totals.sent++;
    p->totals.kept++;
    return true;
}

static bool
fold_is_empty(const struct fold *f)
{
    return f->calls == 0 && f->errors == 0 && f->rows == 0 && f->time_ns == 0;
}

static bool
has_folds(const struct fold_table *t)
{
    return t->count > 0 || !fold_is_empty(&t->rest);
}

/* At most *budget records; false when the ring is full again. */
static bool
flush_table(struct publisher *p, uint64_t now_ns, unsigned type, struct fold_table *t,
            size_t *budget)
{
    while (t->count > 0 && *budget > 0) {
        struct fold *f = &t->folds[t->count - 1];
        if (!put_fold(p, now_ns, type, f)) {
            return false;
        }
        map_remove(&t->by_key, f->key);
        t->count--;
        (*budget)--;
    }
    if (!fold_is_empty(&t->rest) && *budget > 0) {
        if (!put_fold(p, now_ns, type, &t->rest)) {
            return false;
        }
        t->rest = (struct fold){0};
        (*budget)--;
    }
    return true;
}

static void
flush_some(struct publisher *p, uint64_t now_ns, size_t budget)
{
    if (p->ring != NULL && flush_table(p, now_ns, EV_FOLDED, &p->queries, &budget)) {
        (void)flush_table(p, now_ns, EV_FOLDED_REQUEST, &p->requests, &budget);
    }
}

void
publisher_flush(struct publisher *p, uint64_t now_ns)
{
    flush_some(p, now_ns, SIZE_MAX);
}

/* Sums go out between records as soon as the consumer has caught up, a few at a time. */
static void
flush_when_calm(struct publisher *p, uint64_t now_ns)
{
    if ((has_folds(&p->queries) || has_folds(&p->requests)) &&
        ring_used(p->ring) < ring_producer_capacity(p->ring) / 4) {
        flush_some(p, now_ns, FLUSH_STEP);
    }
}

void
publisher_send(struct publisher *p, uint64_t now_ns, union event *ev, const struct slice *tails,
               size_t tail_count)
{
    if (p->ring == NULL) {
        return;
    }
    flush_when_calm(p, now_ns);
    /* Once it is full, queries and requests are folded until it is half empty: long stretches
     * without a gap are worth more to the reader than every other record. */
    bool foldable = ev->head.type == EV_QUERY || ev->head.type == EV_REQUEST;
    if (p->is_folding && ring_used(p->ring) < ring_producer_capacity(p->ring) / 2) {
        p->is_folding = false;
    }
    bool kept = !(p->is_folding && foldable) && put_record(p, now_ns, ev, tails, tail_count);
    p->is_folding = p->is_folding || (!kept && foldable);
    p->seq++;
    p->totals.sent++;
    if (kept) {
        p->totals.kept++;
    } else if (ev->head.type == EV_QUERY) {
        fold_query(p, &ev->as_event_query);
        p->totals.folded++;
    } else if (ev->head.type == EV_REQUEST) {
        fold_request(p, &ev->as_event_request, tails, tail_count);
        p->totals.folded++;
    } else {
        p->totals.dropped++;
        if (ev->head.type == EV_STATEMENT) {
            const struct event_statement *s = &ev->as_event_statement;
            known_remove(&p->known, known_key(KNOWN_STATEMENT, s->fingerprint, s->database));
        }
    }
}

static void
announce_name(struct publisher *p, uint64_t now_ns, enum name_kind kind, uint32_t id,
              struct slice text)
{
    /* The text counts too: a listener's index may mean another address after a reload. */
    uint64_t key = known_key(kind, id, hash_bytes(text));
    if (p->ring == NULL || known_has(&p->known, key)) {
        return;
    }
    struct slice cut = slice_sub(text, 0, NAME_LEN_MAX);
    union event ev;
    memset(&ev, 0, sizeof(ev));
    ev.head.type = EV_NAME;
    ev.as_event_name.id = id;
    ev.as_event_name.kind = (uint16_t)kind;
    ev.as_event_name.text_len = (uint16_t)cut.len;
    uint64_t kept_before = p->totals.kept;
    uint64_t dropped_before = p->totals.dropped;
    publisher_send(p, now_ns, &ev, &cut, 1);
    if (p->totals.kept > kept_before && p->totals.dropped == dropped_before) {
        known_add(&p->known, key);
    }
}

uint32_t
publisher_name(struct publisher *p, uint64_t now_ns, enum name_kind kind, struct slice text)
{
    uint32_t id = (uint32_t)hash_bytes(text);
    announce_name(p, now_ns, kind, id, text);
    return id;
}

void
publisher_name_indexed(struct publisher *p, uint64_t now_ns, enum name_kind kind, uint32_t id,
                       struct slice text)
{
    announce_name(p, now_ns, kind, id, text);
}

bool
publisher_wants_statement(struct publisher *p, uint64_t fingerprint, uint32_t database)
{
    uint64_t key = known_key(KNOWN_STATEMENT, fingerprint, database);
    if (p->ring == NULL || known_has(&p->known, key)) {
        return false;
    }
    known_add(&p->known, key);
    return true;
}

struct publisher_totals
publisher_totals(const struct publisher *p)
{
    return p->totals;
}
