/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_admit.h"

#include "io/log.h"
#include "proto/pg/pg_encode.h"
#include "proxy/census.h"
#include "proxy/listener.h"
#include "proxy/security.h"

/* slowburn's own last word to a client. */
void
pg_admit_error(struct pg_session *p, const char sqlstate[5], const char *message,
               struct driver_out *out)
{
    static _Thread_local uint8_t bytes[PG_ENCODE_ERROR_MAX];
    pg_session_refused(p, sqlstate, true);
    out->to_client = pg_encode_error(bytes, sqlstate, message);
    out->close = true;
    p->phase = PG_PHASE_OVER;
}

/* The whole request, and where it belongs; the address is valid until the next call. */
bool
pg_admit_find(const struct pg_session *p, struct slice request,
              const struct resolve_address **ret_address)
{
    static _Thread_local struct resolve_address address;
    if (!cancels_find(p->worker->env.cancels, pg_startup_cancel_key(request), &address)) {
        return false;
    }
    *ret_address = &address;
    return true;
}

/* To the server that gave out the key, over this session's own link: the client learns from its
 * end that the request was dealt with, as it does without slowburn between. */
static void
pass_on_cancel(struct pg_session *p, struct driver_out *out)
{
    struct slice request = slice_of(p->startup.cancel, p->startup.cancel_len);
    struct driver_env *env = &p->worker->env;
    out->drop = true;
    if (!pg_admit_find(p, request, &out->address)) {
        env->counters[COUNTER_cancels_unknown]++;
        out->close = true;
        p->phase = PG_PHASE_OVER;
        return;
    }
    out->connect = true;
    out->to_upstream = request;
    p->phase = PG_PHASE_CANCEL;
}

static struct slice
user_of(const struct pg_session *p)
{
    return slice_of(p->observe.user.bytes, p->observe.user.len);
}

/* False: there are too many of this user already. */
static bool
count_user(struct pg_session *p)
{
    const struct driver_env *env = &p->worker->env;
    uint32_t max = atomic_load_explicit(&env->limits->per_user_max, memory_order_relaxed);
    uint64_t key = census_key(env->census, CENSUS_USER, p->s->upstream, user_of(p));
    uint32_t count = census_enter(env->census, key);
    if (count != 0 && (max == 0 || count <= max)) {
        p->user_key = key;
        return true;
    }
    if (count != 0) {
        census_leave(env->census, key);
    }
    return false;
}

static bool
offers_tls(const struct pg_session *p)
{
    const struct security *security = p->s->security;
    return security != NULL && security_choice(security)->client_tls != CLIENT_TLS_DISABLE;
}

static void
answer_ssl(struct pg_session *p, struct driver_out *out)
{
    out->drop = true;
    p->head_len = 0;
    p->s->client_asked_tls = true;
    if (offers_tls(p)) {
        out->to_client = SLICE_LIT("S");
        out->start_tls_client = true;
        pg_startup_set_tls(&p->startup);
        return;
    }
    out->to_client = SLICE_LIT("N");
    p->worker->env.counters[COUNTER_asked_tls_told_no]++;
    if (p->s->security != NULL && security_is_first_refusal(p->s->security)) {
        log_info("proxy", "tls_not_configured",
                 "clients that ask for TLS are told no: their listener has no tls_cert",
                 LOG_U64("listener", p->s->listener));
    }
}

/* A unix socket needs no TLS: libpq never asks for it there. */
static bool
lacks_tls(const struct pg_session *p)
{
    static const uint8_t unix_socket[16];
    return p->s->client_tls == NULL && offers_tls(p) &&
           security_choice(p->s->security)->client_tls >= CLIENT_TLS_REQUIRE &&
           memcmp(p->s->client_ip, unix_socket, sizeof(unix_socket)) != 0;
}

/* client_tls = verify-full: the certificate says who the client is. */
static bool
is_someone_else(const struct pg_session *p)
{
    return p->s->client_tls != NULL &&
           security_choice(p->s->security)->client_tls == CLIENT_TLS_VERIFY_FULL &&
           !slice_eq(tls_peer_name(p->s->client_tls), pg_startup_text(&p->startup.user));
}

