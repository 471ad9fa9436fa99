/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/configure.h"
#include "app/listeners_file.h"
#include "app/notify.h"
#include "io/log.h"

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

void
supervise_configure_proxy(struct supervisor *s, struct party *p, bool whole)
{
    struct channel_message m = {.id = ++s->id};
    p->configure_id = m.id;
    if (whole) {
        m.fd_count = s->config->listener_count;
        memcpy(m.fds, s->listen_fds, m.fd_count * sizeof(int));
    }
    (void)send_owned(p, &m, configure_proxy(s->config, s->key, whole));
}

void
supervise_configure_analyzer(struct supervisor *s)
{
    struct channel_message m = {0};
    if (s->admin_fd >= 0) {
        m.fd_count = 1;
        m.fds[0] = s->admin_fd;
    }
    s->analyzer.ready = send_owned(&s->analyzer, &m, configure_analyzer(s->config, s->data)) == 0;
}

void
supervise_configure_advisor(struct supervisor *s)
{
    struct channel_message m = {0};
    s->advisor.ready = send_owned(&s->advisor, &m, configure_advisor(s->config)) == 0;
}

/* An analyzer that keeps dying may be dying of what is in the rings: it gets new ones. */
void
supervise_attach(struct supervisor *s, uint64_t now_ns)
{
    struct party *proxies[CHANNEL_PROXIES_MAX + 1];
    size_t count = supervise_proxies(s, proxies);
    const char *text = s->short_lives < SUPERVISE_FRESH_AFTER ? "{}" : "{\"fresh\":true}";
    for (size_t i = 0; i < count; i++) {
        struct party *p = proxies[i];
        if (!p->ready || !s->analyzer.ready || now_ns < p->attach_at_ns) {
            continue;
        }
        p->attach_at_ns = UINT64_MAX;
        if (party_send_text(p, CHANNEL_ATTACH, ++s->id, text) < 0 && p->channel != NULL) {
            p->attach_at_ns = now_ns + SUPERVISE_RETRY_NS;
        }
    }
}

void
supervise_attach_all(struct supervisor *s, uint64_t now_ns)
{
    struct party *proxies[CHANNEL_PROXIES_MAX + 1];
    size_t count = supervise_proxies(s, proxies);
    for (size_t i = 0; i < count; i++) {
        proxies[i]->attach_at_ns = proxies[i]->ready ? now_ns : UINT64_MAX;
    }
    supervise_attach(s, now_ns);
}

void
supervise_retire(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    uint64_t bound_ms = (uint64_t)config_number(s->config, SETTING_upgrade_drain_s) * 1000;
    char text[48];
    snprintf(text, sizeof(text), "{\"bound_ms\":%llu}", (unsigned long long)bound_ms);
    p->retired = true;
    p->end_ns = now_ns + bound_ms * NS_PER_MS;
    if (party_send_text(p, CHANNEL_RETIRE, 0, text) < 0) {
        log_warn("app", "retire_failed", "the former proxy cannot be told to retire",
                 LOG_I64("pid", p->pid));
    }
}

void
supervise_tell_ready(struct supervisor *s)
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

void
supervise_note_listeners(struct supervisor *s)
{
    int r = listeners_file_write(s->data, s->config);
    if (r < 0) {
        log_warn("app", "listeners_unrecorded", "DATA/listeners.json cannot be written",
                 LOG_ERRNO(r));
    }
}

void
supervise_proxy_is_ready(struct supervisor *s, uint64_t now_ns)
{
    s->proxy.ready = true;
    s->flowed = true;
    supervise_note_listeners(s);
    s->status_at_ns = now_ns;
    s->proxy.attach_at_ns = now_ns;
    supervise_attach(s, now_ns);
    supervise_tell_ready(s);
}

static bool
is_same_listener(const struct config_listener *a, const struct config_listener *b)
{
    return a->protocol == b->protocol && strcmp(a->listen.text, b->listen.text) == 0 &&
           strcmp(a->upstream.text, b->upstream.text) == 0 &&
           memcmp(&a->settings, &b->settings, sizeof(a->settings)) == 0;
}

/* Keeps what cannot change while it runs, and says so. */
static void
keep_fixed(const struct config *old, struct config *new)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (!config_setting_reloads(i) && !config_setting_equal(old, new, i)) {
            log_warn("app", "reload_ignored", "this setting needs slowburn upgrade or a restart",
                     LOG_STR("setting", config_setting_name(i)));
            new->values[i] = old->values[i];
        }
    }
    bool same = old->listener_count == new->listener_count;
    for (unsigned i = 0; same && i < old->listener_count; i++) {
        same = is_same_listener(&old->listeners[i], &new->listeners[i]);
    }
    if (!same) {
        log_warn(
            "app", "reload_ignored",
            "other listeners, or other settings of theirs, need slowburn upgrade or a restart");
    }
    if (new->webhook_count != old->webhook_count ||
        memcmp(new->webhooks, old->webhooks, sizeof(new->webhooks)) != 0) {
        log_warn("app", "reload_ignored",
                 "other webhooks need slowburn upgrade or a restart; a new secret does not");
    }
    if (memcmp(&new->objectives, &old->objectives, sizeof(new->objectives)) != 0) {
        log_warn("app", "reload_ignored", "other objectives need slowburn upgrade or a restart");
    }
    new->objectives = old->objectives;
    memcpy(new->webhooks, old->webhooks, sizeof(new->webhooks));
    new->webhook_count = old->webhook_count;
    memcpy(new->listeners, old->listeners, sizeof(new->listeners));
    new->listener_count = old->listener_count;
}

void
supervise_reload(struct supervisor *s, uint64_t now_ns)
{
    notify_reloading(now_ns);
    struct diag diag = {0};
    AUTO(config) struct config *new = config_new();
    int r = config_from_options(new, s->options.argc, s->options.argv, &diag);
    if (r == 0) {
        r = config_check(new, &diag);
    }
    if (r != 0) {
        supervise_log_diag(&diag, "reload_failed", "the configuration is left as it was");
        notify_send("READY=1");
        return;
    }
    keep_fixed(s->config, new);
    config_free(&s->config);
    s->config = TAKE(new);
    log_set_level((enum log_level)config_number(s->config, SETTING_log_level));
    struct party *proxies[CHANNEL_PROXIES_MAX + 1];
    size_t count = supervise_proxies(s, proxies);
    for (size_t i = 0; i < count; i++) {
        if (proxies[i]->ready) {
            supervise_configure_proxy(s, proxies[i], false);
        }
    }
    if (s->analyzer.ready) {
        supervise_configure_analyzer(s);
    }
    if (s->advisor.ready) {
        supervise_configure_advisor(s);
    }
    log_info("app", "reloaded", "the configuration was read again",
             LOG_STR("log_level", config_text(s->config, SETTING_log_level)));
    notify_send("READY=1");
}
