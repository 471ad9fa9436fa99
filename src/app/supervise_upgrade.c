/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/handover.h"
#include "io/log.h"
#include "io/now.h"

#define TRY_NS   (10 * NS_PER_S)
#define START_NS (15 * NS_PER_S)
/* How long the new proxy accepts clients beside the old one before that one retires. */
#define PROVE_NS (3 * NS_PER_S)
#define RENEW_NS (20 * NS_PER_S)

static void
record(struct supervisor *s, const char *state)
{
    struct upgrade_record *r = &s->upgrade.record;
    snprintf(r->state, sizeof(r->state), "%s", state);
    int err = upgrade_record_write(s->data, r);
    if (err < 0) {
        log_warn("app", "upgrade_unrecorded", "DATA/upgrade.json cannot be written",
                 LOG_ERRNO(err));
    }
    s->status_at_ns = 0;
}

static void
step(struct supervisor *s, enum upgrade_step to, const char *state, uint64_t deadline_ns)
{
    s->upgrade.step = to;
    s->upgrade.deadline_ns = deadline_ns;
    record(s, state);
}

static void
finish(struct supervisor *s)
{
    for (unsigned i = 0; i < s->upgrade.spare_count; i++) {
        close(s->upgrade.spare_fds[i]);
    }
    s->upgrade.spare_count = 0;
    json_decref(s->upgrade.former);
    s->upgrade.former = NULL;
    if (s->upgrade.former_exe >= 0) {
        close(s->upgrade.former_exe);
    }
    s->upgrade.former_exe = -1;
}

static void
fail(struct supervisor *s, const char *reason)
{
    struct upgrade_record *r = &s->upgrade.record;
    snprintf(r->reason, sizeof(r->reason), "%s", reason);
    step(s, UPGRADE_NONE, "failed", UINT64_MAX);
    log_error("app", "upgrade_failed", "nothing was replaced, the running proxy goes on",
              LOG_STR("reason", r->reason));
}

static void
kill_and_reap(struct party *p)
{
    if (party_is_running(p)) {
        party_signal(p, SIGKILL);
        (void)waitpid(p->pid, NULL, 0);
    }
    party_fini(p);
    p->start_at_ns = UINT64_MAX;
}

/* ---- the old binary ---- */

static const char *
obstacle(struct supervisor *s, char *text, size_t size)
{
    if (s->program[0] == '\0') {
        return "where this program lies cannot be told, so there is nothing to run instead";
    }
    if (!s->proxy.ready || s->proxy.channel == NULL) {
        return "the proxy is not ready";
    }
    for (unsigned i = 0; i < s->config->listener_count; i++) {
        if (s->listen_fds[i] < 0) {
            return "the running proxy is of a version that does not hand its sockets over: it "
                   "needs a restart";
        }
    }
    if (supervise_retired_place(s) == NULL) {
        char until[UPGRADE_TIME_MAX];
        const struct party *p = &s->retired[0];
        for (size_t i = 1; i < SUPERVISE_RETIRED_MAX; i++) {
            p = s->retired[i].end_ns < p->end_ns ? &s->retired[i] : p;
        }
        uint64_t now_ns = s->upgrade.asked_ns;
        uint64_t left_s = p->end_ns > now_ns ? (p->end_ns - now_ns) / NS_PER_S : 0;
        upgrade_record_time(now_wall_s() + (time_t)left_s, until);
        snprintf(text, size,
                 "%d former proxies still finish their sessions, the first of them until %s; "
                 "ending its process (%d) closes them",
                 SUPERVISE_RETIRED_MAX, until, (int)p->pid);
        return text;
    }
    return NULL;
}

