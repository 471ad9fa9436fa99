/* SPDX-License-Identifier: Apache-2.0 */
#include "app/analyzer_process.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "analysis/analyzer.h"
#include "app/datadir.h"
#include "app/lookup.h"
#include "app/objectives_json.h"
#include "app/push.h"
#include "base/clock.h"
#include "bus/channel.h"
#include "cli/postmortem.h"
#include "export/jsonlog.h"
#include "export/prometheus.h"
#include "io/log.h"
#include "serve/board.h"
#include "serve/serve.h"
#include "store/store.h"

#define WAIT_MS        5000 /* how often the facts are told again */
#define ORPHAN_WAIT_MS 200  /* how often an orphan looks for a new supervisor */

/* Traces come and go by the hundred a second. So much freed memory stays with the process for the
 * next ones, instead of going to the kernel and coming back page by page; and the longest of them
 * are no exception. */
#define KEPT_FREE_BYTES (8 * 1024 * 1024)
#define MAPPED_BYTES    (1024 * 1024)

/* Of a slow query's text in the log, whose lines are limited too. */
#define SLOW_STATEMENT_MAX 1500

#define METRICS_BYTES_MAX (8u * 1024 * 1024)

#define PUSH_TICKET UINT64_MAX /* the serve thread counts from 1 */

struct process {
    const char *data;
    struct channel *channel; /* never changes; `alone` says that nobody is at its other end */
    _Atomic bool alone;
    bool ends;
    int exit_code;
    int signal_fd;
    int lock_fd;
    struct store *store;
    struct board *board;
    struct analyzer *analyzer;
    struct lookup *lookup;
    struct objectives objectives;
    struct jsonlog *requests; /* NULL: there is no request log */
    struct push *push;        /* NULL: nothing is sent out */
    pthread_mutex_t lock;     /* over serve: its thread runs before serve_new has returned */
    struct serve *serve;
};

static int
send_text(struct process *p, unsigned type, unsigned to, uint32_t id, struct slice text)
{
    struct channel_message m = {.type = (uint16_t)type,
                                .from = PARTY_ANALYZER,
                                .to = (uint8_t)to,
                                .id = id,
                                .payload = text};
    return p->alone ? -EPIPE : channel_send(p->channel, &m);
}

/* ---- what the judge wants; on its thread ---- */

static int
on_ask(void *ctx, uint32_t id, struct slice json)
{
    return send_text(ctx, CHANNEL_ASK, PARTY_ADVISOR, id, json);
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
    (void)!send_text(ctx, CHANNEL_LENS, PARTY_PROXY, 0, slice_of(text, (size_t)len));
}

static void
on_store(void *ctx, const struct stored *record)
{
    struct process *p = ctx;
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
    struct process *p = ctx;
    jsonlog_put(p->requests, json);
}

static int
on_history(void *ctx, int64_t from_s, store_window_cb *on_record, void *arg)
{
    const struct process *p = ctx;
    int r = store_windows(p->data, from_s, on_record, arg);
    if (r < 0) {
        log_warn("analysis", "relearn_failed",
                 "what is normal is learned from now on: the store's windows cannot be read",
                 LOG_ERRNO(r));
    }
    return r;
}

static uint64_t
slow_query_ns(const json_t *configuration)
{
    const json_t *ms = json_object_get(configuration, "slow_query_ms");
    return (uint64_t)MAX(json_integer_value(ms), 0) * NS_PER_MS;
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
    struct process *p = ctx;
    struct serve_text *text = serve_text_new(json);
    board_put(p->board, documents[which], &text);
}

static void
tell_client(struct process *p, uint64_t ticket, int result, struct serve_text **text)
{
    pthread_mutex_lock(&p->lock);
    if (p->serve != NULL) {
        serve_answer(p->serve, ticket, result, text);
    }
    pthread_mutex_unlock(&p->lock);
}

static void
on_trace(void *ctx, uint64_t start_wall_ns, struct slice json)
{
    struct process *p = ctx;
    push_trace(p->push, start_wall_ns, json);
}

