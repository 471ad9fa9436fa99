/* SPDX-License-Identifier: Apache-2.0
 *
 * Real workers on real loopback sockets, with the raw driver and with a toy driver that asks for
 * everything a driver may ask for. Blocking calls of the test have a receive timeout, so that a
 * stuck relay fails instead of hanging. Each is repeated when it is interrupted: a ring that was
 * closed is taken apart a little later, and its kernel thread interrupts whoever has made it. */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/prng.h"
#include "proxy/census.h"
#include "proxy/listener.h"
#include "proxy/worker.h"
#include "unit/loops.h"

#define WORKERS 2

/* The toy protocol, by byte: 'D' is dropped, 'I' becomes "<i>", 'R' is answered with "r" and
 * dropped, 'H' holds what is behind it until the upstream has spoken, 'E' until an errand has come
 * back, 'U' ends the link, 'C' closes, 'O' makes the session opaque, 'P' passive. All else passes.
 */
struct toy {
    bool is_held;
    const struct driver_core *core;
    struct errand *errand;
};

static _Atomic unsigned toy_closed[16];

static void
toy_open(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    assert_int_equal(((struct toy *)s->state)->is_held, 0);
}

static int
toy_worker_new(const struct driver_env *env, void **ret_worker)
{
    *ret_worker = (void *)env; /* as long as the worker lives */
    return 0;
}

static void
toy_worker_free(void *worker)
{
}

static void
errand_connected(void *ctx)
{
    struct toy *toy = ((struct driver_session *)ctx)->state;
    assert_null(toy->core->errand_tls(toy->errand));
    toy->core->errand_write(toy->errand, SLICE_LIT("who?"));
}

static void
errand_data(void *ctx, struct slice bytes)
{
    struct toy *toy = ((struct driver_session *)ctx)->state;
    assert_true(slice_eq(bytes, SLICE_LIT("me")));
    toy->core->errand_close(&toy->errand);
    toy->is_held = false;
    toy->core->resume(ctx);
}

static void
errand_ended(void *ctx, int err)
{
    struct toy *toy = ((struct driver_session *)ctx)->state;
    assert_int_equal(err, 0);
    toy->errand = NULL;
    toy->is_held = false;
    toy->core->resume(ctx);
}

static const struct errand_ops errand_ops = {errand_connected, errand_data, errand_ended};

static void
send_errand(const struct driver_env *env, struct driver_session *s)
{
    struct toy *toy = s->state;
    toy->core = env->core;
    toy->is_held = true;
    toy->errand = env->core->errand_open(env->core_ctx, s->listener, &errand_ops, s);
    assert_non_null(toy->errand);
}

static size_t
toy_client(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
           struct driver_out *out)
{
    struct toy *toy = s->state;
    if (s->passive_client) {
        return chunk.len;
    }
    out->connect = true;
    if (toy->is_held) {
        return 0;
    }
    size_t plain = 0;
    while (plain < chunk.len && strchr("DIRHEUCOP", chunk.ptr[plain]) == NULL) {
        plain++;
    }
    if (plain > 0) {
        return plain;
    }
    out->drop = true;
    switch (chunk.ptr[0]) {
    case 'I':
        out->to_upstream = SLICE_LIT("<i>");
        break;
    case 'R':
        out->to_client = SLICE_LIT("r");
        break;
    case 'H':
        toy->is_held = true;
        break;
    case 'E':
        send_errand(worker, s);
        break;
    case 'U':
        out->connect = false;
        out->unlink = true;
        break;
    case 'C':
        out->close = true;
        break;
    case 'O':
        s->opaque = true;
        break;
    case 'P':
        s->passive_client = s->passive_upstream = true;
        break;
    default:
        break;
    }
    return 1;
}

static size_t
toy_upstream(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
             struct driver_out *out)
{
    ((struct toy *)s->state)->is_held = false;
    return chunk.len;
}

