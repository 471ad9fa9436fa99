/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "app/takeover.h"
#include "io/log.h"

#define LOCK_POLL_NS  (100 * NS_PER_MS)
#define SHORT_LIFE_NS (10 * NS_PER_S)

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
        p->start_at_ns = now_ns + SUPERVISE_RETRY_NS;
        supervise_fail(s, &diag, "start_failed", "a process could not be started");
        return;
    }
    log_info("app", "process_started", "a process was started", LOG_STR("name", p->name),
             LOG_I64("pid", p->pid), LOG_U64("restarts", p->restarts));
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

int
supervise_find_proxy(struct supervisor *s, uint64_t now_ns, struct diag *diag)
{
    struct takeover t;
    int r = takeover_find(s->data, s->config, diag, &t);
    if (r <= 0) {
        s->proxy.start_at_ns = now_ns;
        return r < 0 ? r : supervise_open_listeners(s, diag);
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
        r = supervise_open_listeners(s, diag);
        supervise_configure_proxy(s, true);
        return r;
    }
    supervise_proxy_is_ready(s, now_ns);
    supervise_configure_proxy(s, false);
    return 0;
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
    if (s->phase != PHASE_RUNNING) {
        log_info("app", "process_stopped", "a process has stopped", LOG_STR("name", p->name),
                 LOG_I64("pid", pid));
        p->start_at_ns = UINT64_MAX;
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
    struct party *parties[] = {&s->proxy, &s->analyzer, &s->advisor};
    for (size_t i = 0; i < ARRAY_LEN(parties); i++) {
        if (party_is_running(parties[i]) && !parties[i]->adopted) {
            party_signal(parties[i], SIGKILL);
            (void)waitpid(parties[i]->pid, NULL, 0);
        }
        party_fini(parties[i]);
    }
}