static int
send_trial(struct supervisor *s)
{
    json_t *argv = json_array();
    for (int i = 0; i < s->options.argc; i++) {
        json_array_append_new(argv, json_string(s->options.argv[i]));
    }
    json_t *handover = supervise_handover(s, false);
    json_object_del(handover, "config"); /* it reads the file itself */
    json_t *o = json_pack("{s:o, s:o}", "argv", argv, "handover", handover);
    char *text = json_dumps(o, JSON_COMPACT);
    int r = party_send_text(&s->upgrade.trial, CHANNEL_CONFIGURE, ++s->id, text);
    free(text);
    json_decref(o);
    return r;
}

void
supervise_upgrade_begin(struct supervisor *s, uint64_t now_ns)
{
    struct upgrade *u = &s->upgrade;
    if (u->step != UPGRADE_NONE) {
        log_warn("app", "upgrade_ignored", "an upgrade is under way already");
        return;
    }
    u->record = (struct upgrade_record){.id = u->record.id + 1};
    u->asked_ns = now_ns;
    snprintf(u->record.from, sizeof(u->record.from), "%s", SLOWBURN_VERSION);
    char text[256];
    const char *why_not = obstacle(s, text, sizeof(text));
    if (why_not != NULL) {
        fail(s, why_not);
        return;
    }
    log_info("app", "upgrade_begins", "trying the new binary", LOG_STR("program", s->program));
    const char *argv[] = {"slowburn",
                          "child",
                          "trial",
                          "--data",
                          s->data,
                          "--log-format",
                          config_text(s->config, SETTING_log_format),
                          "--log-level",
                          config_text(s->config, SETTING_log_level),
                          NULL};
    struct diag diag = {0};
    party_init(&u->trial, PARTY_NONE, "trial");
    u->trial_is_right = false;
    step(s, UPGRADE_TRYING, "trying", now_ns + TRY_NS);
    if (party_start(&u->trial, s->program, argv, now_ns, &diag) < 0) {
        fail(s, diag.message);
        return;
    }
    int r = send_trial(s);
    /* -EPIPE: it is gone already, and how it ended says more. */
    if (r < 0 && r != -EPIPE) {
        kill_and_reap(&u->trial);
        fail(s, "the new binary cannot be asked");
    }
}

/* It has said that it can: from the next line on this process is the new binary. */
static void
become_the_new_one(struct supervisor *s)
{
    struct diag diag = {0};
    (void)supervise_become(s, supervise_handover(s, false), -1, s->program, &diag);
    fail(s, diag.message);
}

static void
trial_ended(struct supervisor *s, int status)
{
    char text[256];
    int code = status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    int signal_no = status >= 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (s->upgrade.step != UPGRADE_TRYING) {
        return;
    }
    if (s->upgrade.trial_is_right && code == 0) {
        become_the_new_one(s);
        return;
    }
    if (s->upgrade.record.reason[0] != '\0') {
        snprintf(text, sizeof(text), "%.250s", s->upgrade.record.reason);
    } else if (signal_no != 0) {
        snprintf(text, sizeof(text), "%.180s crashed when tried (signal %d)", s->program,
                 signal_no);
    } else if (code == 127) {
        snprintf(text, sizeof(text), "%.180s cannot be run", s->program);
    } else {
        snprintf(text, sizeof(text),
                 "%.150s does not answer as a slowburn that can take over would (exit code %d)",
                 s->program, code);
    }
    fail(s, text);
}

void
supervise_upgrade_came_back(struct supervisor *s)
{
    char reason[sizeof(s->upgrade.record.reason)];
    memcpy(reason, s->upgrade.record.reason, sizeof(reason));
    finish(s);
    fail(s, reason);
}

/* ---- the new binary ---- */

/* Becomes the old binary again, with everything that it had. */
static void
go_back(struct supervisor *s, const char *reason)
{
    struct upgrade *u = &s->upgrade;
    kill_and_reap(&s->successor);
    snprintf(u->record.reason, sizeof(u->record.reason), "%s", reason);
    log_error("app", "upgrade_undone", "going back to the former binary",
              LOG_STR("reason", reason));
    struct diag diag = {0};
    if (u->former_exe >= 0) {
        (void)supervise_become(s, supervise_handover(s, true), u->former_exe, s->program, &diag);
        supervise_log_diag(&diag, "upgrade_stuck", "cannot go back to the former binary");
    }
    finish(s);
    fail(s, reason);
    if (!party_is_running(&s->proxy)) {
        s->proxy.start_at_ns = 0;
    }
}

