/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "io/tls.h"
#include "proto/pg/pg_encode.h"
#include "proto/pg/pg_scram.h"
#include "proxy/pg/pg_held.h"

#define SCRAM       "SCRAM-SHA-256"
#define SCRAM_PLUS  "SCRAM-SHA-256-PLUS"
#define NONCE_BYTES 18
#define MOCK_ROUNDS 4096
#define MOCK_SALT   16

/* PostgreSQL's codes of Authentication messages. */
enum {
    AUTH_OK = 0,
    AUTH_PASSWORD = 3,
    AUTH_MD5 = 5,
    AUTH_SASL = 10,
    AUTH_SASL_CONTINUE = 11,
    AUTH_SASL_FINAL = 12,
};

enum state {
    STATE_ASKED,        /* the server is to ask for something */
    STATE_CLIENT_FIRST, /* a client message is waited for, and the server waits */
    STATE_CLIENT_FINAL,
    STATE_CLIENT_MD5,
    STATE_SERVER_CONTINUE, /* a server message is waited for */
    STATE_SERVER_FINAL,
    STATE_SERVER_OK,
};

/* Messages to one side: at most two in one step. */
struct say {
    size_t len;
    uint8_t bytes[2 * (PG_SCRAM_MESSAGE_MAX + PG_ENCODE_LOGIN_EXTRA)];
};

struct pg_auth {
    struct credentials *credentials;
    struct credential *credential; /* NULL: nobody that is known; it shows at the end only */
    enum state state;
    bool offers_plus;                       /* to the client */
    bool is_plus;                           /* it has chosen that */
    uint8_t salt[CREDENTIALS_MD5_SALT_LEN]; /* of the client's md5 */
    struct hash_key mock_key;
    struct slice request;
    const char *sqlstate;
    const char *detail;
    char reason[160];
    char user[64];
    struct pg_held server;
    struct pg_held client;
    struct pg_scram scram;
    struct pg_scram_secret secret; /* that the client is checked with */
    struct pg_scram_keys keys;     /* that it has shown */
    struct say to_client;
    struct say to_server;
};

struct pg_auth *
pg_auth_new(struct credentials **credentials, struct slice user, const struct hash_key *mock_key)
{
    struct pg_auth *a = check_alloc(1, sizeof(*a));
    a->credentials = TAKE(*credentials);
    a->credential = credentials_find(a->credentials, user);
    a->mock_key = *mock_key;
    slice_to_str(user, a->user, sizeof(a->user));
    return a;
}

void
pg_auth_free(struct pg_auth **auth)
{
    struct pg_auth *a = TAKE(*auth);
    if (a != NULL) {
        credentials_free(&a->credentials);
        explicit_bzero(a, sizeof(*a));
        free(a);
    }
}

bool
pg_auth_is_between(const struct pg_auth *a)
{
    return pg_held_is_between(&a->server);
}

const char *
pg_auth_sqlstate(const struct pg_auth *a)
{
    return a->sqlstate;
}

const char *
pg_auth_reason(const struct pg_auth *a)
{
    return a->reason;
}

const char *
pg_auth_detail(const struct pg_auth *a)
{
    return a->detail;
}

static enum pg_auth_verdict
refuse(struct pg_auth *a, const char *sqlstate, const char *reason)
{
    a->sqlstate = sqlstate;
    a->detail = reason;
    snprintf(a->reason, sizeof(a->reason), "slowburn: %s", reason);
    return PG_AUTH_REFUSED;
}

/* As PostgreSQL says it, whatever was wrong. */
static enum pg_auth_verdict
refuse_user(struct pg_auth *a, const char *detail)
{
    a->sqlstate = "28P01";
    a->detail = detail;
    snprintf(a->reason, sizeof(a->reason), "password authentication failed for user \"%s\"",
             a->user);
    return PG_AUTH_REFUSED;
}