static void
push_own_metrics(struct process *p, struct slice metrics)
{
    struct serve_text *status = board_document(p->board, SERVE_STATUS);
    push_metrics(p->push, metrics, status == NULL ? SLICE_NONE : serve_text_slice(status));
    serve_text_free(&status);
}

static void
on_command_done(void *ctx, uint64_t ticket, int result, struct slice json)
{
    if (ticket == PUSH_TICKET) {
        push_own_metrics(ctx, json);
        return;
    }
    struct serve_text *text = json.len == 0 ? NULL : serve_text_new(json);
    tell_client(ctx, ticket, result, &text);
    serve_text_free(&text);
}

/* On the lookup thread. */
static void
on_looked_up(void *ctx, uint64_t ticket, int result, struct serve_text **text)
{
    tell_client(ctx, ticket, result, text);
}

/* ---- what users want; on the serve thread ---- */

static struct serve_text *
on_serve_document(void *ctx, enum serve_document which)
{
    struct process *p = ctx;
    return board_document(p->board, which);
}

static int
on_serve_question(void *ctx, const struct serve_question *question)
{
    struct process *p = ctx;
    return lookup_ask(p->lookup, question);
}

static uint64_t
on_serve_version(void *ctx, enum serve_document which)
{
    struct process *p = ctx;
    return board_version(p->board, which);
}

static struct serve_text *
on_serve_postmortem(void *ctx, const json_t *incident)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct serve_text *made = NULL;
    if (out != NULL) {
        postmortem_print(out, incident);
        if (fclose(out) == 0) {
            made = serve_text_new(slice_of(text, len));
        }
        free(text);
    }
    return made;
}

static struct serve_text *
on_serve_metrics(void *ctx, struct slice json, bool openmetrics)
{
    struct process *p = ctx;
    AUTO_BUF struct buf text;
    buf_init(&text, METRICS_BYTES_MAX);
    struct serve_text *status_text = board_document(p->board, SERVE_STATUS);
    struct slice s = status_text == NULL ? SLICE_NONE : serve_text_slice(status_text);
    json_t *status = json_loadb((const char *)s.ptr, s.len, 0, NULL);
    json_t *metrics = json_loadb((const char *)json.ptr, json.len, 0, NULL);
    int r = prometheus_write(metrics, status,
                             openmetrics ? PROMETHEUS_OPENMETRICS : PROMETHEUS_TEXT, &text);
    json_decref(metrics);
    json_decref(status);
    serve_text_free(&status_text);
    return r < 0 ? NULL : serve_text_new(buf_slice(&text));
}

static int
on_serve_command(void *ctx, const struct serve_command *c)
{
    static const enum analyzer_command kinds[] = {
        [SERVE_ACK] = ANALYZER_ACK,       [SERVE_CLOSE] = ANALYZER_CLOSE,
        [SERVE_EXPECT] = ANALYZER_EXPECT, [SERVE_ANNOTATE] = ANALYZER_ANNOTATE,
        [SERVE_MUTE] = ANALYZER_MUTE,     [SERVE_MUTES] = ANALYZER_MUTES,
        [SERVE_DEPLOY] = ANALYZER_DEPLOY, [SERVE_TRACES] = ANALYZER_TRACES,
        [SERVE_TRACE] = ANALYZER_TRACE,   [SERVE_METRICS] = ANALYZER_METRICS,
    };
    struct process *p = ctx;
    return analyzer_command(p->analyzer, kinds[c->kind], c->ticket,
                            c->kind == SERVE_MUTE ? c->seconds : c->incident,
                            slice_from_str(c->text));
}

/* ---- starting ---- */

static void
on_kept(void *ctx, const struct stored *record)
{
    struct process *p = ctx;
    if (!push_restore(p->push, record) && analyzer_restore(p->analyzer, record) < 0) {
        log_warn("analysis", "restore_skipped", "a record in the store cannot be read",
                 LOG_U64("kind", record->kind));
    }
}

