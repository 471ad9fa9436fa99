/* SPDX-License-Identifier: Apache-2.0
 * Server-Timing's table against a list that forgets nothing: requests, queries and their ends in
 * any order, with traceparents that come again. What the table says is true to the nanosecond; it
 * may only be silent. */
#include "proxy/server_timing.h"

#include <stdlib.h>

#include "base/prng.h"
#include "unit/unit.h"

#define REQUESTS 4000
#define QUERIES  64
#define KEYS     3000

struct request {
    uint32_t key;
    uint64_t ticket;
    struct server_timing_sum sum;
    bool is_over;
};

struct query {
    uint64_t ticket; /* 0: this place is free */
    int request;     /* whose it is in truth */
};

static struct request requests[REQUESTS];
static unsigned request_count;
static struct query queries[QUERIES];
static unsigned told, opened;

static uint64_t
seed_from_env(void)
{
    const char *s = getenv("SLOWBURN_SEED");
    return s == NULL ? 20261128 : strtoull(s, NULL, 0);
}

static struct server_timing_key
key_of(uint32_t n)
{
    struct server_timing_key key = {.trace_id = {1}, .span_id = {1}};
    memcpy(key.trace_id + 8, &n, sizeof(n));
    key.span_id[3] = (uint8_t)n;
    return key;
}

static void
open_one(struct server_timing *t, struct prng *prng)
{
    struct request *r = &requests[request_count];
    *r = (struct request){.key = (uint32_t)prng_below(prng, KEYS)};
    struct server_timing_key key = key_of(r->key);
    bool is_open_already = false;
    for (unsigned i = 0; i < request_count; i++) {
        is_open_already |= requests[i].key == r->key && !requests[i].is_over;
    }
    int err = server_timing_open(t, &key, &r->ticket);
    assert_true(err != 0 || !is_open_already);
    assert_true(err == 0 || r->ticket == 0);
    r->is_over = err != 0;
    opened += err == 0;
    request_count++;
}

/* A query of one of the last requests, which may be over. */
static void
begin_one(struct server_timing *t, struct prng *prng)
{
    struct query *q = &queries[prng_below(prng, QUERIES)];
    if (q->ticket != 0 || request_count == 0) {
        return;
    }
    q->request = (int)(request_count - 1 - prng_below(prng, MIN(request_count, 12u)));
    struct request *r = &requests[q->request];
    struct server_timing_key key = key_of(r->key);
    q->ticket = server_timing_begin(t, &key);
    if (q->ticket != 0 && !r->is_over) {
        r->sum.under_way++;
    }
}

static void
end_one(struct server_timing *t, struct prng *prng)
{
    struct query *q = &queries[prng_below(prng, QUERIES)];
    uint64_t took_ns = prng_below(prng, 1000000);
    if (q->ticket == 0) {
        return;
    }
    server_timing_end(t, q->ticket, took_ns);
    q->ticket = 0;
    struct request *r = &requests[q->request];
    if (!r->is_over) {
        r->sum.under_way--;
        r->sum.ended++;
        r->sum.took_ns += took_ns;
    }
}

static void
take_one(struct server_timing *t, struct prng *prng)
{
    struct server_timing_sum sum;
    if (request_count == 0) {
        return;
    }
    struct request *r = &requests[request_count - 1 - prng_below(prng, MIN(request_count, 40u))];
    if (r->is_over) {
        return;
    }
    r->is_over = true;
    if (server_timing_take(t, r->ticket, &sum)) {
        assert_true(sum.ended > 0);
        assert_int_equal(sum.ended, r->sum.ended);
        assert_int_equal(sum.under_way, r->sum.under_way);
        assert_int_equal(sum.took_ns, r->sum.took_ns);
        told++;
    }
}

static void
what_is_said_is_true(void **state)
{
    uint64_t seed = seed_from_env();
    print_message("# SLOWBURN_SEED=%llu\n", (unsigned long long)seed);
    struct prng prng = {seed};
    struct server_timing *t = server_timing_new(16, (struct hash_key){seed, 1});
    assert_non_null(t);
    while (request_count < REQUESTS) {
        uint64_t what = prng_below(&prng, 12);
        if (what == 0) {
            open_one(t, &prng);
        } else if (what < 5) {
            begin_one(t, &prng);
        } else if (what < 10) {
            end_one(t, &prng);
        } else {
            take_one(t, &prng);
        }
    }
    assert_true(told > opened / 10); /* it is not silent always */
    server_timing_free(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_said_is_true)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
