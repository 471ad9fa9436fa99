/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/configure.h"
#include "app/datadir.h"
#include "app/notify.h"
#include "app/party.h"
#include "app/takeover.h"
#include "base/clock.h"
#include "io/log.h"

#define STATUS_EVERY_NS   (5 * NS_PER_S)
#define RETRY_NS          (1 * NS_PER_S)
#define LOCK_POLL_NS      (100 * NS_PER_MS)
#define DRAIN_MARGIN_NS   (2 * NS_PER_S)
#define CLOSE_WAIT_NS     (10 * NS_PER_S)
#define MESSAGES_PER_TURN 64
#define FRESH_AFTER       3 /* lives of the analyzer in a row that were short */
#define SHORT_LIFE_NS     (10 * NS_PER_S)

enum phase {
    PHASE_RUNNING,
    PHASE_DRAINING, /* the proxy finishes what is in flight */
    PHASE_CLOSING,  /* analyzer and advisor finish */
    PHASE_OVER,
};

struct supervisor {
    struct supervise_options options;
    struct config *config;
    char data[DATADIR_MAX];
    uint8_t key[HASH_KEY_LEN];
    int lock_fd;
    int signal_fd;
    int admin_fd;
    int listen_fds[CONFIG_LISTENERS_MAX];
    struct party proxy;
    struct party analyzer;
    struct party advisor;
    enum phase phase;
    int exit_code;
    uint64_t deadline_ns;  /* of the phase */
    uint64_t status_at_ns; /* when to tell the analyzer about us again */
    uint64_t attach_at_ns; /* when to ask the proxy for rings again; UINT64_MAX: no need */
    uint32_t id;           /* of the last message that wants an answer */
    uint32_t configure_id; /* of the last CONFIGURE to the proxy */
    bool flowed;           /* a proxy was ready once: from then on nothing is fatal */
    bool told_ready;
    unsigned short_lives; /* of the analyzer, in a row */
    struct diag *diag;
};

static uint64_t
clock_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static struct party *
party_of(struct supervisor *s, unsigned who)
{
    switch (who) {
    case PARTY_PROXY:
        return &s->proxy;
    case PARTY_ANALYZER:
        return &s->analyzer;
    case PARTY_ADVISOR:
        return &s->advisor;
    default:
        return NULL;
    }
}

static void
log_diag(const struct diag *diag, const char *event, const char *message)
{
    char text[1100];
    log_error("app", event, message, LOG_STR("reason", diag_format(diag, text, sizeof(text))));
}

/* Before traffic ever flowed a failure is the answer to `slowburn run`; afterwards it is a line in
 * the log, and is tried again. */
static void
fail_start(struct supervisor *s, const struct diag *diag, const char *event, const char *message)
{
    if (s->flowed || s->phase != PHASE_RUNNING) {
        log_diag(diag, event, message);
        return;
    }
    *s->diag = *diag;
    s->exit_code = 1;
    s->phase = PHASE_OVER;
}

/* ---- starting ---- */

static int
open_listeners(struct supervisor *s, struct diag *diag)
{
    static const char *const names[] = {[PROTOCOL_POSTGRES] = "postgres", [PROTOCOL_HTTP] = "http"};
    for (unsigned i = 0; i < s->config->listener_count; i++) {
        const struct config_listener *l = &s->config->listeners[i];
        char what[CONFIG_NAME_MAX + ADDRESS_TEXT_MAX + 32];
        snprintf(what, sizeof(what), "the %s listener %s%s%s", names[l->protocol], l->name,
                 l->name[0] == '\0' ? "" : " on ", l->listen.text);
        if (s->listen_fds[i] < 0) {
            int r = address_listen(&l->listen, what, diag, &s->listen_fds[i]);
            if (r < 0) {
                return r;
            }
        }
    }
    return 0;
}

static void
close_listeners(struct supervisor *s)
{
    for (unsigned i = 0; i < CONFIG_LISTENERS_MAX; i++) {
        if (s->listen_fds[i] >= 0) {
            close(s->listen_fds[i]);
            s->listen_fds[i] = -1;
        }
    }
}