/* Without it everything else works: it is said, and not waited for. */
static void
open_request_log(struct process *p, const json_t *o)
{
    struct diag diag = {0};
    char text[1100];
    const char *path = json_string_value(json_object_get(o, "request_log"));
    uint64_t size_max = (uint64_t)json_integer_value(json_object_get(o, "request_log_max_bytes"));
    if (path != NULL && path[0] != '\0' && jsonlog_new(path, size_max, &diag, &p->requests) < 0) {
        log_error("analysis", "request_log_failed", "going on without a request log",
                  LOG_STR("reason", diag_format(&diag, text, sizeof(text))));
    }
}

static int
start_analysis(struct process *p, const json_t *o, struct diag *diag)
{
    const struct analyzer_config config = {
        .cores = (unsigned)json_integer_value(json_object_get(o, "cores")),
        .slow_query_ns = slow_query_ns(o),
        .link_alone = json_integer_value(json_object_get(o, "link_alone")) != 0,
        .request_detail =
            (enum report_detail)json_integer_value(json_object_get(o, "request_log_statements")),
        .utc_offset_s = 60 * (int)json_integer_value(json_object_get(o, "utc_offset_min")),
        .objectives = &p->objectives,
    };
    int r = 0;
    objectives_from_json(json_object_get(o, "objectives"), &p->objectives);
    open_request_log(p, o);
    const struct store_config store_config = {
        .dir = p->data,
        .size_max_bytes = (uint64_t)json_integer_value(json_object_get(o, "store_max_bytes"))};
    r = store_open(&store_config, diag, &p->store);
    if (r < 0) {
        return r;
    }
    r = push_new(o, p->store, diag, &p->push);
    if (r < 0) {
        return r;
    }
    const struct analyzer_out out = {p,
                                     on_ask,
                                     on_lens,
                                     on_store,
                                     on_log,
                                     on_document,
                                     on_command_done,
                                     on_slow,
                                     p->requests == NULL ? NULL : on_request,
                                     on_history,
                                     push_wants_traces(p->push) ? on_trace : NULL};
    r = analyzer_new(&config, &out, &p->analyzer);
    if (r < 0) {
        return diag_set(diag, r, "the analysis cannot be set up: %s", strerror(-r));
    }
    r = store_restore(p->store, on_kept, p);
    if (r < 0) {
        log_warn("analysis", "restore_failed", "the store was not read to its end", LOG_ERRNO(r));
    }
    push_start(p->push);
    r = analyzer_start(p->analyzer);
    return r < 0 ? diag_set(diag, r, "the analysis does not start: %s", strerror(-r)) : 0;
}

static int
start_serve(struct process *p, int tcp_fd, struct diag *diag)
{
    const struct serve_config config = {.tcp_fd = tcp_fd, .unix_fd = -1, .data_dir = p->data};
    const struct serve_source source = {.ctx = p,
                                        .document = on_serve_document,
                                        .command = on_serve_command,
                                        .question = on_serve_question,
                                        .version = on_serve_version,
                                        .postmortem = on_serve_postmortem,
                                        .metrics = on_serve_metrics};
    int r = lookup_new(p->data, on_looked_up, p, &p->lookup);
    if (r < 0) {
        return diag_set(diag, r, "no thread for the console: %s", strerror(-r));
    }
    pthread_mutex_lock(&p->lock);
    r = serve_new(&config, &source, diag, &p->serve);
    pthread_mutex_unlock(&p->lock);
    return r;
}