static void
toy_failed(void *worker, struct driver_session *s, enum driver_failure failure, uint64_t now_ns,
           struct driver_out *out)
{
    static const char *const words[] = {"REFUSED",  "TIMEOUT",  "RESOLVE", "TLS",  "LIMIT",
                                        "DRAINING", "LISTENER", "ADDRESS", "LOGIN"};
    out->to_client = slice_from_str(words[failure]);
}

static void
toy_client_eof(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
               struct driver_out *out)
{
    if (broken) {
        out->aside = SLICE_LIT("cancel!");
    }
}

static void
toy_upstream_eof(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
                 struct driver_out *out)
{
    out->to_client = SLICE_LIT("[end]");
}

static bool
toy_drain(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    out->to_client = SLICE_LIT("bye");
    return true;
}

static void
toy_close(void *worker, struct driver_session *s, enum close_reason reason, uint64_t now_ns)
{
    atomic_fetch_add(&toy_closed[reason], 1);
}

static const struct driver_ops toy_driver = {
    .name = "toy",
    .session_size = sizeof(struct toy),
    .worker_new = toy_worker_new,
    .worker_free = toy_worker_free,
    .open = toy_open,
    .client_bytes = toy_client,
    .upstream_bytes = toy_upstream,
    .failed = toy_failed,
    .client_eof = toy_client_eof,
    .upstream_eof = toy_upstream_eof,
    .drain = toy_drain,
    .close = toy_close,
};

static int upstream_fd; /* listening; the tests accept from it */
static struct resolver *resolver;
static struct listener listeners[3]; /* raw, toy, toy whose upstream is down */
static struct limits limits;
static struct census *census;
static struct worker *workers[WORKERS];
static struct loop *done_loop;
enum { RAW, TOY, DOWN };

static int
listen_on_loopback(char *ret_name, size_t size)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    snprintf(ret_name, size, "127.0.0.1:%u", ntohs(a.sin_port));
    return fd;
}

static void
add_listener(unsigned index, const struct driver_ops *ops, const char *upstream)
{
    struct diag diag = {0};
    struct listener *l = &listeners[index];
    *l = (struct listener){.index = (uint16_t)index, .ops = ops};
    l->fd = listen_on_loopback(l->name, sizeof(l->name));
    assert_int_equal(fcntl(l->fd, F_SETFL, O_NONBLOCK), 0);
    snprintf(l->upstream, sizeof(l->upstream), "%s", upstream);
    assert_int_equal(resolver_add(resolver, slice_from_str(upstream), &diag, &l->targets[0]), 0);
    l->target_count = 1;
}

static int
setup(void **state)
{
    char upstream[64], down[64];
    upstream_fd = listen_on_loopback(upstream, sizeof(upstream));
    close(listen_on_loopback(down, sizeof(down)));
    assert_int_equal(resolver_new(&resolver), 0);
    add_listener(RAW, &raw_driver, upstream);
    add_listener(TOY, &toy_driver, upstream);
    add_listener(DOWN, &toy_driver, down);
    atomic_store(&limits.sessions_max, 100);
    atomic_store(&limits.connect_timeout_ns, 5 * NS_PER_S);
    atomic_store(&limits.login_timeout_ns, 60 * NS_PER_S);
    atomic_store(&limits.drain_ns, 60 * NS_PER_S);
    atomic_store(&limits.per_listener_max, 0);
    atomic_store(&limits.per_address_max, 0);
    census = census_new(200, (struct hash_key){1, 2});
    memset(toy_closed, 0, sizeof(toy_closed));
    assert_int_equal(loop_new(LOOP_EPOLL, &done_loop), 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker_settings settings = {.index = (uint16_t)i,
                                           .sessions_max = 100,
                                           .limits = &limits,
                                           .census = census,
                                           .listeners = listeners,
                                           .listener_count = ARRAY_LEN(listeners),
                                           .loop = kind,
                                           .done_loop = done_loop};
        assert_int_equal(worker_new(&settings, &workers[i]), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(worker_start(workers[i], workers, WORKERS), 0);
    }
    return 0;
}

static int
teardown(void **state)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        worker_join(workers[i]);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(workers[i]->counters[COUNTER_sessions_now], 0);
        assert_int_equal(workers[i]->streams.free_count, workers[i]->streams.block_count);
        assert_int_equal(pool_used(&workers[i]->sessions), 0);
        assert_int_equal(pool_used(&workers[i]->backends), 0);
        assert_int_equal(pool_used(&workers[i]->errands), 0);
        worker_free(&workers[i]);
    }
    for (unsigned i = 0; i < ARRAY_LEN(listeners); i++) {
        close(listeners[i].fd);
    }
    close(upstream_fd);
    resolver_free(&resolver);
    loop_free(&done_loop);
    census_free(&census);
    return 0;
}

