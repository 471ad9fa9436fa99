/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/handover.h"
#include "app/notify.h"
#include "io/log.h"
#include "io/now.h"

#define DRAIN_MARGIN_NS (2 * NS_PER_S)
#define CLOSE_WAIT_NS   (10 * NS_PER_S)

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

size_t
supervise_proxies(struct supervisor *s, struct party *list[CHANNEL_PROXIES_MAX + 1])
{
    size_t n = 0;
    list[n++] = &s->proxy;
    list[n++] = &s->successor;
    for (size_t i = 0; i < SUPERVISE_RETIRED_MAX; i++) {
        list[n++] = &s->retired[i];
    }
    return n;
}

size_t
supervise_parties(struct supervisor *s, struct party *list[SUPERVISE_PARTIES_MAX])
{
    size_t n = supervise_proxies(s, list);
    list[n++] = &s->analyzer;
    list[n++] = &s->advisor;
    list[n++] = &s->upgrade.trial;
    return n;
}

static bool
has_proxy(struct supervisor *s)
{
    struct party *proxies[CHANNEL_PROXIES_MAX + 1];
    size_t count = supervise_proxies(s, proxies);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || party_is_running(proxies[i]);
    }
    return any;
}

static void
tell_to_end(struct party *p)
{
    if (party_is_running(p) && party_send_text(p, CHANNEL_DRAIN, 0, "{}") < 0) {
        party_signal(p, SIGTERM);
    }
}

static void
begin_closing(struct supervisor *s, uint64_t now_ns)
{
    s->phase = PHASE_CLOSING;
    s->deadline_ns = now_ns + CLOSE_WAIT_NS;
    tell_to_end(&s->analyzer);
    tell_to_end(&s->advisor);
    if (!party_is_running(&s->analyzer) && !party_is_running(&s->advisor)) {
        s->phase = PHASE_OVER;
    }
}

static void
begin_draining(struct supervisor *s, uint64_t now_ns)
{
    struct party *proxies[CHANNEL_PROXIES_MAX + 1];
    size_t count = supervise_proxies(s, proxies);
    s->phase = PHASE_DRAINING;
    notify_send("STOPPING=1");
    log_info("app", "stopping", "finishing what is in flight");
    supervise_upgrade_give_up(s);
    supervise_close_listeners(s);
    s->deadline_ns =
        now_ns + (uint64_t)config_number(s->config, SETTING_drain_ms) * NS_PER_MS + DRAIN_MARGIN_NS;
    for (size_t i = 0; i < count; i++) {
        tell_to_end(proxies[i]);
    }
    if (!has_proxy(s)) {
        begin_closing(s, now_ns);
    }
}

