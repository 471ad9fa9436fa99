/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_scram.h"

#include <errno.h>
#include <stdio.h>

#include "base/base64.h"

#define KEY_TEXT_LEN BASE64_ENCODED_LEN(PG_SCRAM_KEY_LEN)
#define BINDING_MAX  64

static const char end_point[] = "p=tls-server-end-point,,";

static struct slice
key_slice(const uint8_t key[PG_SCRAM_KEY_LEN])
{
    return slice_of(key, PG_SCRAM_KEY_LEN);
}

/* Takes the same time wherever they differ. */
static bool
is_same_key(const uint8_t a[PG_SCRAM_KEY_LEN], const uint8_t b[PG_SCRAM_KEY_LEN])
{
    uint8_t differs = 0;
    for (unsigned i = 0; i < PG_SCRAM_KEY_LEN; i++) {
        differs |= a[i] ^ b[i];
    }
    return differs == 0;
}

static int
decode_key(struct slice text, uint8_t ret_key[PG_SCRAM_KEY_LEN])
{
    return base64_decode(text, ret_key, PG_SCRAM_KEY_LEN) == PG_SCRAM_KEY_LEN ? 0 : -EINVAL;
}

static int
decode_salt(struct slice iterations, struct slice salt, struct pg_scram_salt *ret_salt)
{
    struct pg_scram_salt s;
    uint64_t count;
    int len = base64_decode(salt, s.bytes, sizeof(s.bytes));
    if (len <= 0 || slice_to_u64(iterations, &count) != 0 || count == 0 || count > INT32_MAX) {
        return -EINVAL;
    }
    s.len = (uint8_t)len;
    s.iterations = (uint32_t)count;
    *ret_salt = s;
    return 0;
}

int
pg_scram_secret_parse(struct slice text, struct pg_scram_secret *ret_secret)
{
    struct pg_scram_secret s;
    struct slice mechanism, salt, iterations, stored;
    if (!slice_split(&text, '$', &mechanism) || !slice_eq(mechanism, SLICE_LIT(PG_SCRAM)) ||
        !slice_split(&text, '$', &salt) || !slice_split(&salt, ':', &iterations) ||
        !slice_split(&text, ':', &stored) || decode_salt(iterations, salt, &s.salt) != 0 ||
        decode_key(stored, s.stored_key) != 0 || decode_key(text, s.server_key) != 0) {
        return -EINVAL;
    }
    *ret_secret = s;
    return 0;
}

int
pg_scram_keys_derive(const struct pg_scram_hash *hash, struct slice password,
                     const struct pg_scram_salt *salt, struct pg_scram_keys *ret_keys)
{
    uint8_t salted[PG_SCRAM_KEY_LEN];
    int err = hash->pbkdf2(password, slice_of(salt->bytes, salt->len), salt->iterations, salted);
    err = err != 0 ? err
                   : hash->hmac(key_slice(salted), SLICE_LIT("Client Key"), ret_keys->client_key);
    err = err != 0 ? err
                   : hash->hmac(key_slice(salted), SLICE_LIT("Server Key"), ret_keys->server_key);
    explicit_bzero(salted, sizeof(salted));
    return err;
}

int
pg_scram_secret_of(const struct pg_scram_hash *hash, const struct pg_scram_keys *keys,
                   const struct pg_scram_salt *salt, struct pg_scram_secret *ret_secret)
{
    ret_secret->salt = *salt;
    memcpy(ret_secret->server_key, keys->server_key, PG_SCRAM_KEY_LEN);
    return hash->sha256(key_slice(keys->client_key), ret_secret->stored_key);
}

void
pg_scram_init(struct pg_scram *x, const struct pg_scram_hash *hash)
{
    *x = (struct pg_scram){.hash = hash};
}

static enum pg_scram_result
fail(struct pg_scram *x, enum pg_scram_result result, const char *reason)
{
    x->reason = reason;
    return result;
}

static enum pg_scram_result
malformed(struct pg_scram *x)
{
    return fail(x, PG_SCRAM_MALFORMED, "malformed SCRAM message");
}

/* False: longer than messages within their limits come to. */
static bool
say(struct pg_scram *x, struct slice text)
{
    if (text.len > sizeof(x->transcript) - x->len) {
        return false;
    }
    memcpy(x->transcript + x->len, text.ptr, text.len);
    x->len = (uint16_t)(x->len + text.len);
    return true;
}

