/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_timing.h"

struct announced {
    struct pg_session *p;
    uint64_t fingerprint;
    uint64_t now_ns;
};

static void
on_reread(void *ctx, struct pg_reader *r, const struct sql_statement *statement)
{
    struct announced *a = ctx;
    if (statement->fingerprint == a->fingerprint) {
        observe_statement(&a->p->observe, &a->p->worker->env, a->fingerprint, statement->kind,
                          statement->truncated, statement->text, a->now_ns);
    }
}

void
pg_emit_statement(struct pg_session *p, uint64_t fingerprint, enum statement_kind kind,
                  bool truncated, const struct slice *normal, const struct pg_text *raw,
                  bool backslashes, uint64_t now_ns)
{
    struct pg_worker *w = p->worker;
    if (fingerprint == 0 || (normal == NULL && raw == NULL) ||
        !observe_wants_statement(&p->observe, &w->env, p->s, fingerprint, now_ns)) {
        return;
    }
    if (normal != NULL) {
        observe_statement(&p->observe, &w->env, fingerprint, kind, truncated, *normal, now_ns);
        return;
    }
    struct announced a = {p, fingerprint, now_ns};
    struct pg_reader *r =
        pg_reader_begin(&w->readers, w->env.hash_key, SQL_TEXT_MAX, false, on_reread, &a);
    if (r != NULL) {
        pg_reader_set_backslashes(r, backslashes);
        pg_reader_add(r, pg_text_slice(raw));
        pg_reader_finish(r);
        pg_reader_return(&w->readers, &r);
    }
}

static void
send_lens(struct pg_session *p, struct pg_exec *e, uint64_t now_ns)
{
    const struct lens_query query = {
        .fingerprint = e->fingerprint,
        .session = p->s->id,
        .start_ns = e->start_ns,
        .rows = e->rows_seen,
        .session_seq = e->session_seq,
        .database = p->observe.database_id,
        .user = p->observe.user_id,
    };
    p->worker->env.counters[COUNTER_lens_sent] +=
        lens_send(p->worker->lens, &e->lens, p->worker->env.publisher, &query, now_ns);
}

void
pg_emit_settle(struct pg_session *p, struct pg_exec *e, bool failed, uint64_t now_ns)
{
    e->end_ns = MAX(now_ns, e->start_ns);
    e->inside_ns = p->s->inside_ns - MIN(e->inside_ns, p->s->inside_ns);
    e->state = failed ? PG_EXEC_FAILED : PG_EXEC_DONE;
    if (failed) {
        e->flags |= QUERY_ERROR;
        lens_drop(p->worker->lens, &e->lens);
        return;
    }
    if (e->rows_seen == 0) {
        hash_stream_init(&p->result, &p->worker->env.hash_key);
        p->result_len = 0;
    }
    if (!e->copies && p->result_len <= PG_RESULT_HASHED_MAX &&
        (e->flags & QUERY_PORTAL_SUSPENDED) == 0) {
        e->flags |= QUERY_RESULT_HASHED;
        e->result_hash = hash_stream_value(&p->result);
    }
    if (e->lens != NULL && (e->flags & QUERY_PORTAL_SUSPENDED) == 0) {
        send_lens(p, e, now_ns);
    } else {
        lens_drop(p->worker->lens, &e->lens);
    }
}

void
pg_emit(struct pg_session *p, struct pg_exec *e, uint8_t tx_state, uint64_t now_ns)
{
    struct pg_worker *w = p->worker;
    pg_timing_end(p, e);
    if (e->fingerprint == 0) {
        w->env.counters[COUNTER_queries]++;
        w->env.counters[COUNTER_query_errors] += e->state == PG_EXEC_FAILED;
        p->observe.queries++;
        return;
    }
    union event ev = {0};
    struct event_query *q = &ev.as_event_query;
    q->fingerprint = e->fingerprint;
    q->values_hash = e->values_hash;
    q->result_hash = e->result_hash;
    q->start_ns = e->start_ns;
    q->first_row_ns = e->first_row_ns;
    q->end_ns = e->end_ns;
    q->prepare_ns = e->prepare_ns;
    q->proxy_ns = e->inside_ns;
    q->rows = e->rows;
    q->bytes_in = e->bytes_in;
    q->bytes_out = e->bytes_out;
    memcpy(q->trace_id, e->trace_id, sizeof(q->trace_id));
    memcpy(q->parent_span, e->parent_span, sizeof(q->parent_span));
    q->session_seq = e->session_seq;
    q->flags = e->flags;
    memcpy(q->sqlstate, e->sqlstate, sizeof(q->sqlstate));
    q->tx_state = tx_state;
    q->kind = e->kind;
    q->role = e->role;
    q->value_count = e->value_count;
    w->env.counters[COUNTER_statements_truncated] += (e->flags & QUERY_TRUNCATED) != 0;
    observe_query(&p->observe, &w->env, p->s, &ev, e->values, pg_text_slice(e->tags), now_ns);
}

void
pg_emit_unused(struct pg_session *p, const struct pg_statement *statement, uint64_t now_ns)
{
    if (statement->fingerprint == 0 || statement->executions > 0 || statement->prepare_ns == 0) {
        return;
    }
    union event ev = {0};
    struct event_query *q = &ev.as_event_query;
    q->fingerprint = statement->fingerprint;
    q->start_ns = statement->parse_start_ns;
    q->end_ns = statement->parse_start_ns + statement->prepare_ns;
    q->session_seq = p->session_seq++;
    q->flags = QUERY_PREPARED | QUERY_EXTENDED;
    q->kind = statement->kind;
    q->role = ROLE_PREPARE;
    q->bytes_in = statement->parse_bytes;
    observe_query(&p->observe, &p->worker->env, p->s, &ev, NULL, SLICE_NONE, now_ns);
}
