/* SPDX-License-Identifier: Apache-2.0
 * What the client says: statements, portals and executions come to be, and each message that has
 * an answer goes into the queue of expected replies. */
#include "proto/sql/sql_tags.h"
#include "proto/trace_context.h"
#include "proxy/listener.h"
#include "proxy/pg/pg_session.h"

/* Queues a message with the execution it is about (may be NULL); the queue has a reference of its
 * own. False: the place is lost. */
static bool
push(struct pg_session *p, enum pg_reply_kind kind, struct pg_exec *e, bool *ret_queued)
{
    enum dec dec = pg_replies_push(&p->replies, kind, e == NULL ? 0 : e->index);
    if (dec == DEC_OK && e != NULL) {
        e->refs++;
    }
    *ret_queued = dec == DEC_OK;
    return dec != DEC_LIMIT;
}

static struct pg_exec *
new_exec(struct pg_session *p)
{
    struct pg_exec *e = pg_exec_new(&p->worker->execs);
    if (e != NULL) {
        e->start_ns = p->message_ns;
        e->inside_ns = p->message_inside_ns;
    }
    return e;
}

static void
drop(struct pg_session *p, struct pg_exec *e)
{
    if (e != NULL) {
        pg_exec_put(&p->worker->execs, e->index);
    }
}

/* The comment's trace context, and the tags for the record. */
static bool
read_tags(struct pg_session *p, struct slice comment, struct pg_text **ret_tags,
          uint8_t trace_id[16], uint8_t parent_span[8])
{
    struct sql_tags tags;
    struct trace_context context;
    if (comment.len == 0 || comment.len > EVENT_TAGS_MAX) {
        return false;
    }
    *ret_tags = pg_text_get(&p->worker->texts, comment);
    if (!sql_tags_parse(comment, &tags) || tags.traceparent[0] == '\0' ||
        trace_context_parse(slice_from_str(tags.traceparent), &context) < 0) {
        return false;
    }
    memcpy(trace_id, context.trace_id, 16);
    memcpy(parent_span, context.span_id, 8);
    return true;
}

static bool
has_trace(const struct pg_statement *s)
{
    static const uint8_t none[16];
    return memcmp(s->trace_id, none, sizeof(none)) != 0;
}

/* The execution is one of this statement's: its shape, and what preparing it took. */
static void
execute_statement(struct pg_session *p, struct pg_exec *e, struct pg_statement *s)
{
    e->statement = pg_statement_ref(s->effect == PG_EFFECT_CLOSE ? s->target : s);
    e->fingerprint = s->fingerprint;
    e->kind = s->kind;
    e->values_hash = s->literal_hash;
    e->effect = s->effect;
    if (s->truncated) {
        e->flags |= QUERY_TRUNCATED;
    }
    if (s->effect == PG_EFFECT_CLOSE) {
        e->role = ROLE_CLOSE;
    }
    if (s->batch == p->batch && !s->used_in_batch && s->parse_start_ns != 0) {
        s->used_in_batch = true;
        e->start_ns = s->parse_start_ns;
        e->inside_ns = s->parse_inside_ns;
        e->bytes_in = s->parse_bytes;
    } else {
        e->prepare_ns = s->prepare_ns;
    }
    s->prepare_ns = 0;
    /* A trace context inside a reused statement is that of its first execution only. */
    if (s->executions++ == 0) {
        memcpy(e->trace_id, s->trace_id, sizeof(e->trace_id));
        memcpy(e->parent_span, s->parent_span, sizeof(e->parent_span));
        e->tags = pg_text_ref(s->tags);
    } else if (!has_trace(s)) {
        e->tags = pg_text_ref(s->tags);
    }
    pg_emit_statement(p, s->fingerprint, (enum statement_kind)s->kind, s->truncated, NULL, s->text,
                      s->backslashes, p->message_ns);
}

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
    read_tags(p, sql->comment, &s->tags, s->trace_id, s->parent_span);
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
            execute_statement(p, e, target);
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
static void
on_query_statement(void *ctx, struct pg_reader *r, const struct sql_statement *sql)
{
    struct pg_session *p = ctx;
    struct pg_exec *e = p->query_count++ < PG_QUERY_STATEMENTS_MAX ? new_exec(p) : NULL;
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
            read_tags(p, sql->comment, &e->tags, e->trace_id, e->parent_span);
        }
    }
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
        drop(p, e);
    }
}