static enum pg_auth_verdict
refuse_scram(struct pg_auth *a, enum pg_scram_result result)
{
    switch (result) {
    case PG_SCRAM_MALFORMED:
        return refuse(a, "08P01", a->scram.reason);
    case PG_SCRAM_MISBOUND:
        return refuse(a, "28000", a->scram.reason);
    default:
        return refuse_user(a, a->scram.reason);
    }
}

static void
ask(struct pg_auth *a, uint32_t code, struct slice data)
{
    struct say *to = &a->to_client;
    to->len = pg_encode_authentication(to->bytes, to->len, code, data);
}

static void
answer(struct pg_auth *a, struct slice data)
{
    struct say *to = &a->to_server;
    to->len = pg_encode_answer(to->bytes, to->len, data);
}

static bool
fill_randomly(void *to, size_t len)
{
    return getrandom(to, len, 0) == (ssize_t)len;
}

/* Random, printable, without a comma. False: the system has none. */
static bool
make_nonce(uint8_t ret_nonce[BASE64_ENCODED_LEN(NONCE_BYTES)])
{
    uint8_t bytes[NONCE_BYTES];
    if (!fill_randomly(bytes, sizeof(bytes))) {
        return false;
    }
    base64_encode(slice_of(bytes, sizeof(bytes)), ret_nonce);
    return true;
}

/* Somebody that is not known: a secret that nobody has, and the same salt whenever asked. */
static bool
mock_secret(struct pg_auth *a)
{
    uint8_t salt[PG_SCRAM_KEY_LEN];
    if (credentials_hash.hmac(slice_of(&a->mock_key, sizeof(a->mock_key)), slice_from_str(a->user),
                              salt) != 0) {
        return false;
    }
    a->secret.salt = (struct pg_scram_salt){.iterations = MOCK_ROUNDS, .len = MOCK_SALT};
    memcpy(a->secret.salt.bytes, salt, MOCK_SALT);
    return fill_randomly(a->secret.stored_key, PG_SCRAM_KEY_LEN) &&
           fill_randomly(a->secret.server_key, PG_SCRAM_KEY_LEN);
}

static struct slice
binding_slice(const struct tls_binding *binding)
{
    return slice_of(binding->bytes, binding->len);
}

static struct tls_binding
binding_of(const struct tls *tls)
{
    return tls == NULL ? (struct tls_binding){0} : tls_binding(tls);
}

/* The client's leg. */

static enum pg_auth_verdict
ask_client(struct pg_auth *a, const struct driver_session *s)
{
    if (a->credential != NULL && credentials_kind(a->credential) == CREDENTIAL_MD5) {
        if (!fill_randomly(a->salt, sizeof(a->salt))) {
            return refuse(a, "58000", "no random numbers from the system");
        }
        ask(a, AUTH_MD5, slice_of(a->salt, sizeof(a->salt)));
        a->state = STATE_CLIENT_MD5;
        return PG_AUTH_GOES_ON;
    }
    bool has_secret = a->credential == NULL
                          ? mock_secret(a)
                          : credentials_secret(a->credentials, a->credential, &a->secret) == 0;
    if (!has_secret) {
        return refuse(a, "58000", "no hashes or random numbers from the system");
    }
    a->offers_plus = binding_of(s->client_tls).len > 0;
    /* Each name ends with a NUL, the list with an empty one. */
    ask(a, AUTH_SASL,
        a->offers_plus ? SLICE_LIT(SCRAM_PLUS "\0" SCRAM "\0\0") : SLICE_LIT(SCRAM "\0\0"));
    pg_scram_init(&a->scram, &credentials_hash);
    a->state = STATE_CLIENT_FIRST;
    return PG_AUTH_GOES_ON;
}

