/* SPDX-License-Identifier: Apache-2.0
 * What the server says: each message is matched against the queue of expected replies, and
 * executions end. */
#include <stdlib.h>

#include "proto/pg/pg_encode.h"
#include "proxy/pg/pg_session.h"

static struct pg_exec *
exec_at(const struct pg_session *p, uint32_t index)
{
    return index == PG_QUERY_BEYOND ? NULL : pg_exec_at(&p->worker->execs, index);
}

/* The execution that the entry's reply is about now. */
static struct pg_exec *
running(const struct pg_session *p, const struct pg_reply_entry *entry)
{
    if (entry->kind == PG_REPLY_QUERY && p->query_at != 0) {
        return exec_at(p, p->query_at);
    }
    return exec_at(p, entry->token);
}

static void
put(struct pg_session *p, uint32_t token)
{
    pg_exec_put(&p->worker->execs, token);
}

static void
take_effect(struct pg_session *p, struct pg_exec *e, uint64_t now_ns)
{
    struct pg_statement *s = e->statement;
    switch (e->effect) {
    case PG_EFFECT_PREPARE:
        pg_statements_confirm(p, s);
        s->parse_start_ns = e->start_ns;
        if (s->executions == 0) {
            s->prepare_ns = e->end_ns - e->start_ns;
        }
        break;
    case PG_EFFECT_CLOSE:
        pg_statements_close(p, s, now_ns);
        break;
    case PG_EFFECT_CLOSE_ALL:
        pg_statements_close_all(p, now_ns);
        break;
    default:
        break;
    }
}

static void
emit_held(struct pg_session *p, uint8_t tx_state, uint64_t now_ns)
{
    if (p->held != 0) {
        uint32_t held = p->held;
        p->held = 0;
        pg_emit(p, exec_at(p, held), tx_state, now_ns);
        put(p, held);
    }
}

/* An Execute has ended. Where a Sync is next its record waits for the transaction state. Takes the
 * queue's reference. */
static void
execute_ended(struct pg_session *p, uint32_t token, uint64_t now_ns)
{
    const struct pg_reply_entry *next = pg_replies_head(&p->replies);
    emit_held(p, 0, now_ns);
    if (next != NULL && next->kind == PG_REPLY_SYNC) {
        p->held = token;
    } else {
        pg_emit(p, exec_at(p, token), 0, now_ns);
        put(p, token);
    }
}

static void
parsed(struct pg_session *p, struct pg_exec *e, uint64_t now_ns)
{
    struct pg_statement *s = e->statement;
    pg_statements_confirm(p, s);
    if (s->executions == 0) {
        s->prepare_ns = now_ns - MIN(now_ns, s->parse_start_ns);
    }
}

static void
described(struct pg_session *p, struct pg_exec *e, uint64_t now_ns)
{
    struct pg_statement *s = e->statement;
    /* The round trip of a Describe of its own prepares what is executed next. */
    if (!p->batch_executes && s->prepare_ns > 0) {
        uint64_t whole = now_ns - MIN(now_ns, s->parse_start_ns);
        uint64_t own = now_ns - MIN(now_ns, e->start_ns);
        s->prepare_ns = MIN(whole, s->prepare_ns + own);
    }
}

static void
entry_done(struct pg_session *p, const struct pg_reply_entry *entry, const struct pg_fact *f,
           uint64_t now_ns)
{
    struct pg_exec *e = exec_at(p, entry->token);
    const struct pg_reply_entry *next;
    if (entry->kind == PG_REPLY_EXECUTE) {
        p->in_flight--;
    }
    if (e == NULL) {
        p->worker->env.counters[COUNTER_queries] +=
            entry->kind == PG_REPLY_EXECUTE && !p->replication;
        return;
    }
    switch (entry->kind) {
    case PG_REPLY_EXECUTE:
        e->bytes_out += f->len;
        e->rows = f->type == 'C' ? f->rows : e->rows_seen;
        if (f->type == 's') {
            e->flags |= QUERY_PORTAL_SUSPENDED;
        }
        pg_emit_settle(p, e, false, now_ns);
        take_effect(p, e, now_ns);
        execute_ended(p, entry->token, now_ns);
        return;
    case PG_REPLY_PARSE:
        parsed(p, e, now_ns);
        break;
    case PG_REPLY_DESCRIBE_STATEMENT:
        described(p, e, now_ns);
        break;
    case PG_REPLY_CLOSE:
        next = pg_replies_head(&p->replies);
        pg_statements_close(p, e->statement, now_ns);
        /* Close that goes along with an execution costs no round trip. */
        if (e->alone && e->fingerprint != 0 && next != NULL && next->kind == PG_REPLY_SYNC) {
            e->end_ns = now_ns;
            e->bytes_out = f->len;
            e->inside_ns = 0;
            pg_emit(p, e, 0, now_ns);
        }
        break;
    default:
        break;
    }
    put(p, entry->token);
}

