/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver that knows no protocol: relays bytes, publishes nothing. For what slowburn has no
 * decoder for, and for measuring what relaying alone costs. */
#include "proxy/driver.h"

static void
raw_open(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    s->opaque = true;
    out->connect = true;
}

static size_t
raw_bytes(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
          struct driver_out *out)
{
    return chunk.len;
}

static void
raw_failed(void *worker, struct driver_session *s, enum driver_failure failure, uint64_t now_ns,
           struct driver_out *out)
{
    /* No protocol, no words: the client sees the connection end. */
}

static void
raw_eof(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
        struct driver_out *out)
{
}

static bool
raw_drain(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    return false;
}

static void
raw_close(void *worker, struct driver_session *s, enum close_reason reason, uint64_t now_ns)
{
}

const struct driver_ops raw_driver = {
    .name = "raw",
    .open = raw_open,
    .client_bytes = raw_bytes,
    .upstream_bytes = raw_bytes,
    .failed = raw_failed,
    .client_eof = raw_eof,
    .upstream_eof = raw_eof,
    .drain = raw_drain,
    .close = raw_close,
};
