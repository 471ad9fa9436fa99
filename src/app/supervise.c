/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "app/notify.h"
#include "io/log.h"

#define DRAIN_MARGIN_NS (2 * NS_PER_S)
#define CLOSE_WAIT_NS   (10 * NS_PER_S)

static uint64_t
clock_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

void
supervise_log_diag(const struct diag *diag, const char *event, const char *message)
{
    char text[1100];
    log_error("app", event, message, LOG_STR("reason", diag_format(diag, text, sizeof(text))));
}

void
supervise_fail(struct supervisor *s, const struct diag *diag, const char *event,
               const char *message)
{
    if (s->flowed || s->phase != PHASE_RUNNING) {
        supervise_log_diag(diag, event, message);
        return;
    }
    *s->diag = *diag;
    s->exit_code = 1;
    s->phase = PHASE_OVER;
}

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
    supervise_close_listeners(s);
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
on_end(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    supervise_reap(s, p, now_ns);
    if (s->phase == PHASE_DRAINING && p == &s->proxy) {
        begin_closing(s, now_ns);
    }
    if (s->phase == PHASE_CLOSING && !party_is_running(&s->analyzer) &&
        !party_is_running(&s->advisor)) {
        s->phase = PHASE_OVER;
    }
}

static void
on_signal(struct supervisor *s, uint64_t now_ns)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            if (s->phase == PHASE_RUNNING) {
                supervise_reload(s, now_ns);
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
            supervise_read(s, parties[i], now_ns);
        }
        if (pfds[1 + 2 * i].revents != 0) {
            on_end(s, parties[i], now_ns);
        }
    }
    on_signal(s, now_ns);
    if (s->phase == PHASE_RUNNING) {
        supervise_start_due(s, now_ns);
        if (now_ns >= s->attach_at_ns) {
            supervise_attach(s, now_ns);
        }
    } else if (s->phase != PHASE_OVER && now_ns >= s->deadline_ns) {
        end_by_force(s, false);
    }
    if (now_ns >= s->status_at_ns) {
        supervise_send_status(s, now_ns);
    }
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
        r = supervise_find_proxy(s, now_ns, diag);
    }
    if (r == 0 && !datadir_is_locked(s->data, DATADIR_ANALYZER_LOCK)) {
        r = supervise_open_admin(s, diag);
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
    supervise_end_started(s);
    supervise_close_listeners(s);
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
