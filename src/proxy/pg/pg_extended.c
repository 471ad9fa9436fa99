/* SPDX-License-Identifier: Apache-2.0
 * Extended query: Parse makes a statement, Bind a portal of it, Execute runs that; Describe and
 * Close are about either. */
#include "proxy/pg/pg_client.h"
#include "proxy/pg/pg_timing.h"

/* The first statement of a Parse is the only one. */
void
pg_extended_statement(void *ctx, struct pg_reader *r, const struct sql_statement *sql)
{
    struct pg_session *p = ctx;
    struct pg_statement *s = p->parsing;
    if (s == NULL || s->fingerprint != 0) {
        return;
    }
    s->fingerprint = sql->fingerprint;
    s->kind = (uint8_t)sql->kind;
    s->truncated = sql->truncated;
    s->backslashes = r->backslashes;
    s->literal_hash = r->value_count == 0 ? 0 : r->values_hash;
    pg_client_read_tags(p, sql->comment, &s->tags, s->trace_id, s->parent_span);
    struct pg_statement *target = NULL;
    if (sql->command == SQL_COMMAND_DEALLOCATE || sql->command == SQL_COMMAND_EXECUTE) {
        target = pg_statements_find(p, hash_bytes(sql->name));
    }
    if (sql->command == SQL_COMMAND_DEALLOCATE_ALL || sql->command == SQL_COMMAND_DISCARD_ALL) {
        s->effect = PG_EFFECT_CLOSE_ALL;
    }
    if (target == NULL || target->fingerprint == 0) {
        pg_emit_statement(p, s->fingerprint, sql->kind, s->truncated, &sql->text, NULL,
                          r->backslashes, p->message_ns);
        return;
    }
    s->target = pg_statement_ref(target);
    s->fingerprint = target->fingerprint;
    s->kind = target->kind;
    s->effect = sql->command == SQL_COMMAND_DEALLOCATE ? PG_EFFECT_CLOSE : PG_EFFECT_NONE;
}

bool
pg_extended_parse(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    struct pg_statement *s = TAKE(p->parsing);
    if (p->reader != NULL && s != NULL) {
        p->parsing = s;
        pg_reader_finish(p->reader);
        p->parsing = NULL;
        /* Only a text that says what it is about by itself can be announced again from. */
        s->text = s->target != NULL ? pg_text_ref(s->target->text)
                                    : pg_text_get(&p->worker->texts, pg_reader_raw(p->reader));
    }
    pg_reader_return(&p->worker->readers, &p->reader);
    struct pg_exec *e = s == NULL ? NULL : pg_client_exec(p);
    if (e == NULL) {
        pg_statement_put(&p->worker->execs, &s);
        return pg_client_push(p, PG_REPLY_PARSE, NULL, &queued);
    }
    s->batch = p->batch;
    s->parse_start_ns = p->message_ns;
    s->parse_inside_ns = p->message_inside_ns;
    s->parse_bytes = f->len;
    e->statement = pg_statement_ref(s);
    bool ok = pg_client_push(p, PG_REPLY_PARSE, e, &queued);
    if (!queued) {
        pg_statement_put(&p->worker->execs, &s);
    } else {
        pg_statements_add(p, s);
    }
    pg_client_drop(p, e);
    return ok;
}

void
pg_extended_bind_begin(struct pg_session *p, const struct pg_fact *f)
{
    struct pg_statement *s = pg_statements_find(p, f->name);
    struct pg_exec *e = pg_client_exec(p);
    p->binding = e == NULL ? 0 : e->index;
    p->bind_room = pg_client_inspect_max(p);
    p->bind_cut = false;
    if (e == NULL) {
        return;
    }
    e->role = ROLE_EXECUTE;
    e->session_seq = p->session_seq++;
    e->flags = QUERY_EXTENDED | (p->in_flight > 0 ? QUERY_PIPELINED : 0);
    if (f->name != pg_session_unnamed()) {
        e->flags |= QUERY_PREPARED;
    }
    if (s == NULL) {
        return;
    }
    pg_client_execute(p, e, s);
    e->flags |= QUERY_VALUES_HASHED;
    if (e->role == ROLE_EXECUTE && s->target == NULL) {
        e->lens = lens_begin(p->worker->lens, e->fingerprint, p->message_ns);
    }
    if (e->lens != NULL) {
        lens_text(e->lens, pg_text_slice(s->text));
    }
}

