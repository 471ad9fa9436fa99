/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/takeover.h"
#include "io/log.h"

#define LOCK_POLL_NS  (100 * NS_PER_MS)
#define SHORT_LIFE_NS (10 * NS_PER_S)

static int
launch(struct supervisor *s, struct party *p, uint64_t now_ns, struct diag *diag)
{
    const char *program = s->options.program == NULL ? "/proc/self/exe" : s->options.program;
    char slot[16];
    snprintf(slot, sizeof(slot), "%u", p->slot);
    const char *argv[] = {"slowburn",
                          "child",
                          p->name,
                          "--data",
                          s->data,
                          "--log-format",
                          config_text(s->config, SETTING_log_format),
                          "--log-level",
                          config_text(s->config, SETTING_log_level),
                          "--slot",
                          slot,
                          NULL};
    p->start_at_ns = UINT64_MAX;
    int r = party_start(p, program, argv, now_ns, diag);
    if (r == 0) {
        log_info("app", "process_started", "a process was started", LOG_STR("name", p->name),
                 LOG_I64("pid", p->pid), LOG_U64("restarts", p->restarts));
    }
    return r;
}

static void
start(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    struct diag diag = {0};
    if (launch(s, p, now_ns, &diag) < 0) {
        p->start_at_ns = now_ns + SUPERVISE_RETRY_NS;
        supervise_fail(s, &diag, "start_failed", "a process could not be started");
    }
}

int
supervise_start_proxy_in(struct supervisor *s, struct party *p, unsigned slot, uint64_t now_ns,
                         struct diag *diag)
{
    p->slot = slot;
    return launch(s, p, now_ns, diag);
}

unsigned
supervise_free_slot(struct supervisor *s)
{
    struct party *proxies[CHANNEL_PROXIES_MAX + 1];
    size_t count = supervise_proxies(s, proxies);
    for (unsigned slot = 0; slot < CHANNEL_PROXIES_MAX; slot++) {
        bool taken = false;
        for (size_t i = 0; i < count; i++) {
            taken = taken || (party_is_running(proxies[i]) && proxies[i]->slot == slot);
        }
        if (!taken) {
            return slot;
        }
    }
    return CHANNEL_PROXIES_MAX;
}

struct party *
supervise_retired_place(struct supervisor *s)
{
    for (size_t i = 0; i < SUPERVISE_RETIRED_MAX; i++) {
        if (!party_is_running(&s->retired[i])) {
            return &s->retired[i];
        }
    }
    return NULL;
}

bool
supervise_is_retired(const struct supervisor *s, const struct party *p)
{
    return p >= s->retired && p < s->retired + SUPERVISE_RETIRED_MAX;
}

