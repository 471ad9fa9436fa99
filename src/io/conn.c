/* SPDX-License-Identifier: Apache-2.0 */
#include "io/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONN_MAGIC 0xc0118e55u

/* Ciphertext of one go, put together so that a chunk of two records is one write. A chunk and what
 * the records around it cost always fit. */
#define OUT_MAX (STREAM_CHUNK_MAX + 8u * 1024)

struct conn_tls {
    unsigned magic;
    struct conn *conn;
    struct tls *tls;
    struct tls_out out;
    const struct stream_ops *ops; /* the owner's */
    conn_secured_fn *secured;
    struct loop_task again;
    uint8_t *kept; /* ciphertext that a paused owner has not taken yet */
    uint32_t kept_len;
    int write_err; /* of what was put out since the last look */
    bool is_paused;
    bool is_behind; /* stopped because of the pause: there may be more to read */
    bool is_secured;
    bool is_over; /* the owner was told of the end */
    bool has_eof; /* the stream's own end came while the owner was paused */
    int eof_err;
};

/* Of this thread, for the length of one call. */
static _Thread_local uint8_t plain[TLS_PIECE_MAX];
static _Thread_local uint8_t record[TLS_PIECE_MAX];
static _Thread_local uint8_t cipher[OUT_MAX];
static _Thread_local size_t cipher_len;

static struct conn_tls *
tls_of(struct stream *s)
{
    struct conn_tls *t = CONTAINER_OF(s, struct conn, stream)->tls;
    OBJ_CHECK(t, CONN_MAGIC);
    return t;
}

static void
flush_out(struct conn_tls *t)
{
    struct iovec iov = {cipher, cipher_len};
    cipher_len = 0;
    if (iov.iov_len > 0 && t->write_err == 0) {
        t->write_err = stream_write(&t->conn->stream, &iov, 1);
    }
}

static void
put_out(struct tls_out *out, struct slice ciphertext)
{
    struct conn_tls *t = CONTAINER_OF(out, struct conn_tls, out);
    while (ciphertext.len > 0) {
        size_t n = MIN(ciphertext.len, sizeof(cipher) - cipher_len);
        memcpy(cipher + cipher_len, ciphertext.ptr, n);
        cipher_len += n;
        ciphertext = slice_sub(ciphertext, n, ciphertext.len);
        if (cipher_len == sizeof(cipher)) {
            flush_out(t);
        }
    }
}

/* True when the owner may still be called. */
static bool
is_alive(const struct conn *c, const struct conn_tls *t)
{
    return c->tls == t && conn_is_open(c);
}

static void
give_kept(struct conn_tls *t)
{
    if (t->kept != NULL) {
        stream_pool_give(t->conn->stream.pool, t->kept);
        t->kept = NULL;
    }
    t->kept_len = 0;
}

static void
tell_end(struct conn *c, struct conn_tls *t, int err)
{
    if (t->is_over) {
        return;
    }
    t->is_over = true;
    if (!t->is_secured) {
        t->is_secured = true;
        t->secured(&c->stream, -EPROTO,
                   tls_reason(t->tls)[0] == '\0' ? "the other side ended the connection"
                                                 : tls_reason(t->tls));
    }
    if (is_alive(c, t)) {
        t->ops->eof(&c->stream, err);
    }
}

/* Keeps what the owner's pause has left of the chunk. */
static void
keep_unread(struct conn *c, struct conn_tls *t)
{
    struct slice rest = tls_unread(t->tls);
    if (rest.len > 0 && t->kept == NULL) {
        t->kept = stream_pool_take(c->stream.pool);
        if (t->kept == NULL) {
            tell_end(c, t, -ENOSPC);
            return;
        }
    }
    if (rest.len > 0) {
        memmove(t->kept, rest.ptr, rest.len);
    }
    t->kept_len = (uint32_t)rest.len;
    tls_feed(t->tls, SLICE_NONE);
    t->is_behind = true;
    stream_pause(&c->stream);
}

/* Reads until there is no more, or the owner does not want more. */
static void
pump(struct conn *c, struct conn_tls *t, uint64_t at_ns)
{
    while (!t->is_over) {
        struct slice piece;
        if (t->is_paused) {
            keep_unread(c, t);
            return;
        }
        enum tls_read got = tls_read(t->tls, plain, &piece);
        flush_out(t);
        if (t->write_err == -ENOSPC) {
            tell_end(c, t, -ENOSPC); /* it makes us answer and does not read the answers */
            return;
        }
        if (!t->is_secured && tls_is_ready(t->tls)) {
            t->is_secured = true;
            t->secured(&c->stream, 0, NULL);
            if (!is_alive(c, t)) {
                return;
            }
        }
        switch (got) {
        case TLS_PIECE:
            t->ops->data(&c->stream, piece, at_ns);
            break;
        case TLS_MORE:
            t->is_behind = false;
            return;
        case TLS_END:
            tell_end(c, t, 0);
            return;
        case TLS_FAILED:
            tell_end(c, t, -EPROTO);
            return;
        }
        if (!is_alive(c, t)) {
            return;
        }
    }
}

/* The stream's callbacks, once there is TLS. */

static void
on_data(struct stream *s, struct slice chunk, uint64_t at_ns)
{
    struct conn_tls *t = tls_of(s);
    if (t->is_over) {
        return; /* behind the goodbye */
    }
    tls_feed(t->tls, chunk);
    pump(t->conn, t, at_ns);
}

static void
on_eof(struct stream *s, int err)
{
    struct conn_tls *t = tls_of(s);
    if (t->is_behind) {
        t->has_eof = true;
        t->eof_err = err;
        return;
    }
    tell_end(t->conn, t, err);
}

