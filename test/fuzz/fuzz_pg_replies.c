/* SPDX-License-Identifier: Apache-2.0
 * The queue of expected replies, with messages of both sides in any order. Each byte is one of
 * them: its top bit says which side. Whatever happens, entries are answered, skipped or taken
 * exactly once and in the order in which they were queued. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "proto/pg/pg_replies.h"

struct watcher {
    uint32_t pushed;        /* the last token that was queued */
    uint32_t ended;         /* the last one that is over */
    uint32_t skipped_first; /* by the message in hand; 0: none */
    uint32_t skipped_last;
};

/* Tokens that have no end of their own (COPY_END, a Sync that COPY swallowed) are passed over. */
static void
ends(struct watcher *w, uint32_t token)
{
    if (token <= w->ended || token > w->pushed) {
        abort();
    }
    w->ended = token;
}

static void
on_skipped(void *ctx, struct pg_reply_entry entry)
{
    struct watcher *w = ctx;
    if (entry.token <= w->skipped_last || entry.token > w->pushed) {
        abort();
    }
    w->skipped_first = w->skipped_first == 0 ? entry.token : w->skipped_first;
    w->skipped_last = entry.token;
}

static bool
client(struct pg_replies *r, struct watcher *w, uint8_t what)
{
    if (what > PG_REPLY_COPY_END) {
        pg_replies_copy_data(r);
        return true;
    }
    w->pushed++;
    return pg_replies_push(r, (enum pg_reply_kind)what, w->pushed) != DEC_LIMIT;
}

static bool
server(struct pg_replies *r, struct watcher *w, uint8_t what)
{
    static const char types[] = "RKvSNAZTtDC123nIsEEGHdcVW";
    struct pg_reply reply;
    uint8_t type = (uint8_t)types[what % (sizeof(types) - 1)];
    w->skipped_first = w->skipped_last = 0;
    if (pg_replies_match(r, type, type == 'E' && what % 2 != 0, &reply) != DEC_OK) {
        if (r->reason == NULL) {
            abort();
        }
        return false;
    }
    bool is_query = reply.entry.kind == PG_REPLY_QUERY || reply.entry.kind == PG_REPLY_FUNCTION ||
                    reply.entry.kind == PG_REPLY_SYNC || reply.entry.kind == PG_REPLY_STARTUP;
    switch (reply.event) {
    case PG_REPLIED_FAILED:
        if (is_query) {
            break; /* it ends with ReadyForQuery */
        }
        ends(w, reply.entry.token);
        break;
    case PG_REPLIED_DONE:
        ends(w, reply.entry.token);
        break;
    case PG_REPLIED_READY:
        if (reply.entry.token != 0) {
            ends(w, reply.entry.token);
        } else if (reply.entry.kind != PG_REPLY_SYNC || r->count != 0) {
            abort();
        }
        break;
    default:
        break;
    }
    if (w->skipped_first != 0) {
        ends(w, w->skipped_first);
        w->ended = w->skipped_last;
    }
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct watcher w = {0};
    struct pg_replies r;
    struct pg_reply_entry entry;
    pg_replies_init(&r, on_skipped, &w);
    bool in_place = true;
    for (size_t i = 0; i < size && in_place; i++) {
        uint8_t what = data[i] & 0x7f;
        in_place = (data[i] & 0x80) != 0 ? server(&r, &w, what) : client(&r, &w, what % 12);
        const struct pg_reply_entry *head = pg_replies_head(&r);
        if (r.count > PG_REPLIES_MAX || (head != NULL && head->token <= w.ended)) {
            abort();
        }
    }
    while (pg_replies_take(&r, &entry)) {
        ends(&w, entry.token);
    }
    pg_replies_fini(&r);
    return 0;
}