static void
command_done(struct pg_session *p, const struct pg_reply_entry *entry, const struct pg_fact *f,
             uint64_t now_ns)
{
    struct pg_exec *e = running(p, entry);
    if (e == NULL) {
        /* More answers than statements: nothing that was said about this Query is certain. */
        p->query_unclear |= f->type == 'C' && !p->query_cut;
        p->query_at = PG_QUERY_BEYOND;
        return;
    }
    e->bytes_out += f->len;
    e->rows = f->rows;
    pg_emit_settle(p, e, false, now_ns);
    take_effect(p, e, now_ns);
    p->query_at = e->next == 0 ? PG_QUERY_BEYOND : e->next;
    p->query_cut = e->cut;
    struct pg_exec *next = exec_at(p, p->query_at);
    if (next != NULL) {
        next->start_ns = MAX(next->start_ns, now_ns);
        next->inside_ns = p->s->inside_ns;
    }
}

static void
set_failed(struct pg_session *p, struct pg_exec *e, const struct pg_fact *f, uint64_t now_ns)
{
    e->bytes_out += f->len;
    memcpy(e->sqlstate, f->sqlstate, sizeof(e->sqlstate));
    pg_emit_settle(p, e, true, now_ns);
}

static void
query_failed(struct pg_session *p, const struct pg_reply_entry *entry, const struct pg_fact *f,
             uint64_t now_ns)
{
    struct pg_exec *e = running(p, entry);
    if (e == NULL) {
        /* Behind the last statement: what it was to commit. */
        for (uint32_t at = entry->token; at != 0; at = e->next) {
            e = exec_at(p, at);
        }
        if (e == NULL) {
            return;
        }
    }
    if (e->effect == PG_EFFECT_PREPARE) {
        e->role = ROLE_EXECUTE;
    }
    set_failed(p, e, f, now_ns);
}

static void
entry_failed(struct pg_session *p, const struct pg_reply_entry *entry, const struct pg_fact *f,
             uint64_t now_ns)
{
    struct pg_exec *e = exec_at(p, entry->token);
    switch (entry->kind) {
    case PG_REPLY_QUERY:
        query_failed(p, entry, f, now_ns);
        return;
    case PG_REPLY_SYNC:
        if (p->held != 0) {
            set_failed(p, exec_at(p, p->held), f, now_ns);
        }
        return;
    case PG_REPLY_EXECUTE:
        p->in_flight--;
        if (e == NULL) {
            p->worker->env.counters[COUNTER_queries]++;
            p->worker->env.counters[COUNTER_query_errors]++;
            return;
        }
        break;
    case PG_REPLY_PARSE:
        if (e != NULL) {
            e->fingerprint = e->statement->fingerprint;
            e->kind = e->statement->kind;
            e->flags = QUERY_EXTENDED;
            e->bytes_in = e->statement->parse_bytes;
            e->session_seq = p->session_seq++;
            pg_statements_undo(p, e->statement);
        }
        break;
    case PG_REPLY_BIND:
        break;
    default:
        put(p, entry->token);
        return;
    }
    if (e != NULL) {
        set_failed(p, e, f, now_ns);
        execute_ended(p, entry->token, now_ns);
    }
}

/* The end of a simple Query: now it is known whether its statements were told apart rightly. */
static void
query_ready(struct pg_session *p, const struct pg_reply_entry *entry, uint8_t tx_state,
            uint64_t now_ns)
{
    struct pg_exec *e;
    bool failed = false, missing = false;
    p->in_flight--;
    for (uint32_t at = entry->token; at != 0; at = e->next) {
        e = exec_at(p, at);
        failed |= e->state == PG_EXEC_FAILED;
        missing |= e->state == PG_EXEC_NEW;
    }
    bool certain = !p->query_unclear && (failed || !missing);
    for (uint32_t at = entry->token; at != 0;) {
        e = exec_at(p, at);
        uint32_t next = e->next;
        bool ended = e->state == PG_EXEC_DONE || e->state == PG_EXEC_FAILED;
        if (ended && certain && e->role != ROLE_PREPARE) {
            pg_emit(p, e, tx_state, now_ns);
        }
        if (!ended && e->effect == PG_EFFECT_PREPARE) {
            pg_statements_undo(p, e->statement);
        }
        if (e->state == PG_EXEC_FAILED && e->effect == PG_EFFECT_PREPARE) {
            pg_statements_undo(p, e->statement);
        }
        put(p, at);
        at = next;
    }
    p->worker->env.counters[COUNTER_queries] += (entry->token == 0 || !certain) && !p->replication;
    p->query_at = 0;
    p->query_cut = false;
    p->query_unclear = false;
}