static size_t
refuse(struct pg_session *p, struct slice chunk, const char *sqlstate, const char *reason,
       struct driver_out *out)
{
    log_info("proxy", "startup_refused", "a client's first packet was refused",
             LOG_STR("reason", reason), LOG_HEX("session", p->s->id));
    out->drop = true;
    p->worker->env.counters[COUNTER_sessions_refused]++;
    pg_admit_error(p, sqlstate, reason, out);
    return chunk.len;
}

static bool
may_have_tls(const struct pg_session *p)
{
    const struct security *security = p->s->security;
    return security != NULL && (p->s->client_tls != NULL ||
                                security_choice(security)->server_tls != SERVER_TLS_DISABLE);
}

/* From here on every byte goes on as it is, first, and is looked at afterwards. */
static void
login_passes(struct pg_session *p)
{
    pg_login_free(&p->login);
    pg_auth_free(&p->auth);
    p->login_is_over = false;
    p->s->passive_client = true;
    p->s->passive_upstream = true;
}

static void
begin_login(struct pg_session *p, uint64_t now_ns)
{
    struct credentials *credentials =
        p->s->security == NULL ? NULL : security_credentials(p->s->security);
    if (credentials != NULL) {
        p->auth = pg_auth_new(user_of(p), &p->worker->env.hash_key);
        pg_secrets_get(p->worker->secrets, p->s, user_of(p), &credentials, p->auth, now_ns);
    } else if (may_have_tls(p)) {
        p->login = pg_login_new();
    } else {
        login_passes(p);
    }
}

/* A hook late, because the last message lives in the login until it is written. */
bool
pg_admit_is_login(struct pg_session *p)
{
    if (p->login_is_over) {
        login_passes(p);
    }
    return p->login != NULL || p->auth != NULL;
}

/* What a step of a login that is checked here has come to. Nothing of it is shown to the observer
 * before the end, so that whatever is said cannot make the session opaque: it would pass then. */
static size_t
auth_stepped(struct pg_session *p, enum pg_auth_verdict verdict, struct slice chunk, size_t used,
             uint64_t now_ns, struct driver_out *out)
{
    switch (verdict) {
    case PG_AUTH_GOES_ON:
        break;
    case PG_AUTH_OVER:
        p->login_is_over = true;
        pg_session_server(p, SLICE_LIT("R\0\0\0\x08\0\0\0\0"), now_ns);
        break;
    case PG_AUTH_REFUSED:
        log_info("proxy", "login_refused", "a client was not let in",
                 LOG_STR("reason", pg_auth_detail(p->auth)), LOG_HEX("session", p->s->id));
        p->worker->env.counters[COUNTER_logins_refused]++;
        if (pg_auth_doubts_secret(p->auth)) {
            pg_secrets_doubt(p->worker->secrets, p->s, user_of(p));
        }
        *out = (struct driver_out){.drop = true};
        pg_admit_error(p, pg_auth_sqlstate(p->auth), pg_auth_reason(p->auth), out);
        return chunk.len;
    }
    return used;
}

size_t
pg_admit_client(struct pg_session *p, struct slice chunk, uint64_t now_ns, struct driver_out *out)
{
    size_t used;
    if (p->auth != NULL) {
        enum pg_auth_verdict verdict = pg_auth_client(p->auth, p->s, chunk, out, &used);
        return auth_stepped(p, verdict, chunk, used, now_ns, out);
    }
    if (!pg_login_client(p->login, chunk, out, &used)) {
        return refuse(p, chunk, "28000",
                      "slowburn: channel binding does not reach through two TLS connections with "
                      "different certificates; connect with channel_binding=disable",
                      out);
    }
    pg_session_client(p, slice_sub(chunk, 0, used), now_ns);
    if (p->s->opaque && out->drop && out->to_upstream.len == 0) {
        out->to_upstream = pg_login_held(p->login);
    }
    return used;
}

size_t
pg_admit_server(struct pg_session *p, struct slice chunk, uint64_t now_ns, struct driver_out *out)
{
    struct slice said;
    bool is_done;
    size_t used;
    if (p->auth != NULL) {
        enum pg_auth_verdict verdict = pg_auth_server(p->auth, p->s, chunk, out, &used);
        return auth_stepped(p, verdict, chunk, used, now_ns, out);
    }
    used = pg_login_server(p->login, p->s, chunk, out, &said, &is_done);
    pg_session_server(p, said, now_ns);
    if (p->s->opaque) {
        out->to_upstream = pg_login_held(p->login);
    } else if (is_done) {
        p->login_is_over = true;
    }
    return used;
}

