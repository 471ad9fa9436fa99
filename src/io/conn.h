/* SPDX-License-Identifier: Apache-2.0
 * io/conn.h - a stream that may turn into TLS in the middle.
 *
 * As long as it is plain it is its stream and costs nothing beside it: its owner's callbacks are
 * the stream's own. conn_start_tls puts TLS in between; from then on the owner, through the same
 * callbacks, sees and writes plaintext. What a callback gets is &conn->stream in both cases.
 *
 *     stream ──ciphertext──> tls ──plaintext──> owner ──conn_write──> tls ──> stream's queue
 *
 * The bounds are the stream's: a paused owner gets no more plaintext, and of the chunk in hand the
 * rest waits in one block of the pool while the stream is not read. Reading goes on while writing
 * waits, and the other way round. A TLS connection that ends without a goodbye ends as a plain one
 * does: what protocol is inside knows whether its last message was whole.
 *
 * Owned by the caller as a stream is. One thread. */
#ifndef IO_CONN_H
#define IO_CONN_H

#include "io/stream.h"
#include "io/tls.h"

struct conn_tls;

struct conn {
    struct stream stream;
    struct conn_tls *tls; /* NULL: plain */
};

MUST_CHECK int conn_open(struct conn *c, struct loop *loop, struct stream_pool *pool,
                         const struct stream_ops *ops, int fd);
MUST_CHECK int conn_connect(struct conn *c, struct loop *loop, struct stream_pool *pool,
                            const struct stream_ops *ops, const struct sockaddr *address,
                            socklen_t address_len, uint64_t timeout_ns);
void conn_close(struct conn *c);
static inline bool
conn_is_open(const struct conn *c)
{
    return stream_is_open(&c->stream);
}

/* `secured` hears of the handshake's end: err 0, or -EPROTO and `reason`; then eof follows. It is
 * never called from inside conn_start_tls. What was read already goes into `early`. 0 or -errno:
 * then the connection is of no use any more. */
typedef void conn_secured_fn(struct stream *s, int err, const char *reason);
MUST_CHECK int conn_start_tls(struct conn *c, struct tls_context *context, conn_secured_fn *secured,
                              struct slice early);
/* NULL as long as it is plain. */
struct tls *conn_tls_of(const struct conn *c);

/* As stream_write. Before the handshake is done there is nobody to write to: -EAGAIN. */
MUST_CHECK int conn_write(struct conn *c, const struct iovec *iov, int count);
static inline size_t
conn_queued(const struct conn *c)
{
    return stream_queued(&c->stream);
}

/* As stream_chunk_lasts; plaintext of TLS does not. */
static inline bool
conn_chunk_lasts(const struct conn *c)
{
    return c->tls == NULL && stream_chunk_lasts(&c->stream);
}

/* Ends our direction, with a goodbye where it is TLS. */
void conn_shut(struct conn *c);
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

#endif
