/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "io/conn.h"
#include "unit/io/certs.h"
#include "unit/loops.h"

#define MESSAGE_MAX (4u << 20)

/* Both ends of one connection, in one loop. */
struct side {
    struct conn conn;
    size_t received;
    size_t sent;
    size_t wanted; /* to send */
    int secured;   /* 1: not yet */
    int eof;       /* 1: not yet */
    bool is_asked; /* for TLS: its first bytes are the handshake's */
    unsigned seed;
};

static struct loop *loop;
static struct stream_pool pool;
static struct side a, b; /* a: server */
static struct tls_context *server_context, *client_context;
static struct cert ca, server;
static char folder[] = "/tmp/test_conn.XXXXXX";

static struct side *
side_of(struct stream *s)
{
    return CONTAINER_OF(CONTAINER_OF(s, struct conn, stream), struct side, conn);
}

static uint8_t
byte_at(unsigned seed, size_t at)
{
    return (uint8_t)((at * 2654435761u >> 13) + seed);
}

/* Fills the queue up to the point where an owner that follows the rules stops. */
static void
send_on(struct side *s)
{
    static uint8_t bytes[20000];
    while (s->sent < s->wanted && conn_queued(&s->conn) == 0) {
        size_t n = MIN(sizeof(bytes), s->wanted - s->sent);
        for (size_t i = 0; i < n; i++) {
            bytes[i] = byte_at(s->seed, s->sent + i);
        }
        struct iovec iov[3] = {
            {bytes, n / 3}, {bytes + n / 3, 1}, {bytes + n / 3 + 1, n - n / 3 - 1}};
        if (n < 3) {
            iov[0].iov_len = n;
        }
        assert_int_equal(conn_write(&s->conn, iov, n < 3 ? 1 : 3), 0);
        s->sent += n;
    }
}

static void
on_secured(struct stream *stream, int err, const char *reason)
{
    assert_true(err == 0 || reason[0] != '\0');
    side_of(stream)->secured = err;
}

static void
on_data(struct stream *stream, struct slice chunk, uint64_t at_ns)
{
    struct side *s = side_of(stream);
    if (s->is_asked) {
        s->is_asked = false;
        assert_true(chunk.len > 100);
        assert_int_equal(conn_start_tls(&s->conn, server_context, on_secured, chunk), 0);
        assert_int_equal(s->secured, 1);
        return;
    }
    assert_int_equal(s->secured, 0);
    for (size_t i = 0; i < chunk.len; i++) {
        assert_int_equal(chunk.ptr[i], byte_at(s == &a ? b.seed : a.seed, s->received + i));
    }
    s->received += chunk.len;
}

static void
on_eof(struct stream *stream, int err)
{
    struct side *s = side_of(stream);
    assert_int_equal(s->eof, 1);
    s->eof = err;
}

static void
on_drained(struct stream *stream)
{
    send_on(side_of(stream));
}

static void
on_broken(struct stream *stream, int err)
{
}

static const struct stream_ops ops = {on_data, on_eof, on_drained, NULL, on_broken};

static int
make_files(void **state)
{
    struct diag diag = {0};
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    ca = cert_make(folder, "ca", NULL, NULL, EVP_sha256());
    server = cert_make(folder, "server", "DNS:db", &ca, EVP_sha256());
    struct tls_settings s = {
        .is_server = true, .cert_file = server.cert_file, .key_file = server.key_file};
    struct tls_settings c = {.verify = TLS_VERIFY_NAME, .ca_file = ca.cert_file, .host = "db"};
    return tls_context_new(&s, &diag, &server_context) |
           tls_context_new(&c, &diag, &client_context);
}

static int
drop_files(void **state)
{
    tls_context_free(&server_context);
    tls_context_free(&client_context);
    cert_remove(&ca);
    cert_remove(&server);
    return rmdir(folder);
}

static int
setup(void **state)
{
    int ends[2];
    a = (struct side){.secured = 1, .eof = 1, .seed = 3};
    b = (struct side){.secured = 1, .eof = 1, .seed = 101};
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0 ||
           loop_new(kind, &loop) != 0 || stream_pool_init(&pool, 4) != 0 ||
           conn_open(&a.conn, loop, &pool, &ops, ends[0]) != 0 ||
           conn_open(&b.conn, loop, &pool, &ops, ends[1]) != 0;
}

static int
teardown(void **state)
{
    conn_close(&a.conn);
    conn_close(&b.conn);
    conn_close(&b.conn);
    assert_int_equal(pool.free_count, pool.block_count);
    stream_pool_fini(&pool);
    loop_free(&loop);
    return 0;
}

static void
turns(unsigned n)
{
    while (n-- > 0) {
        loop_turn(loop, 0);
    }
}

static void
shake(void)
{
    assert_int_equal(conn_start_tls(&a.conn, server_context, on_secured, SLICE_NONE), 0);
    assert_int_equal(conn_start_tls(&b.conn, client_context, on_secured, SLICE_NONE), 0);
    turns(10);
    assert_int_equal(a.secured, 0);
    assert_int_equal(b.secured, 0);
}

