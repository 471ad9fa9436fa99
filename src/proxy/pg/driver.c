/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL behind the table of drivers.
 *
 *   STARTUP ── first packets are read here; SSLRequest is answered, GSSENCRequest gets its 'N'
 *      │ StartupMessage: its first eight bytes are held back until it is known to be one
 *   NORMAL ─── everything is passed on as it is and only watched
 *   CANCEL ─── a CancelRequest was passed on to its server
 *   OVER ───── after one that nobody knows, or an error of our own */
#include <stdlib.h>

#include "io/log.h"
#include "proto/pg/pg_encode.h"
#include "proxy/census.h"
#include "proxy/listener.h"
#include "proxy/pg/pg_session.h"
#include "proxy/security.h"

static int
worker_new(const struct driver_env *env, void **ret_worker)
{
    struct pg_worker *w = check_alloc(1, sizeof(*w));
    w->env = *env;
    w->lens = lens_new();
    list_init(&w->sessions);
    pg_texts_init(&w->texts);
    pg_execs_init(&w->execs, &w->texts, w->lens);
    *ret_worker = w;
    return 0;
}

static void
worker_free(void *worker)
{
    struct pg_worker *w = worker;
    if (w == NULL) {
        return;
    }
    assert(list_is_empty(&w->sessions));
    pg_execs_fini(&w->execs);
    pg_texts_fini(&w->texts);
    pg_readers_fini(&w->readers);
    lens_free(&w->lens);
    free(w);
}

/* The execution that the server is working on. */
static const struct pg_exec *
oldest_of(const struct pg_session *p)
{
    const struct pg_reply_entry *head = pg_replies_head(&p->replies);
    if (head == NULL || p->in_flight == 0 || head->kind == PG_REPLY_STARTUP) {
        return NULL;
    }
    uint32_t at = head->kind == PG_REPLY_QUERY && p->query_at != 0 ? p->query_at : head->token;
    return at == PG_QUERY_BEYOND ? NULL : pg_exec_at(&p->worker->execs, at);
}

static void
worker_tick(void *worker, uint64_t now_ns)
{
    struct pg_worker *w = worker;
    union event ev = {0};
    struct event_in_flight *f = &ev.as_event_in_flight;
    f->head.type = EV_IN_FLIGHT;
    lens_expire(w->lens, now_ns);
    LIST_FOREACH (node, &w->sessions) {
        const struct pg_session *p = LIST_ENTRY(node, struct pg_session, node);
        if (p->s->opaque || p->replication) {
            continue;
        }
        f->in_flight += p->in_flight;
        f->in_transaction += p->in_flight == 0 && (p->tx_state == 'T' || p->tx_state == 'E');
        const struct pg_exec *e = oldest_of(p);
        if (e != NULL && e->fingerprint != 0 &&
            (f->fingerprint == 0 || e->start_ns < f->start_ns)) {
            f->session = p->s->id;
            f->fingerprint = e->fingerprint;
            f->start_ns = e->start_ns;
        }
    }
    publisher_send(w->env.publisher, now_ns, &ev, NULL, 0);
}

static void
worker_lease(void *worker, const struct driver_lease *lease, uint64_t now_ns)
{
    struct pg_worker *w = worker;
    lens_expire(w->lens, now_ns);
    lens_lease(w->lens, lease->fingerprint, lease->count, lease->rows, lease->until_ns);
}

static void
open_session(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    pg_session_init(s->state, worker, s);
}

/* slowburn's own last word to a client. */
static void
say_error(struct pg_session *p, const char sqlstate[5], const char *message, struct driver_out *out)
{
    static _Thread_local uint8_t bytes[PG_ENCODE_ERROR_MAX];
    out->to_client = pg_encode_error(bytes, sqlstate, message);
    out->close = true;
    p->phase = PG_PHASE_OVER;
}

/* The whole request, and where it belongs; the address is valid until the next call. */
static bool
find_server(const struct pg_session *p, struct slice request,
            const struct resolve_address **ret_address)
{
    static _Thread_local struct resolve_address address;
    if (!cancels_find(p->worker->env.cancels, pg_startup_cancel_key(request), &address)) {
        return false;
    }
    *ret_address = &address;
    return true;
}

/* A key that is not ours may be of a session that a former proxy finishes: then it goes where this
 * listener leads, and a server that does not know it ignores it.
 *
 * To the server that gave out the key, over this session's own link: the client learns from its
 * end that the request was dealt with, as it does without slowburn between. */
static void
pass_on_cancel(struct pg_session *p, struct driver_out *out)
{
    struct slice request = slice_of(p->startup.cancel, p->startup.cancel_len);
    struct driver_env *env = &p->worker->env;
    out->drop = true;
    bool has_former = atomic_load_explicit(&env->limits->has_former, memory_order_relaxed);
    if (!find_server(p, request, &out->address) && !has_former) {
        env->counters[COUNTER_cancels_unknown]++;
        out->close = true;
        p->phase = PG_PHASE_OVER;
        return;
    }
    out->connect = true;
    out->to_upstream = request;
    p->phase = PG_PHASE_CANCEL;
}

