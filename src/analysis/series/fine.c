/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/fine.h"

#include <stdlib.h>

#include "base/clock.h"

#define TEN 10u

struct fine_now {
    struct series *of;
    struct series_sums sums;
    struct sketch sketch;
};

void
fine_init(struct fine *f, size_t bytes_max)
{
    static const unsigned max[FINE_LENGTHS] = {FINE_SECONDS_MAX, FINE_TENS_MAX};
    memset(f, 0, sizeof(*f));
    for (unsigned i = 0; i < FINE_LENGTHS; i++) {
        struct fine_list *l = &f->list[i];
        l->of = check_alloc(max[i], sizeof(l->of[0]));
        l->max = max[i];
        l->bytes_max = bytes_max;
    }
    f->now = check_alloc(FINE_SERIES_MAX, sizeof(f->now[0]));
    buf_init(&f->writing, bytes_max);
}

static struct fine_window *
window_at(const struct fine_list *l, unsigned i)
{
    return &l->of[(l->first + i) % l->max];
}

static void
drop(struct fine_list *l, struct fine_window *w)
{
    l->bytes -= w->len;
    free(w->bytes);
    *w = (struct fine_window){0};
    l->count--;
}

/* All of its parts: what is shown of a window is whole. */
static void
drop_oldest(struct fine_list *l)
{
    uint64_t number = window_at(l, 0)->number;
    while (l->count > 0 && window_at(l, 0)->number == number) {
        drop(l, window_at(l, 0));
        l->first = (l->first + 1) % l->max;
    }
}

static void
forget_now(struct fine *f)
{
    for (unsigned i = 0; i < f->now_count; i++) {
        f->now[i]->of->now = NULL;
        sketch_fini(&f->now[i]->sketch);
        free(f->now[i]);
    }
    f->now_count = 0;
}

void
fine_fini(struct fine *f)
{
    forget_now(f);
    for (unsigned i = 0; i < FINE_LENGTHS; i++) {
        while (f->list[i].count > 0) {
            drop_oldest(&f->list[i]);
        }
        free(f->list[i].of);
    }
    free(f->now);
    buf_fini(&f->writing);
}

uint32_t
fine_seconds(enum fine_length length)
{
    return length == FINE_1S ? 1 : TEN;
}

/* ---- order ---- */

static int
by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

int
fine_order(const struct series_id *a, uint16_t upstream_a, const struct series_id *b,
           uint16_t upstream_b)
{
    int by = (a->fingerprint != 0) - (b->fingerprint != 0);
    if (by == 0 && a->route != b->route) {
        by = strcmp(a->route == NULL ? "" : a->route, b->route == NULL ? "" : b->route);
    }
    int64_t x = (int64_t)a->fingerprint, y = (int64_t)b->fingerprint;
    by = by != 0 ? by : (x > y) - (x < y);
    by = by != 0 ? by : by_number(a->database, b->database);
    by = by != 0 ? by : by_number(upstream_a, upstream_b);
    return by != 0 ? by : by_number(a->kind, b->kind);
}

static struct series_id
id_of(const struct series *s)
{
    return (struct series_id){s->kind, s->database, s->fingerprint, s->route};
}

static int
by_order(const void *a, const void *b)
{
    const struct series *x = (*(struct fine_now *const *)a)->of;
    const struct series *y = (*(struct fine_now *const *)b)->of;
    struct series_id of_x = id_of(x), of_y = id_of(y);
    return fine_order(&of_x, x->upstream, &of_y, y->upstream);
}

/* ---- a record as bytes, and back ---- */

/* What is the same size in each; then the sums that its masks name, and the sketch. */
struct head {
    uint64_t fingerprint;
    const char *route;
    uint32_t database;
    uint16_t upstream;
    uint16_t classes; /* bits */
    uint16_t sketch_len;
    uint8_t kind;
    uint8_t known; /* amounts, bits */
};
_Static_assert(ERROR_CLASS_COUNT <= 16 && WINDOW_AMOUNT_COUNT <= 8, "a mask is too small");
_Static_assert(SKETCH_SAVED_MAX <= UINT16_MAX, "its length is too small");

static void
put(struct buf *b, uint64_t v)
{
    do {
        buf_append_byte(b, (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0)));
        v >>= 7;
    } while (v > 0);
}

