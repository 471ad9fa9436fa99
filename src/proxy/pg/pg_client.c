/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_client.h"

#include "proto/sql/sql_tags.h"
#include "proto/trace_context.h"
#include "proxy/listener.h"

bool
pg_client_push(struct pg_session *p, enum pg_reply_kind kind, struct pg_exec *e, bool *ret_queued)
{
    enum dec dec = pg_replies_push(&p->replies, kind, e == NULL ? 0 : e->index);
    if (dec == DEC_OK && e != NULL) {
        e->refs++;
    }
    *ret_queued = dec == DEC_OK;
    return dec != DEC_LIMIT;
}

struct pg_exec *
pg_client_exec(struct pg_session *p)
{
    struct pg_exec *e = pg_exec_new(&p->worker->execs);
    if (e != NULL) {
        e->start_ns = p->message_ns;
        e->inside_ns = p->message_inside_ns;
    }
    return e;
}

void
pg_client_drop(struct pg_session *p, struct pg_exec *e)
{
    if (e != NULL) {
        pg_exec_put(&p->worker->execs, e->index);
    }
}

bool
pg_client_read_tags(struct pg_session *p, struct slice comment, struct pg_text **ret_tags,
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

void
pg_client_execute(struct pg_session *p, struct pg_exec *e, struct pg_statement *s)
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

uint32_t
pg_client_inspect_max(const struct pg_session *p)
{
    return atomic_load_explicit(&p->worker->env.limits->inspect_max, memory_order_relaxed);
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
    p->reader = pg_reader_begin(&w->readers, w->env.hash_key, pg_client_inspect_max(p), true,
                                on_statement, p);
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
        read_text(p, pg_query_statement);
        break;
    case 'P':
        p->parsing = pg_statement_new(f->name);
        read_text(p, pg_extended_statement);
        break;
    default:
        pg_extended_bind_begin(p, f);
    }
}

static bool
message_end(struct pg_session *p, const struct pg_fact *f)
{
    bool queued;
    switch (f->type) {
    case 'Q':
        return pg_query_end(p, f);
    case 'P':
        return pg_extended_parse(p, f);
    case 'B':
        return pg_extended_bind(p, f);
    case 'E':
        return pg_extended_execute(p, f);
    case 'D':
        return pg_extended_describe(p, f);
    case 'C':
        return pg_extended_close(p, f);
    case 'S':
        p->batch++;
        p->batch_executes = false;
        return pg_client_push(p, PG_REPLY_SYNC, NULL, &queued);
    case 'F':
        return pg_client_push(p, PG_REPLY_FUNCTION, NULL, &queued);
    case 'd':
        copy_data(p, f);
        return true;
    case 'c':
    case 'f':
        return pg_client_push(p, PG_REPLY_COPY_END, NULL, &queued);
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
            pg_extended_bind_value(p, &f);
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