static int
open_admin(struct supervisor *s, struct diag *diag)
{
    const char *text = config_text(s->config, SETTING_admin);
    struct address address;
    if (s->admin_fd >= 0 || strcmp(text, "off") == 0) {
        return 0;
    }
    int r = address_parse(slice_from_str(text), diag, &address);
    if (r < 0) {
        return r;
    }
    char what[ADDRESS_TEXT_MAX + 32];
    snprintf(what, sizeof(what), "the admin API on %s", address.text);
    return address_listen(&address, what, diag, &s->admin_fd);
}

static void
start(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    const char *program = s->options.program == NULL ? "/proc/self/exe" : s->options.program;
    const char *argv[] = {"slowburn",
                          "child",
                          p->name,
                          "--data",
                          s->data,
                          "--log-format",
                          config_text(s->config, SETTING_log_format),
                          "--log-level",
                          config_text(s->config, SETTING_log_level),
                          NULL};
    struct diag diag = {0};
    p->start_at_ns = UINT64_MAX;
    if (party_start(p, program, argv, now_ns, &diag) < 0) {
        p->start_at_ns = now_ns + RETRY_NS;
        fail_start(s, &diag, "start_failed", "a process could not be started");
        return;
    }
    log_info("app", "process_started", "a process was started", LOG_STR("name", p->name),
             LOG_I64("pid", p->pid), LOG_U64("restarts", p->restarts));
}

static void
start_proxy(struct supervisor *s, uint64_t now_ns)
{
    struct diag diag = {0};
    if (open_listeners(s, &diag) < 0) {
        s->proxy.start_at_ns = now_ns + RETRY_NS;
        fail_start(s, &diag, "listen_failed", "a listener could not be opened");
        return;
    }
    start(s, &s->proxy, now_ns);
}

/* An analyzer that has lost its supervisor leaves once it sees ours at run.lock; until then it has
 * the store and the admin port. */
static void
start_analyzer(struct supervisor *s, uint64_t now_ns)
{
    if (datadir_is_locked(s->data, DATADIR_ANALYZER_LOCK)) {
        log_debug("app", "analyzer_awaited", "the former analyzer has not left yet");
        s->analyzer.start_at_ns = now_ns + LOCK_POLL_NS;
        return;
    }
    struct diag diag = {0};
    if (open_admin(s, &diag) < 0) {
        s->analyzer.start_at_ns = now_ns + RETRY_NS;
        fail_start(s, &diag, "admin_failed", "the admin API could not be opened");
        return;
    }
    start(s, &s->analyzer, now_ns);
}

static void
start_due(struct supervisor *s, uint64_t now_ns)
{
    if (s->phase == PHASE_RUNNING && now_ns >= s->proxy.start_at_ns) {
        start_proxy(s, now_ns);
    }
    if (s->phase == PHASE_RUNNING && now_ns >= s->analyzer.start_at_ns) {
        start_analyzer(s, now_ns);
    }
    if (s->phase == PHASE_RUNNING && now_ns >= s->advisor.start_at_ns) {
        start(s, &s->advisor, now_ns);
    }
}

/* ---- configuring ---- */

static int
send_owned(struct party *p, struct channel_message *m, char *text)
{
    m->type = CHANNEL_CONFIGURE;
    m->from = PARTY_SUPERVISOR;
    m->payload = slice_from_str(text);
    int r = party_send(p, m);
    free(text);
    if (r < 0) {
        log_error("app", "configure_failed", "a process does not take its configuration",
                  LOG_STR("name", p->name), LOG_ERRNO(r));
    }
    return r;
}

static void
configure_the_proxy(struct supervisor *s, bool whole)
{
    struct channel_message m = {.id = ++s->id};
    s->configure_id = m.id;
    if (whole) {
        m.fd_count = s->config->listener_count;
        memcpy(m.fds, s->listen_fds, m.fd_count * sizeof(int));
    }
    (void)send_owned(&s->proxy, &m, configure_proxy(s->config, s->key, whole));
}

