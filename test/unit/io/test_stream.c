/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/stream.h"

/* One stream under test; what its callbacks said. */
struct fixture {
    struct loop *loop;
    struct stream_pool pool;
    struct stream stream;
    int peer; /* the other end, used directly */
    size_t received;
    uint8_t next; /* expected byte */
    int eof;      /* 1: not yet */
    int connected;
    unsigned drained;
    int broken;
};

static struct fixture f;

static void
on_data(struct stream *s, struct slice chunk, uint64_t at_ns)
{
    assert_true(at_ns > 0);
    assert_in_range(chunk.len, 1, STREAM_CHUNK_MAX);
    for (size_t i = 0; i < chunk.len; i++) {
        assert_int_equal(chunk.ptr[i], f.next++);
    }
    f.received += chunk.len;
}

static void
on_eof(struct stream *s, int err)
{
    f.eof = err;
}

static void
on_drained(struct stream *s)
{
    f.drained++;
}

static void
on_connected(struct stream *s, int err)
{
    f.connected = err;
}

static void
on_broken(struct stream *s, int err)
{
    f.broken = err;
}

static const struct stream_ops ops = {on_data, on_eof, on_drained, on_connected, on_broken};

static int
setup(void **state)
{
    int ends[2];
    f = (struct fixture){.eof = 1, .connected = 1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0 || loop_new(&f.loop) != 0 ||
        stream_pool_init(&f.pool, 2) != 0 ||
        stream_open(&f.stream, f.loop, &f.pool, &ops, ends[0]) != 0) {
        return -1;
    }
    f.peer = ends[1];
    return 0;
}

static int
teardown(void **state)
{
    stream_close(&f.stream);
    stream_close(&f.stream);
    if (f.peer >= 0) {
        close(f.peer);
    }
    assert_int_equal(f.pool.free_count, f.pool.block_count);
    stream_pool_fini(&f.pool);
    loop_free(&f.loop);
    return 0;
}

static void
turns(unsigned n)
{
    while (n-- > 0) {
        assert_int_equal(loop_turn(f.loop, 0), 0);
    }
}

static uint8_t pattern[1 << 20];

static size_t
peer_writes(size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(f.peer, pattern + done, len - done);
        if (n < 0) {
            break;
        }
        done += (size_t)n;
    }
    return done;
}

static void
reads_everything_then_the_end(void **state)
{
    size_t sent = peer_writes(150000);
    shutdown(f.peer, SHUT_WR);
    turns(10);
    assert_int_equal(f.received, sent);
    assert_int_equal(f.eof, 0);
}

static void
end_behind_a_short_read_is_seen(void **state)
{
    peer_writes(10);
    shutdown(f.peer, SHUT_WR);
    turns(2);
    assert_int_equal(f.received, 10);
    assert_int_equal(f.eof, 0);
}

static void
paused_stream_reads_nothing_and_goes_on(void **state)
{
    stream_pause(&f.stream);
    peer_writes(1000);
    shutdown(f.peer, SHUT_WR);
    turns(3);
    assert_int_equal(f.received, 0);
    assert_int_equal(f.eof, 1);
    stream_resume(&f.stream);
    turns(3);
    assert_int_equal(f.received, 1000);
    assert_int_equal(f.eof, 0);
}

/* Fills the kernel's buffer, then the queue, then is refused; drains in order. */
static void
queue_is_bounded_and_drains_in_order(void **state)
{
    size_t accepted = 0;
    struct iovec iov = {.iov_len = 8192};
    int err = 0;
    while (err == 0) {
        iov.iov_base = pattern + accepted % 256;
        err = stream_write(&f.stream, &iov, 1);
        accepted += err == 0 ? iov.iov_len : 0;
    }
    assert_int_equal(err, -ENOSPC);
    assert_true(stream_queued(&f.stream) > STREAM_QUEUE_MAX - 8192);
    assert_int_equal(f.pool.free_count, 1);
    stream_shut(&f.stream);
    size_t got = 0;
    for (unsigned i = 0; i < 10000; i++) {
        uint8_t buf[4096];
        ssize_t n = read(f.peer, buf, sizeof(buf));
        for (ssize_t k = 0; k < n; k++) {
            assert_int_equal(buf[k], (uint8_t)(got + (size_t)k));
        }
        got += n > 0 ? (size_t)n : 0;
        if (n == 0) {
            break;
        }
        turns(1);
    }
    assert_int_equal(got, accepted);
    assert_int_equal(f.drained, 1);
    assert_int_equal(f.pool.free_count, 2);
}

static void
writing_to_a_vanished_peer_is_an_error(void **state)
{
    close(f.peer);
    f.peer = -1;
    struct iovec iov = {pattern, 10};
    assert_int_equal(stream_write(&f.stream, &iov, 1), -EPIPE);
    assert_int_equal(stream_write(&f.stream, &iov, 1), -EPIPE);
    turns(2);
    assert_int_equal(f.eof, 0);
}

static void
queue_to_a_vanished_peer_breaks(void **state)
{
    struct iovec iov = {pattern, 8192};
    while (stream_queued(&f.stream) == 0) {
        assert_int_equal(stream_write(&f.stream, &iov, 1), 0);
    }
    close(f.peer);
    f.peer = -1;
    turns(2);
    assert_int_equal(f.broken, -EPIPE);
    assert_int_equal(f.drained, 0);
}

/* A listener that takes the connection, and one that is not there. */
static void
connects_and_tells(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    struct stream s;
    struct iovec iov = {pattern, 100};
    assert_int_equal(
        stream_connect(&s, f.loop, &f.pool, &ops, (struct sockaddr *)&address, len, 1000000000), 0);
    assert_int_equal(stream_write(&s, &iov, 1), 0); /* queued meanwhile */
    assert_int_equal(f.connected, 1);
    turns(3);
    assert_int_equal(f.connected, 0);
    assert_int_equal(stream_queued(&s), 0);
    int accepted = accept(listener, NULL, NULL);
    uint8_t buf[200];
    assert_int_equal(read(accepted, buf, sizeof(buf)), 100);
    stream_close(&s);
    assert_int_equal(read(accepted, buf, sizeof(buf)), 0);
    close(accepted);
    close(listener);

    f.connected = 1;
    int err =
        stream_connect(&s, f.loop, &f.pool, &ops, (struct sockaddr *)&address, len, 1000000000);
    if (err == 0) {
        turns(3);
        err = f.connected;
        stream_close(&s);
    }
    assert_int_equal(err, -ECONNREFUSED);
}

int
main(void)
{
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (uint8_t)i;
    }
#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_PAIR(reads_everything_then_the_end),
        WITH_PAIR(end_behind_a_short_read_is_seen),
        WITH_PAIR(paused_stream_reads_nothing_and_goes_on),
        WITH_PAIR(queue_is_bounded_and_drains_in_order),
        WITH_PAIR(writing_to_a_vanished_peer_is_an_error),
        WITH_PAIR(queue_to_a_vanished_peer_breaks),
        WITH_PAIR(connects_and_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
