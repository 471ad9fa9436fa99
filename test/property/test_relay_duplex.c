/* SPDX-License-Identifier: Apache-2.0
 *
 * Many sessions at once, both directions at once, random sizes, small kernel buffers, random
 * stalls: every byte arrives, in order, unchanged; nothing is held at the end. System calls are
 * repeated when the end of a ring that loop_probe has made interrupts them. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/prng.h"
#include "proxy/census.h"
#include "proxy/listener.h"
#include "proxy/worker.h"
#include "unit/loops.h"

#define SESSIONS  12
#define PER_WAY   (2u << 20)
#define STALL_MAX 3 /* ms */

/* One end of a session: sends its own sequence, checks the other's. */
struct end {
    int fd;
    uint64_t send_seed, expect_seed;
    size_t sent, got;
    bool is_shut, is_done;
};

static uint64_t seed;

static uint8_t
byte_at(uint64_t stream, size_t at)
{
    return (uint8_t)(prng_mix(stream + at / 8) >> (at % 8 * 8));
}

static void
send_some(struct end *e, struct prng *prng)
{
    uint8_t chunk[70000];
    size_t len = 1 + prng_below(prng, prng_below(prng, 4) == 0 ? sizeof(chunk) : 200);
    len = MIN(len, PER_WAY - e->sent);
    for (size_t i = 0; i < len; i++) {
        chunk[i] = byte_at(e->send_seed, e->sent + i);
    }
    ssize_t n = send(e->fd, chunk, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    e->sent += n > 0 ? (size_t)n : 0;
    if (e->sent == PER_WAY && !e->is_shut) {
        e->is_shut = true;
        shutdown(e->fd, SHUT_WR);
    }
}

static void
receive_some(struct end *e, struct prng *prng)
{
    uint8_t chunk[70000];
    ssize_t n = recv(e->fd, chunk, 1 + prng_below(prng, sizeof(chunk)), MSG_DONTWAIT);
    for (ssize_t i = 0; i < n; i++) {
        if (chunk[i] != byte_at(e->expect_seed, e->got + (size_t)i)) {
            fail_msg("seed %llu: byte %zu differs", (unsigned long long)seed, e->got + (size_t)i);
        }
    }
    e->got += n > 0 ? (size_t)n : 0;
    e->is_done = n == 0;
}

/* Single-threaded over all ends; only ever touches those that are ready. */
static void
exchange(struct end *ends, unsigned count, struct prng *prng)
{
    unsigned left = count;
    while (left > 0) {
        struct pollfd ready[2 * SESSIONS];
        left = 0;
        for (unsigned i = 0; i < count; i++) {
            struct end *e = &ends[i];
            ready[i] = (struct pollfd){.fd = e->is_done && e->is_shut ? -1 : e->fd};
            ready[i].events |= e->is_done ? 0 : POLLIN;
            ready[i].events |= e->is_shut ? 0 : POLLOUT;
            left += ready[i].fd >= 0;
        }
        if (left > 0 && TEMP_FAILURE_RETRY(poll(ready, count, 20000)) <= 0) {
            fail_msg("seed %llu: stuck", (unsigned long long)seed);
        }
        for (unsigned i = 0; i < count; i++) {
            /* Some are not served although they are ready: a slow reader, a slow writer. */
            if ((ready[i].revents & (POLLIN | POLLHUP)) != 0 && prng_below(prng, 3) > 0) {
                receive_some(&ends[i], prng);
            }
            if ((ready[i].revents & POLLOUT) != 0 && prng_below(prng, 3) > 0) {
                send_some(&ends[i], prng);
            }
        }
        if (prng_below(prng, 200) == 0) {
            usleep((useconds_t)(prng_below(prng, STALL_MAX) * 1000));
        }
    }
}

static int
listener_on(struct sockaddr_in *a)
{
    socklen_t len = sizeof(*a);
    *a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(bind(fd, (struct sockaddr *)a, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)a, &len), 0);
    return fd;
}

static void
every_byte_arrives(void **state)
{
    struct sockaddr_in upstream_at, listen_at;
    struct prng prng = {seed};
    struct diag diag = {0};
    struct limits limits = {SESSIONS, 5 * NS_PER_S, 60 * NS_PER_S, NS_PER_S};
    struct census *census = census_new(2 * SESSIONS, (struct hash_key){1, 2});
    struct resolver *resolver;
    struct loop *done;
    struct worker *workers[2];
    int upstream = listener_on(&upstream_at);
    struct listener listener = {.ops = &raw_driver, .fd = listener_on(&listen_at)};
    fcntl(listener.fd, F_SETFL, O_NONBLOCK);
    snprintf(listener.upstream, sizeof(listener.upstream), "127.0.0.1:%u",
             ntohs(upstream_at.sin_port));
    assert_int_equal(resolver_new(&resolver), 0);
    assert_int_equal(
        resolver_add(resolver, slice_from_str(listener.upstream), &diag, &listener.targets[0]), 0);
    listener.target_count = 1;
    assert_int_equal(loop_new(LOOP_EPOLL, &done), 0);
    for (uint16_t i = 0; i < ARRAY_LEN(workers); i++) {
        struct worker_settings settings = {.index = i,
                                           .sessions_max = SESSIONS,
                                           .limits = &limits,
                                           .census = census,
                                           .listeners = &listener,
                                           .listener_count = 1,
                                           .loop = kind,
                                           .done_loop = done};
        assert_int_equal(worker_new(&settings, &workers[i]), 0);
    }
    for (unsigned i = 0; i < ARRAY_LEN(workers); i++) {
        assert_int_equal(worker_start(workers[i], workers, ARRAY_LEN(workers)), 0);
    }
    struct end ends[2 * SESSIONS] = {0};
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct end *c = &ends[2 * i], *u = &ends[2 * i + 1];
        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(c->fd, (struct sockaddr *)&listen_at, sizeof(listen_at)), 0);
        u->fd = (int)TEMP_FAILURE_RETRY(accept(upstream, NULL, NULL));
        c->send_seed = u->expect_seed = prng_next(&prng);
        u->send_seed = c->expect_seed = prng_next(&prng);
    }
    exchange(ends, ARRAY_LEN(ends), &prng);
    for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
        assert_int_equal(ends[i].got, PER_WAY);
        close(ends[i].fd);
    }
    uint64_t relayed = 0;
    for (unsigned i = 0; i < ARRAY_LEN(workers); i++) {
        worker_join(workers[i]);
        relayed += workers[i]->counters[COUNTER_bytes_to_upstream];
        assert_int_equal(workers[i]->streams.free_count, workers[i]->streams.block_count);
        worker_free(&workers[i]);
    }
    assert_int_equal(relayed, (uint64_t)SESSIONS * PER_WAY);
    close(upstream);
    close(listener.fd);
    resolver_free(&resolver);
    loop_free(&done);
    census_free(&census);
}

int
main(int argc, char **argv)
{
    choose_loop(argc, argv);
    const char *given = getenv("SLOWBURN_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_byte_arrives)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
