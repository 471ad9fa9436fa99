/* SPDX-License-Identifier: Apache-2.0
 * io/stream.h - a non-blocking byte stream over TCP or a unix socket.
 *
 * Operations report completions: bytes read, all written, connected, the end. Reading fills the
 * pool's one shared buffer, so a stream that waits holds no memory; what cannot be written at once
 * is copied into one block of the pool, which goes back when it has drained. The owner stops
 * reading one side (stream_pause) while the other's queue is not empty: that bounds memory and
 * passes the pressure on. Pausing one direction never pauses the other, so duplex cannot deadlock.
 *
 * On a loop with an io_uring (io/uring.h) a stream receives small chunks through it, and small
 * writes go out together at the end of the turn; what is larger, or is not taken, goes the plain
 * way. A write that waits for the end of the turn does not count as queued; stream_shut and
 * stream_close send it. What had been received already when the owner paused is kept, within
 * KEPT_MAX bytes.
 *
 *     read ──ops->data──> owner ──stream_write──> socket        all of it fits: no copy
 *                                        └──────> block ──ops->drained──> owner resumes
 *
 * Owned by the caller, borrowed by the loop until stream_close. After stream_close no callback
 * comes; its memory must live until the end of the loop's turn. One thread.
 * Costs: one recv and one sendmsg a chunk, or their share of an io_uring_enter; none to pause or
 * resume. */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/check.h"
#include "base/slice.h"
#include "io/kept.h"
#include "io/loop.h"
#include "io/uring.h"

#define STREAM_CHUNK_MAX (32u * 1024) /* of one read */
#define STREAM_QUEUE_MAX (64u * 1024) /* of what waits to be written */
#define STREAM_IOV_MAX   16
/* Chunks of one stream in one turn of the loop. */
#define STREAM_TURN_CHUNKS 4

/* The shared read buffer and the blocks, for all streams of one thread. */
struct stream_pool {
    uint8_t *memory; /* reserved at init, touched when first used */
    size_t memory_size;
    uint8_t *read_buffer;
    uint32_t *free_blocks;
    uint32_t free_count;
    uint32_t block_count;
    uint32_t touched; /* most blocks in use at once since memory was last given back */
};

MUST_CHECK int stream_pool_init(struct stream_pool *pool, uint32_t block_count);
void stream_pool_fini(struct stream_pool *pool);
/* NULL: all are in use. */
uint8_t *stream_pool_take(struct stream_pool *pool);
void stream_pool_give(struct stream_pool *pool, uint8_t *block);

struct stream;

struct stream_ops {
    /* A chunk, valid during the call. at_ns: when it was read. */
    void (*data)(struct stream *s, struct slice chunk, uint64_t at_ns);
    /* No more bytes will come. err: 0 after an orderly end, else a negative errno. */
    void (*eof)(struct stream *s, int err);
    /* The queue is empty again after it was not. */
    void (*drained)(struct stream *s);
    /* The outcome of stream_connect: 0 or a negative errno (-ETIMEDOUT). Before anything else. */
    void (*connected)(struct stream *s, int err);
    /* Writing what was queued, or waited for the end of a turn, failed. Reading may go on. */
    void (*broken)(struct stream *s, int err);
};

struct stream {
    int fd;                  /* -1: closed */
    struct loop_watch watch; /* while is_watched */
    struct uring_port port;  /* on a loop with an io_uring */
    struct loop_task again;
    struct timer deadline; /* of the connect */
    struct loop *loop;
    struct stream_pool *pool;
    const struct stream_ops *ops;
    uint8_t *block;
    uint32_t head; /* of the queue, in block */
    uint32_t tail;
    struct kept *kept;   /* received while paused */
    int broken_err;      /* that is still to be told */
    uint8_t full_chunks; /* received one after the other */
    uint8_t loud_reads;  /* small ones that are missing until it counts as quiet */
    bool is_watched;     /* reads and writes as epoll tells; always so without io_uring */
    bool is_receiving;   /* through io_uring; its last word is still to come */
    bool is_batched;     /* something goes out at the end of the turn */
    bool is_connecting;
    bool chunk_lasts; /* while ops->data is called */
    bool is_paused;
    bool is_readable; /* the socket has something that was not read yet */
    bool has_hangup;  /* and its end is near: read until it comes */
    bool is_at_end;   /* of reading */
    bool is_broken;   /* for writing */
    bool shut_wanted; /* once the queue is empty */
    bool is_shut;
};

/* What is accepted from this socket has a stream's options; one by one they would cost five calls
 * for each client. */
void stream_prepare_listener(int fd);
/* Takes a connected (accepted) descriptor. 0 or -errno; on failure it is closed. */
MUST_CHECK int stream_open(struct stream *s, struct loop *loop, struct stream_pool *pool,
                           const struct stream_ops *ops, int fd);
/* Starts to connect; ops->connected tells how it went, never from inside this call. What is
 * written meanwhile is queued. 0 or -errno: then nothing was started. */
MUST_CHECK int stream_connect(struct stream *s, struct loop *loop, struct stream_pool *pool,
                              const struct stream_ops *ops, const struct sockaddr *address,
                              socklen_t address_len, uint64_t timeout_ns);
/* Drops what is queued, closes. Harmless when closed. */
void stream_close(struct stream *s);
static inline bool
stream_is_open(const struct stream *s)
{
    return s->fd >= 0;
}

/* From inside ops->data: the chunk stays valid until the tasks of loop_after_sends have run. */
static inline bool
stream_chunk_lasts(const struct stream *s)
{
    return s->chunk_lasts;
}

/* Writes what the kernel takes, queues the rest. 0; -ENOSPC: it would be more than
 * STREAM_QUEUE_MAX, part of it may be written, close the stream; -EPIPE or other: broken. */
MUST_CHECK int stream_write(struct stream *s, const struct iovec *iov, int count);
static inline size_t
stream_queued(const struct stream *s)
{
    return s->tail - s->head;
}

/* Writing has failed: reads what there is to its end. */
void stream_expect_end(struct stream *s);

/* Ends our direction once the queue is empty. */
void stream_shut(struct stream *s);

void stream_pause(struct stream *s);
/* Reading goes on at the end of this turn. */
void stream_resume(struct stream *s);

#endif
