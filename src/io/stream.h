/* SPDX-License-Identifier: Apache-2.0
 * io/stream.h - a non-blocking byte stream over TCP or a unix socket.
 *
 * Operations report completions: bytes read, all written, connected, the end. Reading fills the
 * pool's one shared buffer, so a stream that waits holds no memory; what cannot be written at once
 * is copied into one block of the pool, which goes back when it has drained. The owner stops
 * reading one side (stream_pause) while the other's queue is not empty: that bounds memory and
 * passes the pressure on. Pausing one direction never pauses the other, so duplex cannot deadlock.
 *
 *     read ──ops->data──> owner ──stream_write──> socket        all of it fits: no copy
 *                                        └──────> block ──ops->drained──> owner resumes
 *
 * Owned by the caller, borrowed by the loop until stream_close. After stream_close no callback
 * comes; its memory must live until the end of the loop's turn. One thread.
 * Costs: one recv and one sendmsg a chunk, none to pause or resume. */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/check.h"
#include "base/slice.h"
#include "io/loop.h"

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
    /* Writing what was queued failed. Reading may go on. */
    void (*broken)(struct stream *s, int err);
};

struct stream {
    struct loop_watch watch;
    struct loop_task again;
    struct timer deadline; /* of the connect */
    struct loop *loop;
    struct stream_pool *pool;
    const struct stream_ops *ops;
    uint8_t *block;
    uint32_t head; /* of the queue, in block */
    uint32_t tail;
    bool is_connecting;
    bool is_paused;
    bool is_readable; /* the socket has something that was not read yet */
    bool has_hangup;  /* and its end is near: read until it comes */
    bool is_at_end;   /* of reading */
    bool is_broken;   /* for writing */
    bool shut_wanted; /* once the queue is empty */
    bool is_shut;
};

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
    return s->watch.fd >= 0;
}

/* Writes what the kernel takes, queues the rest. 0; -ENOSPC: it would be more than
 * STREAM_QUEUE_MAX, part of it may be written, close the stream; -EPIPE or other: broken. */
MUST_CHECK int stream_write(struct stream *s, const struct iovec *iov, int count);
static inline size_t
stream_queued(const struct stream *s)
{
    return s->tail - s->head;
}

/* Ends our direction once the queue is empty. */
void stream_shut(struct stream *s);

void stream_pause(struct stream *s);
/* Reading goes on at the end of this turn. */
void stream_resume(struct stream *s);

#endif