static void
configure_the_analyzer(struct supervisor *s)
{
    struct channel_message m = {0};
    if (s->admin_fd >= 0) {
        m.fd_count = 1;
        m.fds[0] = s->admin_fd;
    }
    s->analyzer.ready = send_owned(&s->analyzer, &m, configure_analyzer(s->config, s->data)) == 0;
}

static void
configure_the_advisor(struct supervisor *s)
{
    struct channel_message m = {0};
    s->advisor.ready = send_owned(&s->advisor, &m, configure_advisor(s->config)) == 0;
}

/* Rings go to an analyzer that can take them, from a proxy that has them. One that keeps dying may
 * be dying of what is in them: it gets new ones. */
static void
attach(struct supervisor *s, uint64_t now_ns)
{
    s->attach_at_ns = UINT64_MAX;
    if (!s->proxy.ready || !s->analyzer.ready) {
        return;
    }
    const char *text = s->short_lives < FRESH_AFTER ? "{}" : "{\"fresh\":true}";
    if (party_send_text(&s->proxy, CHANNEL_ATTACH, ++s->id, text) < 0) {
        s->attach_at_ns = now_ns + RETRY_NS;
    }
}

static void
tell_ready(struct supervisor *s)
{
    if (s->told_ready || !s->proxy.ready || !s->analyzer.ready) {
        return;
    }
    s->told_ready = true;
    char listeners[1024] = "";
    size_t at = 0;
    for (unsigned i = 0; i < s->config->listener_count && at < sizeof(listeners); i++) {
        const struct config_listener *l = &s->config->listeners[i];
        at += (size_t)snprintf(listeners + at, sizeof(listeners) - at, "%s%s=%s", i == 0 ? "" : " ",
                               l->listen.text, l->upstream.text);
    }
    log_info("app", "ready", "slowburn is ready", LOG_STR("listeners", listeners),
             LOG_STR("admin", config_text(s->config, SETTING_admin)), LOG_STR("data", s->data));
    notify_send("READY=1");
}

static void
proxy_is_ready(struct supervisor *s, uint64_t now_ns)
{
    s->proxy.ready = true;
    s->flowed = true;
    s->status_at_ns = now_ns;
    attach(s, now_ns);
    tell_ready(s);
}

/* ---- messages ---- */

static void
on_hello(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    p->greeted = true;
    if (p == &s->proxy && !p->ready) {
        configure_the_proxy(s, true);
    } else if (p == &s->analyzer) {
        configure_the_analyzer(s);
        attach(s, now_ns);
        s->status_at_ns = now_ns;
        tell_ready(s);
    } else if (p == &s->advisor) {
        configure_the_advisor(s);
    }
}

static void
on_status(struct supervisor *s, struct party *p, const struct channel_message *m, uint64_t now_ns)
{
    if (p != &s->proxy || m->id == 0 || m->id != s->configure_id) {
        return;
    }
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    const char *reason = json_string_value(json_object_get(o, "reason"));
    if (json_is_true(json_object_get(o, "ok"))) {
        if (!p->ready) {
            proxy_is_ready(s, now_ns);
        }
    } else {
        struct diag diag = {0};
        diag_set(&diag, -EINVAL, "the proxy refuses its configuration: %.300s",
                 reason == NULL ? "it does not say why" : reason);
        if (p->ready) {
            log_diag(&diag, "configure_refused", "the proxy goes on with what it had");
        } else {
            fail_start(s, &diag, "configure_refused", "the proxy refuses its configuration");
        }
    }
    json_decref(o);
}

/* A question that cannot be delivered is answered here, so that nobody waits for it. */
static void
answer_instead(struct supervisor *s, const struct channel_message *m, int error)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    const char *question = json_string_value(json_object_get(o, "ask"));
    json_t *answer =
        json_pack("{s:s, s:b, s:s}", "ask", question == NULL ? "" : question, "ok", 0, "reason",
                  error == -EAGAIN ? "the advisor is busy" : "the advisor is not running");
    char *text = json_dumps(answer, JSON_COMPACT);
    (void)party_send_text(&s->analyzer, CHANNEL_ANSWER, m->id, text);
    free(text);
    json_decref(answer);
    json_decref(o);
}

