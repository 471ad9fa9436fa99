/* SPDX-License-Identifier: Apache-2.0
 * The HTTP driver under a core of a few lines. The input is a list of turns: a byte whose lowest
 * bit is the side and whose others are a length, then so many bytes from that side; length 0 is
 * that side's end. What reaches the upstream must be whole requests and the beginning of one. */
#include <stdlib.h>

#include "fuzz/target.h"
#include "io/log.h"
#include "proto/http/http_body.h"
#include "proxy/driver.h"

#define WIRE_MAX (256u * 1024)

struct wire {
    uint8_t bytes[WIRE_MAX];
    size_t len;
};

static struct wire to_upstream;
static struct wire to_client;

struct core {
    void *worker;
    struct driver_session s;
    struct slice held;
    uint64_t now_ns;
    bool closing;
};

static void
promise(bool kept)
{
    if (!kept) {
        abort();
    }
}

static void
append(struct wire *w, struct slice s)
{
    promise(s.len <= WIRE_MAX - w->len);
    if (s.len > 0) {
        memcpy(w->bytes + w->len, s.ptr, s.len);
    }
    w->len += s.len;
}

static void
apply(struct core *c, const struct driver_out *out)
{
    promise(out->to_upstream.len <= DRIVER_OWN_MAX && out->to_client.len <= DRIVER_OWN_MAX);
    promise(!out->unlink && out->aside.len == 0 && !out->start_tls_client);
    append(&to_upstream, out->to_upstream);
    append(&to_client, out->to_client);
    c->closing |= out->close;
    if (out->connect && !c->s.upstream_is_open) {
        c->s.upstream_is_open = true;
        c->s.backend_id = 1;
        http_driver.connected(c->worker, &c->s, c->now_ns);
    }
}

static void
client_turn(struct core *c, struct slice chunk)
{
    while (chunk.len > 0 && !c->closing) {
        struct driver_out out = {0};
        size_t used = http_driver.client_bytes(c->worker, &c->s, chunk, c->now_ns, &out);
        promise(used <= chunk.len);
        append(&to_upstream, out.drop ? SLICE_NONE : slice_sub(chunk, 0, used));
        apply(c, &out);
        chunk = slice_sub(chunk, used, chunk.len);
        if (used == 0) {
            break;
        }
    }
    http_driver.relayed(c->worker, &c->s);
    c->held = chunk;
}

static void
upstream_turn(struct core *c, struct slice chunk)
{
    while (chunk.len > 0 && !c->closing && c->s.upstream_is_open) {
        struct driver_out out = {0};
        size_t used = http_driver.upstream_bytes(c->worker, &c->s, chunk, c->now_ns, &out);
        promise(used > 0 && used <= chunk.len);
        append(&to_client, out.drop ? SLICE_NONE : slice_sub(chunk, 0, used));
        apply(c, &out);
        chunk = slice_sub(chunk, used, chunk.len);
    }
    http_driver.relayed(c->worker, &c->s);
    if (c->held.len > 0) {
        client_turn(c, c->held);
    }
}

/* What the upstream got is right up to its end, whatever was sent. */
static void
check_requests(struct slice bytes)
{
    static struct http_head head;
    while (bytes.len > 0) {
        struct http_body body;
        struct slice payload;
        size_t used;
        http_head_init(&head, HTTP_REQUEST, HTTP_HEAD_MAX);
        enum dec answer = http_head_decode(&head, bytes);
        promise(answer == DEC_OK);
        bytes = slice_sub(bytes, head.len, bytes.len);
        http_body_init_request(&body, &head);
        do {
            answer = http_body_decode(&body, bytes, &used, &payload);
            bytes = slice_sub(bytes, used, bytes.len);
        } while (answer == DEC_MORE && bytes.len > 0);
        promise(answer == DEC_OK || answer == DEC_MORE);
    }
}

static void
turn(struct core *c, bool from_upstream, struct slice chunk)
{
    struct driver_out out = {0};
    c->now_ns++;
    if (chunk.len > 0) {
        if (from_upstream) {
            upstream_turn(c, chunk);
        } else if (c->held.len == 0) {
            client_turn(c, chunk);
        }
    } else if (!from_upstream) {
        http_driver.client_eof(c->worker, &c->s, c->now_ns % 2 == 0, c->now_ns, &out);
        c->closing |= out.close;
    } else if (c->s.upstream_is_open) {
        http_driver.upstream_eof(c->worker, &c->s, c->now_ns % 2 == 0, c->now_ns, &out);
        c->closing |= out.close;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t counters[COUNTER_COUNT];
    static struct driver_env env;
    static bool started;
    struct driver_out out = {0};
    struct core c = {.now_ns = 1};
    if (!started) {
        log_init(2, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, "fuzz");
        env = (struct driver_env){.counters = counters, .seed = 1};
        promise(publisher_new(0, &env.publisher) == 0);
        started = true;
    }
    to_upstream.len = 0;
    to_client.len = 0;
    promise(http_driver.worker_new(&env, &c.worker) == 0);
    c.s.state = calloc(1, http_driver.session_size);
    promise(c.s.state != NULL);
    http_driver.open(c.worker, &c.s, c.now_ns, &out);
    for (size_t at = 0; at < size && !c.closing;) {
        size_t len = (size_t)(data[at] >> 1);
        bool from_upstream = (data[at] & 1) != 0;
        struct slice chunk = slice_sub(slice_of(data, size), at + 1, len);
        at += 1 + chunk.len;
        turn(&c, from_upstream, chunk);
    }
    http_driver.close(c.worker, &c.s, CLOSE_CLIENT, c.now_ns);
    if (!c.s.passive_client) {
        check_requests(slice_of(to_upstream.bytes, to_upstream.len));
    }
    http_driver.worker_free(c.worker);
    free(c.s.state);
    return 0;
}
