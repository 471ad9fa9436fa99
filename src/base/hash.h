/* SPDX-License-Identifier: Apache-2.0
 * base/hash.h - the two hashes of the house.
 *
 * hash_bytes: fast and unkeyed, for what cannot be guessed back into a secret (statement shapes,
 * names). hash_keyed: SipHash-2-4 (Aumasson, Bernstein 2012) under the installation's key, for
 * every value that came from a user: without the key it can neither be looked up nor forced to
 * collide. Pure; any thread. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

#define HASH_KEY_LEN 16

struct hash_key {
    uint64_t k0, k1;
};

/* The 16 bytes of the key file, little endian. */
struct hash_key hash_key_from_bytes(const uint8_t bytes[HASH_KEY_LEN]);

uint64_t hash_bytes(struct slice s);

/* About 1.5 ns a byte for short values. */
uint64_t hash_keyed(const struct hash_key *key, struct slice s);

/* The same hash over pieces: equal to hash_keyed of all of them in a row, wherever they are cut. */
struct hash_stream {
    uint64_t v[4];
    uint64_t tail; /* bytes that do not fill a block yet */
    uint64_t len;
};
void hash_stream_init(struct hash_stream *h, const struct hash_key *key);
void hash_stream_add(struct hash_stream *h, struct slice s);
/* Leaves h as it is: more may be added. */
uint64_t hash_stream_value(const struct hash_stream *h);

/* Folds one more value into a running, order-sensitive hash. Start with 0. */
uint64_t hash_combine(uint64_t so_far, uint64_t value);

#endif