/* Who may say what to whom; anything else is dropped. */
static bool
is_routed(unsigned type, unsigned from, unsigned to)
{
    switch (type) {
    case CHANNEL_ASK:
        return from == PARTY_ANALYZER && to == PARTY_ADVISOR;
    case CHANNEL_ANSWER:
        return from == PARTY_ADVISOR && to == PARTY_ANALYZER;
    case CHANNEL_LENS:
        return from == PARTY_ANALYZER && to == PARTY_PROXY;
    case CHANNEL_RINGS:
        return from == PARTY_PROXY && to == PARTY_ANALYZER;
    case CHANNEL_STATUS:
        return to == PARTY_ANALYZER && from != PARTY_ANALYZER;
    default:
        return false;
    }
}

static void
route(struct supervisor *s, struct party *from, struct channel_message *m, uint64_t now_ns)
{
    struct party *to = party_of(s, m->to);
    m->from = (uint8_t)from->who; /* whatever it said */
    if (to == NULL || !is_routed(m->type, m->from, m->to)) {
        log_warn("app", "message_refused", "a process may not send this",
                 LOG_STR("from", from->name), LOG_U64("type", m->type), LOG_U64("to", m->to));
        return;
    }
    int r = to->ready ? party_send(to, m) : -EPIPE;
    if (r < 0 && m->type == CHANNEL_ASK) {
        answer_instead(s, m, r);
    } else if (r < 0 && m->type == CHANNEL_RINGS && to->ready) {
        s->attach_at_ns = now_ns + RETRY_NS;
    }
}

static void
on_message(struct supervisor *s, struct party *p, struct channel_message *m, uint64_t now_ns)
{
    if (m->type == CHANNEL_HELLO) {
        on_hello(s, p, now_ns);
    } else if (m->type == CHANNEL_STATUS && m->to != PARTY_ANALYZER) {
        on_status(s, p, m, now_ns);
    } else {
        route(s, p, m, now_ns);
    }
}

static void
on_channel(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    for (int i = 0; i < MESSAGES_PER_TURN && p->channel != NULL; i++) {
        struct channel_message m;
        int r = channel_receive(p->channel, &m);
        if (r == 0) {
            return;
        }
        if (r < 0) {
            /* Gone, or not one of ours any more. The proxy is left to its traffic. */
            channel_free(&p->channel);
            p->ready = p == &s->proxy && p->ready;
            if (r != -EPIPE) {
                log_error("app", "channel_broken", "a process sends what cannot be read",
                          LOG_STR("name", p->name), LOG_ERRNO(r));
            }
            if (p != &s->proxy) {
                party_signal(p, SIGTERM);
            }
            return;
        }
        on_message(s, p, &m, now_ns);
        channel_message_close_fds(&m);
    }
}

static void
send_status(struct supervisor *s, uint64_t now_ns)
{
    s->status_at_ns = now_ns + STATUS_EVERY_NS;
    if (!s->analyzer.ready) {
        return;
    }
    json_t *children = json_object();
    const struct party *parties[] = {&s->proxy, &s->analyzer, &s->advisor};
    for (size_t i = 0; i < ARRAY_LEN(parties); i++) {
        const struct party *p = parties[i];
        json_object_set_new(children, p->name,
                            json_pack("{s:i, s:I, s:I, s:b, s:b}", "pid", (int)p->pid, "restarts",
                                      (json_int_t)p->restarts, "messages_lost", (json_int_t)p->lost,
                                      "ready", p->ready, "adopted", p->adopted));
    }
    json_t *o = json_pack("{s:{s:i, s:s, s:o}}", "supervisor", "pid", (int)getpid(), "version",
                          SLOWBURN_VERSION, "children", children);
    char *text = json_dumps(o, JSON_COMPACT);
    (void)party_send_text(&s->analyzer, CHANNEL_STATUS, 0, text);
    free(text);
    json_decref(o);
}

/* ---- ending ---- */

