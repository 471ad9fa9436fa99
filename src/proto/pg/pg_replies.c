/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_replies.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 16 };

void
pg_replies_init(struct pg_replies *r, void (*on_skipped)(void *ctx, struct pg_reply_entry entry),
                void *ctx)
{
    *r = (struct pg_replies){.on_skipped = on_skipped, .ctx = ctx};
}

void
pg_replies_fini(struct pg_replies *r)
{
    free(r->entries);
    *r = (struct pg_replies){0};
}

static struct pg_reply_entry *
at(const struct pg_replies *r, uint32_t index)
{
    return &r->entries[(r->head + index) & (r->capacity - 1)];
}

static void
pop(struct pg_replies *r)
{
    r->head = (r->head + 1) & (r->capacity - 1);
    r->count--;
    r->described = false;
    if (r->count == 0 && r->capacity > 4 * CAPACITY_MIN) {
        free(r->entries);
        r->entries = NULL;
        r->capacity = 0;
    }
}

static void
remove_at(struct pg_replies *r, uint32_t index)
{
    for (uint32_t i = index; i + 1 < r->count; i++) {
        *at(r, i) = *at(r, i + 1);
    }
    r->count--;
}

static bool
grow(struct pg_replies *r)
{
    uint32_t capacity = r->capacity == 0 ? CAPACITY_MIN : r->capacity * 2;
    struct pg_reply_entry *entries =
        capacity > PG_REPLIES_MAX ? NULL : malloc(capacity * sizeof(*entries));
    if (entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < r->count; i++) {
        entries[i] = *at(r, i);
    }
    free(r->entries);
    r->entries = entries;
    r->capacity = capacity;
    r->head = 0;
    return true;
}

static void
swallow_sync(struct pg_replies *r)
{
    r->syncs_unclear = (uint16_t)MIN(r->syncs_unclear + 1, UINT16_MAX);
}

/* What a message means while the server reads COPY data. True: it has been dealt with. */
static bool
pushed_into_copy(struct pg_replies *r, enum pg_reply_kind kind)
{
    if (!r->copying_in || r->copy_ended) {
        return false;
    }
    if (kind == PG_REPLY_SYNC) {
        r->copy_unclear |= r->copy_data_seen;
        swallow_sync(r);
        return true;
    }
    if (kind == PG_REPLY_COPY_END) {
        r->copy_ended = true;
        r->copying_in = !r->copying_both || r->copying_out;
        return true;
    }
    /* The server will answer an error, or has already found one of its own. */
    r->copy_unclear = true;
    r->copy_mixed = true;
    return false;
}

enum dec
pg_replies_push(struct pg_replies *r, enum pg_reply_kind kind, uint32_t token)
{
    if (pushed_into_copy(r, kind)) {
        return DEC_MORE;
    }
    if (r->skipping) {
        if (kind != PG_REPLY_SYNC) {
            return DEC_MORE;
        }
        r->skipping = false;
    }
    if (kind == PG_REPLY_COPY_END && r->count == 0) {
        return DEC_MORE;
    }
    if (r->count == r->capacity && !grow(r)) {
        r->reason = "more replies are outstanding than are followed";
        return DEC_LIMIT;
    }
    r->count++;
    *at(r, r->count - 1) = (struct pg_reply_entry){.token = token, .kind = (uint8_t)kind};
    return DEC_OK;
}

void
pg_replies_copy_data(struct pg_replies *r)
{
    r->copy_data_seen = true;
}

static enum dec
lost(struct pg_replies *r, const char *reason)
{
    r->reason = reason;
    return DEC_BAD;
}

/* CopyInResponse for the head: which of the messages already sent does COPY swallow? */
static void
copy_in_begins(struct pg_replies *r)
{
    r->copying_in = true;
    r->copy_ended = false;
    r->copy_data_seen = false;
    r->copy_unclear = false;
    r->copy_mixed = false;
    r->copying_both = false;
    r->syncs_unclear = 0;
    while (r->count > 1 && !r->copy_ended) {
        uint8_t kind = at(r, 1)->kind;
        if (kind != PG_REPLY_SYNC && kind != PG_REPLY_COPY_END) {
            r->copy_unclear = true;
            return;
        }
        r->copy_ended = kind == PG_REPLY_COPY_END;
        if (kind == PG_REPLY_SYNC) {
            swallow_sync(r);
        }
        remove_at(r, 1);
    }
}