void
pg_extended_bind_value(struct pg_session *p, const struct pg_fact *f)
{
    struct pg_exec *e = pg_exec_at(&p->worker->execs, p->binding);
    if (e == NULL) {
        return;
    }
    if (f->first) {
        pg_value_begin(&p->value, &p->worker->env.hash_key,
                       pg_statement_type(e->statement, f->index), f->binary);
        if (e->lens != NULL) {
            lens_param(e->lens, f->is_null, f->binary);
        }
    }
    if (p->bind_cut || f->piece.len > p->bind_room) {
        /* No value is better than half of one, which others may share. */
        p->bind_cut = true;
        e->flags &= ~(uint32_t)QUERY_VALUES_HASHED;
        lens_drop(p->worker->lens, &e->lens);
        return;
    }
    p->bind_room -= (uint32_t)f->piece.len;
    pg_value_add(&p->value, f->piece);
    if (e->lens != NULL) {
        lens_param_bytes(e->lens, f->piece);
    }
    if (f->last) {
        uint64_t hash = f->is_null ? PG_VALUE_NULL : pg_value_end(&p->value);
        if (e->value_count < EVENT_VALUES_MAX) {
            e->values[e->value_count++] = hash;
        }
        e->values_hash = hash_combine(e->values_hash, hash);
    }
}

bool
pg_extended_bind(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    struct pg_exec *e = pg_exec_at(&p->worker->execs, p->binding);
    p->binding = 0;
    if (e != NULL) {
        e->bytes_in += f->len;
        e->result_formats = f->result_formats;
    }
    bool ok = pg_client_push(p, PG_REPLY_BIND, e, &queued);
    if (!queued || e == NULL) {
        if (queued) {
            pg_portals_close(p, f->portal);
        }
    } else {
        pg_portals_set(p, f->portal, e);
    }
    pg_client_drop(p, e);
    return ok;
}

/* The portal goes on after it was suspended: the same values, a record of its own. */
static struct pg_exec *
execute_again(struct pg_session *p, struct pg_exec *before)
{
    struct pg_exec *e = pg_client_exec(p);
    if (e == NULL) {
        return NULL;
    }
    e->role = before->role;
    e->kind = before->kind;
    e->session_seq = p->session_seq++;
    e->fingerprint = before->fingerprint;
    e->values_hash = before->values_hash;
    /* What comes is not the whole result. */
    e->flags = (before->flags &
                (QUERY_EXTENDED | QUERY_PREPARED | QUERY_TRUNCATED | QUERY_VALUES_HASHED)) |
               QUERY_PORTAL_SUSPENDED;
    e->result_formats = before->result_formats;
    memcpy(e->trace_id, before->trace_id, sizeof(e->trace_id));
    memcpy(e->parent_span, before->parent_span, sizeof(e->parent_span));
    e->statement = pg_statement_ref(before->statement);
    e->value_count = before->value_count;
    memcpy(e->values, before->values, sizeof(e->values[0]) * e->value_count);
    return e;
}

bool
pg_extended_execute(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    struct pg_exec *e = pg_portals_find(p, f->portal);
    if (e != NULL && e->state != PG_EXEC_NEW) {
        e = execute_again(p, e);
        if (e != NULL) {
            pg_portals_set(p, f->portal, e);
            pg_client_drop(p, e);
        }
    }
    bool ok = pg_client_push(p, PG_REPLY_EXECUTE, e, &queued);
    if (queued) {
        p->in_flight++;
        p->batch_executes = true;
        if (e != NULL) {
            e->state = PG_EXEC_QUEUED;
            e->bytes_in += f->len;
            pg_timing_begin(p, e);
        }
    }
    return ok;
}

bool
pg_extended_describe(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    if (f->target == 'P') {
        struct pg_exec *e = pg_portals_find(p, f->name);
        if (e != NULL && e->state == PG_EXEC_NEW) {
            e->bytes_in += f->len;
        }
        return pg_client_push(p, PG_REPLY_DESCRIBE_PORTAL, e, &queued);
    }
    struct pg_statement *s = pg_statements_find(p, f->name);
    struct pg_exec *e = s == NULL ? NULL : pg_client_exec(p);
    if (e != NULL) {
        e->statement = pg_statement_ref(s);
    }
    bool ok = pg_client_push(p, PG_REPLY_DESCRIBE_STATEMENT, e, &queued);
    pg_client_drop(p, e);
    return ok;
}

bool
pg_extended_close(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    struct pg_statement *s = f->target == 'S' ? pg_statements_find(p, f->name) : NULL;
    struct pg_exec *e = s == NULL ? NULL : pg_client_exec(p);
    if (e != NULL) {
        e->statement = pg_statement_ref(s);
        e->fingerprint = s->fingerprint;
        e->kind = s->kind;
        e->role = ROLE_CLOSE;
        e->flags = QUERY_EXTENDED | QUERY_PREPARED;
        e->bytes_in = f->len;
        e->alone = !p->batch_executes;
    }
    bool ok = pg_client_push(p, PG_REPLY_CLOSE, e, &queued);
    if (queued && e != NULL) {
        e->session_seq = p->session_seq++;
    }
    if (queued && f->target == 'P') {
        pg_portals_close(p, f->name);
    }
    pg_client_drop(p, e);
    return ok;
}