static uint64_t
take(const uint8_t **at)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            break;
        }
    }
    return v;
}

static void
write_record(struct fine *f, const struct series_id *id, uint16_t upstream,
             const struct series_sums *sums, const struct sketch *sketch)
{
    struct buf *b = &f->writing;
    uint8_t saved[SKETCH_SAVED_MAX];
    size_t before = b->len, sketch_len = sketch_save(sketch, saved, sizeof(saved));
    struct head head = {.fingerprint = id->fingerprint,
                        .route = id->route,
                        .database = id->database,
                        .upstream = upstream,
                        .sketch_len = (uint16_t)sketch_len,
                        .kind = (uint8_t)id->kind,
                        .known = (uint8_t)sums->amounts.known};
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        head.classes |= (uint16_t)((sums->errors_by_class[i] > 0 ? 1u : 0u) << i);
    }
    buf_append(b, slice_of(&head, sizeof(head)));
    const uint64_t plain[] = {sums->calls, sums->errors, sums->rows, sums->time_ns, sums->max_ns};
    for (unsigned i = 0; i < ARRAY_LEN(plain); i++) {
        put(b, plain[i]);
    }
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        if (sums->errors_by_class[i] > 0) {
            put(b, sums->errors_by_class[i]);
        }
    }
    for (unsigned i = 0; i < WINDOW_AMOUNT_COUNT; i++) {
        if ((head.known & (1u << i)) != 0) {
            put(b, sums->amounts.of[i]);
        }
    }
    buf_append(b, slice_of(saved, sketch_len));
    if (buf_overflowed(b)) {
        b->len = before;
        b->overflowed = false;
        f->refused++;
    }
}

bool
fine_next(const struct fine_window *w, size_t *at, struct fine_record *r)
{
    struct head head;
    if (*at >= w->len) {
        return false;
    }
    memcpy(&head, w->bytes + *at, sizeof(head));
    const uint8_t *p = w->bytes + *at + sizeof(head);
    *r = (struct fine_record){
        .id = {(enum series_kind)head.kind, head.database, head.fingerprint, head.route},
        .upstream = head.upstream};
    r->sums.calls = take(&p);
    r->sums.errors = take(&p);
    r->sums.rows = take(&p);
    r->sums.time_ns = take(&p);
    r->sums.max_ns = take(&p);
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        r->sums.errors_by_class[i] = (head.classes & (1u << i)) != 0 ? (uint32_t)take(&p) : 0;
    }
    r->sums.amounts.known = head.known;
    for (unsigned i = 0; i < WINDOW_AMOUNT_COUNT; i++) {
        r->sums.amounts.of[i] = (head.known & (1u << i)) != 0 ? take(&p) : 0;
    }
    r->sketch = slice_of(p, head.sketch_len);
    *at = (size_t)(p - w->bytes) + head.sketch_len;
    return true;
}

/* ---- windows that are over ---- */

/* What was written, as one window. */
static void
keep(struct fine *f, enum fine_length length, uint64_t number)
{
    struct fine_list *l = &f->list[length];
    if (f->writing.len > 0) {
        if (l->count == l->max) {
            drop_oldest(l);
        }
        uint8_t *bytes = check_alloc(1, f->writing.len);
        memcpy(bytes, f->writing.data, f->writing.len);
        *window_at(l, l->count++) = (struct fine_window){number, bytes, f->writing.len};
        l->bytes += f->writing.len;
    }
    buf_reset(&f->writing);
}

struct merge {
    const struct fine_window *window;
    size_t at;
    struct fine_record record;
    bool is_there;
};

static void
merge_next(struct merge *m)
{
    m->is_there = fine_next(m->window, &m->at, &m->record);
}

static const struct fine_record *
first_of(const struct merge *m, unsigned n)
{
    const struct fine_record *first = NULL;
    for (unsigned i = 0; i < n; i++) {
        const struct fine_record *r = &m[i].record;
        bool less = m[i].is_there && (first == NULL || fine_order(&r->id, r->upstream, &first->id,
                                                                  first->upstream) < 0);
        first = less ? r : first;
    }
    return first;
}