/* False: there are too many of this user already. */
static bool
count_user(struct pg_session *p)
{
    const struct driver_env *env = &p->worker->env;
    uint32_t max = atomic_load_explicit(&env->limits->per_user_max, memory_order_relaxed);
    uint64_t key = census_key(env->census, CENSUS_USER, p->s->upstream,
                              slice_of(p->observe.user.bytes, p->observe.user.len));
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
    say_error(p, sqlstate, reason, out);
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
    p->s->passive_client = true;
    p->s->passive_upstream = true;
}

static void
observe_client(struct pg_session *p, struct slice bytes, uint64_t now_ns)
{
    const char *reason;
    if (!p->s->opaque && !pg_client_bytes(p, bytes, now_ns, &reason)) {
        pg_session_lost(p, reason);
    }
    p->inside_before_ns = p->s->inside_ns;
}

static void
observe_server(struct pg_session *p, struct slice bytes, uint64_t now_ns)
{
    const char *reason;
    if (!p->s->opaque && !pg_server_bytes(p, bytes, now_ns, &reason)) {
        pg_session_lost(p, reason);
    }
    p->inside_before_ns = p->s->inside_ns;
}

/* A hook late, because the last message lives in the login until it is written. */
static void
end_login(struct pg_session *p)
{
    if (p->login != NULL && p->login_is_over) {
        login_passes(p);
    }
}

static size_t
login_client(struct pg_session *p, struct slice chunk, uint64_t now_ns, struct driver_out *out)
{
    size_t used;
    if (!pg_login_client(p->login, chunk, out, &used)) {
        return refuse(p, chunk, "28000",
                      "slowburn: channel binding does not reach through two TLS connections with "
                      "different certificates; connect with channel_binding=disable",
                      out);
    }
    observe_client(p, slice_sub(chunk, 0, used), now_ns);
    if (p->s->opaque && out->drop && out->to_upstream.len == 0) {
        out->to_upstream = pg_login_held(p->login);
    }
    return used;
}

static size_t
login_server(struct pg_session *p, struct slice chunk, uint64_t now_ns, struct driver_out *out)
{
    struct slice said;
    bool is_done;
    size_t used = pg_login_server(p->login, p->s, chunk, out, &said, &is_done);
    observe_server(p, said, now_ns);
    if (p->s->opaque) {
        out->to_upstream = pg_login_held(p->login);
    } else if (is_done) {
        p->login_is_over = true;
    }
    return used;
}

static void
startup_ended(struct pg_session *p, enum pg_startup_kind kind, struct driver_out *out)
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
        say_error(p, "53300", "slowburn: too many sessions of this user", out);
        return;
    }
    bool replication = st->replication;
    /* The decoders of the normal protocol live where that of the startup did. */
    memset(&p->startup, 0, sizeof(p->startup));
    memset(&p->frontend, 0, sizeof(p->frontend));
    memset(&p->backend, 0, sizeof(p->backend));
    p->phase = PG_PHASE_NORMAL;
    if (may_have_tls(p)) {
        p->login = pg_login_new();
    } else {
        login_passes(p);
    }
    p->replication = replication;
    p->worker->env.counters[COUNTER_sessions_replication] += replication;
    if (pg_replies_push(&p->replies, PG_REPLY_STARTUP, 0) != DEC_OK) {
        pg_session_lost(p, p->replies.reason);
    }
}

/* One step through the first packets. The first eight bytes of each are kept here, so that what is
 * answered by slowburn never reaches the upstream, however it is cut. */
static size_t
startup_bytes(struct pg_session *p, struct slice chunk, struct driver_out *out)
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
        startup_ended(p, kind, out);
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

static size_t
client_bytes(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
             struct driver_out *out)
{
    struct pg_session *p = s->state;
    switch (p->phase) {
    case PG_PHASE_STARTUP:
        if (pg_startup_is_tls(&p->startup, chunk) && offers_tls(p)) {
            s->client_asked_tls = true;
            out->start_tls_client = true;
            pg_startup_set_tls(&p->startup);
            return 0;
        }
        return startup_bytes(p, chunk, out);
    case PG_PHASE_NORMAL:
        end_login(p);
        if (p->login != NULL) {
            return login_client(p, chunk, now_ns, out);
        }
        observe_client(p, chunk, now_ns);
        return chunk.len;
    default:
        out->drop = true;
        return chunk.len;
    }
}

static size_t
upstream_bytes(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
               struct driver_out *out)
{
    struct pg_session *p = s->state;
    if (p->phase == PG_PHASE_NORMAL) {
        end_login(p);
        if (p->login != NULL) {
            return login_server(p, chunk, now_ns, out);
        }
        observe_server(p, chunk, now_ns);
    }
    return chunk.len;
}