static void
begin_closing(struct supervisor *s, uint64_t now_ns)
{
    s->phase = PHASE_CLOSING;
    s->deadline_ns = now_ns + CLOSE_WAIT_NS;
    struct party *rest[] = {&s->analyzer, &s->advisor};
    for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
        if (party_is_running(rest[i]) && party_send_text(rest[i], CHANNEL_DRAIN, 0, "{}") < 0) {
            party_signal(rest[i], SIGTERM);
        }
    }
    if (!party_is_running(&s->analyzer) && !party_is_running(&s->advisor)) {
        s->phase = PHASE_OVER;
    }
}

static void
begin_draining(struct supervisor *s, uint64_t now_ns)
{
    s->phase = PHASE_DRAINING;
    notify_send("STOPPING=1");
    log_info("app", "stopping", "finishing what is in flight");
    close_listeners(s);
    s->deadline_ns =
        now_ns + (uint64_t)config_number(s->config, SETTING_drain_ms) * NS_PER_MS + DRAIN_MARGIN_NS;
    if (!party_is_running(&s->proxy)) {
        begin_closing(s, now_ns);
    } else if (party_send_text(&s->proxy, CHANNEL_DRAIN, 0, "{}") < 0) {
        party_signal(&s->proxy, SIGTERM);
    }
}

/* The phase took too long, or a second signal came. */
static void
end_by_force(struct supervisor *s, bool all)
{
    struct party *parties[] = {&s->proxy, &s->analyzer, &s->advisor};
    for (size_t i = 0; i < ARRAY_LEN(parties); i++) {
        if (party_is_running(parties[i]) && (all || s->phase == PHASE_CLOSING || i == 0)) {
            log_warn("app", "killed", "a process did not stop in time",
                     LOG_STR("name", parties[i]->name), LOG_I64("pid", parties[i]->pid));
            party_signal(parties[i], SIGKILL);
        }
    }
    s->deadline_ns = UINT64_MAX;
}

static void
log_end(const struct party *p, pid_t pid, int status)
{
    int signal_no = status >= 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    int code = status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    log_warn("app", "process_ended", "a process has ended and is started again",
             LOG_STR("name", p->name), LOG_I64("pid", pid), LOG_I64("signal", signal_no),
             LOG_I64("code", code), LOG_U64("restarts", p->restarts));
}

static void
on_end(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    pid_t pid = p->pid;
    int status;
    on_channel(s, p, now_ns); /* its last words */
    bool had_channel = p->greeted;
    if (p == &s->analyzer) {
        s->short_lives = now_ns - p->started_ns < SHORT_LIFE_NS ? s->short_lives + 1 : 0;
    }
    party_ended(p, now_ns, &status);
    if (s->phase == PHASE_RUNNING) {
        log_end(p, pid, status);
        if (!s->flowed && p == &s->proxy) {
            struct diag diag = {0};
            diag_set(&diag, -ECHILD, "the proxy ended before it was ready%s",
                     had_channel ? "" : ": it could not be started at all");
            fail_start(s, &diag, "proxy_failed", "");
        }
        return;
    }
    log_info("app", "process_stopped", "a process has stopped", LOG_STR("name", p->name),
             LOG_I64("pid", pid));
    p->start_at_ns = UINT64_MAX;
    if (s->phase == PHASE_DRAINING && p == &s->proxy) {
        begin_closing(s, now_ns);
    }
    if (s->phase == PHASE_CLOSING && !party_is_running(&s->analyzer) &&
        !party_is_running(&s->advisor)) {
        s->phase = PHASE_OVER;
    }
}

/* ---- signals ---- */

/* Keeps what cannot change while it runs, and says so. */
static void
keep_fixed(const struct config *old, struct config *new)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (!config_setting_reloads(i) && !config_setting_equal(old, new, i)) {
            log_warn("app", "reload_ignored", "this setting needs a restart",
                     LOG_STR("setting", config_setting_name(i)));
            new->values[i] = old->values[i];
        }
    }
    bool same = old->listener_count == new->listener_count;
    for (unsigned i = 0; same && i < old->listener_count; i++) {
        same = strcmp(old->listeners[i].listen.text, new->listeners[i].listen.text) == 0 &&
               strcmp(old->listeners[i].upstream.text, new->listeners[i].upstream.text) == 0 &&
               old->listeners[i].protocol == new->listeners[i].protocol;
    }
    if (!same) {
        log_warn("app", "reload_ignored", "other listeners need a restart");
    }
    memcpy(new->listeners, old->listeners, sizeof(new->listeners));
    new->listener_count = old->listener_count;
}

