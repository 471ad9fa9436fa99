/* SPDX-License-Identifier: Apache-2.0
 * io/uring.h - what a loop on io_uring does for streams: receives that go on by themselves, and
 * sends that are submitted together.
 *
 *     kernel ──shared buffers──> ops->received ──> owner
 *     owner ──uring_batch──> cell ──uring_send, uring_wait──> kernel
 *
 * A receive is asked for once and goes on until it is stopped or ends; the kernel takes a buffer
 * only when there are bytes, so a descriptor that waits holds none. What is sent during a turn is
 * copied into a cell, one for each descriptor that has something to send, and handed over with the
 * wait of the turn's end or before it (uring_send): one system call for all of them. The kernel
 * takes what it can there and then (MSG_DONTWAIT), so no send is ever under way while callbacks
 * run.
 *
 * A port is embedded in its owner. uring_close forgets it: what the kernel still has to say about
 * it is dropped, and its slot is used again only when the kernel is done with it.
 *
 * Owned by a loop, and used by its thread only; it may be made by another before the first
 * uring_wait. Costs: one system call a turn, two with uring_send. Limits: URING_BUFFERS buffers and
 * URING_CELLS cells of URING_CHUNK bytes each, URING_PORTS_MAX ports; what does not fit goes by
 * plain system calls. */
#ifndef IO_URING_H
#define IO_URING_H

#include <sys/uio.h>

#include "base/check.h"
#include "base/slice.h"

#define URING_CHUNK     4096u
#define URING_BUFFERS   256u /* a power of two */
#define URING_CELLS     256u
#define URING_PORTS_MAX (1u << 20)

struct uring;
struct uring_port;

struct uring_ops {
    /* result: chunk.len bytes have come; 0: the end; or a negative errno, -ECANCELED after
     * uring_stop. goes_on false: it was the last word of this receive. */
    void (*received)(struct uring_port *port, int result, struct slice chunk, bool goes_on);
    /* The batch was handed over; rest: what the kernel did not take, valid during the call. err: 0
     * or a negative errno. From inside uring_wait or uring_send: it may only take note. */
    void (*sent)(struct uring_port *port, struct slice rest, int err);
};

struct uring_port {
    const struct uring_ops *ops;
    uint32_t slot;
};

/* 0 or -errno: the kernel is older than 6.1, or does not allow it. */
MUST_CHECK int uring_new(struct uring **ret_uring);
void uring_free(struct uring **uring);

/* A descriptor that becomes readable ends the wait: on_readable is called from uring_dispatch and
 * once more each time it has returned, as long as there is something to read. */
void uring_poll(struct uring *u, int fd, void (*on_readable)(void *ctx), void *ctx);

/* port->ops is set. 0 or -ENOSPC. */
MUST_CHECK int uring_open(struct uring *u, struct uring_port *port, int fd);
/* No callback after it; an unsent batch is dropped. The descriptor may be closed at once; its
 * socket is closed when the kernel has stopped receiving, at the next uring_wait. */
void uring_close(struct uring *u, struct uring_port *port);

void uring_receive(struct uring *u, struct uring_port *port);
/* True: the last word is still to come. */
bool uring_stop(struct uring *u, struct uring_port *port);

/* Adds to what is sent at the end of the turn. False: it does not fit, nothing was added. */
MUST_CHECK bool uring_batch(struct uring *u, struct uring_port *port, const struct iovec *iov,
                            int count, size_t total);
/* Takes back what was added; valid until the next call. */
struct slice uring_take_batch(struct uring *u, struct uring_port *port);

/* Hands over, and waits for something to dispatch: at most timeout_ms; -1: without end. */
void uring_wait(struct uring *u, int timeout_ms);
/* Tells what has come. What was received stays valid until uring_end_turn. */
void uring_dispatch(struct uring *u);
/* Hands over what is to be sent, and does not wait: a call of its own, where there is any. */
void uring_send(struct uring *u);
/* The buffers of what was received go back to the kernel. */
void uring_end_turn(struct uring *u);

#endif
