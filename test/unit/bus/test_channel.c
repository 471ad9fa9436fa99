/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/unit.h"

struct ends {
    struct channel *a;
    struct channel *b;
};

static void
open_ends(struct ends *e)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(channel_new(fds[0], &e->a), 0);
    assert_int_equal(channel_new(fds[1], &e->b), 0);
}

static void
close_ends(struct ends *e)
{
    channel_free(&e->a);
    channel_free(&e->b);
}

static int
count_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

static void
carries_payload_and_descriptors(void **state)
{
    struct ends e;
    open_ends(&e);
    struct channel_message got;
    assert_int_equal(channel_receive(e.b, &got), 0);
    struct channel_message sent = {.type = CHANNEL_ASK,
                                   .from = PARTY_ANALYZER,
                                   .to = PARTY_ADVISOR,
                                   .id = 42,
                                   .payload = SLICE_LIT("{\"ask\":\"waits\"}"),
                                   .fd_count = CHANNEL_FDS_MAX};
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    for (unsigned i = 0; i < CHANNEL_FDS_MAX; i++) {
        sent.fds[i] = pipe_fds[1];
    }
    assert_int_equal(channel_send(e.a, &sent), 0);
    assert_int_equal(channel_receive(e.b, &got), 1);
    assert_int_equal(got.type, CHANNEL_ASK);
    assert_int_equal(got.from, PARTY_ANALYZER);
    assert_int_equal(got.to, PARTY_ADVISOR);
    assert_int_equal(got.id, 42);
    assert_true(slice_eq(got.payload, sent.payload));
    assert_int_equal(got.fd_count, CHANNEL_FDS_MAX);
    assert_int_equal(fcntl(got.fds[0], F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(got.fds[33], "x", 1), 1);
    char byte;
    assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
    channel_message_close_fds(&got);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    close_ends(&e);
}

static void
the_longest_message_fits_and_no_more(void **state)
{
    struct ends e;
    open_ends(&e);
    uint8_t *bytes = check_alloc(CHANNEL_MESSAGE_MAX + 1, 1);
    struct channel_message m = {.type = CHANNEL_STATUS,
                                .payload = slice_of(bytes, CHANNEL_MESSAGE_MAX + 1)};
    assert_int_equal(channel_send(e.a, &m), -EMSGSIZE);
    m.payload.len--;
    assert_int_equal(channel_send(e.a, &m), 0);
    struct channel_message got;
    assert_int_equal(channel_receive(e.b, &got), 1);
    assert_int_equal(got.payload.len, CHANNEL_MESSAGE_MAX);
    free(bytes);
    close_ends(&e);
}

static void
full_is_again_and_gone_is_pipe(void **state)
{
    struct ends e;
    open_ends(&e);
    struct channel_message m = {.type = CHANNEL_STATUS, .payload = SLICE_LIT("{}")};
    int r = 0;
    for (int i = 0; i < 1000000 && r == 0; i++) {
        r = channel_send(e.a, &m);
    }
    assert_int_equal(r, -EAGAIN);
    channel_free(&e.b);
    assert_int_equal(channel_send(e.a, &m), -EPIPE);
    struct channel_message got;
    assert_int_equal(channel_receive(e.a, &got), -EPIPE);
    close_ends(&e);
}

/* Whatever arrives in place of a message is refused, and its descriptors are closed. */
static void
refuses_strangers(void **state)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    struct channel *c;
    assert_int_equal(channel_new(fds[1], &c), 0);
    struct channel_message got;
    static const char zeroes[200000];
    const size_t lens[] = {1, 15, 16, 64, CHANNEL_MESSAGE_MAX + 17};
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        assert_int_equal(send(fds[0], zeroes, lens[i], 0), lens[i]);
        assert_int_equal(channel_receive(c, &got), -EBADMSG);
    }
    /* One descriptor more than a message may carry. */
    int before = count_fds();
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE((CHANNEL_FDS_MAX + 1) * sizeof(int))];
    } control = {0};
    struct iovec iov = {(void *)(uintptr_t)zeroes, 16};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN((CHANNEL_FDS_MAX + 1) * sizeof(int));
    for (size_t i = 0; i < CHANNEL_FDS_MAX + 1; i++) {
        memcpy(CMSG_DATA(h) + i * sizeof(int), &fds[0], sizeof(int));
    }
    assert_int_equal(sendmsg(fds[0], &msg, 0), 16);
    assert_int_equal(channel_receive(c, &got), -EBADMSG);
    assert_int_equal(count_fds(), before);
    channel_free(&c);
    close(fds[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_payload_and_descriptors),
        cmocka_unit_test(the_longest_message_fits_and_no_more),
        cmocka_unit_test(full_is_again_and_gone_is_pipe),
        cmocka_unit_test(refuses_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
