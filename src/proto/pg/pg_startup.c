/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_startup.h"

static enum dec
fail(struct pg_startup *s, enum dec dec, const char *reason)
{
    s->error = (struct dec_error){reason, s->offset};
    return dec;
}

/* Once the length and once the code are known: is this a packet that we take? */
static enum dec
check_len(struct pg_startup *s)
{
    if (s->len < 8) {
        return fail(s, DEC_BAD, "a startup packet is too short");
    }
    if (s->len > PG_STARTUP_LEN_MAX) {
        return fail(s, DEC_LIMIT, "a startup packet is too long");
    }
    return DEC_OK;
}

static enum dec
check_code(struct pg_startup *s)
{
    bool *seen = s->code == PG_STARTUP_CODE_SSL ? &s->ssl_seen : &s->gssenc_seen;
    switch (s->code) {
    case PG_STARTUP_CODE_SSL:
    case PG_STARTUP_CODE_GSSENC:
        if (s->len != 8) {
            return fail(s, DEC_BAD, "an encryption request of a wrong length");
        }
        if (*seen) {
            return fail(s, DEC_BAD, "encryption was asked for twice");
        }
        *seen = true;
        return DEC_OK;
    case PG_STARTUP_CODE_CANCEL:
        if (s->len < 16 || s->len > PG_CANCEL_LEN_MAX) {
            return fail(s, DEC_BAD, "a cancel request of a wrong length");
        }
        return DEC_OK;
    default:
        if (s->code >> 16 != 3) {
            return fail(s, DEC_BAD, "not PostgreSQL's protocol 3");
        }
        s->minor = (uint16_t)s->code;
        return DEC_OK;
    }
}

static struct pg_startup_text *
target_of(struct pg_startup *s, struct slice key)
{
    if (slice_eq(key, SLICE_LIT("user"))) {
        return &s->user;
    }
    if (slice_eq(key, SLICE_LIT("database"))) {
        return &s->database;
    }
    if (slice_eq(key, SLICE_LIT("application_name"))) {
        return &s->application;
    }
    return NULL;
}

/* One byte of the list "name\0value\0name\0value\0\0". */
static void
parameter_byte(struct pg_startup *s, uint8_t c)
{
    if (s->ended) {
        return;
    }
    if (!s->in_value) {
        if (c != 0) {
            if (s->key_len < sizeof(s->key)) {
                s->key[s->key_len] = c;
            }
            s->key_len = (uint8_t)MIN(s->key_len + 1, UINT8_MAX);
            return;
        }
        struct slice key = slice_of(s->key, MIN(s->key_len, sizeof(s->key)));
        s->ended = s->key_len == 0;
        s->in_value = true;
        s->target = s->key_len > sizeof(s->key) ? NULL : target_of(s, key);
        s->is_replication = slice_eq(key, SLICE_LIT("replication"));
        if (s->target != NULL) {
            s->target->len = 0;
        }
        s->key_len = 0;
        s->replication_len = 0;
        return;
    }
    if (c == 0) {
        s->in_value = false;
        return;
    }
    if (s->target != NULL && s->target->len < PG_STARTUP_TEXT_MAX) {
        s->target->bytes[s->target->len++] = c;
    }
    if (s->is_replication && s->replication_len < 2) {
        /* PostgreSQL's spellings of "no" begin with f, n, 0 or "of". */
        bool is_f = c == 'f' || c == 'F';
        bool is_no = s->replication_len == 0 ? is_f || c == 'n' || c == 'N' || c == '0' : is_f;
        s->replication = (s->replication_len == 0 || s->replication) && !is_no;
        s->replication_len++;
    }
}

/* One byte of a packet that is read to its end here. */
static enum dec
packet_byte(struct pg_startup *s, uint8_t c)
{
    uint32_t at = s->at++;
    s->offset++;
    if (at < 4) {
        if (at == 0 && c == 0x16) {
            return fail(s, DEC_BAD, "TLS is not spoken here");
        }
        s->len = s->len << 8 | c;
        return at == 3 ? check_len(s) : DEC_OK;
    }
    if (at < 8) {
        s->code = s->code << 8 | c;
        return at == 7 ? check_code(s) : DEC_OK;
    }
    if (s->code == PG_STARTUP_CODE_CANCEL) {
        s->cancel[at] = c; /* check_code: at < len <= PG_CANCEL_LEN_MAX */
    } else {
        parameter_byte(s, c);
    }
    return DEC_OK;
}

static void
store_u32(uint8_t *dst, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        dst[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

static enum dec
packet_end(struct pg_startup *s, enum pg_startup_kind *ret_kind)
{
    switch (s->code) {
    case PG_STARTUP_CODE_SSL:
        *ret_kind = PG_STARTUP_SSL;
        break;
    case PG_STARTUP_CODE_GSSENC:
        *ret_kind = PG_STARTUP_GSSENC;
        break;
    case PG_STARTUP_CODE_CANCEL:
        store_u32(s->cancel, s->len);
        store_u32(s->cancel + 4, s->code);
        s->cancel_len = (uint16_t)s->len;
        *ret_kind = PG_STARTUP_CANCEL;
        break;
    default:
        if (!s->ended) {
            return fail(s, DEC_BAD, "a startup packet ends in the middle of its parameters");
        }
        if (s->user.len == 0) {
            return fail(s, DEC_BAD, "a startup packet names no user");
        }
        if (s->database.len == 0) {
            s->database = s->user;
        }
        *ret_kind = PG_STARTUP_START;
    }
    s->at = 0;
    s->len = 0;
    s->code = 0;
    return DEC_OK;
}

bool
pg_startup_is_tls(const struct pg_startup *s, struct slice in)
{
    return s->at == 0 && !s->ssl_seen && in.len > 0 && in.ptr[0] == 0x16;
}

void
pg_startup_set_tls(struct pg_startup *s)
{
    s->ssl_seen = true;
    s->gssenc_seen = true;
}

bool
pg_startup_is_cancel(const struct pg_startup *s)
{
    return s->at >= 8 && s->code == PG_STARTUP_CODE_CANCEL;
}

enum dec
pg_startup_next(struct pg_startup *s, struct slice *in, enum pg_startup_kind *ret_kind)
{
    for (;;) {
        if (s->at >= 8 && s->at == s->len) {
            return packet_end(s, ret_kind);
        }
        if (in->len == 0) {
            return DEC_MORE;
        }
        enum dec dec = packet_byte(s, *in->ptr);
        if (dec != DEC_OK) {
            return dec;
        }
        *in = slice_sub(*in, 1, in->len);
    }
}
