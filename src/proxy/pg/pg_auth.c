/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "io/tls.h"
#include "proto/pg/pg_encode.h"
#include "proto/pg/pg_scram.h"
#include "proxy/pg/pg_held.h"
#include "proxy/pg/pg_logon.h"

#define MOCK_ROUNDS 4096
#define MOCK_SALT   16

enum state {
    STATE_AWAITS_SECRET, /* both sides wait */
    STATE_ASKED,         /* the server is to ask for something */
    STATE_CLIENT_FIRST,  /* a client message is waited for, and the server waits */
    STATE_CLIENT_FINAL,
    STATE_CLIENT_MD5,
    STATE_SERVER, /* server messages are waited for */
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
    const char *sqlstate; /* before STATE_ASKED: why there is no secret; NULL: there is */
    const char *detail;
    bool doubts_secret;
    char reason[160];
    char user[64];
    struct pg_held server;
    struct pg_held client;
    struct pg_scram scram;
    struct pg_scram_secret secret; /* that the client is checked with */
    struct pg_logon logon;
    struct pg_secret_wait wait;
    struct say to_client;
    struct slice to_server;
};

struct pg_auth *
pg_auth_new(struct slice user, const struct hash_key *mock_key)
{
    struct pg_auth *a = check_alloc(1, sizeof(*a));
    list_init(&a->wait.node);
    a->wait.auth = a;
    a->mock_key = *mock_key;
    slice_to_str(user, a->user, sizeof(a->user));
    return a;
}

void
pg_auth_known(struct pg_auth *a, struct credentials **credentials)
{
    a->credentials = TAKE(*credentials);
    a->credential = credentials_find(a->credentials, slice_from_str(a->user));
    a->state = STATE_ASKED;
}

void
pg_auth_unknown(struct pg_auth *a, const char *sqlstate, const char *reason)
{
    a->sqlstate = sqlstate;
    a->detail = reason;
    a->state = STATE_ASKED;
}

struct pg_secret_wait *
pg_auth_wait(struct pg_auth *a)
{
    return &a->wait;
}

bool
pg_auth_doubts_secret(const struct pg_auth *a)
{
    return a->doubts_secret;
}