static enum pg_auth_verdict
client_first(struct pg_auth *a, struct slice body)
{
    struct slice mechanism, rest = body, first;
    uint8_t nonce[BASE64_ENCODED_LEN(NONCE_BYTES)];
    if (!slice_split(&rest, 0, &mechanism) || rest.len < 4 ||
        pg_held_u32(rest.ptr) != rest.len - 4) {
        return refuse(a, "08P01", "malformed SASL message");
    }
    a->is_plus = slice_eq(mechanism, SLICE_LIT(SCRAM_PLUS));
    if (a->is_plus ? !a->offers_plus : !slice_eq(mechanism, SLICE_LIT(SCRAM))) {
        return refuse(a, "08P01", "the client chose a SASL mechanism that was not offered");
    }
    if (!make_nonce(nonce)) {
        return refuse(a, "58000", "no random numbers from the system");
    }
    enum pg_scram_result result =
        pg_scram_greet(&a->scram, a->is_plus, a->offers_plus, slice_sub(rest, 4, rest.len),
                       &a->secret, slice_of(nonce, sizeof(nonce)), &first);
    if (result != PG_SCRAM_OK) {
        return refuse_scram(a, result);
    }
    ask(a, AUTH_SASL_CONTINUE, first);
    a->state = STATE_CLIENT_FINAL;
    return PG_AUTH_GOES_ON;
}

static enum pg_auth_verdict answer_server(struct pg_auth *a, const struct driver_session *s);

static enum pg_auth_verdict
client_final(struct pg_auth *a, const struct driver_session *s, struct slice body)
{
    uint8_t final[PG_SCRAM_SERVER_FINAL_LEN];
    struct tls_binding binding = binding_of(s->client_tls);
    enum pg_scram_result result = pg_scram_verify(
        &a->scram, body, &a->secret, binding_slice(&binding), a->keys.client_key, final);
    if (result != PG_SCRAM_OK) {
        return refuse_scram(a, result);
    }
    if (a->credential == NULL) {
        return refuse_user(a, "the user is not known");
    }
    memcpy(a->keys.server_key, a->secret.server_key, PG_SCRAM_KEY_LEN);
    ask(a, AUTH_SASL_FINAL, slice_of(final, sizeof(final)));
    return answer_server(a, s);
}

static enum pg_auth_verdict
client_md5(struct pg_auth *a, const struct driver_session *s, struct slice body)
{
    char wanted[CREDENTIALS_MD5_LEN + 1];
    bool ok = credentials_md5(a->credential, a->salt, wanted) == 0 &&
              slice_eq(body, slice_of(wanted, sizeof(wanted)));
    explicit_bzero(wanted, sizeof(wanted));
    return ok ? answer_server(a, s) : refuse_user(a, "the password is wrong");
}

enum pg_auth_verdict
pg_auth_client(struct pg_auth *a, const struct driver_session *s, struct slice chunk,
               struct driver_out *out, size_t *ret_used)
{
    struct slice message;
    enum pg_auth_verdict verdict = PG_AUTH_GOES_ON;
    *ret_used = 0;
    if (a->state < STATE_CLIENT_FIRST || a->state > STATE_CLIENT_MD5) {
        return verdict;
    }
    out->drop = true;
    switch (pg_held_next(&a->client, 'p', chunk, ret_used, &message)) {
    case PG_HELD_MORE:
        return verdict;
    case PG_HELD_PASS:
        return refuse(a, "08P01", "the client was asked to log in and says something else");
    case PG_HELD_WHOLE:
        break;
    }
    struct slice body = slice_sub(message, PG_HEAD_LEN, message.len);
    a->to_client.len = a->to_server.len = 0;
    if (body.len > PG_SCRAM_MESSAGE_MAX) {
        verdict = refuse(a, "08P01", "the client's answer is too long");
    } else if (a->state == STATE_CLIENT_FIRST) {
        verdict = client_first(a, body);
    } else if (a->state == STATE_CLIENT_FINAL) {
        verdict = client_final(a, s, body);
    } else {
        verdict = client_md5(a, s, body);
    }
    explicit_bzero(a->client.message, message.len);
    out->to_client = slice_of(a->to_client.bytes, a->to_client.len);
    out->to_upstream = slice_of(a->to_server.bytes, a->to_server.len);
    return verdict;
}

