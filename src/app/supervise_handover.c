/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/handover.h"
#include "io/log.h"

/* Grows when a reader of the former format would go wrong; new keys alone do not. */
#define HANDOVER_FORMAT 1

static json_t *
party_json(const struct party *p, const char *role)
{
    int channel = p->channel == NULL ? -1 : channel_fd(p->channel);
    return json_pack("{s:s, s:i, s:i, s:i, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:i, s:I, s:s, s:I}",
                     "role", role, "pid", (int)p->pid, "pidfd", p->pidfd, "channel", channel,
                     "adopted", p->adopted, "ready", p->ready, "retired", p->retired, "started_ns",
                     (json_int_t)p->started_ns, "restarts", (json_int_t)p->restarts, "lost",
                     (json_int_t)p->lost, "end_ns", (json_int_t)p->end_ns, "slot", (int)p->slot,
                     "sessions", (json_int_t)p->sessions, "version", p->version, "failures",
                     (json_int_t)p->failures);
}

static void
add_party(json_t *list, const struct party *p, const char *role)
{
    if (party_is_running(p)) {
        json_array_append_new(list, party_json(p, role));
    }
}

static json_t *
listeners_json(const struct supervisor *s)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < s->config->listener_count; i++) {
        if (s->listen_fds[i] >= 0) {
            json_array_append_new(list, json_pack("{s:s, s:i}", "address",
                                                  s->config->listeners[i].listen.text, "fd",
                                                  s->listen_fds[i]));
        }
    }
    return list;
}

json_t *
supervise_handover(struct supervisor *s, bool back)
{
    json_t *parties = json_array();
    add_party(parties, &s->proxy, "proxy");
    for (size_t i = 0; i < SUPERVISE_RETIRED_MAX; i++) {
        add_party(parties, &s->retired[i], "retired");
    }
    add_party(parties, &s->analyzer, "analyzer");
    add_party(parties, &s->advisor, "advisor");
    json_t *o = json_pack("{s:i, s:b, s:s, s:s, s:s, s:i, s:o, s:o}", "format", HANDOVER_FORMAT,
                          "back", back, "version", SLOWBURN_VERSION, "data", s->data, "program",
                          s->program, "lock", s->lock_fd, "parties", parties, "upgrade",
                          upgrade_record_json(&s->upgrade.record));
    if (back) {
        /* Sockets and configuration are those that it left to us. */
        const char *const kept[] = {"listeners", "admin", "config"};
        for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
            json_object_set(o, kept[i], json_object_get(s->upgrade.former, kept[i]));
        }
        return o;
    }
    json_object_set_new(o, "listeners", listeners_json(s));
    json_object_set_new(o, "admin",
                        json_pack("{s:s, s:i}", "address", config_text(s->config, SETTING_admin),
                                  "fd", s->admin_fd));
    if (s->config->text != NULL) {
        json_object_set_new(o, "config", json_string(s->config->text));
    }
    return o;
}

int
supervise_handover_check(const json_t *doc, struct diag *diag)
{
    if (!json_is_object(doc) || !json_is_array(json_object_get(doc, "parties")) ||
        !json_is_array(json_object_get(doc, "listeners"))) {
        return diag_set(diag, -EINVAL, "what the running supervisor leaves cannot be read");
    }
    json_int_t format = json_integer_value(json_object_get(doc, "format"));
    if (format != HANDOVER_FORMAT) {
        return diag_set(diag, -EINVAL,
                        "the running supervisor hands over in format %lld, this one reads %d",
                        (long long)format, HANDOVER_FORMAT);
    }
    return 0;
}

static struct party *
party_for(struct supervisor *s, const char *role)
{
    if (strcmp(role, "proxy") == 0) {
        return &s->proxy;
    }
    if (strcmp(role, "analyzer") == 0) {
        return &s->analyzer;
    }
    if (strcmp(role, "advisor") == 0) {
        return &s->advisor;
    }
    return strcmp(role, "retired") == 0 ? supervise_retired_place(s) : NULL;
}

static int64_t
number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static int
take_party(struct supervisor *s, const json_t *o, uint64_t now_ns, struct diag *diag)
{
    const char *role = json_string_value(json_object_get(o, "role"));
    struct party *p = role == NULL ? NULL : party_for(s, role);
    if (p == NULL) {
        return 0; /* a kind that a later version had */
    }
    int r = party_inherit(p, (pid_t)number(o, "pid"), (int)number(o, "pidfd"),
                          (int)number(o, "channel"), diag);
    if (r < 0) {
        return r;
    }
    const char *version = json_string_value(json_object_get(o, "version"));
    snprintf(p->version, sizeof(p->version), "%s", version == NULL ? "" : version);
    p->adopted = json_is_true(json_object_get(o, "adopted"));
    p->ready = json_is_true(json_object_get(o, "ready"));
    p->retired = json_is_true(json_object_get(o, "retired"));
    p->started_ns = (uint64_t)number(o, "started_ns");
    p->restarts = (uint64_t)number(o, "restarts");
    p->failures = (unsigned)number(o, "failures");
    p->lost = (uint64_t)number(o, "lost");
    p->end_ns = (uint64_t)number(o, "end_ns");
    p->slot = (unsigned)number(o, "slot");
    p->sessions = (uint64_t)number(o, "sessions");
    return 0;
}

