/* SPDX-License-Identifier: Apache-2.0
 * observe simple|prepared QUERIES: what observing costs, without a network and a loop.
 *
 * One session of the PostgreSQL driver is fed what pgbench's select-only sends and gets, query
 * after query: it decodes, fingerprints, hashes, stamps and pushes a record into a real ring. Two
 * counts of queries under callgrind give the instructions of one. Prints nanoseconds a query. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "bus/publish.h"
#include "proxy/cancels.h"
#include "proxy/census.h"
#include "proxy/driver.h"
#include "proxy/listener.h"

#define MESSAGES_MAX 1024u
#define NUMBER_AT    "00000000" /* replaced by the number of the query */

struct bench {
    struct driver_env env;
    struct limits limits;
    struct resolve_address address;
    struct driver_session s;
    uint64_t counters[COUNTER_COUNT];
    void *worker;
};

/* As the loop stamps a chunk: when it was read, and when it has been written on. */
static uint64_t
now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void
must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "observe: %s\n", what);
        exit(1);
    }
}

static void
feed(struct bench *b, bool from_client, struct slice bytes)
{
    uint64_t at_ns = now_ns();
    b->s.inside_ns += now_ns() - at_ns;
    while (bytes.len > 0) {
        struct driver_out out = {0};
        size_t used = (from_client ? pg_driver.client_bytes : pg_driver.upstream_bytes)(
            b->worker, &b->s, bytes, at_ns, &out);
        bytes = slice_sub(bytes, used, bytes.len);
    }
}

static void
put_int(struct buf *to, uint32_t value, unsigned size)
{
    while (size-- > 0) {
        must(buf_append_byte(to, (uint8_t)(value >> (8 * size))) == 0, "message too long");
    }
}

static void
put(struct buf *to, char type, struct slice body)
{
    put_int(to, (uint32_t)type, 1);
    put_int(to, (uint32_t)body.len + 4, 4);
    must(buf_append(to, body) == 0, "message too long");
}

#define PUT(to, type, body) put(to, type, SLICE_LIT(body))

static void
put_columns(struct buf *to)
{
    PUT(to, 'T',
        "\0\x01"
        "abalance\0"
        "\0\0\x40\x01"
        "\0\x03"
        "\0\0\0\x17"
        "\0\x04"
        "\xff\xff\xff\xff"
        "\0\0");
}

static void
put_row(struct buf *to)
{
    PUT(to, 'D',
        "\0\x01"
        "\0\0\0\x05"
        "-1234");
    PUT(to, 'C', "SELECT 1\0");
    PUT(to, 'Z', "I");
}

#define SELECT "SELECT abalance FROM pgbench_accounts WHERE aid = "

static void
put_simple(struct buf *client, struct buf *server)
{
    PUT(client, 'Q', SELECT NUMBER_AT ";\0");
    put_columns(server);
    put_row(server);
}

static void
put_prepared(struct buf *client, struct buf *server)
{
    PUT(client, 'B',
        "\0"
        "P_0\0"
        "\0\0"
        "\0\x01"
        "\0\0\0\x08" NUMBER_AT "\0\x01"
        "\0\0");
    PUT(client, 'D', "P\0");
    PUT(client, 'E',
        "\0"
        "\0\0\0\0");
    PUT(client, 'S', "");
    PUT(server, '2', "");
    put_columns(server);
    put_row(server);
}

static void
log_in(struct bench *b, struct buf *server)
{
    static const char startup[] = "\0\0\0\x21\0\x03\0\0user\0anna\0database\0shop\0\0";
    feed(b, true, slice_of(startup, sizeof(startup) - 1));
    PUT(server, 'R', "\0\0\0\0");
    PUT(server, 'K', "\0\0\0\x07\0\0\0\x09");
    PUT(server, 'Z', "I");
    feed(b, false, buf_slice(server));
    buf_reset(server);
}

static void
prepare(struct bench *b, struct buf *client, struct buf *server)
{
    PUT(client, 'P',
        "P_0\0" SELECT "$1;\0"
        "\0\0");
    PUT(client, 'S', "");
    PUT(server, '1', "");
    PUT(server, 'Z', "I");
    feed(b, true, buf_slice(client));
    feed(b, false, buf_slice(server));
    buf_reset(client);
    buf_reset(server);
}

static void
open_session(struct bench *b, struct publisher *publisher)
{
    struct driver_out out = {0};
    struct hash_key key = {5, 6};
    atomic_store(&b->limits.inspect_max, 65536);
    b->env = (struct driver_env){.sessions_max = 4,
                                 .publisher = publisher,
                                 .counters = b->counters,
                                 .limits = &b->limits,
                                 .hash_key = {1, 2},
                                 .seed = 3};
    b->env.census = census_new(4, key);
    must(cancels_new(4, key, &b->env.cancels) == 0, "no cancels");
    must(pg_driver.worker_new(&b->env, &b->worker) == 0, "no driver");
    b->address = (struct resolve_address){.sa = {.ss_family = 1}, .len = 2};
    b->s =
        (struct driver_session){.id = 77, .backend_id = 78, .start_ns = 1, .address = &b->address};
    b->s.state = check_alloc(1, pg_driver.session_size);
    pg_driver.open(b->worker, &b->s, now_ns(), &out);
}

static void
run(struct bench *b, bool is_prepared, unsigned queries)
{
    struct buf client, server;
    buf_init(&client, MESSAGES_MAX);
    buf_init(&server, MESSAGES_MAX);
    log_in(b, &server);
    if (is_prepared) {
        prepare(b, &client, &server);
        put_prepared(&client, &server);
    } else {
        put_simple(&client, &server);
    }
    uint8_t *number = memmem(client.data, client.len, NUMBER_AT, strlen(NUMBER_AT));
    must(number != NULL, "no place for the number");
    uint64_t start_ns = now_ns();
    for (unsigned i = 0; i < queries; i++) {
        unsigned value = i * 7919 % 100000000u;
        for (unsigned digit = 8; digit-- > 0; value /= 10) {
            number[digit] = (uint8_t)('0' + value % 10);
        }
        feed(b, true, buf_slice(&client));
        feed(b, false, buf_slice(&server));
    }
    printf("%.1f\n", queries == 0 ? 0.0 : (double)(now_ns() - start_ns) / queries);
    buf_fini(&client);
    buf_fini(&server);
}

int
main(int argc, char **argv)
{
    static struct bench b;
    struct publisher *publisher;
    struct ring_producer *ring;
    if (argc != 3 || (strcmp(argv[1], "simple") != 0 && strcmp(argv[1], "prepared") != 0)) {
        fprintf(stderr, "usage: observe simple|prepared QUERIES\n");
        return 2;
    }
    unsigned queries = (unsigned)atoi(argv[2]);
    must(publisher_new(0, &publisher) == 0, "no publisher");
    must(ring_producer_new(RING_CAPACITY_MAX, 1, &ring) == 0, "no ring");
    publisher_attach(publisher, &ring);
    open_session(&b, publisher);
    run(&b, strcmp(argv[1], "prepared") == 0, queries);
    struct publisher_totals totals = publisher_totals(publisher);
    must(!b.s.opaque, "the session was lost");
    must(b.counters[COUNTER_queries] == queries, "not every query was an event");
    must(totals.folded == 0 && totals.dropped == 0, "the ring was too small for so many queries");
    pg_driver.close(b.worker, &b.s, CLOSE_CLIENT, now_ns());
    pg_driver.worker_free(b.worker);
    publisher_free(&publisher);
    cancels_free(&b.env.cancels);
    census_free(&b.env.census);
    free(b.s.state);
    return 0;
}