static bool
query_end(struct pg_session *p, const struct pg_fact *f)
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
    bool ok = push(p, PG_REPLY_QUERY, first, &queued);
    if (queued) {
        p->in_flight++;
        drop(p, first); /* the queue has its own reference */
    } else {
        drop_query(p, p->query_first);
    }
    p->batch++;
    p->batch_executes = false;
    p->query_first = p->query_last = p->query_count = 0;
    return ok;
}

/* The first statement of a Parse is the only one. */
static void
on_parsed_statement(void *ctx, struct pg_reader *r, const struct sql_statement *sql)
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
    read_tags(p, sql->comment, &s->tags, s->trace_id, s->parent_span);
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

static bool
parse_end(struct pg_session *p, const struct pg_fact *f)
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
    struct pg_exec *e = s == NULL ? NULL : new_exec(p);
    if (e == NULL) {
        pg_statement_put(&p->worker->execs, &s);
        return push(p, PG_REPLY_PARSE, NULL, &queued);
    }
    s->batch = p->batch;
    s->parse_start_ns = p->message_ns;
    s->parse_inside_ns = p->message_inside_ns;
    s->parse_bytes = f->len;
    e->statement = pg_statement_ref(s);
    bool ok = push(p, PG_REPLY_PARSE, e, &queued);
    if (!queued) {
        pg_statement_put(&p->worker->execs, &s);
    } else {
        pg_statements_add(p, s);
    }
    drop(p, e);
    return ok;
}

static uint32_t
inspect_max(const struct pg_session *p)
{
    return atomic_load_explicit(&p->worker->env.limits->inspect_max, memory_order_relaxed);
}

static void
bind_begin(struct pg_session *p, const struct pg_fact *f)
{
    struct pg_statement *s = pg_statements_find(p, f->name);
    struct pg_exec *e = new_exec(p);
    p->binding = e == NULL ? 0 : e->index;
    p->bind_room = inspect_max(p);
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
    execute_statement(p, e, s);
    e->flags |= QUERY_VALUES_HASHED;
    if (e->role == ROLE_EXECUTE && s->target == NULL) {
        e->lens = lens_begin(p->worker->lens, e->fingerprint, p->message_ns);
    }
    if (e->lens != NULL) {
        lens_text(e->lens, pg_text_slice(s->text));
    }
}

static void
bind_value(struct pg_session *p, const struct pg_fact *f)
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

static bool
bind_end(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    struct pg_exec *e = pg_exec_at(&p->worker->execs, p->binding);
    p->binding = 0;
    if (e != NULL) {
        e->bytes_in += f->len;
        e->result_formats = f->result_formats;
    }
    bool ok = push(p, PG_REPLY_BIND, e, &queued);
    if (!queued || e == NULL) {
        if (queued) {
            pg_portals_close(p, f->portal);
        }
    } else {
        pg_portals_set(p, f->portal, e);
    }
    drop(p, e);
    return ok;
}

/* The portal goes on after it was suspended: the same values, a record of its own. */
static struct pg_exec *
execute_again(struct pg_session *p, struct pg_exec *before)
{
    struct pg_exec *e = new_exec(p);
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
    e->statement = pg_statement_ref(before->statement);
    e->value_count = before->value_count;
    memcpy(e->values, before->values, sizeof(e->values[0]) * e->value_count);
    return e;
}

static bool
execute_end(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    struct pg_exec *e = pg_portals_find(p, f->portal);
    if (e != NULL && e->state != PG_EXEC_NEW) {
        e = execute_again(p, e);
        if (e != NULL) {
            pg_portals_set(p, f->portal, e);
            drop(p, e);
        }
    }
    bool ok = push(p, PG_REPLY_EXECUTE, e, &queued);
    if (queued) {
        p->in_flight++;
        p->batch_executes = true;
        if (e != NULL) {
            e->state = PG_EXEC_QUEUED;
            e->bytes_in += f->len;
        }
    }
    return ok;
}

static bool
describe_end(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    if (f->target == 'P') {
        struct pg_exec *e = pg_portals_find(p, f->name);
        if (e != NULL && e->state == PG_EXEC_NEW) {
            e->bytes_in += f->len;
        }
        return push(p, PG_REPLY_DESCRIBE_PORTAL, e, &queued);
    }
    struct pg_statement *s = pg_statements_find(p, f->name);
    struct pg_exec *e = s == NULL ? NULL : new_exec(p);
    if (e != NULL) {
        e->statement = pg_statement_ref(s);
    }
    bool ok = push(p, PG_REPLY_DESCRIBE_STATEMENT, e, &queued);
    drop(p, e);
    return ok;
}

