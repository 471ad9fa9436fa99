/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "app/analyzer_process_state.h"
#include "app/party.h"
#include "base/clock.h"
#include "io/log.h"

/* Of a slow query's text in the log, whose lines are limited too. */
#define SLOW_STATEMENT_MAX 1500

static int
on_ask(void *ctx, uint32_t id, struct slice json)
{
    return analyzer_process_send(ctx, CHANNEL_ASK, PARTY_ADVISOR, id, json);
}

static void
on_lens(void *ctx, uint64_t fingerprint, unsigned count, unsigned rows, uint64_t until_ns)
{
    char text[160];
    int len = snprintf(text, sizeof(text),
                       "{\"fingerprint\":\"%016" PRIx64 "\",\"count\":%u,\"rows\":%u,"
                       "\"until_ns\":%" PRIu64 "}",
                       fingerprint, count, rows, until_ns);
    /* A lease that is not delivered is asked for again. */
    (void)!analyzer_process_send(ctx, CHANNEL_LENS, PARTY_PROXY, 0, slice_of(text, (size_t)len));
}

static void
on_store(void *ctx, const struct stored *record)
{
    struct analyzer_process *p = ctx;
    store_put(p->store, record);
    push_record(p->push, record);
}

static void
on_log(void *ctx, const char *event, const char *text)
{
    log_info("analysis", event, "the judge says", LOG_STR("text", text));
}

static void
on_slow(void *ctx, const struct judge_slow *q)
{
    log_info("analysis", "slow_query", "a query took longer than slow_query_ms",
             LOG_HEX("fingerprint", q->fingerprint),
             LOG_DOUBLE("ms", (double)q->time_ns / (double)NS_PER_MS), LOG_U64("rows", q->rows),
             LOG_SLICE("database", q->database), LOG_SLICE("user", q->user),
             LOG_SLICE("route", q->route), LOG_SLICE("sqlstate", q->sqlstate),
             LOG_SLICE("statement", slice_sub(q->statement, 0, SLOW_STATEMENT_MAX)));
}

static void
on_request(void *ctx, struct slice json)
{
    struct analyzer_process *p = ctx;
    jsonlog_put(p->requests, json);
}

static int
on_history(void *ctx, int64_t from_s, store_window_cb *on_record, void *arg)
{
    const struct analyzer_process *p = ctx;
    int r = store_windows(p->data, from_s, on_record, arg);
    if (r < 0) {
        log_warn("analysis", "relearn_failed",
                 "what is normal is learned from now on: the store's windows cannot be read",
                 LOG_ERRNO(r));
    }
    return r;
}

static void
on_document(void *ctx, enum analyzer_document which, struct slice json)
{
    static const enum serve_document documents[] = {
        [ANALYZER_INCIDENTS] = SERVE_INCIDENTS,
        [ANALYZER_QUERIES] = SERVE_QUERIES,
        [ANALYZER_REQUESTS] = SERVE_REQUESTS,
        [ANALYZER_STATUS] = SERVE_STATUS,
    };
    struct analyzer_process *p = ctx;
    struct serve_text *text = serve_text_new(json);
    board_put(p->board, documents[which], &text);
}

static void
on_trace(void *ctx, uint64_t start_wall_ns, struct slice json)
{
    struct analyzer_process *p = ctx;
    push_trace(p->push, start_wall_ns, json);
}

static void
push_own_metrics(struct analyzer_process *p, struct slice metrics)
{
    struct serve_text *status = board_document(p->board, SERVE_STATUS);
    push_metrics(p->push, metrics, status == NULL ? SLICE_NONE : serve_text_slice(status));
    serve_text_free(&status);
}

static void
on_command_done(void *ctx, uint64_t ticket, int result, struct slice json)
{
    if (ticket == ANALYZER_PROCESS_PUSH_TICKET) {
        push_own_metrics(ctx, json);
        return;
    }
    struct serve_text *text = json.len == 0 ? NULL : serve_text_new(json);
    analyzer_process_answer(ctx, ticket, result, &text);
    serve_text_free(&text);
}

struct analyzer_out
analyzer_process_out(struct analyzer_process *p)
{
    return (struct analyzer_out){
        .ctx = p,
        .ask = on_ask,
        .lens = on_lens,
        .store = on_store,
        .log = on_log,
        .document = on_document,
        .command_done = on_command_done,
        .slow = on_slow,
        .request = p->requests == NULL ? NULL : on_request,
        .history = on_history,
        .trace = push_wants_traces(p->push) ? on_trace : NULL,
    };
}
