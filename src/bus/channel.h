/* SPDX-License-Identifier: Apache-2.0
 * bus/channel.h - control messages between supervisor, proxy, analyzer and advisor.
 *
 * A SOCK_SEQPACKET unix socket: one packet is one message, with at most CHANNEL_FDS_MAX
 * descriptors. Every process but the supervisor has exactly one channel, to the supervisor, which
 * routes by `to`: questions travel analyzer -> supervisor -> advisor and back. The payload of a
 * message is JSON text unless its type says otherwise; both ends check everything they read.
 *
 * Not for the path of a query: ring.h is. Non-blocking; a full socket buffer is -EAGAIN and the
 * caller keeps or drops the message. One thread per channel receives and frees; sending keeps no
 * state, so another thread may send meanwhile. */
#ifndef BUS_CHANNEL_H
#define BUS_CHANNEL_H

#include <sys/un.h>

#include "base/check.h"
#include "base/slice.h"

#define CHANNEL_MESSAGE_MAX (120u * 1024)
#define CHANNEL_FDS_MAX     34
#define CHANNEL_PROXIES_MAX 4 /* that live side by side, while one follows another */

enum channel_party {
    PARTY_NONE,
    PARTY_SUPERVISOR,
    PARTY_PROXY,
    PARTY_ANALYZER,
    PARTY_ADVISOR,
};

enum channel_type {
#define CHANNEL_MESSAGE(name, id, doc) CHANNEL_##name = id,
#include "bus/channel.tbl"
#undef CHANNEL_MESSAGE
};

struct channel_message {
    uint16_t type; /* enum channel_type */
    uint8_t from;  /* enum channel_party */
    uint8_t to;
    uint32_t id; /* a question's number, repeated in its answer; 0: none expected */
    struct slice payload;
    int fds[CHANNEL_FDS_MAX]; /* received ones are the receiver's, close-on-exec */
    unsigned fd_count;
};

struct channel;

/* Takes the connected socket and makes it non-blocking. */
MUST_CHECK int channel_new(int fd, struct channel **ret_channel);
void channel_free(struct channel **channel);
int channel_fd(const struct channel *channel);

/* 0; -EAGAIN: the other side is not reading; -EMSGSIZE; -EPIPE: it is gone. Descriptors stay the
 * caller's. */
MUST_CHECK int channel_send(struct channel *channel, const struct channel_message *message);

/* 1: a message, its payload valid until the next call; 0: nothing now; -EPIPE: closed;
 * -EBADMSG: not one of ours, close it. */
MUST_CHECK int channel_receive(struct channel *channel, struct channel_message *ret_message);

void channel_message_close_fds(struct channel_message *message);

/* Where a new supervisor finds the proxy in that slot: DATA/control.sock, DATA/control.1.sock, ...
 * 0 or -ENAMETOOLONG. */
MUST_CHECK int channel_control_address(const char *data_dir, unsigned slot,
                                       struct sockaddr_un *ret_address);

#endif
