/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/stampede.h"

#include <stdlib.h>

void
stampedes_init(struct stampedes *s)
{
    memset(s, 0, sizeof(*s));
    map_init(&s->by_fingerprint, STAMPEDE_STATEMENTS_MAX);
}

void
stampedes_fini(struct stampedes *s)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&s->by_fingerprint, &at)) != NULL) {
        free(slot->value);
    }
    map_fini(&s->by_fingerprint);
}

static struct stampede_statement *
statement_of(struct stampedes *s, uint64_t fingerprint)
{
    struct stampede_statement *st = map_get(&s->by_fingerprint, fingerprint);
    if (st != NULL) {
        return st;
    }
    st = check_alloc(1, sizeof(*st));
    if (map_put(&s->by_fingerprint, fingerprint, st) != 0) {
        free(st);
        s->refused++;
        return NULL;
    }
    return st;
}

static void
turn_half(struct stampede_statement *st, uint64_t now_ns)
{
    if (now_ns < st->half_ns + STAMPEDE_HALF_NS) {
        return;
    }
    bool long_ago = now_ns >= st->half_ns + 2 * STAMPEDE_HALF_NS;
    st->half[1] = long_ago ? (struct stampede_half){0} : st->half[0];
    st->half[0] = (struct stampede_half){0};
    st->half_ns = now_ns;
    st->turn += long_ago ? 2 : 1;
}

/* NULL: that half is no more. */
static struct stampede_half *
half_of(struct stampede_statement *st, const struct stampede_call *call)
{
    unsigned age = st->turn - call->turn;
    return age < ARRAY_LEN(st->half) ? &st->half[age] : NULL;
}

static bool
are_beside(const struct stampede_call *a, const struct stampede_call *b)
{
    uint64_t from = MAX(a->start_ns, b->start_ns), to = MIN(a->end_ns, b->end_ns);
    uint64_t longer = MAX(a->end_ns - a->start_ns, b->end_ns - b->start_ns);
    return a->values == b->values && to > from && 2 * (to - from) >= longer;
}

/* The other's answer would have done. */
static bool
is_needless_by(const struct stampede_call *call, const struct stampede_call *other)
{
    return call->values == other->values && other->start_ns <= call->start_ns &&
           other->end_ns > call->start_ns;
}

static uint64_t
cost_of(const struct stampede_call *call)
{
    return call->end_ns - call->start_ns;
}

/* Of the same that are known. */
static uint64_t
shortest(const struct stampede_statement *st, const struct stampede_call *call)
{
    uint64_t least = cost_of(call);
    for (unsigned i = 0; i < STAMPEDE_RECENT; i++) {
        const struct stampede_call *other = &st->recent[i];
        bool is_recent = other->end_ns + 2 * STAMPEDE_HALF_NS > call->end_ns;
        if (other->values == call->values && other->end_ns > 0 && is_recent) {
            least = MIN(least, cost_of(other));
        }
    }
    return least;
}

/* What is known of it by now; never less than was counted. */
static void
count_waste(struct stampede_statement *st, struct stampede_call *call, uint64_t least_ns)
{
    struct stampede_half *h = half_of(st, call);
    uint64_t wasted_ns = call->is_needless  ? cost_of(call)
                         : call->has_others ? cost_of(call) - MIN(least_ns, cost_of(call))
                                            : 0;
    if (h != NULL && wasted_ns > call->wasted_ns) {
        h->wasted_ns += wasted_ns - call->wasted_ns;
        call->wasted_ns = wasted_ns;
    }
}

/* Calls of before may turn out to be needless, or to have been slowed down, by one that is told of
 * only now. Returns how many are at once. */
static unsigned
compare(struct stampede_statement *st, struct stampede_call *call)
{
    uint64_t least_ns = shortest(st, call);
    unsigned at_once = 1;
    for (unsigned i = 0; i < STAMPEDE_RECENT; i++) {
        struct stampede_call *other = &st->recent[i];
        bool beside = are_beside(other, call);
        at_once += beside;
        call->has_others = call->has_others || beside;
        other->has_others = other->has_others || beside;
        call->is_needless = call->is_needless || is_needless_by(call, other);
        bool began_later = other->start_ns > call->start_ns;
        other->is_needless = other->is_needless || (began_later && is_needless_by(other, call));
        if (other->values == call->values) {
            count_waste(st, other, least_ns);
        }
    }
    count_waste(st, call, least_ns);
    return at_once;
}

void
stampedes_add(struct stampedes *s, const struct trace_query *q)
{
    uint64_t cost_ns = q->end_ns - q->start_ns;
    bool counts = cost_ns >= STAMPEDE_CALL_NS && q->kind == STATEMENT_SELECT &&
                  (q->flags & QUERY_VALUES_HASHED) != 0;
    struct stampede_statement *st = counts ? statement_of(s, q->fingerprint) : NULL;
    if (st == NULL) {
        return;
    }
    turn_half(st, q->end_ns);
    struct stampede_call call = {
        .values = q->values_hash, .start_ns = q->start_ns, .end_ns = q->end_ns, .turn = st->turn};
    unsigned at_once = compare(st, &call);
    st->recent[st->next++ % STAMPEDE_RECENT] = call;
    struct stampede_half *h = &st->half[0];
    h->calls++;
    h->crowded += at_once >= STAMPEDE_MIN;
    h->time_ns += cost_ns;
    h->most = MAX(h->most, at_once);
}

bool
stampedes_sum(const struct stampedes *s, uint64_t fingerprint, uint64_t now_ns,
              struct stampede_sum *ret_sum)
{
    const struct stampede_statement *st = map_get(&s->by_fingerprint, fingerprint);
    if (st == NULL || now_ns > st->half_ns + 2 * STAMPEDE_HALF_NS) {
        return false;
    }
    struct stampede_sum sum = {0};
    double time_ns = 0, wasted_ns = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct stampede_half *h = &st->half[i];
        sum.calls += h->calls;
        sum.crowded += h->crowded;
        sum.most = MAX(sum.most, h->most);
        time_ns += (double)h->time_ns;
        wasted_ns += (double)h->wasted_ns;
    }
    sum.wasted_share = time_ns > 0 ? MIN(wasted_ns / time_ns, 1) : 0;
    *ret_sum = sum;
    return true;
}