static void
on_drained(struct stream *s)
{
    struct conn_tls *t = tls_of(s);
    if (t->is_secured) {
        t->ops->drained(s);
    }
}

static void
on_broken(struct stream *s, int err)
{
    struct conn_tls *t = tls_of(s);
    if (t->is_secured) {
        t->ops->broken(s, err);
    } else {
        tell_end(t->conn, t, err);
    }
}

static const struct stream_ops tls_ops = {on_data, on_eof, on_drained, NULL, on_broken};

/* After a pause: first what is left of the chunk, then the stream. */
static void
read_again(struct loop_task *task)
{
    struct conn_tls *t = CONTAINER_OF(task, struct conn_tls, again);
    struct conn *c = t->conn;
    if (t->is_paused || !conn_is_open(c)) {
        return;
    }
    if (t->is_behind) {
        tls_feed(t->tls, slice_of(t->kept, t->kept_len));
        pump(c, t, loop_clock_ns(c->stream.loop));
        if (!is_alive(c, t) || t->is_behind) {
            return;
        }
        give_kept(t);
    }
    if (t->has_eof) {
        tell_end(c, t, t->eof_err);
    } else {
        stream_resume(&c->stream);
    }
}

int
conn_open(struct conn *c, struct loop *loop, struct stream_pool *pool, const struct stream_ops *ops,
          int fd)
{
    c->tls = NULL;
    return stream_open(&c->stream, loop, pool, ops, fd);
}

int
conn_connect(struct conn *c, struct loop *loop, struct stream_pool *pool,
             const struct stream_ops *ops, const struct sockaddr *address, socklen_t address_len,
             uint64_t timeout_ns)
{
    c->tls = NULL;
    return stream_connect(&c->stream, loop, pool, ops, address, address_len, timeout_ns);
}

void
conn_close(struct conn *c)
{
    struct conn_tls *t = TAKE(c->tls);
    if (t != NULL) {
        loop_defer_cancel(&t->again);
        give_kept(t);
        tls_free(&t->tls);
        t->magic = 0;
        free(t);
    }
    stream_close(&c->stream);
}

int
conn_start_tls(struct conn *c, struct tls_context *context, conn_secured_fn *secured,
               struct slice early)
{
    assert(c->tls == NULL && early.len <= STREAM_QUEUE_MAX);
    struct conn_tls *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        return -ENOMEM;
    }
    *t = (struct conn_tls){
        .magic = CONN_MAGIC,
        .conn = c,
        .out.put = put_out,
        .ops = c->stream.ops,
        .secured = secured,
        .again.run = read_again,
        .is_paused = c->stream.is_paused,
    };
    int err = tls_new(context, &t->out, &t->tls);
    if (err == 0 && early.len > 0) {
        t->kept = stream_pool_take(c->stream.pool);
        err = t->kept == NULL ? -ENOSPC : 0;
    }
    if (err != 0) {
        tls_free(&t->tls);
        free(t);
        return err;
    }
    c->tls = t;
    c->stream.ops = &tls_ops;
    if (early.len > 0) {
        memcpy(t->kept, early.ptr, early.len);
        t->kept_len = (uint32_t)early.len;
        t->is_behind = true;
        stream_pause(&c->stream);
        loop_defer(c->stream.loop, &t->again);
    }
    tls_start(t->tls);
    flush_out(t);
    return t->write_err;
}

struct tls *
conn_tls_of(const struct conn *c)
{
    return c->tls == NULL ? NULL : c->tls->tls;
}

/* Small pieces share a record; one that is large goes as it is. */
static int
write_records(struct conn_tls *t, const struct iovec *iov, int count)
{
    size_t filled = 0;
    int err = 0;
    for (int i = 0; i < count && err == 0; i++) {
        struct slice rest = slice_of(iov[i].iov_base, iov[i].iov_len);
        while (rest.len > 0 && err == 0) {
            if (filled == 0 && (rest.len >= sizeof(record) || i == count - 1)) {
                err = tls_write(t->tls, rest);
                break;
            }
            size_t n = MIN(rest.len, sizeof(record) - filled);
            memcpy(record + filled, rest.ptr, n);
            filled += n;
            rest = slice_sub(rest, n, rest.len);
            if (filled == sizeof(record)) {
                err = tls_write(t->tls, slice_of(record, filled));
                filled = 0;
            }
        }
    }
    return err == 0 && filled > 0 ? tls_write(t->tls, slice_of(record, filled)) : err;
}

int
conn_write(struct conn *c, const struct iovec *iov, int count)
{
    struct conn_tls *t = c->tls;
    if (t == NULL) {
        return stream_write(&c->stream, iov, count);
    }
    if (!conn_is_open(c)) {
        return -EPIPE;
    }
    int err = write_records(t, iov, count);
    flush_out(t);
    return err != 0 ? err : t->write_err;
}

void
conn_shut(struct conn *c)
{
    struct conn_tls *t = c->tls;
    if (t != NULL && conn_is_open(c)) {
        tls_shut(t->tls);
        flush_out(t);
    }
    stream_shut(&c->stream);
}

void
conn_pause(struct conn *c)
{
    if (c->tls != NULL) {
        c->tls->is_paused = true;
    }
    stream_pause(&c->stream);
}

void
conn_resume(struct conn *c)
{
    struct conn_tls *t = c->tls;
    if (t == NULL) {
        stream_resume(&c->stream);
        return;
    }
    t->is_paused = false;
    if (conn_is_open(c) && (t->is_behind || t->has_eof)) {
        loop_defer(c->stream.loop, &t->again);
    } else {
        stream_resume(&c->stream);
    }
}
