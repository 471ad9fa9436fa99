/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/prng.h"

static uint64_t
load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

struct hash_key
hash_key_from_bytes(const uint8_t bytes[HASH_KEY_LEN])
{
    return (struct hash_key){load64(bytes), load64(bytes + 8)};
}

uint64_t
hash_bytes(struct slice s)
{
    return XXH3_64bits(s.ptr, s.len);
}

static uint64_t
rotl(uint64_t x, unsigned n)
{
    return (x << n) | (x >> (64 - n));
}

static void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

static void
sip_block(uint64_t v[4], uint64_t block)
{
    v[3] ^= block;
    sip_round(v);
    sip_round(v);
    v[0] ^= block;
}

uint64_t
hash_keyed(const struct hash_key *key, struct slice s)
{
    uint64_t v[4] = {key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
                     key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u};
    size_t whole = s.len / 8;
    for (size_t i = 0; i < whole; i++) {
        sip_block(v, load64(s.ptr + 8 * i));
    }
    uint64_t last = (uint64_t)s.len << 56;
    for (size_t i = 0; i < s.len % 8; i++) {
        last |= (uint64_t)s.ptr[8 * whole + i] << (8 * i);
    }
    sip_block(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void
hash_stream_init(struct hash_stream *h, const struct hash_key *key)
{
    *h = (struct hash_stream){{key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
                               key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u},
                              0,
                              0};
}

void
hash_stream_add(struct hash_stream *h, struct slice s)
{
    size_t at = 0;
    while (at < s.len && h->len % 8 != 0) {
        h->tail |= (uint64_t)s.ptr[at++] << (8 * (h->len++ % 8));
        if (h->len % 8 == 0) {
            sip_block(h->v, h->tail);
            h->tail = 0;
        }
    }
    size_t whole = (s.len - at) / 8;
    for (size_t i = 0; i < whole; i++) {
        sip_block(h->v, load64(s.ptr + at + 8 * i));
    }
    h->len += 8 * whole;
    for (at += 8 * whole; at < s.len; at++) {
        h->tail |= (uint64_t)s.ptr[at] << (8 * (h->len++ % 8));
    }
}

uint64_t
hash_stream_value(const struct hash_stream *h)
{
    uint64_t v[4] = {h->v[0], h->v[1], h->v[2], h->v[3]};
    sip_block(v, h->tail | h->len << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
hash_combine(uint64_t so_far, uint64_t value)
{
    return prng_mix(rotl(so_far, 7) + value + 0x9e3779b97f4a7c15u);
}