/* Takes "X=value" off *rest, up to the next comma. The names of attributes are one letter. */
static bool
attribute(struct slice *rest, char name, struct slice *ret_value)
{
    struct slice whole;
    if (rest->len < 2 || rest->ptr[0] != (uint8_t)name || rest->ptr[1] != '=') {
        return false;
    }
    if (!slice_split(rest, ',', &whole)) {
        return false;
    }
    *ret_value = slice_sub(whole, 2, whole.len);
    return true;
}

static bool
is_nonce(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e) {
            return false;
        }
    }
    return s.len > 0 && s.len <= 2 * PG_SCRAM_NONCE_MAX;
}

/* What stands before the client's own first words: how it is about channel binding. */
static enum pg_scram_result
read_flag(struct pg_scram *x, bool is_plus, bool is_plus_offered, struct slice *rest)
{
    struct slice whole = SLICE_LIT("p=tls-server-end-point,");
    x->flag = rest->len == 0 ? 0 : rest->ptr[0];
    if (x->flag == 'p' && is_plus && slice_eq(slice_sub(*rest, 0, whole.len), whole)) {
        *rest = slice_sub(*rest, whole.len, rest->len);
    } else if ((x->flag == 'n' || x->flag == 'y') && !is_plus && rest->len > 1 &&
               rest->ptr[1] == ',') {
        *rest = slice_sub(*rest, 2, rest->len);
    } else if (x->flag == 'p' || x->flag == 'n' || x->flag == 'y') {
        return fail(x, PG_SCRAM_MALFORMED,
                    "malformed SCRAM message: its channel binding is not the mechanism's");
    } else {
        return malformed(x);
    }
    if (x->flag == 'y' && is_plus_offered) {
        return fail(x, PG_SCRAM_MISBOUND, "SCRAM channel binding negotiation error");
    }
    if (rest->len == 0 || rest->ptr[0] != ',') {
        return fail(x, PG_SCRAM_MALFORMED,
                    "malformed SCRAM message: an authorization identity is not supported");
    }
    *rest = slice_sub(*rest, 1, rest->len);
    return PG_SCRAM_OK;
}

enum pg_scram_result
pg_scram_greet(struct pg_scram *x, bool is_plus, bool is_plus_offered, struct slice client_first,
               const struct pg_scram_secret *secret, struct slice nonce,
               struct slice *ret_server_first)
{
    struct slice name, theirs, rest = client_first;
    uint8_t salt[BASE64_ENCODED_LEN(PG_SCRAM_SALT_MAX)];
    char iterations[16];
    enum pg_scram_result result = read_flag(x, is_plus, is_plus_offered, &rest);
    if (result != PG_SCRAM_OK) {
        return result;
    }
    struct slice bare = rest;
    if (!attribute(&rest, 'n', &name) || !attribute(&rest, 'r', &theirs) || !is_nonce(theirs) ||
        theirs.len > PG_SCRAM_NONCE_MAX || nonce.len > PG_SCRAM_NONCE_MAX) {
        return malformed(x);
    }
    size_t salt_len = base64_encode(slice_of(secret->salt.bytes, secret->salt.len), salt);
    int number_len = snprintf(iterations, sizeof(iterations), "%u", secret->salt.iterations);
    size_t first_at = bare.len + 1;
    bool fits = say(x, bare) && say(x, SLICE_LIT(",r=")) && say(x, theirs) && say(x, nonce) &&
                say(x, SLICE_LIT(",s=")) && say(x, slice_of(salt, salt_len)) &&
                say(x, SLICE_LIT(",i=")) && say(x, slice_of(iterations, (size_t)number_len));
    if (!fits) {
        return malformed(x);
    }
    x->nonce_at = (uint16_t)(first_at + 2);
    x->nonce_len = (uint16_t)(theirs.len + nonce.len);
    *ret_server_first = slice_of(x->transcript + first_at, x->len - first_at);
    return PG_SCRAM_OK;
}