static void
set_timeout(int fd)
{
    struct timeval limit = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static int
client(unsigned listener)
{
    struct sockaddr_in a;
    socklen_t len = sizeof(a);
    assert_int_equal(getsockname(listeners[listener].fd, (struct sockaddr *)&a, &len), 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, len), 0);
    set_timeout(fd);
    return fd;
}

static int
upstream(void)
{
    struct pollfd ready = {.fd = upstream_fd, .events = POLLIN};
    assert_int_equal(TEMP_FAILURE_RETRY(poll(&ready, 1, 20000)), 1);
    int fd = (int)TEMP_FAILURE_RETRY(accept(upstream_fd, NULL, NULL));
    assert_true(fd >= 0);
    set_timeout(fd);
    return fd;
}

static void
say(int fd, const char *text)
{
    assert_int_equal(TEMP_FAILURE_RETRY(send(fd, text, strlen(text), MSG_NOSIGNAL)), strlen(text));
}

static void
hear(int fd, const char *text)
{
    char got[256] = "";
    size_t len = 0;
    while (len < strlen(text)) {
        ssize_t n = TEMP_FAILURE_RETRY(recv(fd, got + len, strlen(text) - len, 0));
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
    }
    assert_string_equal(got, text);
}

static void
hear_end(int fd)
{
    char byte;
    assert_int_equal(TEMP_FAILURE_RETRY(recv(fd, &byte, 1, 0)), 0);
}

static void
raw_relays_both_ways_and_half_closes(void **state)
{
    int c = client(RAW), u = upstream();
    say(c, "hello DIRHU");
    hear(u, "hello DIRHU");
    say(u, "world");
    hear(c, "world");
    shutdown(c, SHUT_WR);
    hear_end(u);
    say(u, "still here");
    hear(c, "still here");
    close(u);
    hear_end(c);
    close(c);
}

static void
upstream_may_end_first(void **state)
{
    int c = client(RAW), u = upstream();
    say(u, "last words");
    shutdown(u, SHUT_WR);
    hear(c, "last words");
    hear_end(c);
    say(c, "and mine");
    hear(u, "and mine");
    close(c);
    hear_end(u);
    close(u);
}

#define BULK (16u << 20)

static void *
echo(void *arg)
{
    int fd = *(int *)arg;
    static char buf[65536];
    ssize_t n;
    while ((n = TEMP_FAILURE_RETRY(recv(fd, buf, sizeof(buf), 0))) > 0) {
        for (ssize_t at = 0; at < n;) {
            ssize_t sent = send(fd, buf + at, (size_t)(n - at), MSG_NOSIGNAL);
            if (sent <= 0) {
                return NULL;
            }
            at += sent;
        }
    }
    shutdown(fd, SHUT_WR);
    return NULL;
}

/* The client sends far more than all buffers hold before it reads anything: sending must stall (so
 * memory is bounded) and then go on, without a byte lost, changed or out of order. */