static void
keep_closed_on_exec(int fd)
{
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

static void
spare(struct supervisor *s, int fd)
{
    if (fd >= 0 && s->upgrade.spare_count < ARRAY_LEN(s->upgrade.spare_fds)) {
        s->upgrade.spare_fds[s->upgrade.spare_count++] = fd;
    }
}

static void
take_sockets(struct supervisor *s, const json_t *doc)
{
    size_t at;
    const json_t *l;
    json_array_foreach(json_object_get(doc, "listeners"), at, l)
    {
        const char *address = json_string_value(json_object_get(l, "address"));
        int fd = (int)number(l, "fd");
        bool used = false;
        keep_closed_on_exec(fd);
        for (unsigned i = 0; address != NULL && i < s->config->listener_count && !used; i++) {
            if (s->listen_fds[i] < 0 && strcmp(s->config->listeners[i].listen.text, address) == 0) {
                s->listen_fds[i] = fd;
                used = true;
            }
        }
        if (!used) {
            spare(s, fd);
        }
    }
    const json_t *admin = json_object_get(doc, "admin");
    const char *address = json_string_value(json_object_get(admin, "address"));
    int fd = (int)number(admin, "fd");
    keep_closed_on_exec(fd);
    if (address != NULL && strcmp(address, config_text(s->config, SETTING_admin)) == 0) {
        s->admin_fd = fd;
    } else {
        spare(s, fd);
    }
}

int
supervise_take_over(struct supervisor *s, json_t *doc, uint64_t now_ns, struct diag *diag)
{
    int r = supervise_handover_check(doc, diag);
    if (r < 0) {
        return r;
    }
    const char *data = json_string_value(json_object_get(doc, "data"));
    const char *program = json_string_value(json_object_get(doc, "program"));
    snprintf(s->data, sizeof(s->data), "%s", data == NULL ? "" : data);
    snprintf(s->program, sizeof(s->program), "%s", program == NULL ? "" : program);
    s->lock_fd = (int)number(doc, "lock");
    keep_closed_on_exec(s->lock_fd);
    size_t at;
    const json_t *p;
    json_array_foreach(json_object_get(doc, "parties"), at, p)
    {
        r = take_party(s, p, now_ns, diag);
        if (r < 0) {
            return r;
        }
    }
    take_sockets(s, doc);
    s->upgrade.former = json_incref(doc);
    s->upgrade.former_exe = json_is_true(json_object_get(doc, "back")) ? -1 : handover_exe_fd(doc);
    keep_closed_on_exec(s->upgrade.former_exe);
    s->flowed = s->proxy.ready;
    s->told_ready = true;
    return 0;
}

/* Every descriptor that the document names crosses the exec. */
static void
let_cross(const json_t *value, const char *key, bool cross)
{
    static const char *const names[] = {"fd", "pidfd", "channel", "lock", "exe"};
    const char *name;
    json_t *member;
    size_t at;
    if (json_is_integer(value) && key != NULL) {
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            if (strcmp(key, names[i]) == 0 && json_integer_value(value) >= 0) {
                fcntl((int)json_integer_value(value), F_SETFD, cross ? 0 : FD_CLOEXEC);
            }
        }
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        let_cross(member, name, cross);
    }
    json_array_foreach(value, at, member)
    {
        let_cross(member, NULL, cross);
    }
}

int
supervise_become(struct supervisor *s, json_t *doc, int exe_fd, const char *program,
                 struct diag *diag)
{
    if (exe_fd < 0) {
        /* So that the next one can come back to what we are now. */
        int own = open("/proc/self/exe", O_PATH);
        json_object_set_new(doc, "exe", json_integer(own));
    }
    let_cross(doc, NULL, true);
    int r = handover_exec(doc, exe_fd, program, s->options.argc, s->options.argv);
    let_cross(doc, NULL, false);
    if (exe_fd < 0) {
        int own = handover_exe_fd(doc);
        if (own >= 0) {
            close(own);
        }
    }
    json_decref(doc);
    return diag_set(diag, r, "%s cannot be run: %s", program, strerror(-r));
}