static void
reload(struct supervisor *s, uint64_t now_ns)
{
    notify_reloading(now_ns);
    struct diag diag = {0};
    AUTO(config) struct config *new = config_new();
    int r = config_from_options(new, s->options.argc, s->options.argv, &diag);
    if (r == 0) {
        r = config_check(new, &diag);
    }
    if (r != 0) {
        log_diag(&diag, "reload_failed", "the configuration is left as it was");
        notify_send("READY=1");
        return;
    }
    keep_fixed(s->config, new);
    config_free(&s->config);
    s->config = TAKE(new);
    log_set_level((enum log_level)config_number(s->config, SETTING_log_level));
    if (s->proxy.ready) {
        configure_the_proxy(s, false);
    }
    if (s->analyzer.ready) {
        configure_the_analyzer(s);
    }
    if (s->advisor.ready) {
        configure_the_advisor(s);
    }
    log_info("app", "reloaded", "the configuration was read again",
             LOG_STR("log_level", config_text(s->config, SETTING_log_level)));
    notify_send("READY=1");
}

static void
on_signal(struct supervisor *s, uint64_t now_ns)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            if (s->phase == PHASE_RUNNING) {
                reload(s, now_ns);
            }
        } else if (s->phase == PHASE_RUNNING) {
            begin_draining(s, now_ns);
        } else {
            end_by_force(s, true);
        }
    }
}

static int
open_signals(struct supervisor *s, struct diag *diag)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signal_fd < 0 ? diag_set(diag, -errno, "signalfd: %s", strerror(errno)) : 0;
}

/* ---- the loop ---- */

static int
wait_ms(const struct supervisor *s, uint64_t now_ns)
{
    uint64_t next = s->status_at_ns;
    if (s->phase == PHASE_RUNNING) {
        next = MIN(next, s->attach_at_ns);
        next = MIN(next, s->proxy.start_at_ns);
        next = MIN(next, s->analyzer.start_at_ns);
        next = MIN(next, s->advisor.start_at_ns);
    } else {
        next = MIN(next, s->deadline_ns);
    }
    return next <= now_ns ? 0 : (int)MIN((next - now_ns) / NS_PER_MS + 1, 60000u);
}

static void
turn(struct supervisor *s)
{
    struct party *parties[] = {&s->proxy, &s->analyzer, &s->advisor};
    struct pollfd pfds[7] = {{s->signal_fd, POLLIN, 0}};
    for (size_t i = 0; i < ARRAY_LEN(parties); i++) {
        const struct party *p = parties[i];
        pfds[1 + 2 * i] = (struct pollfd){p->pidfd, POLLIN, 0};
        pfds[2 + 2 * i] =
            (struct pollfd){p->channel == NULL ? -1 : channel_fd(p->channel), POLLIN, 0};
    }
    if (poll(pfds, ARRAY_LEN(pfds), wait_ms(s, clock_now_ns())) < 0 && errno != EINTR) {
        log_error("app", "poll_failed", "the supervisor cannot wait", LOG_ERRNO(errno));
    }
    uint64_t now_ns = clock_now_ns();
    for (size_t i = 0; i < ARRAY_LEN(parties); i++) {
        if (pfds[2 + 2 * i].revents != 0) {
            on_channel(s, parties[i], now_ns);
        }
        if (pfds[1 + 2 * i].revents != 0) {
            on_end(s, parties[i], now_ns);
        }
    }
    on_signal(s, now_ns);
    if (s->phase == PHASE_RUNNING) {
        start_due(s, now_ns);
        if (now_ns >= s->attach_at_ns) {
            attach(s, now_ns);
        }
    } else if (s->phase != PHASE_OVER && now_ns >= s->deadline_ns) {
        end_by_force(s, false);
    }
    if (now_ns >= s->status_at_ns) {
        send_status(s, now_ns);
    }
}