static void
skip_to_sync(struct pg_replies *r)
{
    while (r->count > 0 && at(r, 0)->kind != PG_REPLY_SYNC) {
        struct pg_reply_entry entry = *at(r, 0);
        pop(r);
        if (entry.kind != PG_REPLY_COPY_END) {
            r->on_skipped(r->ctx, entry);
        }
    }
    r->skipping = r->count == 0;
}

static enum dec
match_error(struct pg_replies *r, bool fatal, struct pg_reply *reply)
{
    if (r->count == 0) {
        reply->event = PG_REPLIED_ASIDE;
        return fatal ? DEC_OK : lost(r, "an error that answers nothing");
    }
    struct pg_reply_entry *head = at(r, 0);
    if (r->copying_in && r->copy_unclear && !fatal) {
        return lost(r, "an error in a COPY that was mixed with other messages");
    }
    if (head->failed) {
        return fatal ? DEC_OK : lost(r, "two errors for one query");
    }
    if (!r->copying_in) {
        r->syncs_unclear = 0;
    }
    r->copying_in = false;
    r->copying_out = false;
    reply->event = PG_REPLIED_FAILED;
    reply->entry = *head;
    switch (head->kind) {
    case PG_REPLY_QUERY:
    case PG_REPLY_FUNCTION:
    case PG_REPLY_SYNC: /* what it commits has failed */
        head->failed = true;
        break;
    case PG_REPLY_STARTUP:
        break;
    default:
        pop(r);
        skip_to_sync(r);
    }
    return DEC_OK;
}

/* Messages of a running statement, the same for Execute and Query. DEC_MORE: not one of those. */
static enum dec
match_running(struct pg_replies *r, uint8_t type)
{
    switch (type) {
    case 'D':
        return r->copying_in || r->copying_out ? lost(r, "a row within COPY") : DEC_OK;
    case 'G':
        if (r->copying_in || r->copying_out) {
            return lost(r, "COPY within COPY");
        }
        copy_in_begins(r);
        return DEC_OK;
    case 'H':
        if (r->copying_in || r->copying_out) {
            return lost(r, "COPY within COPY");
        }
        r->copying_out = true;
        return DEC_OK;
    case 'W':
        if (r->copying_in || r->copying_out) {
            return lost(r, "COPY within COPY");
        }
        copy_in_begins(r);
        r->copying_both = true;
        r->copying_out = true;
        return DEC_OK;
    case 'd':
        return r->copying_out ? DEC_OK : lost(r, "copy data outside of COPY");
    case 'c':
        if (!r->copying_out) {
            return lost(r, "the end of a COPY that is none");
        }
        r->copying_out = false;
        r->copying_in = r->copying_in && !(r->copying_both && r->copy_ended);
        return DEC_OK;
    default:
        return DEC_MORE;
    }
}

static enum dec
match_end(struct pg_replies *r, enum pg_reply_event event, struct pg_reply *reply)
{
    if (r->copying_out || (r->copying_in && (!r->copy_ended || r->copy_mixed))) {
        return lost(r, "a statement ended in the middle of its COPY");
    }
    r->copying_in = false;
    r->syncs_unclear = 0;
    reply->event = event;
    if (event == PG_REPLIED_DONE) {
        pop(r);
    }
    r->described = false;
    return DEC_OK;
}

static enum dec
match_query(struct pg_replies *r, struct pg_reply_entry *head, uint8_t type, struct pg_reply *reply)
{
    if (head->failed) {
        return lost(r, "a failed query goes on");
    }
    enum dec dec = match_running(r, type);
    if (dec != DEC_MORE) {
        return dec == DEC_OK && type == 'D' && !r->described ? lost(r, "a row without columns")
                                                             : dec;
    }
    switch (type) {
    case 'T':
        r->described = true;
        return DEC_OK;
    case 'C':
    case 'I':
        return match_end(r, PG_REPLIED_COMMAND, reply);
    default:
        return lost(r, "no reply of a query");
    }
}