/* The first series of them all, with what each of them has of it. */
static void
merge_one(struct fine *f, struct merge *m, unsigned n, const struct fine_record *first)
{
    struct fine_record sum = {.id = first->id, .upstream = first->upstream};
    struct sketch sketch = {0};
    for (unsigned i = 0; i < n; i++) {
        const struct fine_record *r = &m[i].record;
        while (m[i].is_there && fine_order(&r->id, r->upstream, &sum.id, sum.upstream) == 0) {
            series_sums_add(&sum.sums, &r->sums);
            (void)!sketch_load(r->sketch, &sketch);
            merge_next(&m[i]);
        }
    }
    write_record(f, &sum.id, sum.upstream, &sum.sums, &sketch);
    sketch_fini(&sketch);
}

/* Those seconds before `end` that are in no window of 10 s yet; they are of one. */
static void
fold(struct fine *f, uint64_t end)
{
    struct fine_list *l = &f->list[FINE_1S];
    struct merge m[TEN];
    unsigned n = 0;
    for (unsigned i = l->count; i-- > 0 && window_at(l, i)->number >= f->folded;) {
        if (window_at(l, i)->number < end && n < TEN) {
            m[n] = (struct merge){.window = window_at(l, i)};
            merge_next(&m[n++]);
        }
    }
    const struct fine_record *first;
    while ((first = first_of(m, n)) != NULL) {
        merge_one(f, m, n, first);
    }
    if (n > 0) {
        keep(f, FINE_10S, m[0].window->number / TEN);
        while (f->list[FINE_10S].bytes > f->list[FINE_10S].bytes_max) {
            drop_oldest(&f->list[FINE_10S]);
        }
    }
    f->folded = end;
}

/* The second underway. */
static void
close_second(struct fine *f)
{
    struct fine_list *l = &f->list[FINE_1S];
    if (f->now_count == 0) {
        return;
    }
    qsort(f->now, f->now_count, sizeof(f->now[0]), by_order);
    for (unsigned i = 0; i < f->now_count; i++) {
        const struct fine_now *now = f->now[i];
        struct series_id id = id_of(now->of);
        write_record(f, &id, now->of->upstream, &now->sums, &now->sketch);
    }
    forget_now(f);
    keep(f, FINE_1S, f->second);
    while (l->bytes > l->bytes_max) {
        if (window_at(l, 0)->number >= f->folded) {
            fold(f, f->second + 1);
        }
        drop_oldest(l);
    }
}

static void
reach(struct fine *f, uint64_t second)
{
    close_second(f);
    if (second / TEN > f->second / TEN) {
        fold(f, f->second + 1);
    }
    f->second = second;
}

void
fine_turn(struct fine *f, uint64_t wall_ns)
{
    uint64_t second = wall_ns / NS_PER_S;
    if (second > f->second) {
        reach(f, second);
    }
}

void
fine_set_back(struct fine *f, uint64_t wall_ns)
{
    uint64_t second = wall_ns / NS_PER_S;
    if (second >= f->second) {
        return;
    }
    forget_now(f);
    for (unsigned i = 0; i < FINE_LENGTHS; i++) {
        struct fine_list *l = &f->list[i];
        uint64_t from = second / fine_seconds((enum fine_length)i);
        while (l->count > 0 && window_at(l, l->count - 1)->number >= from) {
            drop(l, window_at(l, l->count - 1));
        }
    }
    f->second = second;
    f->folded = second / TEN * TEN;
}

void
fine_add(struct fine *f, struct series *s, const struct series_sums *add, bool to_sketch,
         uint64_t wall_ns)
{
    fine_turn(f, wall_ns);
    if (s->now == NULL) {
        if (f->now_count == FINE_SERIES_MAX) {
            f->refused++;
            return;
        }
        s->now = check_alloc(1, sizeof(*s->now));
        s->now->of = s;
        f->now[f->now_count++] = s->now;
    }
    series_sums_add(&s->now->sums, add);
    if (to_sketch && add->calls == 1) {
        sketch_add(&s->now->sketch, add->time_ns);
    }
}

size_t
fine_bytes(const struct fine *f)
{
    return f->list[FINE_1S].bytes + f->list[FINE_10S].bytes;
}

unsigned
fine_count(const struct fine *f, enum fine_length length)
{
    return f->list[length].count;
}

const struct fine_window *
fine_get(const struct fine *f, enum fine_length length, unsigned i)
{
    return window_at(&f->list[length], i);
}