static void
run_until_received(size_t to_a, size_t to_b)
{
    for (int i = 0; i < 100000 && (a.received < to_a || b.received < to_b); i++) {
        turns(1);
    }
    assert_int_equal(a.received, to_a);
    assert_int_equal(b.received, to_b);
}

/* Both ways at once, more than any queue holds. */
static void
a_lot_goes_both_ways_at_once(void **state)
{
    shake();
    a.wanted = b.wanted = MESSAGE_MAX;
    send_on(&a);
    send_on(&b);
    run_until_received(MESSAGE_MAX, MESSAGE_MAX);
    conn_shut(&a.conn);
    turns(5);
    assert_int_equal(b.eof, 0);
    conn_shut(&b.conn);
    turns(5);
    assert_int_equal(a.eof, 0);
}

/* A reader that stops makes the writer stop, at a bound; the other direction goes on. */
static void
a_slow_reader_stops_the_writer_and_nothing_else(void **state)
{
    shake();
    conn_pause(&b.conn);
    a.wanted = MESSAGE_MAX;
    b.wanted = 1u << 20;
    send_on(&a);
    send_on(&b);
    turns(2000);
    assert_int_equal(a.received, b.wanted);
    assert_int_equal(b.received, 0);
    assert_true(a.sent < (1u << 20));
    assert_true(conn_queued(&a.conn) > 0);
    /* In small steps: a piece, then a pause again. */
    for (int i = 0; i < 50; i++) {
        conn_resume(&b.conn);
        turns(1);
        conn_pause(&b.conn);
        turns(1);
    }
    conn_resume(&b.conn);
    run_until_received(b.wanted, MESSAGE_MAX);
}

static struct side *pauser;

static void
data_then_pause(struct stream *stream, struct slice chunk, uint64_t at_ns)
{
    on_data(stream, chunk, at_ns);
    if (side_of(stream) == pauser) {
        conn_pause(&pauser->conn);
    }
}

static const struct stream_ops pausing_ops = {data_then_pause, on_eof, on_drained, NULL, on_broken};

/* An owner that pauses at every piece gets all of them in order, the end last. */
static void
a_pause_in_the_middle_of_a_chunk_loses_nothing(void **state)
{
    b.conn.stream.ops = &pausing_ops;
    pauser = &b;
    shake();
    a.wanted = 300000;
    send_on(&a);
    size_t before = 0;
    bool has_shut = false;
    for (int i = 0; i < 10000 && b.eof == 1; i++) {
        turns(2);
        assert_true(b.received - before <= TLS_PIECE_MAX);
        before = b.received;
        if (a.sent == a.wanted && conn_queued(&a.conn) == 0 && !has_shut) {
            conn_shut(&a.conn);
            has_shut = true;
        }
        conn_resume(&b.conn);
    }
    assert_int_equal(b.received, 300000);
    assert_int_equal(b.eof, 0);
}

/* What came along with the request for TLS and is meant for it. */
static void
early_bytes_are_the_handshakes(void **state)
{
    a.is_asked = true;
    assert_int_equal(conn_start_tls(&b.conn, client_context, on_secured, SLICE_NONE), 0);
    turns(10);
    assert_false(a.is_asked);
    assert_int_equal(a.secured, 0);
    assert_int_equal(b.secured, 0);
}

static void
what_is_no_handshake_fails_with_a_reason(void **state)
{
    char request[] = "\0\0\0\x08\x04\xd2\x16\x2f and more";
    struct iovec iov = {request, sizeof(request) - 1};
    assert_int_equal(conn_start_tls(&a.conn, server_context, on_secured, SLICE_NONE), 0);
    assert_int_equal(conn_write(&a.conn, &iov, 1), -EAGAIN);
    assert_int_equal(conn_write(&b.conn, &iov, 1), 0);
    b.secured = 0; /* plain: takes the alert as data */
    b.received = 0;
    b.conn.stream.is_paused = true;
    turns(5);
    assert_int_equal(a.secured, -EPROTO);
    assert_int_equal(a.eof, -EPROTO);
    b.conn.stream.is_paused = false;
}

static void
an_end_in_the_handshake_is_told_once(void **state)
{
    assert_int_equal(conn_start_tls(&a.conn, server_context, on_secured, SLICE_NONE), 0);
    conn_close(&b.conn);
    turns(5);
    assert_int_equal(a.secured, -EPROTO);
    assert_int_equal(a.eof, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(int argc, char **argv)
{
    choose_loop(argc, argv);
    const struct CMUnitTest tests[] = {
        T(a_lot_goes_both_ways_at_once),
        T(a_slow_reader_stops_the_writer_and_nothing_else),
        T(a_pause_in_the_middle_of_a_chunk_loses_nothing),
        T(early_bytes_are_the_handshakes),
        T(what_is_no_handshake_fails_with_a_reason),
        T(an_end_in_the_handshake_is_told_once),
    };
    return cmocka_run_group_tests(tests, make_files, drop_files);
}