void
pg_auth_free(struct pg_auth **auth)
{
    struct pg_auth *a = TAKE(*auth);
    if (a != NULL) {
        list_remove(&a->wait.node);
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
    a->doubts_secret = true;
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
    return getrandom(a->secret.stored_key, PG_SCRAM_KEY_LEN, 0) == PG_SCRAM_KEY_LEN &&
           getrandom(a->secret.server_key, PG_SCRAM_KEY_LEN, 0) == PG_SCRAM_KEY_LEN;
}

static struct tls_binding
binding_of(const struct tls *tls)
{
    return tls == NULL ? (struct tls_binding){0} : tls_binding(tls);
}

/* The server's leg. */

static enum pg_auth_verdict
tell_server(struct pg_auth *a, const struct driver_session *s, struct slice request)
{
    struct tls_binding binding = binding_of(s->upstream_tls);
    switch (pg_logon_next(&a->logon, request, &binding, s->upstream_tls != NULL)) {
    case PG_LOGON_ANSWER:
        a->to_server = slice_of(a->logon.message, a->logon.len);
        a->state = STATE_SERVER;
        return PG_AUTH_GOES_ON;
    case PG_LOGON_DONE:
        ask(a, AUTH_OK, SLICE_NONE);
        return PG_AUTH_OVER;
    case PG_LOGON_REFUSED:
        break;
    }
    a->doubts_secret = a->logon.is_outdated;
    return refuse(a, a->logon.sqlstate, a->logon.reason);
}

/* The client is who it says: what the server asked for is next. */
static enum pg_auth_verdict
log_in(struct pg_auth *a, const struct driver_session *s)
{
    a->logon.credentials = a->credentials;
    a->logon.credential = a->credential;
    a->logon.scram = &a->scram;
    a->logon.shown = &a->secret;
    return tell_server(a, s, a->request);
}

/* The client's leg. */

static enum pg_auth_verdict
ask_client(struct pg_auth *a, const struct driver_session *s)
{
    if (a->credential != NULL && credentials_kind(a->credential) == CREDENTIAL_MD5) {
        if (getrandom(a->salt, sizeof(a->salt), 0) != sizeof(a->salt)) {
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
        a->offers_plus ? SLICE_LIT(PG_SCRAM_PLUS "\0" PG_SCRAM "\0\0")
                       : SLICE_LIT(PG_SCRAM "\0\0"));
    pg_scram_init(&a->scram, &credentials_hash);
    a->state = STATE_CLIENT_FIRST;
    return PG_AUTH_GOES_ON;
}

static enum pg_auth_verdict
client_first(struct pg_auth *a, struct slice body)
{
    struct slice mechanism, rest = body, first;
    uint8_t nonce[PG_LOGON_NONCE_LEN];
    if (!slice_split(&rest, 0, &mechanism) || rest.len < 4 ||
        pg_held_u32(rest.ptr) != rest.len - 4) {
        return refuse(a, "08P01", "malformed SASL message");
    }
    a->is_plus = slice_eq(mechanism, SLICE_LIT(PG_SCRAM_PLUS));
    if (a->is_plus ? !a->offers_plus : !slice_eq(mechanism, SLICE_LIT(PG_SCRAM))) {
        return refuse(a, "08P01", "the client chose a SASL mechanism that was not offered");
    }
    if (!pg_logon_nonce(nonce)) {
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

static enum pg_auth_verdict
client_final(struct pg_auth *a, const struct driver_session *s, struct slice body)
{
    uint8_t final[PG_SCRAM_SERVER_FINAL_LEN];
    struct tls_binding binding = binding_of(s->client_tls);
    enum pg_scram_result result =
        pg_scram_verify(&a->scram, body, &a->secret, slice_of(binding.bytes, binding.len),
                        a->logon.keys.client_key, final);
    if (result != PG_SCRAM_OK) {
        return refuse_scram(a, result);
    }
    if (a->credential == NULL) {
        return refuse_user(a, "the user is not known");
    }
    memcpy(a->logon.keys.server_key, a->secret.server_key, PG_SCRAM_KEY_LEN);
    ask(a, AUTH_SASL_FINAL, slice_of(final, sizeof(final)));
    return log_in(a, s);
}

static enum pg_auth_verdict
client_md5(struct pg_auth *a, const struct driver_session *s, struct slice body)
{
    char wanted[CREDENTIALS_MD5_LEN + 1];
    bool ok = credentials_md5(a->credential, a->salt, wanted) == 0 &&
              slice_eq(body, slice_of(wanted, sizeof(wanted)));
    explicit_bzero(wanted, sizeof(wanted));
    return ok ? log_in(a, s) : refuse_user(a, "the password is wrong");
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
    a->to_client.len = 0;
    a->to_server = SLICE_NONE;
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
    out->to_upstream = a->to_server;
    return verdict;
}

static enum pg_auth_verdict
server_request(struct pg_auth *a, const struct driver_session *s, struct slice body)
{
    if (a->state == STATE_SERVER) {
        return tell_server(a, s, body);
    }
    if (a->sqlstate != NULL) {
        return refuse(a, a->sqlstate, a->detail);
    }
    a->request = body; /* stays where it is: the server is not read meanwhile */
    return ask_client(a, s);
}

enum pg_auth_verdict
pg_auth_server(struct pg_auth *a, const struct driver_session *s, struct slice chunk,
               struct driver_out *out, size_t *ret_used)
{
    struct slice piece;
    enum pg_auth_verdict verdict = PG_AUTH_GOES_ON;
    *ret_used = 0;
    if (a->state == STATE_AWAITS_SECRET ||
        (a->state >= STATE_CLIENT_FIRST && a->state <= STATE_CLIENT_MD5)) {
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
    a->to_client.len = 0;
    a->to_server = SLICE_NONE;
    if (piece.len < PG_HEAD_LEN + 4) {
        verdict = refuse(a, "08P01", "the server does not keep to the order of a login");
    } else {
        verdict = server_request(a, s, slice_sub(piece, PG_HEAD_LEN, piece.len));
    }
    out->to_client = slice_of(a->to_client.bytes, a->to_client.len);
    out->to_upstream = a->to_server;
    return verdict;
}
