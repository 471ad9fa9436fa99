/* SPDX-License-Identifier: Apache-2.0 */
#include "app/takeover.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/configure.h"
#include "bus/channel.h"

static int
connect_to(const struct sockaddr_un *to)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

PRINTF_LIKE(2, 3)
static void
differs(struct takeover *t, const char *fmt, ...)
{
    if (t->difference_count < ARRAY_LEN(t->differences)) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(t->differences[t->difference_count++], sizeof(t->differences[0]), fmt, ap);
        va_end(ap);
    }
}

static const char *
text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s == NULL ? "" : s;
}

/* The running proxy's listeners against the configured ones, by address. */
static void
compare_listeners(struct takeover *t, const struct config *c, const json_t *running)
{
    bool seen[CONFIG_LISTENERS_MAX] = {false};
    size_t at;
    const json_t *r;
    json_array_foreach(running, at, r)
    {
        const char *address = text_of(r, "address");
        const struct config_listener *found = NULL;
        for (unsigned i = 0; i < c->listener_count; i++) {
            if (strcmp(c->listeners[i].listen.text, address) == 0) {
                found = &c->listeners[i];
                seen[i] = true;
            }
        }
        if (found == NULL) {
            differs(t, "it listens on %.60s, which is not configured", address);
        } else if (strcmp(found->upstream.text, text_of(r, "upstream")) != 0) {
            differs(t, "%.50s leads to %.40s there, to %.40s here", address, text_of(r, "upstream"),
                    found->upstream.text);
        } else if (strcmp(found->protocol == PROTOCOL_HTTP ? "http" : "postgres",
                          text_of(r, "protocol")) != 0) {
            differs(t, "%.50s speaks %.20s there", address, text_of(r, "protocol"));
        }
    }
    for (unsigned i = 0; i < c->listener_count; i++) {
        if (!seen[i]) {
            differs(t, "it does not listen on %.60s", c->listeners[i].listen.text);
        }
    }
}

/* Sockets come in the order of the listeners, all of them or (once it has retired) none. */
static void
take_sockets(struct takeover *t, const json_t *listeners, struct channel_message *m)
{
    size_t at;
    const json_t *l;
    json_array_foreach(listeners, at, l)
    {
        if (at < CONFIG_LISTENERS_MAX) {
            snprintf(t->listen_texts[at], ADDRESS_TEXT_MAX, "%s", text_of(l, "address"));
            t->listener_count = (unsigned)at + 1;
        }
    }
    if (m->fd_count == t->listener_count) {
        memcpy(t->listen_fds, m->fds, m->fd_count * sizeof(int));
        m->fd_count = 0;
    }
}

static int
read_hello(struct takeover *t, const struct config *c, struct channel_message *m, struct diag *diag)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    int r = 0;
    if (m->type == CHANNEL_STATUS) {
        r = diag_set(diag, -EBUSY, "the running proxy does not change hands: %.200s",
                     text_of(o, "reason"));
    } else if (m->type != CHANNEL_HELLO || !json_is_object(o)) {
        r = diag_set(diag, -EBADMSG, "the running proxy does not say who it is");
    } else {
        snprintf(t->version, sizeof(t->version), "%.31s", text_of(o, "version"));
        t->configured = json_is_true(json_object_get(o, "configured"));
        t->workers = (unsigned)json_integer_value(json_object_get(o, "workers"));
        t->retired = json_is_true(json_object_get(o, "retired"));
        t->sessions = (uint64_t)json_integer_value(json_object_get(o, "sessions"));
        t->left_ms = (uint64_t)json_integer_value(json_object_get(o, "left_ms"));
        t->started = (uint64_t)json_integer_value(json_object_get(o, "started_ns"));
        take_sockets(t, json_object_get(o, "listeners"), m);
        if (t->configured && !t->retired) {
            if (strcmp(t->version, SLOWBURN_VERSION) != 0) {
                differs(t, "it is of version %.20s, this is " SLOWBURN_VERSION, t->version);
            }
            if (t->workers != configure_workers(c)) {
                differs(t, "it has %u workers, %u are configured", t->workers,
                        configure_workers(c));
            }
            compare_listeners(t, c, json_object_get(o, "listeners"));
        }
    }
    json_decref(o);
    return r;
}

/* Asks, and waits for the answer. The channel is ours for that long only: its descriptor goes on
 * into the supervisor's own. */
static int
ask(struct takeover *t, const struct config *c, struct diag *diag)
{
    struct channel *channel = NULL;
    int copy = dup(t->fd);
    int r = copy < 0 ? -errno : channel_new(copy, &channel);
    if (r < 0) {
        return diag_set(diag, r, "the running proxy cannot be asked: %s", strerror(-r));
    }
    struct channel_message m = {.type = CHANNEL_ADOPT,
                                .from = PARTY_SUPERVISOR,
                                .to = PARTY_PROXY,
                                .payload = SLICE_LIT("{}")};
    r = channel_send(channel, &m);
    struct pollfd pfd = {t->fd, POLLIN, 0};
    if (r == 0 && poll(&pfd, 1, TAKEOVER_WAIT_MS) == 1) {
        r = channel_receive(channel, &m);
    }
    if (r == 1) {
        r = read_hello(t, c, &m, diag);
        channel_message_close_fds(&m);
    } else {
        r = diag_set_hint(diag, r < 0 ? r : -ETIMEDOUT, "end that process, then start again",
                          "the running proxy (process %d) does not answer", (int)t->pid);
    }
    channel_free(&channel);
    return r;
}

int
takeover_find(const char *data, unsigned slot, const struct config *c, struct diag *diag,
              struct takeover *ret_takeover)
{
    struct sockaddr_un to;
    int r = channel_control_address(data, slot, &to);
    if (r < 0) {
        return diag_set(diag, r, "the data directory's path is too long");
    }
    struct takeover t = {.fd = connect_to(&to), .slot = slot};
    memset(t.listen_fds, -1, sizeof(t.listen_fds));
    if (t.fd == -ENOENT || t.fd == -ECONNREFUSED) {
        return 0;
    }
    if (t.fd < 0) {
        return diag_set(diag, t.fd, "%s: %s", to.sun_path, strerror(-t.fd));
    }
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    r = getsockopt(t.fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ? -errno : 0;
    t.pid = peer.pid;
    if (r == 0 && peer.uid != geteuid() && peer.uid != 0) {
        r = diag_set(diag, -EPERM, "%s belongs to another user", to.sun_path);
    }
    if (r == 0) {
        r = ask(&t, c, diag);
    }
    if (r < 0) {
        close(t.fd);
        return diag_set(diag, r, "%s: %s", to.sun_path, strerror(-r));
    }
    *ret_takeover = t;
    return 1;
}