static void
configure(struct process *p, struct channel_message *m)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    const char *level_text = json_string_value(json_object_get(o, "log_level"));
    enum log_level level;
    if (log_level_from_str(slice_from_str(level_text), &level) == 0) {
        log_set_level(level);
    }
    if (p->analyzer != NULL) {
        analyzer_set_slow_query(p->analyzer, slow_query_ns(o));
        if (p->requests != NULL) {
            jsonlog_reopen(p->requests);
        }
    } else {
        struct diag diag = {0};
        int tcp_fd = -1;
        if (m->fd_count > 0) {
            tcp_fd = m->fds[--m->fd_count];
        }
        int r = datadir_lock(p->data, DATADIR_ANALYZER_LOCK, &diag, &p->lock_fd);
        r = r < 0 ? r : start_analysis(p, o, &diag);
        if (r == 0) {
            r = start_serve(p, tcp_fd, &diag);
            tcp_fd = -1;
        }
        if (r < 0) {
            char text[1100];
            log_error("analysis", "start_failed", "the analyzer cannot work",
                      LOG_STR("reason", diag_format(&diag, text, sizeof(text))));
            p->ends = true;
            p->exit_code = 1;
        }
        if (tcp_fd >= 0) {
            close(tcp_fd);
        }
    }
    json_decref(o);
}

/* ---- working ---- */

static void
tell_fact(void *ctx, const char *name, json_t *value)
{
    struct process *p = ctx;
    char *text = json_dumps(value, JSON_COMPACT);
    if (text != NULL && p->analyzer != NULL &&
        analyzer_fact(p->analyzer, name, slice_from_str(text)) < 0) {
        log_debug("analysis", "fact_refused", "the status page has no room", LOG_STR("name", name));
    }
    free(text);
}

static void
tell_store(struct process *p)
{
    struct store_totals t = store_totals(p->store);
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "written", (json_int_t)t.written,
                          "replaced", (json_int_t)t.replaced, "dropped", (json_int_t)t.dropped,
                          "pending", (json_int_t)t.pending, "failures", (json_int_t)t.failures,
                          "size_bytes", (json_int_t)t.size_bytes, "error", t.error);
    tell_fact(p, "store", o);
    json_decref(o);
}

static void
tell_request_log(struct process *p)
{
    if (p->requests == NULL) {
        return;
    }
    struct jsonlog_totals t = jsonlog_totals(p->requests);
    json_t *o = json_pack("{s:I, s:I, s:I, s:s}", "lines", (json_int_t)t.lines, "dropped",
                          (json_int_t)t.dropped, "rotated", (json_int_t)t.rotated, "error",
                          t.error == 0 ? "" : strerror(t.error));
    tell_fact(p, "request_log", o);
    json_decref(o);
}

static void
tell_own_facts(struct process *p)
{
    if (p->serve == NULL) {
        return;
    }
    struct serve_totals t = serve_totals(p->serve);
    json_t *api =
        json_pack("{s:I, s:I, s:I, s:I, s:I}", "requests", (json_int_t)t.requests, "errors",
                  (json_int_t)t.errors, "refused", (json_int_t)t.refused, "consoles",
                  (json_int_t)t.subscribers, "consoles_dropped", (json_int_t)t.subscribers_dropped);
    tell_fact(p, "api", api);
    json_decref(api);
    tell_store(p);
    tell_request_log(p);
    push_facts(p->push, tell_fact, p);
}

static void
on_status(struct process *p, const struct channel_message *m)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    const char *name;
    json_t *value;
    json_object_foreach(o, name, value)
    {
        tell_fact(p, name, value);
    }
    json_decref(o);
}

static void
on_rings(struct process *p, struct channel_message *m)
{
    struct diag diag = {0};
    unsigned count = m->fd_count;
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    unsigned slot = (unsigned)json_integer_value(json_object_get(o, "slot"));
    json_decref(o);
    if (count == 0) {
        analyzer_retire(p->analyzer, slot);
        return;
    }
    m->fd_count = 0; /* taken */
    int r = analyzer_attach(p->analyzer, slot, m->fds, count, &diag);
    if (r < 0) {
        char text[1100];
        log_error("analysis", "attach_failed", "the proxy's rings cannot be read",
                  LOG_STR("reason", diag_format(&diag, text, sizeof(text))), LOG_ERRNO(r));
    } else {
        log_info("analysis", "attached", "reading the proxy's rings", LOG_U64("workers", count / 2),
                 LOG_U64("slot", slot));
    }
}

