/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <stdlib.h>

#include "app/configure.h"
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
supervise_configure_proxy(struct supervisor *s, bool whole)
{
    struct channel_message m = {.id = ++s->id};
    s->configure_id = m.id;
    if (whole) {
        m.fd_count = s->config->listener_count;
        memcpy(m.fds, s->listen_fds, m.fd_count * sizeof(int));
    }
    (void)send_owned(&s->proxy, &m, configure_proxy(s->config, s->key, whole));
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

/* Rings go to an analyzer that can take them, from a proxy that has them. One that keeps dying may
 * be dying of what is in them: it gets new ones. */
void
supervise_attach(struct supervisor *s, uint64_t now_ns)
{
    s->attach_at_ns = UINT64_MAX;
    if (!s->proxy.ready || !s->analyzer.ready) {
        return;
    }
    const char *text = s->short_lives < SUPERVISE_FRESH_AFTER ? "{}" : "{\"fresh\":true}";
    if (party_send_text(&s->proxy, CHANNEL_ATTACH, ++s->id, text) < 0) {
        s->attach_at_ns = now_ns + SUPERVISE_RETRY_NS;
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
supervise_proxy_is_ready(struct supervisor *s, uint64_t now_ns)
{
    s->proxy.ready = true;
    s->flowed = true;
    s->status_at_ns = now_ns;
    supervise_attach(s, now_ns);
    supervise_tell_ready(s);
}

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
               old->listeners[i].protocol ==
                   new->listeners[i].protocol &&memcmp(&old->listeners[i].security,
                                                       &new->listeners[i].security,
                                                       sizeof(old->listeners[i].security)) == 0;
    }
    if (!same) {
        log_warn("app", "reload_ignored",
                 "other listeners, or other settings of theirs, need a restart");
    }
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
    if (s->proxy.ready) {
        supervise_configure_proxy(s, false);
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
