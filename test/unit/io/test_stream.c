/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/stream.h"
#include "unit/loops.h"

/* One stream under test; what its callbacks said. */
struct fixture {
    struct loop *loop;
    struct stream_pool pool;
    struct stream stream;
    int peer; /* the other end, used directly */
    size_t received;
    uint8_t next; /* expected byte */
    size_t sent;  /* by the peer */
    int eof;      /* 1: not yet */
    int connected;
    unsigned drained;
    int broken;
    bool pauses; /* at every chunk */
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
    if (f.pauses) {
        stream_pause(s);
    }
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
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0 ||
        loop_new(kind, &f.loop) != 0 || stream_pool_init(&f.pool, 2) != 0 ||
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
        loop_turn(f.loop, 0);
    }
}

static uint8_t pattern[1 << 20];

static size_t
peer_writes(size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write(f.peer, pattern + f.sent % 256, len - done);
        if (n < 0) {
            break;
        }
        done += (size_t)n;
        f.sent += (size_t)n;
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

/* What the kernel hands over beyond the pause is kept, in order. */
static void
an_owner_that_pauses_at_every_chunk_gets_all(void **state)
{
    size_t sent = 0;
    f.pauses = true;
    for (unsigned i = 0; i < 3000 && (i < 2000 || f.received < sent); i++) {
        size_t before = f.received;
        if (i < 2000) {
            sent += peer_writes(251u * (i % 4 == 0 ? 200 : 3));
        }
        turns(1);
        assert_true(f.received - before <= STREAM_CHUNK_MAX);
        if (i % 3 > 0) {
            stream_resume(&f.stream);
        }
    }
    assert_true(sent > 1000000);
    assert_int_equal(f.received, sent);
}

/* What was kept while it was paused comes before what arrives between the resume and the turn. */
static void
what_is_kept_comes_before_what_comes_next(void **state)
{
    f.pauses = true;
    size_t sent = peer_writes(1);
    turns(1);
    for (unsigned i = 0; i < 5; i++) {
        sent += peer_writes(7);
        turns(2);
    }
    assert_int_equal(f.received, 1);
    f.pauses = false;
    stream_resume(&f.stream);
    sent += peer_writes(100);
    turns(3);
    assert_int_equal(f.received, sent);
}

static void
an_end_while_paused_comes_behind_the_bytes(void **state)
{
    f.pauses = true;
    size_t sent = peer_writes(256);
    turns(1);
    assert_int_equal(f.received, 256);
    sent += peer_writes(256);
    turns(1);
    sent += peer_writes(100 * 256);
    turns(1);
    shutdown(f.peer, SHUT_WR);
    turns(3);
    assert_int_equal(f.received, 256);
    assert_int_equal(f.eof, 1);
    f.pauses = false;
    stream_resume(&f.stream);
    turns(3);
    assert_int_equal(f.received, sent);
    assert_int_equal(f.eof, 0);
}

/* More streams than requests fit into one submission and than there are buffers; they come and go,
 * and the numbers of their descriptors come again. */

#define MANY 700

static struct {
    struct stream stream;
    int peer;
    unsigned received;
} many[MANY];

static void
many_data(struct stream *s, struct slice chunk, uint64_t at_ns)
{
    unsigned index = (unsigned)((char *)s - (char *)&many[0]) / sizeof(many[0]);
    for (size_t i = 0; i < chunk.len; i++) {
        assert_int_equal(chunk.ptr[i], (uint8_t)index);
    }
    many[index].received += (unsigned)chunk.len;
    struct iovec iov = {(void *)chunk.ptr, chunk.len};
    assert_int_equal(stream_write(s, &iov, 1), 0);
}

static const struct stream_ops many_ops = {many_data, on_eof, on_drained, on_connected, on_broken};

static void
many_open(unsigned i)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    many[i].peer = ends[1];
    many[i].received = 0;
    assert_int_equal(stream_open(&many[i].stream, f.loop, &f.pool, &many_ops, ends[0]), 0);
}

static void
many_streams_at_once(void **state)
{
    struct rlimit limit = {2 * MANY + 100, 2 * MANY + 100};
    uint8_t word[5], echo[8];
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        skip();
    }
    for (unsigned i = 0; i < MANY; i++) {
        many_open(i);
    }
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            memset(word, (int)i, sizeof(word));
            assert_int_equal(write(many[i].peer, word, sizeof(word)), sizeof(word));
        }
        turns(200);
        for (unsigned i = 0; i < MANY; i++) {
            assert_int_equal(read(many[i].peer, echo, sizeof(echo)), sizeof(word));
            assert_int_equal(echo[0], (uint8_t)i);
        }
        /* Some go with bytes on their way to them, and others come in their place. */
        for (unsigned i = round % 3; i < MANY; i += 3) {
            assert_int_equal(write(many[i].peer, "x", 1), 1);
            stream_close(&many[i].stream);
            close(many[i].peer);
            many_open(i);
        }
    }
    for (unsigned i = 0; i < MANY; i++) {
        stream_close(&many[i].stream);
        close(many[i].peer);
    }
    turns(2);
}

