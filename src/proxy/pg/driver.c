/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL behind the table of drivers.
 *
 *   STARTUP ── first packets (pg_admit.c)
 *      │ StartupMessage
 *   NORMAL ─── everything is passed on as it is and only watched; the login may be an exception
 *   CANCEL ─── a CancelRequest was passed on to its server
 *   OVER ───── after one that nobody knows, or an error of our own */
#include <stdlib.h>

#include "proto/pg/pg_encode.h"
#include "proxy/listener.h"
#include "proxy/pg/pg_admit.h"

static int
worker_new(const struct driver_env *env, void **ret_worker)
{
    struct pg_worker *w = check_alloc(1, sizeof(*w));
    w->env = *env;
    w->lens = lens_new();
    w->secrets = pg_secrets_new(&w->env);
    list_init(&w->sessions);
    pg_texts_init(&w->texts);
    pg_execs_init(&w->execs, &w->texts, w->lens, env->server_timing);
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
    pg_secrets_free(&w->secrets);
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

static size_t
client_bytes(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
             struct driver_out *out)
{
    struct pg_session *p = s->state;
    switch (p->phase) {
    case PG_PHASE_STARTUP:
        return pg_admit_startup(p, chunk, now_ns, out);
    case PG_PHASE_NORMAL:
        if (pg_admit_is_login(p)) {
            return pg_admit_client(p, chunk, now_ns, out);
        }
        pg_session_client(p, chunk, now_ns);
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
        if (pg_admit_is_login(p)) {
            return pg_admit_server(p, chunk, now_ns, out);
        }
        pg_session_server(p, chunk, now_ns);
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
        pg_admit_error(p, "08006", "slowburn: the database server cannot be reached", out);
        break;
    case DRIVER_FAILURE_TIMEOUT:
        pg_admit_error(p, "08006", "slowburn: connecting to the database server took too long",
                       out);
        break;
    case DRIVER_FAILURE_RESOLVE:
        pg_admit_error(p, "08006", "slowburn: the database server's name has no address", out);
        break;
    case DRIVER_FAILURE_TLS:
        pg_admit_error(p, "08006",
                       "slowburn: no TLS with the database server, as server_tls asks for", out);
        break;
    case DRIVER_FAILURE_LIMIT:
        pg_admit_error(p, "53300", "slowburn: too many sessions", out);
        break;
    case DRIVER_FAILURE_LISTENER:
        pg_admit_error(p, "53300", "slowburn: too many sessions of this listener", out);
        break;
    case DRIVER_FAILURE_ADDRESS:
        pg_admit_error(p, "53300", "slowburn: too many sessions from this address", out);
        break;
    case DRIVER_FAILURE_LOGIN:
        pg_session_refused(p, "57014", true);
        /* Not into the middle of what the server says. */
        if (p->phase != PG_PHASE_NORMAL || (p->auth == NULL ? pg_wire_is_between(&p->backend.wire)
                                                            : pg_auth_is_between(p->auth))) {
            pg_admit_error(p, "57014", "canceling authentication due to timeout", out);
        }
        break;
    case DRIVER_FAILURE_DRAINING:
        pg_admit_error(p, "57P03", "slowburn is shutting down", out);
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
        out->aside = pg_admit_find(p, request, &out->address) ? request : SLICE_NONE;
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
    pg_admit_error(p, "57P01", "slowburn is shutting down", out);
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
        pg_admit_error(p, "25P03", "terminating connection due to idle-in-transaction timeout",
                       out);
    } else {
        pg_admit_error(p, "57P05", "terminating connection due to idle-session timeout", out);
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
    .needs_alpn = true,
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