static enum dec
match_execute(struct pg_replies *r, uint8_t type, struct pg_reply *reply)
{
    enum dec dec = match_running(r, type);
    if (dec != DEC_MORE) {
        return dec;
    }
    if (type == 'C' || type == 'I' || type == 's') {
        return match_end(r, PG_REPLIED_DONE, reply);
    }
    return lost(r, "no reply of an Execute");
}

static enum dec
match_ready(struct pg_replies *r, struct pg_reply_entry *head, struct pg_reply *reply)
{
    if (head->kind != PG_REPLY_SYNC && head->kind != PG_REPLY_QUERY &&
        head->kind != PG_REPLY_FUNCTION && head->kind != PG_REPLY_STARTUP) {
        return lost(r, "ready, and a reply is missing");
    }
    if (r->copying_in || r->copying_out) {
        return lost(r, "ready in the middle of COPY");
    }
    reply->event = PG_REPLIED_READY;
    pop(r);
    return DEC_OK;
}

/* One message answers the entry; `part` may come once before it. */
static enum dec
match_single(struct pg_replies *r, uint8_t type, const char *allowed, uint8_t part,
             struct pg_reply *reply)
{
    if (part != 0 && type == part && !r->described) {
        r->described = true;
        return DEC_OK;
    }
    if (strchr(allowed, (char)type) == NULL || (part != 0 && !r->described)) {
        return lost(r, "not the reply that was due");
    }
    reply->event = PG_REPLIED_DONE;
    pop(r);
    return DEC_OK;
}

enum dec
pg_replies_match(struct pg_replies *r, uint8_t type, bool fatal, struct pg_reply *ret_reply)
{
    ret_reply->event = PG_REPLIED_ASIDE;
    if (type == 'N' || type == 'A' || type == 'S') {
        return DEC_OK;
    }
    while (r->count > 0 && at(r, 0)->kind == PG_REPLY_COPY_END) {
        pop(r);
    }
    if (type == 'E') {
        return match_error(r, fatal, ret_reply);
    }
    if (r->count == 0 && type == 'Z' && r->syncs_unclear > 0) {
        /* The COPY had failed before it read a Sync that was sent with it. */
        r->syncs_unclear--;
        r->skipping = false;
        *ret_reply = (struct pg_reply){PG_REPLIED_READY, {.kind = PG_REPLY_SYNC}};
        return DEC_OK;
    }
    if (r->count == 0) {
        return lost(r, "a reply to nothing");
    }
    struct pg_reply_entry *head = at(r, 0);
    ret_reply->event = PG_REPLIED_PART;
    ret_reply->entry = *head;
    if (type == 'Z') {
        return match_ready(r, head, ret_reply);
    }
    switch (head->kind) {
    case PG_REPLY_QUERY:
        return match_query(r, head, type, ret_reply);
    case PG_REPLY_EXECUTE:
        return match_execute(r, type, ret_reply);
    case PG_REPLY_PARSE:
        return match_single(r, type, "1", 0, ret_reply);
    case PG_REPLY_BIND:
        return match_single(r, type, "2", 0, ret_reply);
    case PG_REPLY_CLOSE:
        return match_single(r, type, "3", 0, ret_reply);
    case PG_REPLY_DESCRIBE_STATEMENT:
        return match_single(r, type, "Tn", 't', ret_reply);
    case PG_REPLY_DESCRIBE_PORTAL:
        return match_single(r, type, "Tn", 0, ret_reply);
    case PG_REPLY_FUNCTION:
        return type == 'V' && !head->failed ? DEC_OK : lost(r, "no reply of a function call");
    case PG_REPLY_STARTUP:
        return type == 'R' || type == 'K' || type == 'v' ? DEC_OK
                                                         : lost(r, "no reply of a startup");
    default:
        return lost(r, "not the reply that was due");
    }
}

bool
pg_replies_take(struct pg_replies *r, struct pg_reply_entry *ret_entry)
{
    if (r->count == 0) {
        return false;
    }
    *ret_entry = *at(r, 0);
    pop(r);
    return true;
}

const struct pg_reply_entry *
pg_replies_head(const struct pg_replies *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (at(r, i)->kind != PG_REPLY_COPY_END) {
            return at(r, i);
        }
    }
    return NULL;
}