static void
ready(struct pg_session *p, const struct pg_reply_entry *entry, uint8_t tx_state, uint64_t now_ns)
{
    p->tx_state = tx_state;
    p->ready_ns = p->replies.count == 0 ? now_ns : 0;
    if (entry->kind == PG_REPLY_QUERY) {
        query_ready(p, entry, tx_state, now_ns);
    } else if (entry->kind == PG_REPLY_STARTUP) {
        p->s->logged_in = true;
        p->observe.server_pid = p->cancel_pid;
        observe_open(&p->observe, &p->worker->env, p->s, PROTOCOL_POSTGRES, now_ns);
    }
    emit_held(p, tx_state, now_ns);
    /* Portals end with their transaction; what a pipeline has bound since stays. */
    if (tx_state == 'I' && p->replies.count == 0 && p->binding == 0) {
        pg_portals_close_all(p);
    }
}

/* Columns of a running Query, of a portal's Describe or of a statement's. */
static void
description_begin(struct pg_session *p, const struct pg_fact *f)
{
    const struct pg_reply_entry *head = pg_replies_head(&p->replies);
    p->described = NULL;
    p->described_exec = 0;
    struct pg_exec *e = head == NULL ? NULL : running(p, head);
    if (e == NULL || head->kind == PG_REPLY_STARTUP) {
        return;
    }
    if (head->kind == PG_REPLY_DESCRIBE_STATEMENT) {
        p->described = e->statement;
        if (f->type == 'T' && p->described->columns == NULL) {
            p->described->columns = calloc(EVENT_LENS_COLUMNS_MAX, sizeof(struct pg_column));
        }
        if (f->type == 'T' && p->described->columns != NULL) {
            p->described->column_count = (uint16_t)MIN(f->count, EVENT_LENS_COLUMNS_MAX);
        }
    } else if (e->lens != NULL && f->type == 'T') {
        p->described_exec = e->index;
        lens_columns(e->lens, f->count);
    }
}

static struct event_lens_column
lens_column_of(const struct pg_column *c)
{
    return (struct event_lens_column){
        .table_oid = c->table_oid,
        .attnum = c->attnum,
        .type_oid = c->type_oid,
        .name_hash = c->name_hash,
    };
}

static void
description_part(struct pg_session *p, const struct pg_fact *f)
{
    struct pg_exec *e = exec_at(p, p->described_exec);
    if (f->kind == PG_FACT_TYPE && p->described != NULL) {
        pg_statement_set_type(p->described, f->index, f->oid);
    } else if (f->kind == PG_FACT_COLUMN && p->described != NULL) {
        if (f->index < p->described->column_count) {
            p->described->columns[f->index] = f->column;
        }
    } else if (f->kind == PG_FACT_COLUMN && e != NULL && e->lens != NULL) {
        const struct event_lens_column column = lens_column_of(&f->column);
        lens_column(e->lens, f->index, &column);
    }
}

/* A result whose columns were described before, for the statement. */
static void
columns_of_statement(struct pg_exec *e)
{
    const struct pg_statement *s = e->statement;
    if (lens_has_columns(e->lens) || s == NULL || s->column_count == 0) {
        return;
    }
    lens_columns(e->lens, s->column_count);
    for (unsigned i = 0; i < s->column_count; i++) {
        const struct event_lens_column column = lens_column_of(&s->columns[i]);
        lens_column(e->lens, i, &column);
    }
}

static void
row_for_lens(struct pg_session *p, struct pg_exec *e, const struct pg_fact *row)
{
    struct slice piece = row->piece;
    struct pg_fact f = {0};
    if (row->first) {
        columns_of_statement(e);
        p->row = (struct pg_row){0};
        p->row_spoilt = !lens_wants_row(e->lens);
    }
    while (!p->row_spoilt) {
        enum dec dec = pg_row_next(&p->row, &piece, &f);
        if (dec == DEC_MORE) {
            break;
        }
        if (dec != DEC_OK) {
            p->row_spoilt = true;
            break;
        }
        if (f.first) {
            pg_value_begin(&p->cell, &p->worker->env.hash_key, lens_column_type(e->lens, f.index),
                           (e->flags & QUERY_EXTENDED) != 0 &&
                               pg_formats_is_binary(e->result_formats, f.index));
        }
        pg_value_add(&p->cell, f.piece);
        if (f.last) {
            lens_cell(e->lens, f.index, f.is_null ? PG_VALUE_NULL : pg_value_end(&p->cell));
        }
    }
    if (row->last && !p->row_spoilt) {
        lens_row_end(e->lens);
    }
}