/* The running proxy, or else our own listening sockets. */
static int
find_proxy(struct supervisor *s, uint64_t now_ns, struct diag *diag)
{
    struct takeover t;
    int r = takeover_find(s->data, s->config, diag, &t);
    if (r <= 0) {
        s->proxy.start_at_ns = now_ns;
        return r < 0 ? r : open_listeners(s, diag);
    }
    r = party_adopt(&s->proxy, t.fd, t.pid, now_ns, diag);
    if (r < 0) {
        return r;
    }
    s->proxy.greeted = true;
    log_info("app", "proxy_adopted", "a running proxy was taken over", LOG_I64("pid", t.pid),
             LOG_STR("version", t.version));
    for (unsigned i = 0; i < t.difference_count; i++) {
        log_warn("app", "proxy_differs", "the running proxy is not as configured",
                 LOG_STR("difference", t.differences[i]));
    }
    if (!t.configured) {
        r = open_listeners(s, diag);
        configure_the_proxy(s, true);
        return r;
    }
    proxy_is_ready(s, now_ns);
    configure_the_proxy(s, false);
    return 0;
}

static int
open_all(struct supervisor *s, struct diag *diag)
{
    int r = datadir_open(config_text(s->config, SETTING_data), diag, s->data);
    if (r == 0) {
        r = datadir_lock(s->data, DATADIR_RUN_LOCK, diag, &s->lock_fd);
    }
    if (r == 0) {
        r = datadir_hash_key(s->data, diag, s->key);
    }
    if (r == 0) {
        r = open_signals(s, diag);
    }
    uint64_t now_ns = clock_now_ns();
    if (r == 0) {
        r = find_proxy(s, now_ns, diag);
    }
    if (r == 0 && !datadir_is_locked(s->data, DATADIR_ANALYZER_LOCK)) {
        r = open_admin(s, diag);
    }
    s->analyzer.start_at_ns = now_ns;
    s->advisor.start_at_ns = now_ns;
    return r;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* Nothing that we started outlives a start that failed; an adopted proxy does. */
static void
end_started(struct supervisor *s)
{
    struct party *parties[] = {&s->proxy, &s->analyzer, &s->advisor};
    for (size_t i = 0; i < ARRAY_LEN(parties); i++) {
        if (party_is_running(parties[i]) && !parties[i]->adopted) {
            party_signal(parties[i], SIGKILL);
            (void)waitpid(parties[i]->pid, NULL, 0);
        }
        party_fini(parties[i]);
    }
}

int
supervise(const struct supervise_options *options, struct config **config, struct diag *diag)
{
    struct supervisor *s = check_alloc(1, sizeof(*s));
    s->options = *options;
    s->config = TAKE(*config);
    s->lock_fd = s->signal_fd = s->admin_fd = -1;
    s->attach_at_ns = UINT64_MAX;
    s->deadline_ns = UINT64_MAX;
    s->diag = diag;
    for (unsigned i = 0; i < CONFIG_LISTENERS_MAX; i++) {
        s->listen_fds[i] = -1;
    }
    party_init(&s->proxy, PARTY_PROXY, "proxy");
    party_init(&s->analyzer, PARTY_ANALYZER, "analyzer");
    party_init(&s->advisor, PARTY_ADVISOR, "advisor");
    s->proxy.start_at_ns = UINT64_MAX;
    if (open_all(s, diag) < 0) {
        s->exit_code = 1;
        s->phase = PHASE_OVER;
    }
    while (s->phase != PHASE_OVER) {
        turn(s);
    }
    end_started(s);
    close_listeners(s);
    close_fd(&s->admin_fd);
    close_fd(&s->signal_fd);
    close_fd(&s->lock_fd);
    int code = s->exit_code;
    if (code == 0) {
        log_info("app", "stopped", "slowburn has stopped");
    }
    config_free(&s->config);
    free(s);
    return code;
}