static void
on_message(struct process *p, struct channel_message *m)
{
    if (m->type == CHANNEL_CONFIGURE) {
        configure(p, m);
    } else if (m->type == CHANNEL_DRAIN) {
        p->ends = true;
    } else if (p->analyzer == NULL) {
        log_warn("analysis", "message_early", "a message came before the configuration",
                 LOG_U64("type", m->type));
    } else if (m->type == CHANNEL_RINGS) {
        on_rings(p, m);
    } else if (m->type == CHANNEL_STATUS) {
        on_status(p, m);
    } else if (m->type == CHANNEL_ANSWER && analyzer_answer(p->analyzer, m->id, m->payload) < 0) {
        log_warn("analysis", "answer_dropped", "too many answers wait for the judge");
    }
}

static void
on_channel(struct process *p)
{
    struct channel_message m;
    int r;
    while (!p->ends && (r = channel_receive(p->channel, &m)) != 0) {
        if (r < 0) {
            p->alone = true;
            p->ends = p->analyzer == NULL;
            log_warn("analysis", "supervisor_gone", "going on without a supervisor", LOG_ERRNO(r));
            return;
        }
        on_message(p, &m);
        channel_message_close_fds(&m);
    }
}

static void
wait_and_work(struct process *p)
{
    struct pollfd pfds[2] = {{p->signal_fd, POLLIN, 0},
                             {p->alone ? -1 : channel_fd(p->channel), POLLIN, 0}};
    int ready = poll(pfds, 2, p->alone ? ORPHAN_WAIT_MS : WAIT_MS);
    if (ready > 0 && pfds[0].revents != 0) {
        p->ends = true;
    }
    if (ready > 0 && pfds[1].revents != 0) {
        on_channel(p);
    }
    if (p->alone && datadir_is_locked(p->data, DATADIR_RUN_LOCK)) {
        log_info("analysis", "leaving", "another supervisor is here");
        p->ends = true;
    }
    if (p->store != NULL && store_totals(p->store).began_anew) {
        log_warn("analysis", "leaving", "to start again with all that goes into a new store");
        p->ends = true;
    }
    tell_own_facts(p);
    if (p->analyzer != NULL && push_wants_metrics(p->push) &&
        analyzer_command(p->analyzer, ANALYZER_METRICS, PUSH_TICKET, 0, SLICE_NONE) < 0) {
        log_debug("export", "metrics_skipped", "the judge has too much mail");
    }
}

static void
stop(struct process *p)
{
    pthread_mutex_lock(&p->lock);
    struct serve *serve = TAKE(p->serve);
    pthread_mutex_unlock(&p->lock);
    if (serve != NULL) {
        serve_free(&serve);
    }
    lookup_free(&p->lookup);
    analyzer_free(&p->analyzer); /* flushes into the store and the request log */
    jsonlog_free(&p->requests);
    push_free(&p->push);
    store_free(&p->store);
    board_free(&p->board);
    channel_free(&p->channel);
    close(p->signal_fd);
    if (p->lock_fd >= 0) {
        close(p->lock_fd);
    }
    pthread_mutex_destroy(&p->lock);
}

int
analyzer_process(int channel_fd, const char *data)
{
    struct process p = {.data = data, .lock_fd = -1, .signal_fd = -1};
    sigset_t set;
    mallopt(M_TRIM_THRESHOLD, KEPT_FREE_BYTES);
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    p.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    int r = channel_new(channel_fd, &p.channel);
    if (r < 0 || p.signal_fd < 0) {
        log_error("analysis", "start_failed", "the channel cannot be used", LOG_ERRNO(r));
        return 1;
    }
    pthread_mutex_init(&p.lock, NULL);
    p.board = board_new();
    char hello[96];
    int len = snprintf(hello, sizeof(hello), "{\"pid\":%d,\"version\":\"%s\"}", (int)getpid(),
                       SLOWBURN_VERSION);
    p.ends = send_text(&p, CHANNEL_HELLO, PARTY_SUPERVISOR, 0, slice_of(hello, (size_t)len)) < 0;
    while (!p.ends) {
        wait_and_work(&p);
    }
    stop(&p);
    return p.exit_code;
}
