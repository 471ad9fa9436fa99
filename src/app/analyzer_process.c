/* SPDX-License-Identifier: Apache-2.0 */
#include "app/analyzer_process.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/analyzer_process_state.h"
#include "app/datadir.h"
#include "app/objectives_json.h"
#include "app/party.h"
#include "base/clock.h"
#include "io/log.h"

#define WAIT_MS        5000 /* how often the facts are told again */
#define ORPHAN_WAIT_MS 200  /* how often an orphan looks for a new supervisor */

/* Traces come and go by the hundred a second. So much freed memory stays with the process for the
 * next ones, instead of going to the kernel and coming back page by page; and the longest of them
 * are no exception. */
#define KEPT_FREE_BYTES (8 * 1024 * 1024)
#define MAPPED_BYTES    (1024 * 1024)

int
analyzer_process_send(struct analyzer_process *p, unsigned type, unsigned to, uint32_t id,
                      struct slice text)
{
    struct channel_message m = {.type = (uint16_t)type,
                                .from = PARTY_ANALYZER,
                                .to = (uint8_t)to,
                                .id = id,
                                .payload = text};
    return p->alone ? -EPIPE : channel_send(p->channel, &m);
}

/* ---- starting ---- */

static uint64_t
slow_query_ns(const json_t *configuration)
{
    const json_t *ms = json_object_get(configuration, "slow_query_ms");
    return (uint64_t)MAX(json_integer_value(ms), 0) * NS_PER_MS;
}

static void
on_kept(void *ctx, const struct stored *record)
{
    struct analyzer_process *p = ctx;
    if (!push_restore(p->push, record) && analyzer_restore(p->analyzer, record) < 0) {
        log_warn("analysis", "restore_skipped", "a record in the store cannot be read",
                 LOG_U64("kind", record->kind));
    }
}

/* Without it everything else works: it is said, and not waited for. */
static void
open_request_log(struct analyzer_process *p, const json_t *o)
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
start_analysis(struct analyzer_process *p, const json_t *o, struct diag *diag)
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
    const struct analyzer_out out = analyzer_process_out(p);
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

static void
configure(struct analyzer_process *p, struct channel_message *m)
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
            r = analyzer_process_start_serve(p, tcp_fd, &diag);
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
on_status(struct analyzer_process *p, const struct channel_message *m)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    const char *name;
    json_t *value;
    json_object_foreach(o, name, value)
    {
        analyzer_process_fact(p, name, value);
    }
    json_decref(o);
}

static void
on_rings(struct analyzer_process *p, struct channel_message *m)
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
on_message(struct analyzer_process *p, struct channel_message *m)
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
on_channel(struct analyzer_process *p)
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
wait_and_work(struct analyzer_process *p)
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
    analyzer_process_tell_facts(p);
    if (p->analyzer != NULL && push_wants_metrics(p->push) &&
        analyzer_command(p->analyzer, ANALYZER_METRICS, ANALYZER_PROCESS_PUSH_TICKET, 0,
                         SLICE_NONE) < 0) {
        log_debug("export", "metrics_skipped", "the judge has too much mail");
    }
}

static void
stop(struct analyzer_process *p)
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
    struct analyzer_process p = {.data = data, .lock_fd = -1, .signal_fd = -1};
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
    p.ends = analyzer_process_send(&p, CHANNEL_HELLO, PARTY_SUPERVISOR, 0,
                                   slice_of(hello, (size_t)len)) < 0;
    while (!p.ends) {
        wait_and_work(&p);
    }
    stop(&p);
    return p.exit_code;
}
