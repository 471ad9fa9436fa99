/* SPDX-License-Identifier: Apache-2.0
 * The HTTP driver under a core of a few lines. The input is a list of turns: a byte whose lowest
 * bit is the side and whose others are a length, then so many bytes from that side; length 0 is
 * that side's end. */
#include <stdlib.h>

#include "fuzz/target.h"
#include "io/log.h"
#include "proxy/driver.h"

struct core {
    void *worker;
    struct driver_session s;
    struct slice held;
    uint64_t now_ns;
    bool refused; /* the driver has sent an error of its own and wants the end */
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
apply(struct core *c, const struct driver_out *out, size_t forwarded)
{
    promise(out->to_upstream.len <= DRIVER_INSERT_MAX && out->to_client.len <= DRIVER_INSERT_MAX);
    promise(!c->refused || (forwarded == 0 && out->to_upstream.len == 0));
    promise(!out->unlink && out->aside.len == 0);
    c->refused |= out->to_client.len > 0;
    promise(!c->refused || out->close || out->drop);
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
    while (chunk.len > 0 && !c->s.opaque) {
        struct driver_out out = {0};
        size_t used = http_driver.client_bytes(c->worker, &c->s, chunk, c->now_ns, &out);
        promise(used <= chunk.len);
        apply(c, &out, out.drop ? 0 : used);
        chunk = slice_sub(chunk, used, chunk.len);
        if (used == 0) {
            break;
        }
    }
    c->held = chunk;
}

static void
upstream_turn(struct core *c, struct slice chunk)
{
    struct driver_out out = {0};
    if (!c->s.upstream_is_open || c->s.opaque) {
        return;
    }
    promise(http_driver.upstream_bytes(c->worker, &c->s, chunk, c->now_ns, &out) == chunk.len);
    if (c->held.len > 0) {
        client_turn(c, c->held);
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
    promise(http_driver.worker_new(&env, &c.worker) == 0);
    c.s.state = calloc(1, http_driver.session_size);
    promise(c.s.state != NULL);
    http_driver.open(c.worker, &c.s, c.now_ns, &out);
    for (size_t at = 0; at < size && !c.closing && !c.s.opaque;) {
        size_t len = (size_t)(data[at] >> 1);
        bool from_upstream = (data[at] & 1) != 0;
        struct slice chunk = slice_sub(slice_of(data, size), at + 1, len);
        at += 1 + chunk.len;
        turn(&c, from_upstream, chunk);
    }
    http_driver.close(c.worker, &c.s, CLOSE_CLIENT, c.now_ns);
    http_driver.worker_free(c.worker);
    free(c.s.state);
    return 0;
}
