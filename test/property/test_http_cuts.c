/* SPDX-License-Identifier: Apache-2.0
 * Whatever the cuts, the answer is the same: whole = byte by byte = random pieces, for messages
 * that are right and for those that a few random changes made wrong. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/prng.h"
#include "proto/http/http_body.h"
#include "proto/http/http_values.h"
#include "unit/unit.h"

#define ROUNDS 3000

static const char *const messages[] = {
    "POST /api/orders/12?x=a%20b&y=2 HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
    "Transfer-Encoding: chunked\r\nCookie: a=b; c=d\r\n\r\n"
    "5;x=y\r\n{\"a\":\r\n9\r\n [1,\"\\u00e4\r\n2\r\n\"]\r\n1\r\n}\r\n0\r\nT: v\r\n\r\nGET",
    "PUT / HTTP/1.0\r\nContent-Length: 19\r\nConnection: keep-alive\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n\r\na=1&b=%41%4&c=x+y&dGET",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nA: b\r\nC:\r\n\r\nabcHTTP",
    "HTTP/1.0 200 OK\r\n\r\nuntil the end",
};

struct result {
    enum dec head;
    enum dec body;
    uint32_t head_len;
    uint64_t used;
    uint64_t payload;
    uint64_t values;
    const char *reason;
};

static void
fold_value(void *arg, struct slice value)
{
    uint64_t *h = arg;
    *h = hash_combine(*h, hash_bytes(value));
}

/* The next piece's length: 0 is everything, 1 is one byte, else random. */
static size_t
piece(unsigned mode, struct prng *p, size_t left)
{
    return mode == 0 ? left : mode == 1 ? 1 : 1 + (size_t)prng_below(p, left);
}

static void
run_body(struct result *r, const struct http_head *h, struct slice rest, bool is_response,
         unsigned mode, struct prng *p, struct http_values *v)
{
    struct http_body b;
    uint8_t payload[512];
    size_t payload_len = 0;
    if (is_response) {
        http_body_init_response(&b, h, false);
    } else {
        http_body_init_request(&b, h);
    }
    r->body = DEC_MORE;
    while (r->body == DEC_MORE && r->used < rest.len) {
        struct slice in = slice_sub(rest, r->used, piece(mode, p, rest.len - r->used));
        while (r->body == DEC_MORE && in.len > 0) {
            size_t used;
            struct slice data;
            r->body = http_body_decode(&b, in, &used, &data);
            http_values_body(v, data);
            if (data.len > 0) {
                memcpy(payload + payload_len, data.ptr, data.len);
                payload_len += data.len;
            }
            r->used += used;
            in = slice_sub(in, used, in.len);
        }
    }
    http_values_end(v);
    r->payload = hash_bytes(slice_of(payload, payload_len));
    r->reason = b.error.reason;
}

static struct result
run(struct slice text, bool is_response, unsigned mode, struct prng *p)
{
    struct result r = {.head = DEC_MORE};
    struct http_head h;
    struct http_values v;
    http_head_init(&h, is_response ? HTTP_RESPONSE : HTTP_REQUEST, 300);
    for (size_t have = 0; r.head == DEC_MORE && have < text.len;) {
        have += piece(mode, p, text.len - have);
        r.head = http_head_decode(&h, slice_sub(text, 0, have));
    }
    r.head_len = h.len;
    r.reason = h.error.reason;
    if (r.head == DEC_OK) {
        http_values_init(&v, fold_value, &r.values);
        http_values_head(&v, &h, text);
        run_body(&r, &h, slice_sub(text, h.len, text.len), is_response, mode, p, &v);
    }
    return r;
}

static void
cuts_do_not_matter(void **state)
{
    struct prng p = {20261123};
    unsigned whole = 0;
    unsigned refused = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned which = (unsigned)prng_below(&p, ARRAY_LEN(messages));
        struct slice original = slice_from_str(messages[which]);
        uint8_t *text = malloc(original.len);
        assert_non_null(text);
        memcpy(text, original.ptr, original.len);
        for (uint64_t n = prng_below(&p, 4); n > 0; n--) {
            static const uint8_t odd[] = "\r\n\t :;0fFx,\x01\xff%\"\\";
            text[prng_below(&p, original.len)] = odd[prng_below(&p, sizeof(odd))];
        }
        struct slice s = slice_of(text, original.len);
        struct result want = run(s, which >= 2, 0, &p);
        for (unsigned mode = 1; mode < 4; mode++) {
            struct result got = run(s, which >= 2, mode, &p);
            if (got.head != want.head || got.body != want.body || got.head_len != want.head_len ||
                got.payload != want.payload || got.values != want.values || got.used != want.used ||
                got.reason != want.reason) {
                fail_msg("round %u, mode %u: %d/%d %s against %d/%d %s", round, mode, got.head,
                         got.body, got.reason, want.head, want.body, want.reason);
            }
        }
        whole += want.head == DEC_OK && want.body == DEC_OK;
        refused += want.head == DEC_BAD || want.body == DEC_BAD;
        free(text);
    }
    assert_true(whole > ROUNDS / 10 && refused > ROUNDS / 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cuts_do_not_matter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
