/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_logon.h"

#include <string.h>
#include <sys/random.h>

#include "io/tls.h"
#include "proxy/pg/pg_held.h"

static enum pg_logon_step
refuse(struct pg_logon *l, const char *sqlstate, const char *reason)
{
    l->sqlstate = sqlstate;
    l->reason = reason;
    return PG_LOGON_REFUSED;
}

static enum pg_logon_step
answer(struct pg_logon *l, struct slice data, enum pg_logon_state next)
{
    l->len = pg_encode_answer(l->message, 0, data);
    l->state = next;
    return PG_LOGON_ANSWER;
}

bool
pg_logon_nonce(uint8_t ret_nonce[PG_LOGON_NONCE_LEN])
{
    uint8_t bytes[PG_LOGON_NONCE_BYTES];
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        return false;
    }
    base64_encode(slice_of(bytes, sizeof(bytes)), ret_nonce);
    return true;
}

static bool
is_offered(struct slice list, struct slice mechanism)
{
    struct slice name;
    while (slice_split(&list, 0, &name) && name.len > 0) {
        if (slice_eq(name, mechanism)) {
            return true;
        }
    }
    return false;
}

static enum pg_logon_step
answer_sasl(struct pg_logon *l, struct slice offer, const struct tls_binding *binding, bool is_tls)
{
    uint8_t nonce[PG_LOGON_NONCE_LEN], first[PG_SCRAM_MESSAGE_MAX];
    bool plus_is_offered = is_offered(offer, SLICE_LIT(PG_SCRAM_PLUS));
    bool is_plus = plus_is_offered && binding->len > 0;
    if (credentials_kind(l->credential) == CREDENTIAL_MD5) {
        return refuse(l, "28000", "the server asks for SCRAM, and slowburn has this user's md5");
    }
    if (!is_plus && !is_offered(offer, SLICE_LIT(PG_SCRAM))) {
        return refuse(l, "28000", "the server offers no SASL mechanism that slowburn has");
    }
    if (!pg_logon_nonce(nonce)) {
        return refuse(l, "58000", "no random numbers from the system");
    }
    char flag = is_plus ? 'p' : is_tls && !plus_is_offered ? 'y' : 'n';
    pg_scram_init(l->scram, &credentials_hash);
    size_t len = pg_scram_begin(l->scram, flag, slice_of(nonce, sizeof(nonce)), first);
    l->len = pg_encode_sasl_choice(l->message, 0,
                                   is_plus ? SLICE_LIT(PG_SCRAM_PLUS) : SLICE_LIT(PG_SCRAM),
                                   slice_of(first, len));
    l->state = PG_LOGON_CHALLENGE;
    return PG_LOGON_ANSWER;
}

static enum pg_logon_step
answer_md5(struct pg_logon *l, struct slice salt)
{
    char text[CREDENTIALS_MD5_LEN + 1];
    if (salt.len != CREDENTIALS_MD5_SALT_LEN ||
        credentials_md5(l->credential, salt.ptr, text) != 0) {
        return refuse(l, "28000",
                      "the server asks for md5, and slowburn has only this user's SCRAM secret");
    }
    return answer(l, slice_of(text, sizeof(text)), PG_LOGON_OK);
}

static enum pg_logon_step
answer_password(struct pg_logon *l)
{
    if (credentials_kind(l->credential) != CREDENTIAL_PASSWORD) {
        return refuse(l, "28000",
                      "the server asks for the password itself, and slowburn does not have it");
    }
    struct slice password = credentials_password(l->credential);
    uint8_t text[CREDENTIALS_PASSWORD_MAX + 1];
    memcpy(text, password.ptr, password.len);
    text[password.len] = 0;
    enum pg_logon_step step = answer(l, slice_of(text, password.len + 1), PG_LOGON_OK);
    explicit_bzero(text, sizeof(text));
    return step;
}

static enum pg_logon_step
answer_first(struct pg_logon *l, uint32_t code, struct slice data,
             const struct tls_binding *binding, bool is_tls)
{
    switch (code) {
    case AUTH_OK:
        return PG_LOGON_DONE;
    case AUTH_PASSWORD:
        return answer_password(l);
    case AUTH_MD5:
        return answer_md5(l, data);
    case AUTH_SASL:
        return answer_sasl(l, data, binding, is_tls);
    default:
        return refuse(l, "28000",
                      "the server asks for an authentication that nobody can do for a client");
    }
}

/* The keys that a client has shown fit one salt only. */
static bool
fits(const struct pg_scram_salt *a, const struct pg_scram_salt *b)
{
    return a->iterations == b->iterations && a->len == b->len &&
           memcmp(a->bytes, b->bytes, a->len) == 0;
}

static enum pg_logon_step
answer_challenge(struct pg_logon *l, struct slice data, const struct tls_binding *binding)
{
    uint8_t final[PG_SCRAM_MESSAGE_MAX];
    struct pg_scram_salt salt;
    size_t len;
    if (pg_scram_challenge(l->scram, data, &salt) != PG_SCRAM_OK) {
        return refuse(l, "08P01", l->scram->reason);
    }
    if (credentials_kind(l->credential) == CREDENTIAL_PASSWORD) {
        if (credentials_keys(l->credentials, l->credential, &salt, &l->keys) != 0) {
            return refuse(l, "28000",
                          "the server's secret has too many iterations; give it in auth_file");
        }
    } else if (l->shown == NULL || !fits(&salt, &l->shown->salt)) {
        l->is_outdated = true;
        return refuse(l, "28000",
                      "the server's SCRAM secret of this user is not the one that slowburn has");
    }
    if (pg_scram_answer(l->scram, &l->keys, slice_of(binding->bytes, binding->len), final, &len) !=
        PG_SCRAM_OK) {
        return refuse(l, "08P01", l->scram->reason);
    }
    return answer(l, slice_of(final, len), PG_LOGON_CONFIRMS);
}

enum pg_logon_step
pg_logon_next(struct pg_logon *l, struct slice body, const struct tls_binding *binding, bool is_tls)
{
    uint32_t code = pg_held_u32(body.ptr);
    struct slice data = slice_sub(body, 4, body.len);
    l->len = 0;
    if (l->state == PG_LOGON_BEGINS) {
        return answer_first(l, code, data, binding, is_tls);
    }
    if (l->state == PG_LOGON_CHALLENGE && code == AUTH_SASL_CONTINUE) {
        return answer_challenge(l, data, binding);
    }
    if (l->state == PG_LOGON_CONFIRMS && code == AUTH_SASL_FINAL) {
        if (pg_scram_confirm(l->scram, data) != PG_SCRAM_OK) {
            return refuse(l, "28000", "the server does not prove that it has the user's secret");
        }
        l->state = PG_LOGON_OK;
        return PG_LOGON_ANSWER;
    }
    if (l->state == PG_LOGON_OK && code == AUTH_OK) {
        return PG_LOGON_DONE;
    }
    return refuse(l, "08P01", "the server does not keep to the order of a login");
}
