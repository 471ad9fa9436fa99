/* SPDX-License-Identifier: Apache-2.0
 * Both sides of SCRAM with each other, where any of their messages may be the input's instead: its
 * first byte says which, lines follow. Undisturbed the exchange succeeds, and whoever the server
 * lets in has shown the right key. The text of a secret is read from the input, too. The hash is a
 * toy: what is parsed matters here, not what is hashed. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "proto/pg/pg_scram.h"

enum { CLIENT_FIRST, SERVER_FIRST, CLIENT_FINAL, SERVER_FINAL, MESSAGES };
enum { IS_PLUS = 1 << MESSAGES, IS_PLUS_OFFERED = IS_PLUS << 1 };

static void
mix(struct slice data, uint8_t hash[PG_SCRAM_KEY_LEN])
{
    for (size_t i = 0; i < data.len; i++) {
        uint8_t *at = &hash[i % PG_SCRAM_KEY_LEN];
        *at = (uint8_t)(*at * 31u + data.ptr[i] + 1u);
    }
}

static int
sha256(struct slice data, uint8_t ret_hash[PG_SCRAM_KEY_LEN])
{
    uint8_t hash[PG_SCRAM_KEY_LEN] = {0};
    mix(data, hash);
    memcpy(ret_hash, hash, sizeof(hash));
    return 0;
}

static int
hmac(struct slice key, struct slice data, uint8_t ret_hash[PG_SCRAM_KEY_LEN])
{
    uint8_t hash[PG_SCRAM_KEY_LEN] = {1};
    mix(key, hash);
    mix(data, hash);
    memcpy(ret_hash, hash, sizeof(hash));
    return 0;
}

static int
pbkdf2(struct slice password, struct slice salt, uint32_t iterations,
       uint8_t ret_hash[PG_SCRAM_KEY_LEN])
{
    (void)iterations;
    return hmac(password, salt, ret_hash);
}

static const struct pg_scram_hash hash = {sha256, hmac, pbkdf2};

struct play {
    struct slice lines; /* of the input, that are left */
    uint8_t flags;
    bool disturbed;
};

/* What is said: the message, or the input's next line in its place. */
static struct slice
said(struct play *p, unsigned which, struct slice message)
{
    if ((p->flags & 1u << which) == 0) {
        return message;
    }
    const uint8_t *end = memchr(p->lines.ptr, '\n', p->lines.len);
    size_t len = end == NULL ? p->lines.len : (size_t)(end - p->lines.ptr);
    struct slice line = slice_sub(p->lines, 0, len);
    p->lines = slice_sub(p->lines, len + (end != NULL), p->lines.len);
    p->disturbed |= !slice_eq(line, message);
    return line;
}

/* True: both sides are content. */
static bool
exchange(struct play *p, const struct pg_scram_keys *keys, const struct pg_scram_secret *secret)
{
    static const struct slice nonces[] = {SLICE_LIT("client"), SLICE_LIT("server")};
    struct slice binding = SLICE_LIT("binding");
    bool is_plus = (p->flags & IS_PLUS) != 0;
    bool is_offered = is_plus || (p->flags & IS_PLUS_OFFERED) != 0;
    struct pg_scram client, server;
    struct pg_scram_salt salt;
    struct slice server_first;
    uint8_t first[PG_SCRAM_MESSAGE_MAX], final[PG_SCRAM_MESSAGE_MAX];
    uint8_t key[PG_SCRAM_KEY_LEN], server_final[PG_SCRAM_SERVER_FINAL_LEN];
    size_t len;
    pg_scram_init(&client, &hash);
    pg_scram_init(&server, &hash);
    len = pg_scram_begin(&client, is_plus ? 'p' : 'n', nonces[0], first);
    struct slice message = said(p, CLIENT_FIRST, slice_of(first, len));
    if (pg_scram_greet(&server, is_plus, is_offered, message, secret, nonces[1], &server_first) !=
            PG_SCRAM_OK ||
        pg_scram_challenge(&client, said(p, SERVER_FIRST, server_first), &salt) != PG_SCRAM_OK ||
        pg_scram_answer(&client, keys, binding, final, &len) != PG_SCRAM_OK) {
        return false;
    }
    message = said(p, CLIENT_FINAL, slice_of(final, len));
    if (pg_scram_verify(&server, message, secret, binding, key, server_final) != PG_SCRAM_OK) {
        return false;
    }
    if (memcmp(key, keys->client_key, sizeof(key)) != 0) {
        abort();
    }
    message = said(p, SERVER_FINAL, slice_of(server_final, sizeof(server_final)));
    return pg_scram_confirm(&client, message) == PG_SCRAM_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct play p = {.lines = slice_of(data, size)};
    struct pg_scram_salt salt = {.iterations = 4096, .len = 4, .bytes = "salt"};
    struct pg_scram_keys keys;
    struct pg_scram_secret secret;
    if (pg_scram_secret_parse(p.lines, &secret) == 0 && secret.salt.len > PG_SCRAM_SALT_MAX) {
        abort();
    }
    if (size == 0 || pg_scram_keys_derive(&hash, SLICE_LIT("secret"), &salt, &keys) < 0 ||
        pg_scram_secret_of(&hash, &keys, &salt, &secret) < 0) {
        return 0;
    }
    p.flags = data[0];
    p.lines = slice_sub(p.lines, 1, size);
    bool ok = exchange(&p, &keys, &secret);
    if (!ok && !p.disturbed) {
        abort();
    }
    return 0;
}