/* An echo whose owner looks at the chunk only when the echo is on its way. */
static struct {
    struct loop_task task;
    struct slice chunk;
    bool lasts;
    unsigned looks;
} later;

static void
look_later(struct loop_task *task)
{
    uint8_t echo[8];
    assert_int_equal(recv(f.peer, echo, sizeof(echo), MSG_DONTWAIT), 5);
    assert_memory_equal(echo, "hello", 5);
    if (later.lasts) {
        assert_memory_equal(later.chunk.ptr, "hello", 5);
    }
    assert_true(loop_now_ns(f.loop) > 0);
    later.looks++;
}

static void
echo_and_look_later(struct stream *s, struct slice chunk, uint64_t at_ns)
{
    struct iovec iov = {(void *)chunk.ptr, chunk.len};
    later.chunk = chunk;
    later.lasts = stream_chunk_lasts(s);
    assert_int_equal(stream_write(s, &iov, 1), 0);
    loop_after_sends(f.loop, &later.task);
}

static void
what_is_done_after_sends_finds_them_sent(void **state)
{
    const struct stream_ops later_ops = {echo_and_look_later, on_eof, on_drained, on_connected,
                                         on_broken};
    later.task.run = look_later;
    later.looks = 0;
    f.stream.ops = &later_ops;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(write(f.peer, "hello", 5), 5);
        turns(2);
        assert_int_equal(later.looks, i + 1);
        assert_int_equal(later.lasts, kind == LOOP_IO_URING);
    }
    loop_after_sends(f.loop, &later.task);
    loop_defer_cancel(&later.task);
    turns(1);
    assert_int_equal(later.looks, 5);
    f.stream.ops = &ops;
}

static void
do_nothing(struct loop_task *task)
{
}

/* A peer that reads nothing takes a part of what is sent in the middle of a turn: the rest is
 * queued, once, and comes in order. */
static void
what_is_not_taken_after_sends_is_queued_once(void **state)
{
    size_t sent = 0, got = 0;
    struct loop_task nothing = {.run = do_nothing};
    while (stream_queued(&f.stream) == 0) {
        struct iovec iov = {pattern + sent % 256, 4000};
        assert_int_equal(stream_write(&f.stream, &iov, 1), 0);
        sent += 4000;
        loop_after_sends(f.loop, &nothing);
        turns(1);
    }
    for (unsigned i = 0; i < 10000 && got < sent; i++) {
        uint8_t buf[4096];
        ssize_t n = read(f.peer, buf, sizeof(buf));
        for (ssize_t k = 0; k < n; k++) {
            assert_int_equal(buf[k], (uint8_t)(got + (size_t)k));
        }
        got += n > 0 ? (size_t)n : 0;
        turns(1);
    }
    assert_int_equal(got, sent);
    uint8_t more;
    assert_int_equal(read(f.peer, &more, 1), -1);
}

static struct timer early, late, never;
static unsigned fired_early, fired_late;

static void
note_early(struct timer *timer, uint64_t now_ns)
{
    assert_int_equal(fired_late, 0);
    fired_early++;
}

static void
note_late(struct timer *timer, uint64_t now_ns)
{
    assert_int_equal(fired_early, 1);
    fired_late++;
}

/* The wait itself has no limit. */
static void
timers_end_a_wait_without_end(void **state)
{
    const uint64_t ms = 1000000, now_ns = loop_clock_ns(f.loop);
    early.fire = note_early;
    late.fire = never.fire = note_late;
    fired_early = fired_late = 0;
    loop_timer_set(f.loop, &never, now_ns + 3 * ms); /* the alarm may go off for nothing */
    turns(1);
    loop_timer_cancel(f.loop, &never);
    loop_timer_set(f.loop, &late, now_ns + 12 * ms);
    turns(1);
    loop_timer_set(f.loop, &early, now_ns + 6 * ms);
    while (fired_late == 0) {
        loop_turn(f.loop, -1);
    }
    assert_int_equal(fired_late, 1);
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
    if (kind == LOOP_IO_URING) {
        /* A small one goes out with the turn, and so is told later. */
        assert_int_equal(stream_write(&f.stream, &iov, 1), 0);
        turns(2);
        assert_int_equal(f.broken, -EPIPE);
    }
    iov.iov_len = 2 * URING_CHUNK;
    assert_int_equal(stream_write(&f.stream, &iov, 1), -EPIPE);
    iov.iov_len = 10;
    assert_int_equal(stream_write(&f.stream, &iov, 1), -EPIPE);
    turns(2);
    assert_int_equal(f.eof, 0);
}