/* The server's leg. */

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

static enum pg_auth_verdict
answer_sasl(struct pg_auth *a, const struct driver_session *s, struct slice offer)
{
    uint8_t nonce[BASE64_ENCODED_LEN(NONCE_BYTES)], first[PG_SCRAM_MESSAGE_MAX];
    bool plus_is_offered = is_offered(offer, SLICE_LIT(SCRAM_PLUS));
    bool is_plus = plus_is_offered && binding_of(s->upstream_tls).len > 0;
    if (credentials_kind(a->credential) == CREDENTIAL_MD5) {
        return refuse(a, "28000", "the server asks for SCRAM, and auth_file has this user's md5");
    }
    if (!is_plus && !is_offered(offer, SLICE_LIT(SCRAM))) {
        return refuse(a, "28000", "the server offers no SASL mechanism that slowburn has");
    }
    if (!make_nonce(nonce)) {
        return refuse(a, "58000", "no random numbers from the system");
    }
    char flag = is_plus ? 'p' : s->upstream_tls != NULL && !plus_is_offered ? 'y' : 'n';
    pg_scram_init(&a->scram, &credentials_hash);
    size_t len = pg_scram_begin(&a->scram, flag, slice_of(nonce, sizeof(nonce)), first);
    a->to_server.len = pg_encode_sasl_choice(a->to_server.bytes, a->to_server.len,
                                             is_plus ? SLICE_LIT(SCRAM_PLUS) : SLICE_LIT(SCRAM),
                                             slice_of(first, len));
    a->state = STATE_SERVER_CONTINUE;
    return PG_AUTH_GOES_ON;
}

static enum pg_auth_verdict
answer_md5(struct pg_auth *a, struct slice salt)
{
    char text[CREDENTIALS_MD5_LEN + 1];
    if (salt.len != CREDENTIALS_MD5_SALT_LEN ||
        credentials_md5(a->credential, salt.ptr, text) != 0) {
        return refuse(a, "28000",
                      "the server asks for md5, and auth_file has only this user's SCRAM secret");
    }
    answer(a, slice_of(text, sizeof(text)));
    a->state = STATE_SERVER_OK;
    return PG_AUTH_GOES_ON;
}

static enum pg_auth_verdict
answer_password(struct pg_auth *a)
{
    if (credentials_kind(a->credential) != CREDENTIAL_PASSWORD) {
        return refuse(a, "28000",
                      "the server asks for the password itself, and auth_file does not have it");
    }
    struct slice password = credentials_password(a->credential);
    uint8_t text[CREDENTIALS_PASSWORD_MAX + 1];
    memcpy(text, password.ptr, password.len);
    text[password.len] = 0;
    answer(a, slice_of(text, password.len + 1));
    explicit_bzero(text, sizeof(text));
    a->state = STATE_SERVER_OK;
    return PG_AUTH_GOES_ON;
}

/* The client is who it says: what the server asked for is next. */
static enum pg_auth_verdict
answer_server(struct pg_auth *a, const struct driver_session *s)
{
    struct slice data = slice_sub(a->request, 4, a->request.len);
    switch (pg_held_u32(a->request.ptr)) {
    case AUTH_OK:
        ask(a, AUTH_OK, SLICE_NONE);
        return PG_AUTH_OVER;
    case AUTH_PASSWORD:
        return answer_password(a);
    case AUTH_MD5:
        return answer_md5(a, data);
    case AUTH_SASL:
        return answer_sasl(a, s, data);
    default:
        return refuse(a, "28000",
                      "the server asks for an authentication that nobody can do for a client");
    }
}

