/* SPDX-License-Identifier: Apache-2.0
 * Simple Query: each statement of its text is an execution, and some make, run or drop prepared
 * statements by name. */
#include "proxy/pg/pg_client.h"
#include "proxy/pg/pg_timing.h"

static void
take_values(struct pg_exec *e, const struct pg_reader *r)
{
    for (uint32_t i = 0; i < r->value_count; i++) {
        if (i < EVENT_VALUES_MAX) {
            e->values[e->value_count++] = r->values[i];
        }
    }
    e->values_hash =
        e->values_hash == 0 ? r->values_hash : hash_combine(e->values_hash, r->values_hash);
    e->flags |= QUERY_VALUES_HASHED;
}

static void
lens_arguments(struct lens_capture *c, const struct pg_reader *r)
{
    uint32_t at = 0;
    if (r->params_cut) {
        lens_text(c, SLICE_NONE);
        return;
    }
    while (at + 4 <= r->params_len) {
        int32_t len;
        memcpy(&len, r->params + at, sizeof(len));
        at += 4;
        lens_param(c, len < 0, false);
        if (len > 0) {
            lens_param_bytes(c, slice_of(r->params + at, (size_t)len));
            at += (uint32_t)len;
        }
    }
}

/* PREPARE name AS ...: the statement that it makes. */
static struct pg_statement *
prepared_statement(struct pg_session *p, const struct pg_reader *r, const struct sql_statement *sql)
{
    struct pg_statement *s = pg_statement_new(hash_bytes(sql->name));
    if (s == NULL) {
        return NULL;
    }
    s->fingerprint = sql->inner_fingerprint;
    s->kind = (uint8_t)sql->inner_kind;
    s->truncated = sql->truncated;
    s->backslashes = r->backslashes;
    s->literal_hash = r->value_count == 0 ? 0 : r->values_hash;
    s->text = pg_text_get(&p->worker->texts, pg_reader_prepared_body(r));
    pg_client_read_tags(p, sql->comment, &s->tags, s->trace_id, s->parent_span);
    pg_emit_statement(p, s->fingerprint, sql->inner_kind, s->truncated, &sql->inner_text, NULL,
                      r->backslashes, p->message_ns);
    return s;
}

/* What a statement's command does to the session's named statements. */
static void
apply_command(struct pg_session *p, struct pg_exec *e, const struct pg_reader *r,
              const struct sql_statement *sql)
{
    struct pg_statement *target;
    switch (sql->command) {
    case SQL_COMMAND_PREPARE:
        e->statement = sql->inner_fingerprint == 0 ? NULL : prepared_statement(p, r, sql);
        if (e->statement != NULL && pg_statements_add(p, pg_statement_ref(e->statement))) {
            e->effect = PG_EFFECT_PREPARE;
            e->fingerprint = sql->inner_fingerprint;
            e->kind = (uint8_t)sql->inner_kind;
            e->role = ROLE_PREPARE;
        }
        break;
    case SQL_COMMAND_EXECUTE:
        target = pg_statements_find(p, hash_bytes(sql->name));
        if (target != NULL) {
            pg_client_execute(p, e, target);
            e->flags |= QUERY_PREPARED;
        }
        break;
    case SQL_COMMAND_DEALLOCATE:
        target = pg_statements_find(p, hash_bytes(sql->name));
        if (target != NULL && target->fingerprint != 0) {
            e->statement = pg_statement_ref(target);
            e->effect = PG_EFFECT_CLOSE;
            e->fingerprint = target->fingerprint;
            e->kind = target->kind;
            e->role = ROLE_CLOSE;
        }
        break;
    case SQL_COMMAND_DEALLOCATE_ALL:
    case SQL_COMMAND_DISCARD_ALL:
        e->effect = PG_EFFECT_CLOSE_ALL;
        break;
    default:
        break;
    }
}