/* What `c=` says: the flag with what is around it, and the binding itself. Returns its length. */
static size_t
binding_text(const struct pg_scram *x, struct slice binding,
             uint8_t dst[BASE64_ENCODED_LEN(sizeof(end_point) + BINDING_MAX)])
{
    uint8_t raw[sizeof(end_point) + BINDING_MAX] = {x->flag, ',', ','};
    size_t len = 3;
    if (x->flag == 'p') {
        binding = slice_sub(binding, 0, BINDING_MAX);
        len = sizeof(end_point) - 1;
        memcpy(raw, end_point, len);
        memcpy(raw + len, binding.ptr, binding.len);
        len += binding.len;
    }
    return base64_encode(slice_of(raw, len), dst);
}

/* HMAC of all that was said, with that key. */
static int
sign(const struct pg_scram *x, const uint8_t key[PG_SCRAM_KEY_LEN],
     uint8_t ret_signature[PG_SCRAM_KEY_LEN])
{
    return x->hash->hmac(key_slice(key), slice_of(x->transcript, x->len), ret_signature);
}

static void
add_key(uint8_t key[PG_SCRAM_KEY_LEN], const uint8_t other[PG_SCRAM_KEY_LEN])
{
    for (unsigned i = 0; i < PG_SCRAM_KEY_LEN; i++) {
        key[i] ^= other[i];
    }
}

/* Takes client-final apart. The proof stands at its end; what comes before it is signed. */
static enum pg_scram_result
read_final(struct pg_scram *x, struct slice client_final, struct slice binding,
           uint8_t ret_proof[PG_SCRAM_KEY_LEN])
{
    enum { PROOF_LEN = 3 + KEY_TEXT_LEN };
    uint8_t wanted[BASE64_ENCODED_LEN(sizeof(end_point) + BINDING_MAX)];
    struct slice bound, nonce;
    if (client_final.len < PROOF_LEN) {
        return malformed(x);
    }
    struct slice without = slice_sub(client_final, 0, client_final.len - PROOF_LEN);
    struct slice proof = slice_sub(client_final, without.len, PROOF_LEN);
    if (!slice_eq(slice_sub(proof, 0, 3), SLICE_LIT(",p=")) ||
        decode_key(slice_sub(proof, 3, proof.len), ret_proof) != 0) {
        return malformed(x);
    }
    struct slice rest = without;
    if (!attribute(&rest, 'c', &bound) || !attribute(&rest, 'r', &nonce)) {
        return malformed(x);
    }
    if (!slice_eq(bound, slice_of(wanted, binding_text(x, binding, wanted)))) {
        return x->flag == 'p' ? fail(x, PG_SCRAM_MISBOUND, "SCRAM channel binding check failed")
                              : malformed(x);
    }
    if (!slice_eq(nonce, slice_of(x->transcript + x->nonce_at, x->nonce_len))) {
        return fail(x, PG_SCRAM_MALFORMED, "malformed SCRAM message: the nonce is another one");
    }
    return say(x, SLICE_LIT(",")) && say(x, without) ? PG_SCRAM_OK : malformed(x);
}

enum pg_scram_result
pg_scram_verify(struct pg_scram *x, struct slice client_final, const struct pg_scram_secret *secret,
                struct slice binding, uint8_t ret_client_key[PG_SCRAM_KEY_LEN],
                uint8_t ret_server_final[PG_SCRAM_SERVER_FINAL_LEN])
{
    uint8_t key[PG_SCRAM_KEY_LEN], signature[PG_SCRAM_KEY_LEN], stored[PG_SCRAM_KEY_LEN];
    enum pg_scram_result result = read_final(x, client_final, binding, key);
    if (result != PG_SCRAM_OK) {
        return result;
    }
    int err = sign(x, secret->stored_key, signature);
    add_key(key, signature);
    err = err != 0 ? err : x->hash->sha256(key_slice(key), stored);
    err = err != 0 ? err : sign(x, secret->server_key, signature);
    bool ok = err == 0 && is_same_key(stored, secret->stored_key);
    if (ok) {
        memcpy(ret_client_key, key, PG_SCRAM_KEY_LEN);
        memcpy(ret_server_final, "v=", 2);
        base64_encode(key_slice(signature), ret_server_final + 2);
    }
    explicit_bzero(key, sizeof(key));
    return ok ? PG_SCRAM_OK : fail(x, PG_SCRAM_WRONG, "the password is wrong");
}