static bool
close_end(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    struct pg_statement *s = f->target == 'S' ? pg_statements_find(p, f->name) : NULL;
    struct pg_exec *e = s == NULL ? NULL : new_exec(p);
    if (e != NULL) {
        e->statement = pg_statement_ref(s);
        e->fingerprint = s->fingerprint;
        e->kind = s->kind;
        e->role = ROLE_CLOSE;
        e->flags = QUERY_EXTENDED | QUERY_PREPARED;
        e->bytes_in = f->len;
        e->alone = !p->batch_executes;
    }
    bool ok = push(p, PG_REPLY_CLOSE, e, &queued);
    if (queued && e != NULL) {
        e->session_seq = p->session_seq++;
    }
    if (queued && f->target == 'P') {
        pg_portals_close(p, f->name);
    }
    drop(p, e);
    return ok;
}

static void
copy_data(struct pg_session *p, const struct pg_fact *f)
{
    const struct pg_reply_entry *head = pg_replies_head(&p->replies);
    pg_replies_copy_data(&p->replies);
    if (head != NULL && (head->kind == PG_REPLY_QUERY || head->kind == PG_REPLY_EXECUTE)) {
        uint32_t at = head->kind == PG_REPLY_QUERY && p->query_at != 0 ? p->query_at : head->token;
        struct pg_exec *e = at == PG_QUERY_BEYOND ? NULL : pg_exec_at(&p->worker->execs, at);
        if (e != NULL) {
            e->bytes_in += f->len;
        }
    }
}

static void
read_text(struct pg_session *p,
          void (*on_statement)(void *ctx, struct pg_reader *r, const struct sql_statement *sql))
{
    struct pg_worker *w = p->worker;
    p->reader =
        pg_reader_begin(&w->readers, w->env.hash_key, inspect_max(p), true, on_statement, p);
    if (p->reader != NULL) {
        pg_reader_set_backslashes(p->reader, p->backslashes);
    }
}

static void
message_begin(struct pg_session *p, const struct pg_fact *f)
{
    if (p->replication) {
        return;
    }
    switch (f->type) {
    case 'Q':
        read_text(p, on_query_statement);
        break;
    case 'P':
        p->parsing = pg_statement_new(f->name);
        read_text(p, on_parsed_statement);
        break;
    default:
        bind_begin(p, f);
    }
}

static bool
message_end(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    switch (f->type) {
    case 'Q':
        return query_end(p, f);
    case 'P':
        return parse_end(p, f);
    case 'B':
        return bind_end(p, f);
    case 'E':
        return execute_end(p, f);
    case 'D':
        return describe_end(p, f);
    case 'C':
        return close_end(p, f);
    case 'S':
        p->batch++;
        p->batch_executes = false;
        return push(p, PG_REPLY_SYNC, NULL, &queued);
    case 'F':
        return push(p, PG_REPLY_FUNCTION, NULL, &queued);
    case 'd':
        copy_data(p, f);
        return true;
    case 'c':
    case 'f':
        return push(p, PG_REPLY_COPY_END, NULL, &queued);
    case 'X':
        p->goodbye = true;
        return true;
    default:
        return true;
    }
}

bool
pg_client_bytes(struct pg_session *p, struct slice bytes, uint64_t now_ns, const char **ret_reason)
{
    struct pg_fact f = {0};
    p->ready_ns = 0;
    for (;;) {
        if (pg_wire_is_between(&p->frontend.wire)) {
            p->message_ns = now_ns;
            p->message_inside_ns = p->inside_before_ns;
        }
        enum dec dec = pg_frontend_next(&p->frontend, &bytes, &f);
        if (dec != DEC_OK) {
            *ret_reason = p->frontend.wire.error.reason;
            return dec == DEC_MORE;
        }
        bool ok = true;
        switch (f.kind) {
        case PG_FACT_BEGIN:
            message_begin(p, &f);
            break;
        case PG_FACT_TEXT:
            if (p->reader != NULL) {
                pg_reader_add(p->reader, f.piece);
            }
            break;
        case PG_FACT_TYPE:
            if (p->parsing != NULL) {
                pg_statement_set_type(p->parsing, f.index, f.oid);
            }
            break;
        case PG_FACT_VALUE:
            bind_value(p, &f);
            break;
        default:
            ok = message_end(p, &f);
        }
        if (!ok) {
            *ret_reason = p->replies.reason;
            return false;
        }
    }
}
