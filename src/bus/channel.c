/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHANNEL_MAGIC 0x31686373u /* "sch1" */

/* What precedes the payload in every packet. */
struct packet_head {
    uint32_t magic;
    uint16_t type;
    uint8_t from;
    uint8_t to;
    uint32_t id;
    uint32_t payload_len;
};

union control {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
};

struct channel {
    int fd;
    uint8_t buf[sizeof(struct packet_head) + CHANNEL_MESSAGE_MAX];
};

int
channel_new(int fd, struct channel **ret_channel)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return -errno;
    }
    /* Room for a few of the longest messages; a smaller limit of the system only means -EAGAIN
     * earlier. */
    int wanted = 4 * (int)CHANNEL_MESSAGE_MAX;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
    struct channel *c = check_alloc(1, sizeof(*c));
    c->fd = fd;
    *ret_channel = c;
    return 0;
}

void
channel_free(struct channel **channel)
{
    struct channel *c = TAKE(*channel);
    if (c != NULL) {
        close(c->fd);
        free(c);
    }
}

int
channel_fd(const struct channel *channel)
{
    return channel->fd;
}

static int
error_of(int err)
{
    switch (err) {
    case EAGAIN:
    case ENOBUFS:
        return -EAGAIN;
    case ECONNRESET:
    case ENOTCONN:
        return -EPIPE;
    default:
        return -err;
    }
}

int
channel_send(struct channel *channel, const struct channel_message *message)
{
    if (message->payload.len > CHANNEL_MESSAGE_MAX || message->fd_count > CHANNEL_FDS_MAX) {
        return -EMSGSIZE;
    }
    struct packet_head head = {CHANNEL_MAGIC, message->type, message->from,
                               message->to,   message->id,   (uint32_t)message->payload.len};
    struct iovec iov[2] = {{&head, sizeof(head)},
                           {(void *)(uintptr_t)message->payload.ptr, message->payload.len}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = message->payload.len > 0 ? 2 : 1};
    union control control;
    if (message->fd_count > 0) {
        size_t len = message->fd_count * sizeof(int);
        memset(&control, 0, sizeof(control));
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(len);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(len);
        memcpy(CMSG_DATA(c), message->fds, len);
    }
    ssize_t n;
    do {
        n = sendmsg(channel->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? error_of(errno) : 0;
}

/* Takes the descriptors out of the control data, so that whatever happens next none is lost. */
static void
take_fds(struct msghdr *msg, struct channel_message *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (m->fd_count < CHANNEL_FDS_MAX) {
                m->fds[m->fd_count++] = fd;
            } else {
                close(fd);
            }
        }
    }
}

int
channel_receive(struct channel *channel, struct channel_message *ret_message)
{
    struct iovec iov = {channel->buf, sizeof(channel->buf)};
    union control control;
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    ssize_t n;
    do {
        n = recvmsg(channel->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        int r = error_of(errno);
        return r == -EAGAIN ? 0 : r;
    }
    struct channel_message m = {0};
    take_fds(&msg, &m);
    struct packet_head head;
    if (n == 0) {
        channel_message_close_fds(&m);
        return -EPIPE;
    }
    if ((size_t)n < sizeof(head) || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        channel_message_close_fds(&m);
        return -EBADMSG;
    }
    memcpy(&head, channel->buf, sizeof(head));
    if (head.magic != CHANNEL_MAGIC || head.payload_len != (size_t)n - sizeof(head)) {
        channel_message_close_fds(&m);
        return -EBADMSG;
    }
    m.type = head.type;
    m.from = head.from;
    m.to = head.to;
    m.id = head.id;
    m.payload = slice_of(channel->buf + sizeof(head), head.payload_len);
    *ret_message = m;
    return 1;
}

void
channel_message_close_fds(struct channel_message *message)
{
    for (unsigned i = 0; i < message->fd_count; i++) {
        close(message->fds[i]);
    }
    message->fd_count = 0;
}

int
channel_control_address(const char *data_dir, unsigned slot, struct sockaddr_un *ret_address)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = sizeof(address.sun_path);
    int len = slot == 0 ? snprintf(address.sun_path, size, "%s/control.sock", data_dir)
                        : snprintf(address.sun_path, size, "%s/control.%u.sock", data_dir, slot);
    if (len < 0 || (size_t)len >= size) {
        return -ENAMETOOLONG;
    }
    *ret_address = address;
    return 0;
}