static void
failed(void *worker, struct driver_session *s, enum driver_failure failure, uint64_t now_ns,
       struct driver_out *out)
{
    struct pg_session *p = s->state;
    switch (failure) {
    case DRIVER_FAILURE_REFUSED:
        say_error(p, "08006", "slowburn: the database server cannot be reached", out);
        break;
    case DRIVER_FAILURE_TIMEOUT:
        say_error(p, "08006", "slowburn: connecting to the database server took too long", out);
        break;
    case DRIVER_FAILURE_RESOLVE:
        say_error(p, "08006", "slowburn: the database server's name has no address", out);
        break;
    case DRIVER_FAILURE_TLS:
        say_error(p, "08006", "slowburn: no TLS with the database server, as server_tls asks for",
                  out);
        break;
    case DRIVER_FAILURE_LIMIT:
        say_error(p, "53300", "slowburn: too many sessions", out);
        break;
    case DRIVER_FAILURE_LISTENER:
        say_error(p, "53300", "slowburn: too many sessions of this listener", out);
        break;
    case DRIVER_FAILURE_ADDRESS:
        say_error(p, "53300", "slowburn: too many sessions from this address", out);
        break;
    case DRIVER_FAILURE_LOGIN:
        /* Not into the middle of what the server says. */
        if (p->phase != PG_PHASE_NORMAL || pg_wire_is_between(&p->backend.wire)) {
            say_error(p, "57014", "canceling authentication due to timeout", out);
        }
        break;
    case DRIVER_FAILURE_DRAINING:
        say_error(p, "57P03", "slowburn is shutting down", out);
        break;
    }
}

static void
client_eof(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
           struct driver_out *out)
{
    static _Thread_local uint8_t cancel[PG_CANCEL_LEN_MAX];
    struct pg_session *p = s->state;
    if (p->phase == PG_PHASE_CANCEL && broken && !s->upstream_is_open) {
        /* It does not wait, and its request is not on its way yet. */
        struct slice request = slice_of(p->startup.cancel, p->startup.cancel_len);
        out->aside = find_server(p, request, &out->address) ? request : SLICE_NONE;
        return;
    }
    if (p->phase != PG_PHASE_NORMAL || p->goodbye) {
        return;
    }
    /* The protocol knows no half-closed connection: clients leave with Terminate. */
    out->doubtful = true;
    if (broken && p->replies.count > 0 && p->cancel_key_len > 0) {
        out->aside =
            pg_encode_cancel(cancel, p->cancel_pid, slice_of(p->cancel_key, p->cancel_key_len));
        out->address = s->address;
    }
}

static void
upstream_eof(void *worker, struct driver_session *s, bool broken, uint64_t now_ns,
             struct driver_out *out)
{
    /* The end is passed on: that is what a client knows from its server. */
}

static bool
drain(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    struct pg_session *p = s->state;
    if (p->phase == PG_PHASE_STARTUP) {
        return true;
    }
    if (p->replies.count > 0 || p->replies.skipping || p->tx_state != 'I' ||
        !pg_wire_is_between(&p->frontend.wire) || !pg_wire_is_between(&p->backend.wire)) {
        return false;
    }
    say_error(p, "57P01", "slowburn is shutting down", out);
    return true;
}

/* As PostgreSQL's own two timeouts: from ReadyForQuery on, until the client says anything. */
static bool
idle(void *worker, struct driver_session *s, uint64_t now_ns, struct driver_out *out)
{
    struct pg_session *p = s->state;
    const struct limits *limits = p->worker->env.limits;
    bool in_transaction = p->tx_state != 'I';
    uint64_t limit_ns = atomic_load_explicit(
        in_transaction ? &limits->idle_in_transaction_ns : &limits->idle_ns, memory_order_relaxed);
    if (p->phase != PG_PHASE_NORMAL || p->ready_ns == 0 || limit_ns == 0 ||
        now_ns < p->ready_ns + limit_ns || !pg_wire_is_between(&p->backend.wire)) {
        return false;
    }
    if (in_transaction) {
        say_error(p, "25P03", "terminating connection due to idle-in-transaction timeout", out);
    } else {
        say_error(p, "57P05", "terminating connection due to idle-session timeout", out);
    }
    return true;
}

static void
close_session(void *worker, struct driver_session *s, enum close_reason reason, uint64_t now_ns)
{
    pg_session_end(s->state, reason, now_ns);
}

const struct driver_ops pg_driver = {
    .name = "postgres",
    .protocol = PROTOCOL_POSTGRES,
    .session_size = sizeof(struct pg_session),
    .logs_in = true,
    .tls_request = {(const uint8_t *)"\0\0\0\x08\x04\xd2\x16\x2f", 8},
    .tls_yes = 'S',
    .tls_no = 'N',
    .alpn = "postgresql",
    .worker_new = worker_new,
    .worker_free = worker_free,
    .worker_tick = worker_tick,
    .worker_lease = worker_lease,
    .open = open_session,
    .client_bytes = client_bytes,
    .upstream_bytes = upstream_bytes,
    .failed = failed,
    .client_eof = client_eof,
    .upstream_eof = upstream_eof,
    .drain = drain,
    .idle = idle,
    .close = close_session,
};