static void
slow_reader_bounds_memory_and_loses_nothing(void **state)
{
    int c = client(RAW), u = upstream();
    pthread_t thread;
    pthread_create(&thread, NULL, echo, &u);
    struct prng in = {7}, out = {7};
    size_t sent = 0, got = 0;
    uint64_t word = 0, expected = 0;
    while (got < BULK) {
        struct pollfd p = {.fd = c, .events = POLLOUT};
        /* Reads only when nothing more can be sent. */
        if (sent < BULK && TEMP_FAILURE_RETRY(poll(&p, 1, 200)) == 1) {
            uint8_t chunk[8192];
            for (size_t i = 0; i < sizeof(chunk); i++) {
                word = (sent + i) % 8 == 0 ? prng_next(&in) : word >> 8;
                chunk[i] = (uint8_t)word;
            }
            ssize_t n = TEMP_FAILURE_RETRY(send(c, chunk, sizeof(chunk), MSG_NOSIGNAL));
            assert_int_equal(n, sizeof(chunk));
            sent += (size_t)n;
            continue;
        }
        uint8_t chunk[65536];
        ssize_t n = TEMP_FAILURE_RETRY(recv(c, chunk, sizeof(chunk), 0));
        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++) {
            expected = (got + (size_t)i) % 8 == 0 ? prng_next(&out) : expected >> 8;
            if (chunk[i] != (uint8_t)expected) {
                fail_msg("byte %zu differs", got + (size_t)i);
            }
        }
        got += (size_t)n;
    }
    shutdown(c, SHUT_WR);
    hear_end(c);
    pthread_join(thread, NULL);
    close(c);
    close(u);
}

static void
driver_changes_only_what_it_asks_for(void **state)
{
    int c = client(TOY);
    say(c, "aDbIcRd");
    int u = upstream();
    hear(u, "ab<i>cd");
    hear(c, "r");
    say(u, "answer");
    hear(c, "answer");
    say(c, "Pnow DIR passes");
    hear(u, "now DIR passes");
    say(c, "UCH");
    hear(u, "UCH");
    close(c);
    hear_end(u);
    close(u);
}

static void
die(int fd)
{
    struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
}

static void
opaque_session_is_relayed_on(void **state)
{
    int c = client(TOY);
    say(c, "xOUDIRC");
    int u = upstream();
    hear(u, "xUDIRC");
    close(u);
    hear_end(c);
    close(c);
}

/* Nobody knows what to cancel; its connection to the server goes with it all the same. */
static void
opaque_session_ends_with_a_dead_client(void **state)
{
    int c = client(TOY);
    say(c, "xO");
    int u = upstream();
    hear(u, "x");
    die(c);
    hear_end(u);
    close(u);
}

static void
held_bytes_wait_for_the_other_side(void **state)
{
    int c = client(TOY);
    say(c, "oneHtwo");
    int u = upstream();
    hear(u, "one");
    say(c, "three");
    struct pollfd p = {.fd = u, .events = POLLIN};
    assert_int_equal(TEMP_FAILURE_RETRY(poll(&p, 1, 100)), 0);
    shutdown(c, SHUT_WR);
    say(u, "reply");
    hear(c, "reply");
    hear(u, "twothree");
    hear_end(u);
    close(u);
    hear(c, "[end]");
    hear_end(c);
    close(c);
}

static void
held_bytes_wait_for_an_errand(void **state)
{
    int c = client(TOY);
    say(c, "one");
    int u = upstream();
    hear(u, "one");
    say(c, "Etwo");
    int errand = upstream();
    hear(errand, "who?");
    say(c, "three");
    struct pollfd p = {.fd = u, .events = POLLIN};
    assert_int_equal(TEMP_FAILURE_RETRY(poll(&p, 1, 100)), 0);
    say(errand, "me");
    hear_end(errand);
    close(errand);
    hear(u, "twothree");
    say(c, "Efour");
    errand = upstream();
    hear(errand, "who?");
    close(errand); /* without an answer */
    hear(u, "four");
    close(c);
    hear_end(u);
    close(u);
}

static void
link_can_be_made_anew(void **state)
{
    int c = client(TOY);
    say(c, "one");
    int u = upstream();
    hear(u, "one");
    say(c, "U");
    hear_end(u);
    close(u);
    say(c, "two");
    u = upstream();
    hear(u, "two");
    say(c, "C");
    hear_end(u);
    hear_end(c);
    close(c);
    close(u);
}