void
supervise_upgrade_go_on(struct supervisor *s, uint64_t now_ns)
{
    struct diag diag = {0};
    snprintf(s->upgrade.record.to, sizeof(s->upgrade.record.to), "%s", SLOWBURN_VERSION);
    party_init(&s->upgrade.trial, PARTY_NONE, "trial");
    step(s, UPGRADE_STARTING, "starting", now_ns + START_NS);
    int r = supervise_open_listeners(s, &diag);
    if (r == 0) {
        r = supervise_start_proxy_in(s, &s->successor, supervise_free_slot(s), now_ns, &diag);
    }
    if (r < 0) {
        go_back(s, diag.message);
    }
}

static void
tell_to_leave(struct supervisor *s, struct party *p, bool *renews)
{
    *renews = party_is_running(p);
    if (*renews && party_send_text(p, CHANNEL_DRAIN, 0, "{}") < 0) {
        party_signal(p, SIGTERM);
    }
}

/* The new proxy is the proxy. */
static void
commit(struct supervisor *s, uint64_t now_ns)
{
    struct upgrade *u = &s->upgrade;
    struct party *place = supervise_retired_place(s);
    uint64_t restarts = s->proxy.restarts;
    if (party_is_running(&s->proxy)) {
        *place = s->proxy;
        supervise_retire(s, place, now_ns);
        log_info("app", "upgraded", "the new proxy accepts clients, the former one finishes",
                 LOG_I64("pid", s->successor.pid), LOG_I64("former_pid", place->pid),
                 LOG_STR("version", s->successor.version),
                 LOG_U64("bound_s", (uint64_t)config_number(s->config, SETTING_upgrade_drain_s)));
    }
    s->proxy = s->successor;
    s->proxy.restarts = restarts;
    party_init(&s->successor, PARTY_PROXY, "proxy");
    finish(s);
    supervise_note_listeners(s);
    step(s, UPGRADE_RENEWING, "renewing", now_ns + RENEW_NS);
    tell_to_leave(s, &s->analyzer, &u->renews_analyzer);
    tell_to_leave(s, &s->advisor, &u->renews_advisor);
}

static void
check_renewed(struct supervisor *s, bool late)
{
    struct upgrade *u = &s->upgrade;
    bool renewed =
        !u->renews_analyzer && !u->renews_advisor && s->analyzer.ready && s->advisor.ready;
    if (!renewed && !late) {
        return;
    }
    if (!renewed) {
        snprintf(u->record.reason, sizeof(u->record.reason),
                 "traffic flows through the new proxy, but the %s is not back yet",
                 u->renews_analyzer || !s->analyzer.ready ? "analyzer" : "advisor");
        log_warn("app", "upgrade_slow", u->record.reason);
    }
    u->renews_analyzer = u->renews_advisor = false;
    step(s, UPGRADE_NONE, "done", UINT64_MAX);
    log_info("app", "upgrade_done", "the upgrade is complete", LOG_STR("from", u->record.from),
             LOG_STR("to", u->record.to));
}

void
supervise_upgrade_turn(struct supervisor *s, uint64_t now_ns)
{
    struct upgrade *u = &s->upgrade;
    if (u->step == UPGRADE_RENEWING) {
        check_renewed(s, false);
    }
    if (u->step == UPGRADE_NONE || now_ns < u->deadline_ns) {
        return;
    }
    switch (u->step) {
    case UPGRADE_TRYING:
        kill_and_reap(&u->trial);
        fail(s, "the new binary did not answer within 10 s");
        break;
    case UPGRADE_STARTING:
        go_back(s, "the new proxy was not ready within 15 s");
        break;
    case UPGRADE_PROVING:
        commit(s, now_ns);
        break;
    case UPGRADE_RENEWING:
        if (u->renews_analyzer) {
            party_signal(&s->analyzer, SIGKILL);
        }
        if (u->renews_advisor) {
            party_signal(&s->advisor, SIGKILL);
        }
        check_renewed(s, true);
        break;
    case UPGRADE_NONE:
        break;
    }
}

