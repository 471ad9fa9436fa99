/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/shape_counts.h"

#define COMPARABLE 0.5 /* of the share of answers that could be looked into before */

void
shape_counts_set(uint32_t has[64], uint64_t set, uint32_t n)
{
    for (; set != 0; set &= set - 1) {
        has[__builtin_ctzll(set)] += n;
    }
}

void
shape_counts_one(struct shape_counts *c, const struct response_shape *x, bool is_of_items,
                 uint32_t n)
{
    c->answers += n;
    c->body[x->body] += n;
    c->type[x->type] += n;
    if (x->root_is_whole && shape_members(x->root_names) <= SHAPE_MEMBERS_MAX) {
        c->roots += n;
        shape_counts_set(c->has[SHAPE_ROOT_NAMES], x->root_names, n);
        shape_counts_set(c->has[SHAPE_ROOT_TYPED], x->root_typed, n);
    }
    if (is_of_items) {
        c->items += n;
        shape_counts_set(c->has[SHAPE_ITEM_NAMES], x->item_names, n);
        shape_counts_set(c->has[SHAPE_ITEM_TYPED], x->item_typed, n);
    }
}

void
shape_counts_forget_items(struct shape_counts *c)
{
    c->items = 0;
    memset(c->has[SHAPE_ITEM_NAMES], 0, 2 * sizeof(c->has[0]));
}

void
shape_counts_add(struct shape_counts *to, const struct shape_counts *from)
{
    to->answers += from->answers;
    to->roots += from->roots;
    to->items += from->items;
    for (unsigned i = 0; i < RESPONSE_BODY_COUNT; i++) {
        to->body[i] += from->body[i];
    }
    for (unsigned i = 0; i < RESPONSE_TYPE_COUNT; i++) {
        to->type[i] += from->type[i];
    }
    for (unsigned i = 0; i < SHAPE_SETS * 64; i++) {
        to->has[i / 64][i % 64] += from->has[i / 64][i % 64];
    }
}

void
shape_counts_halve(struct shape_counts *c)
{
    c->answers /= 2;
    c->roots /= 2;
    c->items /= 2;
    for (unsigned i = 0; i < RESPONSE_BODY_COUNT; i++) {
        c->body[i] /= 2;
    }
    for (unsigned i = 0; i < RESPONSE_TYPE_COUNT; i++) {
        c->type[i] /= 2;
    }
    for (unsigned i = 0; i < SHAPE_SETS * 64; i++) {
        c->has[i / 64][i % 64] /= 2;
    }
}

bool
shape_counts_always(uint32_t n, uint32_t of)
{
    return of >= SHAPE_NORMAL_MIN && shape_share(n, of) >= SHAPE_ALWAYS;
}

/* Which one of a few all answers had; -1: none. */
int
shape_counts_usual(const uint32_t *counts, unsigned count, uint32_t answers)
{
    for (unsigned i = 0; i < count; i++) {
        if (shape_counts_always(counts[i], answers)) {
            return (int)i;
        }
    }
    return -1;
}

/* Not only a few of them that are smaller than the others. */
static bool
is_comparable(const struct shape_counts *normal, const struct shape_counts *now, unsigned set)
{
    uint32_t n = shape_counts_looked_into(now, set);
    double before = shape_share(shape_counts_looked_into(normal, set), normal->answers);
    return n >= SHAPE_STEP_ANSWERS && shape_share(n, now->answers) >= COMPARABLE * before;
}

struct shape_loss
shape_counts_loss(const struct shape_counts *normal, const struct shape_counts *now)
{
    struct shape_loss loss = {0};
    int body = shape_counts_usual(normal->body, RESPONSE_BODY_COUNT, normal->answers);
    int type = shape_counts_usual(normal->type, RESPONSE_TYPE_COUNT, normal->answers);
    loss.body = body > RESPONSE_EMPTY && shape_share(now->body[body], now->answers) <= SHAPE_RARELY;
    loss.type =
        type > RESPONSE_TYPE_NONE && shape_share(now->type[type], now->answers) <= SHAPE_RARELY;
    for (unsigned set = 0; set < SHAPE_SETS && !loss.body; set++) {
        uint32_t before = shape_counts_looked_into(normal, set),
                 n = shape_counts_looked_into(now, set);
        if (!is_comparable(normal, now, set)) {
            continue;
        }
        for (unsigned i = 0; i < 64; i++) {
            bool is_lost = shape_counts_always(normal->has[set][i], before) &&
                           shape_share(now->has[set][i], n) <= SHAPE_RARELY;
            loss.set[set] |= is_lost ? 1ull << i : 0;
        }
    }
    return loss;
}

struct shape_loss
shape_loss_common(const struct shape_loss *a, const struct shape_loss *b)
{
    struct shape_loss both = {.body = a->body && b->body, .type = a->type && b->type};
    for (unsigned set = 0; set < SHAPE_SETS; set++) {
        both.set[set] = a->set[set] & b->set[set];
    }
    return both;
}

bool
shape_loss_is(const struct shape_loss *l)
{
    return l->body || l->type || (l->set[0] | l->set[1] | l->set[2] | l->set[3]) != 0;
}

/* Of all that is lost: the least that was there before, and the most that is there in `now`. */
struct shape_shares
shape_loss_shares(const struct shape_loss *loss, const struct shape_counts *normal,
                  const struct shape_counts *now)
{
    struct shape_shares s = {.before = 1, .of_before = normal->answers, .of_now = now->answers};
    int body = shape_counts_usual(normal->body, RESPONSE_BODY_COUNT, normal->answers);
    int type = shape_counts_usual(normal->type, RESPONSE_TYPE_COUNT, normal->answers);
    if (loss->body && body > RESPONSE_EMPTY) {
        s.before = shape_share(normal->body[body], normal->answers);
        s.now = shape_share(now->body[body], now->answers);
    } else if (loss->type && type > RESPONSE_TYPE_NONE) {
        s.before = shape_share(normal->type[type], normal->answers);
        s.now = shape_share(now->type[type], now->answers);
    }
    for (unsigned set = 0; set < SHAPE_SETS; set++) {
        for (uint64_t left = loss->set[set]; left != 0; left &= left - 1) {
            int i = __builtin_ctzll(left);
            s.of_before = shape_counts_looked_into(normal, set);
            s.of_now = shape_counts_looked_into(now, set);
            s.before = MIN(s.before, shape_share(normal->has[set][i], s.of_before));
            s.now = MAX(s.now, shape_share(now->has[set][i], s.of_now));
        }
    }
    return s;
}