static size_t
peer_reads(uint8_t *next)
{
    static uint8_t buf[65536];
    ssize_t n = recv(f.peer, buf, sizeof(buf), MSG_DONTWAIT);
    for (ssize_t i = 0; i < n; i++) {
        assert_int_equal(buf[i], (*next)++);
    }
    return n > 0 ? (size_t)n : 0;
}

static void
writes_of_all_sizes_keep_their_order(void **state)
{
    static const size_t sizes[] = {1, 100, 4000, 5000, 1, 4096, 4097, 20000, 3, 300, 4000};
    size_t sent = 0, got = 0;
    uint8_t next = 0;
    for (unsigned round = 0; round < 200; round++) {
        struct iovec iov[2] = {{pattern + sent % 256, sizes[round % ARRAY_LEN(sizes)]}, {NULL, 0}};
        if (stream_queued(&f.stream) == 0) {
            sent += iov[0].iov_len;
            if (round % 3 == 0 && iov[0].iov_len > 1) {
                iov[1] = (struct iovec){(uint8_t *)iov[0].iov_base + 1, iov[0].iov_len - 1};
                iov[0].iov_len = 1;
            }
            assert_int_equal(stream_write(&f.stream, iov, 2), 0);
        }
        if (round % 5 == 4) {
            turns(1);
        }
        if (round % 7 == 6) {
            got += peer_reads(&next);
        }
    }
    for (unsigned i = 0; i < 100; i++) {
        turns(1);
        got += peer_reads(&next);
    }
    assert_int_equal(got, sent);
    assert_int_equal(stream_queued(&f.stream), 0);
}

static void
what_was_written_before_the_close_arrives(void **state)
{
    struct iovec iov = {pattern, 10};
    uint8_t next = 0;
    assert_int_equal(stream_write(&f.stream, &iov, 1), 0);
    assert_int_equal(stream_queued(&f.stream), 0);
    stream_close(&f.stream);
    turns(2);
    assert_int_equal(peer_reads(&next), 10);
    assert_int_equal(recv(f.peer, &next, 1, MSG_DONTWAIT), 0);
}

static void
our_end_comes_behind_what_was_written(void **state)
{
    struct iovec iov = {pattern, 10};
    uint8_t next = 0;
    assert_int_equal(stream_write(&f.stream, &iov, 1), 0);
    stream_shut(&f.stream);
    assert_int_equal(stream_write(&f.stream, &iov, 1), -EPIPE);
    /* Not with the next thing that happens to come. */
    assert_int_equal(peer_reads(&next), 10);
    assert_int_equal(recv(f.peer, &next, 1, MSG_DONTWAIT), 0);
    peer_writes(20);
    turns(2);
    assert_int_equal(f.received, 20);
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
static int
option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void
connects_and_tells(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    stream_prepare_listener(listener);
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
    assert_int_equal(option_of(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option_of(accepted, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option_of(accepted, IPPROTO_TCP, TCP_KEEPIDLE),
                     option_of(s.fd, IPPROTO_TCP, TCP_KEEPIDLE));
    stream_close(&s);
    turns(1); /* an io_uring lets go of the socket then */
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
main(int argc, char **argv)
{
    choose_loop(argc, argv);
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (uint8_t)i;
    }
#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_PAIR(reads_everything_then_the_end),
        WITH_PAIR(end_behind_a_short_read_is_seen),
        WITH_PAIR(paused_stream_reads_nothing_and_goes_on),
        WITH_PAIR(queue_is_bounded_and_drains_in_order),
        WITH_PAIR(an_owner_that_pauses_at_every_chunk_gets_all),
        WITH_PAIR(what_is_kept_comes_before_what_comes_next),
        WITH_PAIR(an_end_while_paused_comes_behind_the_bytes),
        WITH_PAIR(writes_of_all_sizes_keep_their_order),
        WITH_PAIR(what_was_written_before_the_close_arrives),
        WITH_PAIR(our_end_comes_behind_what_was_written),
        WITH_PAIR(many_streams_at_once),
        WITH_PAIR(writing_to_a_vanished_peer_is_an_error),
        WITH_PAIR(queue_to_a_vanished_peer_breaks),
        WITH_PAIR(connects_and_tells),
        WITH_PAIR(what_is_done_after_sends_finds_them_sent),
        WITH_PAIR(what_is_not_taken_after_sends_is_queued_once),
        WITH_PAIR(timers_end_a_wait_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