static void
startup_ended(struct pg_session *p, enum pg_startup_kind kind, uint64_t now_ns,
              struct driver_out *out)
{
    const struct pg_startup *st = &p->startup;
    switch (kind) {
    case PG_STARTUP_SSL:
        answer_ssl(p, out);
        return;
    case PG_STARTUP_GSSENC:
        out->drop = true;
        out->to_client = SLICE_LIT("N");
        p->head_len = 0;
        return;
    case PG_STARTUP_CANCEL:
        pass_on_cancel(p, out);
        return;
    case PG_STARTUP_START:
        break;
    }
    observe_name_set(&p->observe.user, pg_startup_text(&st->user));
    observe_name_set(&p->observe.database, pg_startup_text(&st->database));
    observe_name_set(&p->observe.application, pg_startup_text(&st->application));
    if (!count_user(p)) {
        out->drop = true;
        p->worker->env.counters[COUNTER_sessions_refused]++;
        pg_admit_error(p, "53300", "slowburn: too many sessions of this user", out);
        return;
    }
    bool replication = st->replication;
    /* The decoders of the normal protocol live where that of the startup did. */
    memset(&p->startup, 0, sizeof(p->startup));
    memset(&p->frontend, 0, sizeof(p->frontend));
    memset(&p->backend, 0, sizeof(p->backend));
    p->phase = PG_PHASE_NORMAL;
    begin_login(p, now_ns);
    p->replication = replication;
    p->worker->env.counters[COUNTER_sessions_replication] += replication;
    if (pg_replies_push(&p->replies, PG_REPLY_STARTUP, 0) != DEC_OK) {
        pg_session_lost(p, p->replies.reason);
    }
}

/* One step through the first packets. The first eight bytes of each are kept here, so that what is
 * answered by slowburn never reaches the upstream, however it is cut. */
static size_t
startup_bytes(struct pg_session *p, struct slice chunk, uint64_t now_ns, struct driver_out *out)
{
    struct pg_startup *st = &p->startup;
    enum pg_startup_kind kind;
    bool in_head = p->head_len < sizeof(p->head);
    struct slice in = in_head ? slice_sub(chunk, 0, sizeof(p->head) - p->head_len) : chunk;
    struct slice rest = in;
    if (in_head) {
        memcpy(p->head + p->head_len, in.ptr, in.len);
        p->head_len = (uint8_t)(p->head_len + in.len);
        out->drop = true;
    }
    bool is_start = !in_head && !pg_startup_is_cancel(st);
    enum dec dec = pg_startup_next(st, &rest, &kind);
    if (dec == DEC_BAD || dec == DEC_LIMIT) {
        return refuse(p, chunk, "08P01", st->error.reason, out);
    }
    size_t used = in.len - rest.len;
    if (dec == DEC_OK && kind != PG_STARTUP_START && kind != PG_STARTUP_CANCEL &&
        used < chunk.len) {
        /* Somebody in between may have put it there, to be taken for the client's own. */
        return refuse(p, chunk, "08P01", "unencrypted bytes came behind a request for encryption",
                      out);
    }
    if (dec == DEC_OK && kind == PG_STARTUP_START && is_someone_else(p)) {
        return refuse(p, chunk, "28000", "slowburn: the client's certificate is another user's",
                      out);
    }
    if (dec == DEC_OK) {
        startup_ended(p, kind, now_ns, out);
    } else if (in_head && p->head_len == sizeof(p->head) && !pg_startup_is_cancel(st)) {
        if (lacks_tls(p)) {
            return refuse(p, chunk, "28000", "slowburn: this address takes TLS only", out);
        }
        out->to_upstream = slice_of(p->head, sizeof(p->head));
        out->connect = true;
    } else if (!is_start) {
        out->drop = true;
    }
    return used;
}

size_t
pg_admit_startup(struct pg_session *p, struct slice chunk, uint64_t now_ns, struct driver_out *out)
{
    if (pg_startup_is_tls(&p->startup, chunk) && offers_tls(p)) {
        p->s->client_asked_tls = true;
        out->start_tls_client = true;
        pg_startup_set_tls(&p->startup);
        return 0;
    }
    return startup_bytes(p, chunk, now_ns, out);
}
