/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/uplink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/log.h"

static void
peer_close(struct uplink_peer *l)
{
    if (l->channel != NULL) {
        loop_watch_remove(l->uplink->loop, &l->watch);
        channel_free(&l->channel);
    }
}

/* Takes json. */
static void
send_to(struct uplink_peer *l, enum channel_type type, enum channel_party to, uint32_t id,
        json_t *json, const int *fds, unsigned fd_count)
{
    char *text = json_dumps(json, JSON_COMPACT);
    struct channel_message m = {.type = (uint16_t)type,
                                .from = PARTY_PROXY,
                                .to = (uint8_t)to,
                                .id = id,
                                .payload = slice_from_str(text),
                                .fd_count = fd_count};
    if (fd_count > 0) {
        memcpy(m.fds, fds, fd_count * sizeof(*fds));
    }
    int err = l->channel == NULL ? -EPIPE : channel_send(l->channel, &m);
    if (err != 0) {
        log_warn("proxy", "channel_failed", "cannot send to the supervisor", LOG_ERRNO(err));
    }
    free(text);
    json_decref(json);
}

static json_t *
status(const char *reason)
{
    return reason == NULL ? json_pack("{s:b}", "ok", 1)
                          : json_pack("{s:b,s:s}", "ok", 0, "reason", reason);
}

void
uplink_send(struct uplink *u, enum channel_type type, enum channel_party to, uint32_t id,
            json_t *json, const int *fds, unsigned fd_count)
{
    send_to(&u->supervisor, type, to, id, json, fds, fd_count);
}

void
uplink_send_status(struct uplink *u, uint32_t id, const char *reason)
{
    send_to(&u->supervisor, CHANNEL_STATUS, PARTY_SUPERVISOR, id, status(reason), NULL, 0);
}

void
uplink_close_control(struct uplink *u)
{
    int fd = u->control.fd;
    if (fd >= 0) {
        loop_watch_remove(u->loop, &u->control);
        close(fd);
        unlink(u->control_path);
    }
}

static void
supervisor_ready(struct loop_watch *watch, unsigned events)
{
    struct uplink_peer *l = CONTAINER_OF(watch, struct uplink_peer, watch);
    struct uplink *u = l->uplink;
    struct channel_message m;
    int got;
    while ((got = channel_receive(l->channel, &m)) > 0) {
        u->on_message(u->ctx, &m);
        channel_message_close_fds(&m);
    }
    if (got < 0) {
        log_warn("proxy", "supervisor_gone", "going on without a supervisor", LOG_ERRNO(got));
        peer_close(l);
        u->on_gone(u->ctx);
    }
}

static int
set_supervisor(struct uplink *u, struct channel **channel)
{
    struct uplink_peer *l = &u->supervisor;
    *l = (struct uplink_peer){
        .uplink = u, .channel = TAKE(*channel), .watch = {.fd = -1, .ready = supervisor_ready}};
    return loop_watch_add(u->loop, &l->watch, channel_fd(l->channel), LOOP_READ);
}

static void
answer_neighbour(struct uplink *u, struct uplink_peer *l, const struct channel_message *m)
{
    int fd = u->on_neighbour(u->ctx, m, channel_fd(l->channel));
    if (fd >= 0) {
        send_to(l, CHANNEL_CANCELS, PARTY_PROXY, m->id, json_pack("{s:i}", "slot", (int)u->slot),
                &fd, 1);
    }
}

static void
candidate_ready(struct loop_watch *watch, unsigned events)
{
    struct uplink_peer *l = CONTAINER_OF(watch, struct uplink_peer, watch);
    struct uplink *u = l->uplink;
    struct channel_message m;
    int got = channel_receive(l->channel, &m);
    if (got == 0) {
        return;
    }
    if (got > 0 && m.type == CHANNEL_CANCELS) {
        answer_neighbour(u, l, &m);
    }
    if (got > 0) {
        channel_message_close_fds(&m);
    }
    if (got < 0 || m.type != CHANNEL_ADOPT) {
        peer_close(l);
        return;
    }
    /* One that has just died may not have been noticed yet. */
    if (u->supervisor.channel != NULL) {
        supervisor_ready(&u->supervisor.watch, LOOP_READ);
    }
    if (u->supervisor.channel != NULL) {
        send_to(l, CHANNEL_STATUS, PARTY_SUPERVISOR, m.id, status("this proxy has a supervisor"),
                NULL, 0);
        peer_close(l);
        return;
    }
    loop_watch_remove(u->loop, &l->watch);
    if (set_supervisor(u, &l->channel) != 0) {
        peer_close(&u->supervisor);
        return;
    }
    log_info("proxy", "adopted", "a new supervisor has taken over");
    u->on_adopted(u->ctx, m.id);
}

static bool
peer_is_allowed(int fd)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
           (cred.uid == 0 || cred.uid == geteuid());
}

static void
control_ready(struct loop_watch *watch, unsigned events)
{
    struct uplink *u = CONTAINER_OF(watch, struct uplink, control);
    int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    struct uplink_peer *l = &u->candidate;
    peer_close(l); /* the newest one counts; another may have fallen silent */
    *l = (struct uplink_peer){.uplink = u, .watch = {.fd = -1, .ready = candidate_ready}};
    if (!peer_is_allowed(fd)) {
        close(fd);
    } else if (channel_new(fd, &l->channel) != 0) {
        close(fd);
    } else if (loop_watch_add(u->loop, &l->watch, channel_fd(l->channel), LOOP_READ) != 0) {
        peer_close(l);
    }
}

static int
open_control(struct uplink *u, const char *data_dir, unsigned slot)
{
    struct sockaddr_un address;
    int err = channel_control_address(data_dir, slot, &address);
    if (err != 0) {
        return err;
    }
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    unlink(address.sun_path);
    mode_t mask = umask(0177);
    err = bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ? -errno : 0;
    umask(mask);
    if (err == 0 && listen(fd, 4) != 0) {
        err = -errno;
    }
    err = err != 0 ? err : loop_watch_add(u->loop, &u->control, fd, LOOP_READ);
    if (err != 0) {
        close(fd);
        return err;
    }
    memcpy(u->control_path, address.sun_path, sizeof(u->control_path));
    return 0;
}

int
uplink_init(struct uplink *u, struct loop *loop, const char *data_dir, unsigned slot)
{
    u->loop = loop;
    u->slot = slot;
    u->control = (struct loop_watch){.fd = -1, .ready = control_ready};
    return open_control(u, data_dir, slot);
}

int
uplink_connect(struct uplink *u, int fd)
{
    struct channel *channel = NULL;
    int err = channel_new(fd, &channel);
    return err != 0 ? err : set_supervisor(u, &channel);
}

bool
uplink_is_connected(const struct uplink *u)
{
    return u->supervisor.channel != NULL;
}

void
uplink_fini(struct uplink *u)
{
    peer_close(&u->candidate);
    peer_close(&u->supervisor);
    uplink_close_control(u);
}
