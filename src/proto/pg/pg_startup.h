/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_startup.h - a client's first packets, before it has said who it is.
 *
 * SSLRequest and GSSENCRequest (each at most once, in either order), then a StartupMessage 3.x or
 * a CancelRequest; split at any byte. Keeps what names the session, cut to the length that
 * PostgreSQL itself distinguishes, and a whole CancelRequest, because that one is passed on over
 * another connection. Zeroed memory is the start; about 500 bytes; no allocation.
 * A first byte of 0x16 (TLS without asking) is DEC_BAD with a reason of its own: whoever takes it
 * looks for it before (pg_startup_is_tls). */
#ifndef PROTO_PG_PG_STARTUP_H
#define PROTO_PG_PG_STARTUP_H

#include "base/check.h"
#include "base/decode.h"
#include "base/slice.h"

#define PG_STARTUP_LEN_MAX  10000u /* PostgreSQL's own limit */
#define PG_CANCEL_KEY_MIN   4u
#define PG_CANCEL_KEY_MAX   256u /* since protocol 3.2; before it was always 4 */
#define PG_CANCEL_LEN_MAX   (12u + PG_CANCEL_KEY_MAX)
#define PG_STARTUP_TEXT_MAX 63

/* What stands where a StartupMessage has its version. */
#define PG_STARTUP_CODE_CANCEL 80877102u
#define PG_STARTUP_CODE_SSL    80877103u
#define PG_STARTUP_CODE_GSSENC 80877104u

struct pg_startup_text {
    uint8_t len;
    uint8_t bytes[PG_STARTUP_TEXT_MAX];
};

enum pg_startup_kind {
    PG_STARTUP_SSL,    /* to be answered with one byte; more packets follow */
    PG_STARTUP_GSSENC, /* the same */
    PG_STARTUP_START,  /* names are set; the normal protocol follows */
    PG_STARTUP_CANCEL, /* cancel[0..cancel_len) is the whole packet; nothing follows */
};

struct pg_startup {
    struct pg_startup_text user;
    struct pg_startup_text database; /* the user's name when none was given */
    struct pg_startup_text application;
    bool replication;
    uint16_t minor; /* of protocol 3 */
    uint16_t cancel_len;
    uint8_t cancel[PG_CANCEL_LEN_MAX];

    /* The decoder's own. */
    uint64_t offset;
    uint32_t len;
    uint32_t code;
    uint32_t at; /* bytes of this packet so far */
    uint8_t key_len;
    uint8_t key[20];
    bool in_value;
    bool ended; /* the empty name that ends the parameters was met */
    bool ssl_seen;
    bool gssenc_seen;
    struct pg_startup_text *target;
    bool is_replication;     /* the value being read is that option's */
    uint8_t replication_len; /* bytes of it that were looked at; two are enough */
    struct dec_error error;
};

/* DEC_OK: one packet is over and *ret_kind says which; call again for the next one. DEC_MORE: *in
 * is used up. DEC_BAD, DEC_LIMIT: refuse the client, s->error says why. */
enum dec pg_startup_next(struct pg_startup *s, struct slice *in, enum pg_startup_kind *ret_kind);

/* What a whole CancelRequest is about: process id and key. */
static inline struct slice
pg_startup_cancel_key(struct slice request)
{
    return slice_sub(request, 8, request.len);
}

/* TLS may begin here, and these bytes are its beginning. */
bool pg_startup_is_tls(const struct pg_startup *s, struct slice in);
/* It has begun: what is read from now on came inside it, where nobody asks again. */
void pg_startup_set_tls(struct pg_startup *s);

/* Is the packet that is being read a CancelRequest? Known from its eighth byte on. */
bool pg_startup_is_cancel(const struct pg_startup *s);

static inline struct slice
pg_startup_text(const struct pg_startup_text *t)
{
    return slice_of(t->bytes, t->len);
}

#endif
