/* SPDX-License-Identifier: Apache-2.0
 * proxy/uplink.h - the proxy's side of its supervisor: the one it has, and the next one.
 *
 * Owns the channel to the supervisor and the control socket on which a new supervisor finds this
 * process (DATA/control.sock for slot 0, DATA/control.N.sock for slot N; SOCK_SEQPACKET, mode 0600,
 * same user or root, first message ADOPT). While a supervisor is connected another is refused; when
 * it has died the traffic goes on without. Another proxy's CANCELS comes the same way
 * (proxy/neighbours.h). Main thread. */
#ifndef PROXY_UPLINK_H
#define PROXY_UPLINK_H

#include <jansson.h>
#include <sys/un.h>

#include "bus/channel.h"
#include "io/loop.h"

/* One connection of a supervisor, or of one that wants to be. */
struct uplink_peer {
    struct uplink *uplink;
    struct channel *channel;
    struct loop_watch watch;
};

struct uplink {
    struct loop *loop;
    struct uplink_peer supervisor;
    struct uplink_peer candidate; /* connected, has not said what it wants yet */
    struct loop_watch control;
    unsigned slot;
    char control_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    void *ctx;
    /* Descriptors that it leaves in the message are closed. */
    void (*on_message)(void *ctx, struct channel_message *m);
    void (*on_adopted)(void *ctx, uint32_t id); /* id: of the ADOPT, for the answer */
    void (*on_gone)(void *ctx);                 /* no supervisor any more */
    /* fd: the connection with it. The descriptor for the answer, which stays the callee's; -1:
     * there is none. */
    int (*on_neighbour)(void *ctx, const struct channel_message *m, int fd);
};

/* ctx and the callbacks are set already. 0 or -errno; call uplink_fini either way. */
MUST_CHECK int uplink_init(struct uplink *u, struct loop *loop, const char *data_dir,
                           unsigned slot);
void uplink_fini(struct uplink *u);

/* Takes a connected socket as the supervisor's. */
MUST_CHECK int uplink_connect(struct uplink *u, int fd);

bool uplink_is_connected(const struct uplink *u);

/* Nobody can adopt this process any more, and its place in the data directory is free. */
void uplink_close_control(struct uplink *u);

/* To the supervisor, or through it to `to`; takes json. What cannot be sent is logged. */
void uplink_send(struct uplink *u, enum channel_type type, enum channel_party to, uint32_t id,
                 json_t *json, const int *fds, unsigned fd_count);

/* {"ok": true}, or false and the reason. */
void uplink_send_status(struct uplink *u, uint32_t id, const char *reason);

#endif