void
supervise_upgrade_said(struct supervisor *s, struct party *p, const json_t *status, uint64_t now_ns)
{
    struct upgrade *u = &s->upgrade;
    bool ok = json_is_true(json_object_get(status, "ok"));
    const char *reason = json_string_value(json_object_get(status, "reason"));
    if (p == &u->trial) {
        const char *version = json_string_value(json_object_get(status, "version"));
        snprintf(u->record.to, sizeof(u->record.to), "%.31s", version == NULL ? "" : version);
        u->trial_is_right = ok;
        if (!ok) {
            snprintf(u->record.reason, sizeof(u->record.reason), "%.500s",
                     reason == NULL ? "the new binary refuses" : reason);
        }
    } else if (u->step == UPGRADE_STARTING && ok) {
        p->ready = true;
        p->attach_at_ns = now_ns;
        supervise_attach(s, now_ns);
        step(s, UPGRADE_PROVING, "proving", now_ns + PROVE_NS);
    } else if (u->step == UPGRADE_STARTING) {
        char text[400];
        snprintf(text, sizeof(text), "the new proxy refuses its configuration: %.300s",
                 reason == NULL ? "it does not say why" : reason);
        go_back(s, text);
    }
}

bool
supervise_upgrade_ended(struct supervisor *s, struct party *p, int status, uint64_t now_ns)
{
    struct upgrade *u = &s->upgrade;
    if (p == &u->trial) {
        p->start_at_ns = UINT64_MAX;
        trial_ended(s, status);
        return true;
    }
    if (p == &s->successor) {
        char text[128];
        int signal_no = status >= 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        int code = status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        bool served = u->step == UPGRADE_PROVING;
        snprintf(text, sizeof(text), "the new proxy ended %s (%s %d)",
                 served ? "right after it had begun to accept clients" : "before it was ready",
                 signal_no != 0 ? "signal" : "exit code", signal_no != 0 ? signal_no : code);
        p->start_at_ns = UINT64_MAX;
        supervise_send_rings_end(s, p);
        go_back(s, text);
        return true;
    }
    bool *renews = p == &s->analyzer ? &u->renews_analyzer : &u->renews_advisor;
    if ((p == &s->analyzer || p == &s->advisor) && *renews) {
        *renews = false;
        p->restarts--; /* it was told to */
        p->failures = 0;
        p->start_at_ns = now_ns;
        s->short_lives = p == &s->analyzer ? 0 : s->short_lives;
        return true;
    }
    if (p == &s->proxy && (u->step == UPGRADE_STARTING || u->step == UPGRADE_PROVING)) {
        /* Whoever comes next has its sockets: the successor, or the way back starts it again. */
        p->start_at_ns = UINT64_MAX;
        supervise_send_rings_end(s, p);
        log_warn("app", "proxy_died", "the former proxy has died during the upgrade",
                 LOG_I64("restarts", (int64_t)p->restarts));
        return true;
    }
    return false;
}

void
supervise_upgrade_give_up(struct supervisor *s)
{
    struct upgrade *u = &s->upgrade;
    if (u->step == UPGRADE_NONE) {
        return;
    }
    kill_and_reap(&u->trial);
    finish(s);
    snprintf(u->record.reason, sizeof(u->record.reason), "slowburn was told to stop meanwhile");
    if (u->step != UPGRADE_RENEWING) {
        step(s, UPGRADE_NONE, "failed", UINT64_MAX);
    } else {
        step(s, UPGRADE_NONE, "done", UINT64_MAX);
    }
    u->renews_analyzer = u->renews_advisor = false;
}