/* The phase took too long, or a second signal came. */
static void
end_by_force(struct supervisor *s, bool all)
{
    struct party *parties[SUPERVISE_PARTIES_MAX];
    size_t count = supervise_parties(s, parties);
    for (size_t i = 0; i < count; i++) {
        if (party_is_running(parties[i]) &&
            (all || s->phase == PHASE_CLOSING || parties[i]->who == PARTY_PROXY)) {
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
    if (s->phase == PHASE_DRAINING && !has_proxy(s)) {
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
        } else if (info.ssi_signo == SIGUSR2) {
            if (s->phase == PHASE_RUNNING) {
                supervise_upgrade_begin(s, now_ns);
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
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signal_fd < 0 ? diag_set(diag, -errno, "signalfd: %s", strerror(errno)) : 0;
}

static int
wait_ms(struct supervisor *s, uint64_t now_ns)
{
    uint64_t next = s->status_at_ns;
    struct party *parties[SUPERVISE_PARTIES_MAX];
    size_t count = supervise_parties(s, parties);
    if (s->phase == PHASE_RUNNING) {
        next = MIN(next, s->upgrade.deadline_ns);
        for (size_t i = 0; i < count; i++) {
            next = MIN(next, parties[i]->start_at_ns);
            next = MIN(next, s->analyzer.ready ? parties[i]->attach_at_ns : UINT64_MAX);
        }
    } else {
        next = MIN(next, s->deadline_ns);
    }
    return next <= now_ns ? 0 : (int)MIN((next - now_ns) / NS_PER_MS + 1, 60000u);
}

static void
wait_and_read(struct supervisor *s)
{
    struct party *parties[SUPERVISE_PARTIES_MAX];
    struct pollfd pfds[1 + 2 * SUPERVISE_PARTIES_MAX] = {{s->signal_fd, POLLIN, 0}};
    size_t count = supervise_parties(s, parties);
    for (size_t i = 0; i < count; i++) {
        const struct party *p = parties[i];
        pfds[1 + 2 * i] = (struct pollfd){p->pidfd, POLLIN, 0};
        pfds[2 + 2 * i] =
            (struct pollfd){p->channel == NULL ? -1 : channel_fd(p->channel), POLLIN, 0};
    }
    if (poll(pfds, 1 + 2 * count, wait_ms(s, now_monotonic_ns())) < 0 && errno != EINTR) {
        log_error("app", "poll_failed", "the supervisor cannot wait", LOG_ERRNO(errno));
    }
    uint64_t now_ns = now_monotonic_ns();
    for (size_t i = 0; i < count; i++) {
        /* An earlier one may have moved this one to another place. */
        int pidfd = pfds[1 + 2 * i].fd;
        if (pfds[2 + 2 * i].revents != 0 && parties[i]->pidfd == pidfd) {
            supervise_read(s, parties[i], now_ns);
        }
        if (pfds[1 + 2 * i].revents != 0 && parties[i]->pidfd == pidfd) {
            on_end(s, parties[i], now_ns);
        }
    }
}

static void
turn(struct supervisor *s)
{
    wait_and_read(s);
    uint64_t now_ns = now_monotonic_ns();
    on_signal(s, now_ns);
    if (s->phase == PHASE_RUNNING) {
        supervise_upgrade_turn(s, now_ns);
        supervise_start_due(s, now_ns);
        supervise_attach(s, now_ns);
    } else if (s->phase != PHASE_OVER && now_ns >= s->deadline_ns) {
        end_by_force(s, false);
    }
    if (now_ns >= s->status_at_ns) {
        supervise_send_status(s, now_ns);
    }
}

/* An upgrade that a dead supervisor had begun is over. */
static void
read_record(struct supervisor *s)
{
    struct upgrade_record *r = &s->upgrade.record;
    *r = upgrade_record_read(s->data);
    if (!upgrade_record_is_over(r)) {
        snprintf(r->state, sizeof(r->state), "failed");
        snprintf(r->reason, sizeof(r->reason), "the supervisor died in the midst of it");
        (void)!upgrade_record_write(s->data, r);
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
        read_record(s);
        handover_own_program(s->program, sizeof(s->program));
        r = datadir_hash_key(s->data, diag, s->key);
    }
    if (r == 0) {
        r = open_signals(s, diag);
    }
    uint64_t now_ns = now_monotonic_ns();
    if (r == 0) {
        r = supervise_find_proxies(s, now_ns, diag);
    }
    if (r == 0 && !datadir_is_locked(s->data, DATADIR_ANALYZER_LOCK)) {
        r = supervise_open_admin(s, diag);
    }
    s->analyzer.start_at_ns = now_ns;
    s->advisor.start_at_ns = now_ns;
    return r;
}

/* We were another binary a moment ago. */
static int
go_on(struct supervisor *s, json_t *handover, struct diag *diag)
{
    uint64_t now_ns = now_monotonic_ns();
    int r = supervise_take_over(s, handover, now_ns, diag);
    if (r == 0) {
        r = datadir_hash_key(s->data, diag, s->key);
    }
    if (r == 0) {
        r = open_signals(s, diag);
    }
    if (r < 0) {
        return r;
    }
    struct party *const all[] = {&s->proxy, &s->analyzer, &s->advisor};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (!party_is_running(all[i])) {
            all[i]->start_at_ns = now_ns;
        }
    }
    s->upgrade.record = upgrade_record_of(json_object_get(handover, "upgrade"));
    if (json_is_true(json_object_get(handover, "back"))) {
        supervise_upgrade_came_back(s);
    } else {
        supervise_upgrade_go_on(s, now_ns);
    }
    return 0;
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
    s->deadline_ns = UINT64_MAX;
    s->upgrade.deadline_ns = UINT64_MAX;
    s->upgrade.former_exe = -1;
    s->diag = diag;
    for (unsigned i = 0; i < CONFIG_LISTENERS_MAX; i++) {
        s->listen_fds[i] = -1;
    }
    party_init(&s->proxy, PARTY_PROXY, "proxy");
    party_init(&s->successor, PARTY_PROXY, "proxy");
    for (size_t i = 0; i < SUPERVISE_RETIRED_MAX; i++) {
        party_init(&s->retired[i], PARTY_PROXY, "proxy");
    }
    party_init(&s->upgrade.trial, PARTY_NONE, "trial");
    party_init(&s->analyzer, PARTY_ANALYZER, "analyzer");
    party_init(&s->advisor, PARTY_ADVISOR, "advisor");
    int r = options->handover == NULL ? open_all(s, diag) : go_on(s, options->handover, diag);
    if (r < 0) {
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