static bool
row(struct pg_session *p, const struct pg_fact *f, uint64_t now_ns)
{
    struct pg_reply reply;
    if (f->first && pg_replies_match(&p->replies, 'D', false, &reply) != DEC_OK) {
        return false;
    }
    const struct pg_reply_entry *head = pg_replies_head(&p->replies);
    struct pg_exec *e = head == NULL ? NULL : running(p, head);
    if (e == NULL) {
        return true;
    }
    if (f->first) {
        if (e->rows_seen++ == 0) {
            e->first_row_ns = now_ns;
            hash_stream_init(&p->result, &p->worker->env.hash_key);
            p->result_len = 0;
        }
        e->bytes_out += f->len;
    }
    if (p->result_len <= PG_RESULT_HASHED_MAX) {
        if (f->piece.len <= PG_RESULT_HASHED_MAX - p->result_len) {
            hash_stream_add(&p->result, f->piece);
            p->result_len += (uint32_t)f->piece.len;
        } else {
            p->result_len = PG_RESULT_HASHED_MAX + 1;
        }
    }
    if (e->lens != NULL) {
        row_for_lens(p, e, f);
    }
    return true;
}

/* One that is longer than any there is is not kept at all. */
static void
keep_key(struct pg_session *p, const struct pg_fact *f)
{
    if (f->first) {
        p->cancel_key_len = 0;
    }
    if (f->len > PG_CANCEL_KEY_MAX + 9) {
        return;
    }
    memcpy(p->cancel_key + p->cancel_key_len, f->piece.ptr, f->piece.len);
    p->cancel_key_len = (uint16_t)(p->cancel_key_len + f->piece.len);
}

/* The key is whole: from now on whoever has it can cancel here, by any worker. */
static void
key_ended(struct pg_session *p, const struct pg_fact *f)
{
    uint8_t request[PG_CANCEL_LEN_MAX];
    struct driver_env *env = &p->worker->env;
    p->cancel_pid = f->pid;
    if (p->cancel_key_len < PG_CANCEL_KEY_MIN) {
        p->cancel_key_len = 0;
    }
    if (p->cancel_key_len == 0 || p->s->address == NULL || p->cancel_slot != CANCELS_NONE) {
        return;
    }
    struct slice all =
        pg_encode_cancel(request, p->cancel_pid, slice_of(p->cancel_key, p->cancel_key_len));
    p->cancel_slot = cancels_add(env->cancels, pg_startup_cancel_key(all), p->s->address);
    env->counters[COUNTER_cancels_full] += p->cancel_slot == CANCELS_NONE;
}

static bool
message(struct pg_session *p, const struct pg_fact *f, uint64_t now_ns)
{
    struct pg_reply reply;
    if (pg_replies_match(&p->replies, f->type, f->type == 'E' && f->fatal, &reply) != DEC_OK) {
        return false;
    }
    if (f->type == 'E') {
        pg_session_refused(p, f->sqlstate, false);
    }
    switch (reply.event) {
    case PG_REPLIED_ASIDE:
        if (f->type == 'S' && f->strings != 0) {
            p->backslashes = f->strings == 'f';
        }
        break;
    case PG_REPLIED_PART:
        if (f->type == 'K') {
            key_ended(p, f);
        } else if (reply.entry.kind == PG_REPLY_QUERY || reply.entry.kind == PG_REPLY_EXECUTE) {
            struct pg_exec *e = running(p, &reply.entry);
            if (e != NULL) {
                e->bytes_out += f->len;
                e->copies |= f->type == 'G' || f->type == 'H';
            }
        }
        break;
    case PG_REPLIED_COMMAND:
        command_done(p, &reply.entry, f, now_ns);
        break;
    case PG_REPLIED_DONE:
        entry_done(p, &reply.entry, f, now_ns);
        break;
    case PG_REPLIED_FAILED:
        entry_failed(p, &reply.entry, f, now_ns);
        break;
    case PG_REPLIED_READY:
        ready(p, &reply.entry, f->tx_state, now_ns);
        break;
    }
    return true;
}

bool
pg_server_bytes(struct pg_session *p, struct slice bytes, uint64_t now_ns, const char **ret_reason)
{
    struct pg_fact f = {0};
    for (;;) {
        enum dec dec = pg_backend_next(&p->backend, &bytes, &f);
        if (dec != DEC_OK) {
            *ret_reason = p->backend.wire.error.reason;
            return dec == DEC_MORE;
        }
        bool ok = true;
        switch (f.kind) {
        case PG_FACT_BEGIN:
            description_begin(p, &f);
            break;
        case PG_FACT_TYPE:
        case PG_FACT_COLUMN:
            description_part(p, &f);
            break;
        case PG_FACT_KEY:
            keep_key(p, &f);
            break;
        case PG_FACT_ROW:
            ok = row(p, &f, now_ns);
            break;
        default:
            p->described = NULL;
            p->described_exec = 0;
            ok = message(p, &f, now_ns);
        }
        if (!ok) {
            *ret_reason = p->replies.reason;
            return false;
        }
    }
}
