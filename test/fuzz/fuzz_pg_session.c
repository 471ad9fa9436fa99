/* SPDX-License-Identifier: Apache-2.0
 * A whole session of the driver: pieces of both sides in any order. Each piece is a byte (its top
 * bit: from the server; the rest: its length) and so many bytes. From the client the first pieces
 * are its startup packets. Whatever happens, a request that its queries may say they are of is told
 * of each of them once: none is left under way behind the session. */
#include <stdlib.h>

#include "fuzz/target.h"
#include "proxy/cancels.h"
#include "proxy/census.h"
#include "proxy/listener.h"
#include "proxy/server_timing.h"

/* 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 */
static const struct server_timing_key timed = {{0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd,
                                                0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c},
                                               {0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31}};

/* Behind the session. */
static void
check_timing(struct server_timing **t, uint64_t ticket)
{
    struct server_timing_sum sum;
    struct server_timing_key other = {{1}, {1}};
    if (server_timing_take(*t, ticket, &sum) && sum.under_way != 0) {
        abort();
    }
    if (server_timing_open(*t, &other, &ticket) != 0) { /* it is no longer blind */
        abort();
    }
    server_timing_free(t);
}

static void
feed(void *worker, struct driver_session *s, bool from_client, struct slice chunk, uint64_t now_ns)
{
    while (chunk.len > 0 && !s->opaque) {
        struct driver_out out = {0};
        size_t used = (from_client ? pg_driver.client_bytes
                                   : pg_driver.upstream_bytes)(worker, s, chunk, now_ns, &out);
        if (used == 0 || used > chunk.len || out.to_client.len > DRIVER_INSERT_MAX ||
            out.to_upstream.len > DRIVER_INSERT_MAX || out.aside.len > DRIVER_ASIDE_MAX) {
            abort();
        }
        chunk = slice_sub(chunk, used, chunk.len);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct publisher *publisher = NULL;
    uint64_t counters[COUNTER_COUNT] = {0};
    void *worker;
    if (publisher_new(0, &publisher) < 0) {
        return 0;
    }
    static struct cancels *cancels;
    static struct census *census;
    static struct limits limits = {.inspect_max = 65536};
    const struct resolve_address address = {.sa = {.ss_family = AF_UNIX}, .len = 2};
    if (cancels == NULL && cancels_new(4, (struct hash_key){1, 2}, &cancels) < 0) {
        abort();
    }
    census = census == NULL ? census_new(4, (struct hash_key){1, 2}) : census;
    struct server_timing *timing = server_timing_new(4, (struct hash_key){1, 2});
    uint64_t ticket;
    if (timing == NULL || server_timing_open(timing, &timed, &ticket) != 0) {
        abort();
    }
    const struct driver_env env = {.publisher = publisher,
                                   .server_timing = timing,
                                   .counters = counters,
                                   .cancels = cancels,
                                   .census = census,
                                   .limits = &limits};
    struct driver_session s = {
        .id = 1, .backend_id = 2, .address = &address, .state = calloc(1, pg_driver.session_size)};
    struct driver_out out = {0};
    if (pg_driver.worker_new(&env, &worker) < 0) {
        abort();
    }
    pg_driver.open(worker, &s, 0, &out);
    struct slice rest = slice_of(data, size);
    uint64_t now_ns = 1;
    while (rest.len > 0) {
        uint8_t head = *rest.ptr;
        struct slice piece = slice_sub(rest, 1, head & 0x7f);
        /* Its own memory, so that reading beyond it is noticed. */
        uint8_t *copy = malloc(piece.len + 1);
        if (piece.len > 0) {
            memcpy(copy, piece.ptr, piece.len);
        }
        feed(worker, &s, (head & 0x80) == 0, slice_of(copy, piece.len), now_ns++);
        free(copy);
        rest = slice_sub(rest, 1 + (head & 0x7f), rest.len);
    }
    pg_driver.worker_tick(worker, now_ns);
    pg_driver.close(worker, &s, CLOSE_CLIENT, now_ns);
    pg_driver.worker_free(worker);
    check_timing(&timing, ticket);
    publisher_free(&publisher);
    free(s.state);
    return 0;
}