static enum pg_auth_verdict
server_continue(struct pg_auth *a, const struct driver_session *s, struct slice data)
{
    uint8_t final[PG_SCRAM_MESSAGE_MAX];
    struct pg_scram_salt salt;
    size_t len;
    enum pg_scram_result result = pg_scram_challenge(&a->scram, data, &salt);
    if (result != PG_SCRAM_OK) {
        return refuse(a, "08P01", a->scram.reason);
    }
    if (credentials_kind(a->credential) == CREDENTIAL_PASSWORD) {
        if (credentials_keys(a->credentials, a->credential, &salt, &a->keys) != 0) {
            return refuse(a, "28000",
                          "the server's secret has too many iterations; give it in auth_file");
        }
    } else if (salt.iterations != a->secret.salt.iterations || salt.len != a->secret.salt.len ||
               memcmp(salt.bytes, a->secret.salt.bytes, salt.len) != 0) {
        return refuse(a, "28000",
                      "the server's SCRAM secret of this user is not the one in auth_file");
    }
    struct tls_binding binding = binding_of(s->upstream_tls);
    result = pg_scram_answer(&a->scram, &a->keys, binding_slice(&binding), final, &len);
    if (result != PG_SCRAM_OK) {
        return refuse(a, "08P01", a->scram.reason);
    }
    answer(a, slice_of(final, len));
    a->state = STATE_SERVER_FINAL;
    return PG_AUTH_GOES_ON;
}

static enum pg_auth_verdict
server_final(struct pg_auth *a, struct slice data)
{
    if (pg_scram_confirm(&a->scram, data) != PG_SCRAM_OK) {
        return refuse(a, "28000", "the server does not prove that it has the user's secret");
    }
    a->state = STATE_SERVER_OK;
    return PG_AUTH_GOES_ON;
}

static enum pg_auth_verdict
server_request(struct pg_auth *a, const struct driver_session *s, struct slice body)
{
    uint32_t code = pg_held_u32(body.ptr);
    struct slice data = slice_sub(body, 4, body.len);
    if (a->state == STATE_ASKED) {
        a->request = body; /* stays where it is: the server is not read meanwhile */
        return ask_client(a, s);
    }
    if (a->state == STATE_SERVER_CONTINUE && code == AUTH_SASL_CONTINUE) {
        return server_continue(a, s, data);
    }
    if (a->state == STATE_SERVER_FINAL && code == AUTH_SASL_FINAL) {
        return server_final(a, data);
    }
    if (a->state == STATE_SERVER_OK && code == AUTH_OK) {
        ask(a, AUTH_OK, SLICE_NONE);
        return PG_AUTH_OVER;
    }
    return refuse(a, "08P01", "the server does not keep to the order of a login");
}

enum pg_auth_verdict
pg_auth_server(struct pg_auth *a, const struct driver_session *s, struct slice chunk,
               struct driver_out *out, size_t *ret_used)
{
    struct slice piece;
    enum pg_auth_verdict verdict = PG_AUTH_GOES_ON;
    *ret_used = 0;
    if (a->state >= STATE_CLIENT_FIRST && a->state <= STATE_CLIENT_MD5) {
        return verdict;
    }
    switch (pg_held_next(&a->server, 'R', chunk, ret_used, &piece)) {
    case PG_HELD_MORE:
        out->drop = true;
        return verdict;
    case PG_HELD_PASS:
        out->drop = piece.ptr != chunk.ptr;
        if (out->drop && piece.ptr[0] == 'R') {
            return refuse(a, "08P01", "the server asks for a login at too great a length");
        }
        out->to_client = out->drop ? piece : SLICE_NONE;
        return verdict;
    case PG_HELD_WHOLE:
        break;
    }
    out->drop = true;
    a->to_client.len = a->to_server.len = 0;
    if (piece.len < PG_HEAD_LEN + 4) {
        verdict = refuse(a, "08P01", "the server does not keep to the order of a login");
    } else {
        verdict = server_request(a, s, slice_sub(piece, PG_HEAD_LEN, piece.len));
    }
    out->to_client = slice_of(a->to_client.bytes, a->to_client.len);
    out->to_upstream = slice_of(a->to_server.bytes, a->to_server.len);
    return verdict;
}
