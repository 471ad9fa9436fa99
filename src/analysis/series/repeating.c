/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/repeating.h"

#include "base/prng.h"

#define SLOTS (2 * REPEATING_STATEMENTS_MAX)

struct tally {
    const struct trace_query *query[SLOTS]; /* its first call; NULL: free */
    unsigned count;
    /* Of those that are not free: */
    uint64_t values[SLOTS][REPEATING_CALLS_MIN]; /* the first different ones */
    uint32_t calls[SLOTS], different[SLOTS];
};

static void
add_value(struct tally *y, unsigned at, uint64_t value)
{
    for (unsigned i = 0; i < y->different[at]; i++) {
        if (y->values[at][i] == value) {
            return;
        }
    }
    if (y->different[at] < REPEATING_CALLS_MIN) {
        y->values[at][y->different[at]++] = value;
    }
}

static void
count(struct tally *y, const struct trace_query *q)
{
    unsigned at = (unsigned)(prng_mix(q->fingerprint ^ q->database) % SLOTS);
    while (y->query[at] != NULL &&
           (y->query[at]->fingerprint != q->fingerprint || y->query[at]->database != q->database)) {
        at = (at + 1) % SLOTS;
    }
    if (y->query[at] == NULL) {
        if (y->count == REPEATING_STATEMENTS_MAX) {
            return;
        }
        y->count++;
        y->query[at] = q;
        y->calls[at] = y->different[at] = 0;
    }
    y->calls[at]++;
    if ((q->flags & QUERY_VALUES_HASHED) != 0) {
        add_value(y, at, q->values_hash);
    }
}

unsigned
repeating_of(const struct trace *t, const struct trace_query *ret_query[REPEATING_STATEMENTS_MAX])
{
    unsigned n = 0;
    if (t->query_count < REPEATING_CALLS_MIN) {
        return 0;
    }
    struct tally y;
    y.count = 0;
    memset(y.query, 0, sizeof(y.query));
    for (uint32_t i = 0; i < t->query_count; i++) {
        const struct trace_query *q = &t->queries[i];
        if (q->kind != STATEMENT_TRANSACTION && q->kind != STATEMENT_SESSION) {
            count(&y, q);
        }
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        if (y.query[i] != NULL && y.calls[i] >= REPEATING_CALLS_MIN &&
            y.different[i] >= REPEATING_CALLS_MIN) {
            ret_query[n++] = y.query[i];
        }
    }
    return n;
}