static void
lens_of_query(struct pg_session *p, struct pg_exec *e, const struct pg_reader *r,
              const struct sql_statement *sql)
{
    if (e->role != ROLE_EXECUTE) {
        return;
    }
    e->lens = lens_begin(p->worker->lens, e->fingerprint, p->message_ns);
    if (e->lens != NULL && sql->command == SQL_COMMAND_EXECUTE && e->statement != NULL) {
        lens_text(e->lens, pg_text_slice(e->statement->text));
        lens_arguments(e->lens, r);
    }
}

/* One statement of a simple Query. */
void
pg_query_statement(void *ctx, struct pg_reader *r, const struct sql_statement *sql)
{
    struct pg_session *p = ctx;
    struct pg_exec *e = p->query_count++ < PG_QUERY_STATEMENTS_MAX ? pg_client_exec(p) : NULL;
    if (e == NULL) {
        p->query_count = PG_QUERY_STATEMENTS_MAX;
        if (p->query_last != 0) {
            pg_exec_at(&p->worker->execs, p->query_last)->cut = true;
        }
        return;
    }
    e->cut = sql->truncated;
    e->fingerprint = sql->fingerprint;
    e->kind = (uint8_t)sql->kind;
    e->role = ROLE_EXECUTE;
    e->session_seq = p->session_seq++;
    e->flags = (sql->truncated ? QUERY_TRUNCATED : 0) | (p->in_flight > 0 ? QUERY_PIPELINED : 0);
    apply_command(p, e, r, sql);
    if (e->effect != PG_EFFECT_PREPARE && e->effect != PG_EFFECT_CLOSE) {
        take_values(e, r);
        if (sql->comment.len > 0) {
            pg_text_put(&p->worker->texts, &e->tags);
            pg_client_read_tags(p, sql->comment, &e->tags, e->trace_id, e->parent_span);
        }
    }
    pg_timing_begin(p, e);
    if (e->fingerprint == sql->fingerprint) {
        pg_emit_statement(p, sql->fingerprint, sql->kind, sql->truncated, &sql->text, NULL,
                          r->backslashes, p->message_ns);
    }
    if (p->query_first == 0) {
        p->query_first = e->index;
        lens_of_query(p, e, r, sql);
    } else {
        pg_exec_at(&p->worker->execs, p->query_last)->next = e->index;
    }
    p->query_last = e->index;
}

/* Every statement that was announced by the text is let go again: it will not be run. */
static void
drop_query(struct pg_session *p, uint32_t first)
{
    while (first != 0) {
        struct pg_exec *e = pg_exec_at(&p->worker->execs, first);
        first = e->next;
        if (e->effect == PG_EFFECT_PREPARE && e->statement != NULL) {
            pg_statements_undo(p, e->statement);
        }
        pg_client_drop(p, e);
    }
}

bool
pg_query_end(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    if (p->reader != NULL) {
        pg_reader_finish(p->reader);
    }
    struct pg_exec *first = pg_exec_at(&p->worker->execs, p->query_first);
    if (first != NULL) {
        first->bytes_in += f->len;
        if (p->query_count > 1) {
            lens_drop(p->worker->lens, &first->lens);
        } else if (first->lens != NULL && first->statement == NULL) {
            lens_text(first->lens, pg_reader_raw(p->reader));
        }
        for (uint32_t i = p->query_first; i != 0 && p->query_count > 1;) {
            struct pg_exec *e = pg_exec_at(&p->worker->execs, i);
            e->flags |= QUERY_MULTI;
            i = e->next;
        }
    }
    pg_reader_return(&p->worker->readers, &p->reader);
    bool ok = pg_client_push(p, PG_REPLY_QUERY, first, &queued);
    if (queued) {
        p->in_flight++;
        pg_client_drop(p, first); /* the queue has its own reference */
    } else {
        drop_query(p, p->query_first);
    }
    p->batch++;
    p->batch_executes = false;
    p->query_first = p->query_last = p->query_count = 0;
    return ok;
}