static void
start_proxy(struct supervisor *s, uint64_t now_ns)
{
    struct diag diag = {0};
    if (supervise_open_listeners(s, &diag) < 0) {
        s->proxy.start_at_ns = now_ns + SUPERVISE_RETRY_NS;
        supervise_fail(s, &diag, "listen_failed", "a listener could not be opened");
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
    if (supervise_open_admin(s, &diag) < 0) {
        s->analyzer.start_at_ns = now_ns + SUPERVISE_RETRY_NS;
        supervise_fail(s, &diag, "admin_failed", "the admin API could not be opened");
        return;
    }
    start(s, &s->analyzer, now_ns);
}

void
supervise_start_due(struct supervisor *s, uint64_t now_ns)
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

static void
keep_sockets(struct supervisor *s, struct takeover *t)
{
    for (unsigned k = 0; k < t->listener_count; k++) {
        for (unsigned i = 0; i < s->config->listener_count && t->listen_fds[k] >= 0; i++) {
            if (s->listen_fds[i] < 0 &&
                strcmp(s->config->listeners[i].listen.text, t->listen_texts[k]) == 0) {
                s->listen_fds[i] = t->listen_fds[k];
                t->listen_fds[k] = -1;
            }
        }
        if (t->listen_fds[k] >= 0) {
            close(t->listen_fds[k]);
        }
    }
}

static int
adopt(struct supervisor *s, struct takeover *t, struct party *p, uint64_t now_ns, struct diag *diag)
{
    int r = party_adopt(p, t->fd, t->pid, now_ns, diag);
    if (r < 0) {
        return r;
    }
    p->greeted = true;
    p->slot = t->slot;
    p->sessions = t->sessions;
    snprintf(p->version, sizeof(p->version), "%s", t->version);
    log_info("app", "proxy_adopted", "a running proxy was taken over", LOG_I64("pid", t->pid),
             LOG_STR("version", t->version), LOG_U64("sessions", t->sessions));
    return 0;
}

/* One that has retired already, or that accepts clients beside a younger one because a supervisor
 * died in the midst of an upgrade. */
static int
adopt_former(struct supervisor *s, struct takeover *t, uint64_t now_ns, struct diag *diag)
{
    struct party *p = supervise_retired_place(s);
    keep_sockets(s, t);
    if (p == NULL) {
        close(t->fd);
        return 0;
    }
    int r = adopt(s, t, p, now_ns, diag);
    if (r == 0 && t->retired) {
        p->retired = true;
        p->ready = true;
        p->end_ns = now_ns + t->left_ms * NS_PER_MS;
        p->attach_at_ns = now_ns;
    } else if (r == 0) {
        p->ready = true;
        p->attach_at_ns = now_ns;
        supervise_retire(s, p, now_ns);
    }
    return r;
}

static int
adopt_present(struct supervisor *s, struct takeover *t, uint64_t now_ns, struct diag *diag)
{
    int r = adopt(s, t, &s->proxy, now_ns, diag);
    keep_sockets(s, t);
    if (r < 0) {
        return r;
    }
    for (unsigned i = 0; i < t->difference_count; i++) {
        log_warn("app", "proxy_differs", "the running proxy is not as configured",
                 LOG_STR("difference", t->differences[i]));
    }
    if (!t->configured) {
        r = supervise_open_listeners(s, diag);
        supervise_configure_proxy(s, &s->proxy, true);
        return r;
    }
    supervise_proxy_is_ready(s, now_ns);
    supervise_configure_proxy(s, &s->proxy, false);
    return 0;
}

int
supervise_find_proxies(struct supervisor *s, uint64_t now_ns, struct diag *diag)
{
    struct takeover found[CHANNEL_PROXIES_MAX];
    unsigned count = 0, present = CHANNEL_PROXIES_MAX;
    int r = 0;
    for (unsigned slot = 0; slot < CHANNEL_PROXIES_MAX && r >= 0; slot++) {
        r = takeover_find(s->data, slot, s->config, diag, &found[count]);
        count += r > 0;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!found[i].retired && (present == CHANNEL_PROXIES_MAX ||
                                  (found[i].configured && !found[present].configured) ||
                                  (found[i].configured == found[present].configured &&
                                   found[i].started > found[present].started))) {
            present = i;
        }
    }
    for (unsigned i = 0; i < count && r >= 0; i++) {
        r = i == present ? adopt_present(s, &found[i], now_ns, diag)
                         : adopt_former(s, &found[i], now_ns, diag);
    }
    if (r >= 0 && present == CHANNEL_PROXIES_MAX) {
        s->proxy.slot = supervise_free_slot(s);
        s->proxy.start_at_ns = now_ns;
        r = supervise_open_listeners(s, diag);
    }
    return MIN(r, 0);
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

/* A former proxy has no session left, or has died. */
static void
retired_ended(struct supervisor *s, struct party *p, pid_t pid, int status)
{
    int signal_no = status >= 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    supervise_send_rings_end(s, p);
    log_info("app", "proxy_gone", "the former proxy has ended", LOG_I64("pid", pid),
             LOG_STR("version", p->version), LOG_I64("signal", signal_no));
    party_init(p, PARTY_PROXY, "proxy");
}

void
supervise_reap(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    pid_t pid = p->pid;
    int status;
    supervise_read(s, p, now_ns); /* its last words */
    bool had_channel = p->greeted;
    if (p == &s->analyzer) {
        s->short_lives = now_ns - p->started_ns < SHORT_LIFE_NS ? s->short_lives + 1 : 0;
    }
    party_ended(p, now_ns, &status);
    s->status_at_ns = now_ns;
    if (supervise_is_retired(s, p)) {
        retired_ended(s, p, pid, status);
        return;
    }
    if (s->phase != PHASE_RUNNING) {
        log_info("app", "process_stopped", "a process has stopped", LOG_STR("name", p->name),
                 LOG_I64("pid", pid));
        p->start_at_ns = UINT64_MAX;
        return;
    }
    if (supervise_upgrade_ended(s, p, status, now_ns)) {
        return;
    }
    log_end(p, pid, status);
    if (!s->flowed && p == &s->proxy) {
        struct diag diag = {0};
        diag_set(&diag, -ECHILD, "the proxy ended before it was ready%s",
                 had_channel ? "" : ": it could not be started at all");
        supervise_fail(s, &diag, "proxy_failed", "");
    }
}

void
supervise_end_started(struct supervisor *s)
{
    struct party *parties[SUPERVISE_PARTIES_MAX];
    size_t count = supervise_parties(s, parties);
    for (size_t i = 0; i < count; i++) {
        if (party_is_running(parties[i]) && !parties[i]->adopted) {
            party_signal(parties[i], SIGKILL);
            (void)waitpid(parties[i]->pid, NULL, 0);
        }
        party_fini(parties[i]);
    }
}
