/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_timing.h"

#include "io/log.h"
#include "proxy/census.h"
#include "proxy/server_timing.h"

uint64_t
pg_session_unnamed(void)
{
    return hash_bytes(SLICE_LIT(""));
}

/* The server passes over a message: an error came before it in its pipeline. */
static void
on_skipped(void *ctx, struct pg_reply_entry entry)
{
    struct pg_session *p = ctx;
    struct pg_execs *execs = &p->worker->execs;
    p->in_flight -= entry.kind == PG_REPLY_QUERY || entry.kind == PG_REPLY_EXECUTE;
    for (uint32_t at = entry.token; at != 0;) {
        struct pg_exec *e = pg_exec_at(execs, at);
        uint32_t next = entry.kind == PG_REPLY_QUERY ? e->next : 0;
        bool made = entry.kind == PG_REPLY_PARSE || e->effect == PG_EFFECT_PREPARE;
        if (made && e->statement != NULL) {
            pg_statements_undo(p, e->statement);
        }
        pg_timing_pass_over(e);
        pg_exec_put(execs, at);
        at = next;
    }
}

void
pg_session_init(struct pg_session *p, struct pg_worker *worker, struct driver_session *s)
{
    p->worker = worker;
    p->s = s;
    p->cancel_slot = CANCELS_NONE;
    pg_replies_init(&p->replies, on_skipped, p);
    list_append(&worker->sessions, &p->node);
}

static void
emit_unfinished(struct pg_session *p, struct pg_exec *e, uint64_t now_ns)
{
    if (e->state != PG_EXEC_DONE && e->state != PG_EXEC_FAILED) {
        lens_drop(p->worker->lens, &e->lens);
        pg_emit_settle(p, e, true, now_ns);
        e->flags = (e->flags & ~(uint32_t)QUERY_ERROR) | QUERY_UNFINISHED;
    }
    if (e->role != ROLE_PREPARE && e->fingerprint != 0) {
        pg_emit(p, e, 0, now_ns);
    }
}

/* Queries whose reply never came to its end. */
static void
end_unfinished(struct pg_session *p, bool tell, uint64_t now_ns)
{
    struct pg_execs *execs = &p->worker->execs;
    struct pg_reply_entry entry;
    if (p->held != 0) {
        if (tell) {
            pg_emit(p, pg_exec_at(execs, p->held), 0, now_ns);
        }
        pg_exec_put(execs, p->held);
        p->held = 0;
    }
    while (pg_replies_take(&p->replies, &entry)) {
        bool is_query = entry.kind == PG_REPLY_QUERY;
        for (uint32_t at = entry.token; at != 0;) {
            struct pg_exec *e = pg_exec_at(execs, at);
            uint32_t next = is_query ? e->next : 0;
            /* Of a Query: those that have ended and the one under way; the rest never began. */
            bool begun = at == (p->query_at == 0 ? entry.token : p->query_at);
            bool ended = e->state == PG_EXEC_DONE || e->state == PG_EXEC_FAILED;
            bool told = is_query ? !entry.failed && (ended || begun) && !p->query_unclear
                                 : entry.kind == PG_REPLY_EXECUTE;
            told |= is_query && entry.failed && ended;
            if (tell && told) {
                emit_unfinished(p, e, now_ns);
            }
            pg_exec_put(execs, at);
            at = next;
        }
        p->query_at = is_query ? 0 : p->query_at;
    }
    p->in_flight = 0;
}

static void
release(struct pg_session *p, bool tell, uint64_t now_ns)
{
    struct pg_execs *execs = &p->worker->execs;
    struct map_slot *slot;
    size_t at = 0;
    end_unfinished(p, tell, now_ns);
    for (uint32_t i = p->query_first; i != 0;) {
        uint32_t next = pg_exec_at(execs, i)->next;
        pg_exec_put(execs, i);
        i = next;
    }
    p->query_first = p->query_last = 0;
    pg_exec_put(execs, p->binding);
    p->binding = 0;
    pg_reader_return(&p->worker->readers, &p->reader);
    pg_statement_put(execs, &p->parsing);
    pg_portals_close_all(p);
    while ((slot = map_next(&p->statements.map, &at)) != NULL) {
        ((struct pg_statement *)slot->value)->confirmed = true;
    }
    /* Without records when the place was lost. */
    at = 0;
    while (!tell && (slot = map_next(&p->statements.map, &at)) != NULL) {
        ((struct pg_statement *)slot->value)->prepare_ns = 0;
    }
    pg_statements_close_all(p, now_ns);
    while (p->unnamed != NULL) {
        struct pg_statement *older = p->unnamed->shadowed;
        pg_statement_put(execs, &p->unnamed);
        p->unnamed = older;
    }
    pg_replies_fini(&p->replies);
}

void
pg_session_refused(struct pg_session *p, const char sqlstate[5], bool here)
{
    static const char shutting_down[4] = {'5', '7', 'P', '0'};
    bool is_end = here && memcmp(sqlstate, shutting_down, sizeof(shutting_down)) == 0;
    if (!p->observe.opened && !is_end && p->refusal[0] == '\0') {
        memcpy(p->refusal, sqlstate, sizeof(p->refusal));
        p->refused_here = here;
    }
}

void
pg_session_end(struct pg_session *p, enum close_reason reason, uint64_t now_ns)
{
    release(p, !p->s->opaque, now_ns);
    if (p->s->opaque && p->worker->env.server_timing != NULL) {
        server_timing_blind(p->worker->env.server_timing, false);
    }
    cancels_remove(p->worker->env.cancels, p->cancel_slot);
    if (p->user_key != 0) {
        census_leave(p->worker->env.census, p->user_key);
    }
    observe_close(&p->observe, &p->worker->env, p->s, reason, now_ns);
    if (p->refusal[0] != '\0' && !p->observe.opened) {
        observe_refused(&p->observe, &p->worker->env, p->s, p->refusal, p->refused_here, now_ns);
    }
    pg_login_free(&p->login);
    pg_auth_free(&p->auth);
    list_remove(&p->node);
}

void
pg_session_lost(struct pg_session *p, const char *reason)
{
    log_warn("proxy", "session_opaque", "a PostgreSQL session is relayed on but no longer observed",
             LOG_STR("reason", reason == NULL ? "" : reason), LOG_HEX("session", p->s->id));
    p->s->opaque = true;
    p->worker->env.counters[COUNTER_sessions_opaque]++;
    release(p, false, 0);
    if (p->worker->env.server_timing != NULL) {
        server_timing_blind(p->worker->env.server_timing, true);
    }
}

void
pg_session_client(struct pg_session *p, struct slice bytes, uint64_t now_ns)
{
    const char *reason;
    if (!p->s->opaque && !pg_client_bytes(p, bytes, now_ns, &reason)) {
        pg_session_lost(p, reason);
    }
    p->inside_before_ns = p->s->inside_ns;
}

void
pg_session_server(struct pg_session *p, struct slice bytes, uint64_t now_ns)
{
    const char *reason;
    if (!p->s->opaque && !pg_server_bytes(p, bytes, now_ns, &reason)) {
        pg_session_lost(p, reason);
    }
    p->inside_before_ns = p->s->inside_ns;
}
