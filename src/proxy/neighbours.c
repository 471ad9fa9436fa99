/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/neighbours.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/log.h"

bool
neighbours_take(const struct channel_message *m, struct cancels *cancels)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    const json_t *slot = json_object_get(o, "slot");
    int err = json_is_integer(slot) && m->fd_count == 1
                  ? cancels_share(cancels, (unsigned)json_integer_value(slot), m->fds[0])
                  : -EBADMSG;
    json_decref(o);
    if (err != 0) {
        log_warn("proxy", "neighbour_unread",
                 "cancel requests for another proxy's sessions will not find them", LOG_ERRNO(err));
    }
    return err == 0;
}

/* -1: nobody is there. */
static int
connect_to(const char *data_dir, unsigned slot)
{
    struct sockaddr_un to;
    if (channel_control_address(data_dir, slot, &to) != 0) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void
ask(struct channel *channel, unsigned own_slot, struct cancels *cancels)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "{\"slot\":%u}", own_slot);
    struct channel_message m = {.type = CHANNEL_CANCELS,
                                .from = PARTY_PROXY,
                                .to = PARTY_PROXY,
                                .payload = slice_of(text, (size_t)len),
                                .fds = {cancels_fd(cancels)},
                                .fd_count = 1};
    struct pollfd answer = {channel_fd(channel), POLLIN, 0};
    if (channel_send(channel, &m) != 0 || poll(&answer, 1, NEIGHBOURS_WAIT_MS) != 1 ||
        channel_receive(channel, &m) != 1) {
        log_warn("proxy", "neighbour_mute",
                 "a proxy that runs beside this one does not say where its cancel requests belong");
        return;
    }
    if (m.type == CHANNEL_CANCELS) {
        (void)neighbours_take(&m, cancels);
    }
    channel_message_close_fds(&m);
}

void
neighbours_meet(const char *data_dir, unsigned slot, struct cancels *cancels, struct beside *beside)
{
    for (unsigned other = 0; other < CHANNEL_PROXIES_MAX; other++) {
        struct channel *channel = NULL;
        int fd = other == slot ? -1 : connect_to(data_dir, other);
        if (fd < 0) {
            continue;
        }
        beside_met(beside, fd);
        if (channel_new(fd, &channel) != 0) {
            close(fd);
            continue;
        }
        ask(channel, slot, cancels);
        channel_free(&channel);
    }
}
