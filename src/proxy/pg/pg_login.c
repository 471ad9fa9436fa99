/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_login.h"

#include <stdlib.h>
#include <string.h>

#include "io/tls.h"
#include "proto/pg/pg_encode.h"
#include "proto/pg/pg_scram.h"
#include "proxy/pg/pg_held.h"

static const char plus[] = PG_SCRAM_PLUS;

struct pg_login {
    struct pg_held server;
    bool is_watching; /* for a client that binds to what cannot fit */
    uint8_t held_len;
    uint8_t held[PG_HEAD_LEN + sizeof(plus)]; /* of the client's answer */
};

struct pg_login *
pg_login_new(void)
{
    return check_alloc(1, sizeof(struct pg_login));
}

void
pg_login_free(struct pg_login **login)
{
    free(TAKE(*login));
}

static void
store_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

/* Where PLUS stands in the list of names, or NULL. */
static uint8_t *
find_plus(struct pg_login *l, size_t len)
{
    uint8_t *at = l->server.message + PG_HEAD_LEN + 4, *end = l->server.message + len;
    while (at < end && *at != 0) {
        uint8_t *next = memchr(at, 0, (size_t)(end - at));
        if (next == NULL) {
            return NULL;
        }
        if ((size_t)(next - at) == sizeof(plus) - 1 && memcmp(at, plus, sizeof(plus)) == 0) {
            return at;
        }
        at = next + 1;
    }
    return NULL;
}

static bool
is_bound_alike(const struct driver_session *s)
{
    struct tls_binding ours = tls_binding(s->client_tls), theirs = tls_binding(s->upstream_tls);
    return ours.len > 0 &&
           slice_eq(slice_of(ours.bytes, ours.len), slice_of(theirs.bytes, theirs.len));
}

/* The offer, as the client gets it. */
static size_t
edit_offer(struct pg_login *l, const struct driver_session *s, size_t len)
{
    uint8_t *at = find_plus(l, len);
    if (at == NULL) {
        return len;
    }
    if (s->client_tls != NULL && s->upstream_tls != NULL) {
        l->is_watching = !is_bound_alike(s);
        return len;
    }
    memmove(at, at + sizeof(plus), (size_t)(l->server.message + len - at) - sizeof(plus));
    len -= sizeof(plus);
    store_u32(l->server.message + 1, (uint32_t)len - 1);
    return len;
}

size_t
pg_login_server(struct pg_login *l, const struct driver_session *s, struct slice chunk,
                struct driver_out *out, struct slice *ret_said, bool *ret_done)
{
    struct slice piece;
    size_t used;
    *ret_done = false;
    *ret_said = SLICE_NONE;
    out->drop = true;
    switch (pg_held_next(&l->server, 'R', chunk, &used, &piece)) {
    case PG_HELD_MORE:
        return used;
    case PG_HELD_PASS:
        break;
    case PG_HELD_WHOLE:
        if (piece.len >= PG_HEAD_LEN + 4) {
            uint32_t code = pg_held_u32(piece.ptr + PG_HEAD_LEN);
            *ret_done = code == AUTH_OK;
            piece.len = code == AUTH_SASL ? edit_offer(l, s, piece.len) : piece.len;
        }
        break;
    }
    *ret_said = piece;
    /* The chunk's own bytes go on as they are, however many there are. */
    out->drop = piece.ptr != chunk.ptr;
    out->to_client = out->drop ? piece : SLICE_NONE;
    return used;
}

static bool
fits(const struct pg_login *l, uint8_t byte)
{
    if (l->held_len == 0) {
        return byte == 'p';
    }
    return l->held_len < PG_HEAD_LEN || byte == (uint8_t)plus[l->held_len - PG_HEAD_LEN];
}

bool
pg_login_client(struct pg_login *l, struct slice chunk, struct driver_out *out, size_t *ret_used)
{
    *ret_used = chunk.len;
    if (!l->is_watching) {
        return true;
    }
    out->drop = true;
    for (size_t i = 0; i < chunk.len; i++) {
        bool is_plus_so_far = fits(l, chunk.ptr[i]);
        l->held[l->held_len++] = chunk.ptr[i];
        if (!is_plus_so_far) {
            out->to_upstream = pg_login_held(l);
            l->is_watching = false;
            *ret_used = i + 1;
            return true;
        }
        if (l->held_len == sizeof(l->held)) {
            return false;
        }
    }
    return true;
}

struct slice
pg_login_held(const struct pg_login *l)
{
    return slice_of(l->held, l->is_watching ? l->held_len : 0);
}