size_t
pg_scram_begin(struct pg_scram *x, char flag, struct slice nonce, uint8_t dst[PG_SCRAM_MESSAGE_MAX])
{
    assert(nonce.len <= PG_SCRAM_NONCE_MAX);
    x->flag = (uint8_t)flag;
    bool fits = say(x, SLICE_LIT("n=,r=")) && say(x, nonce);
    assert(fits);
    x->nonce_at = 5;
    x->nonce_len = (uint16_t)nonce.len;
    size_t head_len = flag == 'p' ? sizeof(end_point) - 1 : 3;
    memcpy(dst, flag == 'p' ? end_point : flag == 'y' ? "y,," : "n,,", head_len);
    memcpy(dst + head_len, x->transcript, x->len);
    return head_len + x->len;
}

enum pg_scram_result
pg_scram_challenge(struct pg_scram *x, struct slice server_first, struct pg_scram_salt *ret_salt)
{
    struct slice nonce, salt, iterations, rest = server_first;
    struct slice ours = slice_of(x->transcript + x->nonce_at, x->nonce_len);
    if (!attribute(&rest, 'r', &nonce) || !attribute(&rest, 's', &salt) ||
        !attribute(&rest, 'i', &iterations) || !is_nonce(nonce) ||
        decode_salt(iterations, salt, ret_salt) != 0) {
        return malformed(x);
    }
    if (nonce.len <= ours.len || !slice_eq(slice_sub(nonce, 0, ours.len), ours)) {
        return fail(x, PG_SCRAM_MALFORMED, "malformed SCRAM message: the nonce is another one");
    }
    uint16_t first_at = (uint16_t)(x->len + 1);
    if (!say(x, SLICE_LIT(",")) || !say(x, server_first)) {
        return malformed(x);
    }
    x->nonce_at = (uint16_t)(first_at + 2);
    x->nonce_len = (uint16_t)nonce.len;
    return PG_SCRAM_OK;
}

enum pg_scram_result
pg_scram_answer(struct pg_scram *x, const struct pg_scram_keys *keys, struct slice binding,
                uint8_t dst[PG_SCRAM_MESSAGE_MAX], size_t *ret_len)
{
    uint8_t bound[BASE64_ENCODED_LEN(sizeof(end_point) + BINDING_MAX)];
    uint8_t stored[PG_SCRAM_KEY_LEN], proof[PG_SCRAM_KEY_LEN];
    struct slice nonce = slice_of(x->transcript + x->nonce_at, x->nonce_len);
    uint16_t final_at = (uint16_t)(x->len + 1);
    size_t bound_len = binding_text(x, binding, bound);
    if (!say(x, SLICE_LIT(",c=")) || !say(x, slice_of(bound, bound_len)) ||
        !say(x, SLICE_LIT(",r=")) || !say(x, nonce)) {
        return malformed(x);
    }
    size_t without_len = (size_t)x->len - final_at;
    int err = x->hash->sha256(key_slice(keys->client_key), stored);
    err = err != 0 ? err : sign(x, stored, proof);
    if (err != 0 || without_len + 3 + KEY_TEXT_LEN > PG_SCRAM_MESSAGE_MAX) {
        return malformed(x);
    }
    add_key(proof, keys->client_key);
    memcpy(dst, x->transcript + final_at, without_len);
    memcpy(dst + without_len, ",p=", 3);
    *ret_len = without_len + 3 + base64_encode(key_slice(proof), dst + without_len + 3);
    memcpy(x->server_key, keys->server_key, PG_SCRAM_KEY_LEN);
    return PG_SCRAM_OK;
}

enum pg_scram_result
pg_scram_confirm(struct pg_scram *x, struct slice server_final)
{
    uint8_t signature[PG_SCRAM_KEY_LEN], theirs[PG_SCRAM_KEY_LEN];
    struct slice text;
    if (!attribute(&server_final, 'v', &text) || decode_key(text, theirs) != 0) {
        return malformed(x);
    }
    if (sign(x, x->server_key, signature) != 0 || !is_same_key(signature, theirs)) {
        return fail(x, PG_SCRAM_WRONG, "the server does not have the secret itself");
    }
    return PG_SCRAM_OK;
}