static void
failure_is_told_in_the_protocols_words(void **state)
{
    int c = client(DOWN);
    say(c, "hello");
    hear(c, "REFUSED");
    hear_end(c);
    close(c);
    worker_join(workers[0]);
    worker_join(workers[1]);
    uint64_t failed = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        failed += workers[i]->counters[COUNTER_upstream_failed];
    }
    assert_int_equal(failed, 1);
    assert_int_equal(toy_closed[CLOSE_UPSTREAM_FAILED], 1);
}

static void
beyond_the_limit_clients_are_refused_with_words(void **state)
{
    int first[2 * WORKERS], u[2 * WORKERS];
    atomic_store(&limits.sessions_max, 2);
    for (unsigned i = 0; i < ARRAY_LEN(first); i++) {
        first[i] = client(TOY);
        say(first[i], "x");
        u[i] = upstream();
    }
    int c = client(TOY);
    say(c, "hello");
    hear(c, "LIMIT");
    hear_end(c);
    close(c);
    for (unsigned i = 0; i < ARRAY_LEN(first); i++) {
        say(first[i], "still fine");
        hear(u[i], "xstill fine");
        close(first[i]);
        close(u[i]);
    }
}

static void
dead_client_leaves_a_cancel(void **state)
{
    int c = client(TOY);
    say(c, "work");
    int u = upstream();
    hear(u, "work");
    die(c);
    int aside = upstream();
    hear(aside, "cancel!");
    close(aside);
    hear_end(u);
    close(u);
}

static void
drain_ends_what_may_end(void **state)
{
    int idle = client(TOY), busy = client(RAW);
    say(idle, "x");
    int u[2] = {upstream(), upstream()};
    say(busy, "y");
    struct pollfd p = {.fd = u[0], .events = POLLIN};
    assert_int_equal(TEMP_FAILURE_RETRY(poll(&p, 1, 20000)), 1);
    struct mail mail = {.type = MAIL_DRAIN};
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(worker_post(workers[i], &mail), 0);
    }
    hear(idle, "bye");
    hear_end(idle);
    close(idle);
    close(u[0]);
    close(u[1]);
    hear_end(busy);
    close(busy);
    for (unsigned i = 0; i < 20000; i++) {
        if (worker_has_stopped(workers[0]) && worker_has_stopped(workers[1]) &&
            worker_sessions(workers[0]) + worker_sessions(workers[1]) == 0) {
            break;
        }
        usleep(1000);
    }
    assert_true(worker_has_stopped(workers[0]) && worker_has_stopped(workers[1]));
    assert_int_equal(worker_sessions(workers[0]) + worker_sessions(workers[1]), 0);
}

static void
sessions_are_spread_over_the_workers(void **state)
{
    int c[20], u[20];
    for (unsigned i = 0; i < ARRAY_LEN(c); i++) {
        c[i] = client(RAW);
        u[i] = upstream();
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_in_range(atomic_load(&workers[i]->sessions_now), 9, 11);
    }
    for (unsigned i = 0; i < ARRAY_LEN(c); i++) {
        close(c[i]);
        hear_end(u[i]);
        close(u[i]);
    }
}

int
main(int argc, char **argv)
{
    choose_loop(argc, argv);
#define WITH_WORKERS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORKERS(raw_relays_both_ways_and_half_closes),
        WITH_WORKERS(upstream_may_end_first),
        WITH_WORKERS(slow_reader_bounds_memory_and_loses_nothing),
        WITH_WORKERS(driver_changes_only_what_it_asks_for),
        WITH_WORKERS(opaque_session_is_relayed_on),
        WITH_WORKERS(opaque_session_ends_with_a_dead_client),
        WITH_WORKERS(held_bytes_wait_for_the_other_side),
        WITH_WORKERS(held_bytes_wait_for_an_errand),
        WITH_WORKERS(link_can_be_made_anew),
        WITH_WORKERS(failure_is_told_in_the_protocols_words),
        WITH_WORKERS(beyond_the_limit_clients_are_refused_with_words),
        WITH_WORKERS(dead_client_leaves_a_cancel),
        WITH_WORKERS(drain_ends_what_may_end),
        WITH_WORKERS(sessions_are_spread_over_the_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
