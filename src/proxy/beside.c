/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/beside.h"

#include <errno.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/log.h"
#include "proxy/server_timing.h"

void
beside_init(struct beside *b, struct loop *loop, struct server_timing *timing)
{
    b->loop = loop;
    b->timing = timing;
    for (unsigned i = 0; i < ARRAY_LEN(b->one); i++) {
        b->one[i] = (struct beside_one){.watch.fd = -1, .beside = b};
    }
}

static void
forget(struct beside_one *one)
{
    int fd = one->watch.fd;
    loop_watch_remove(one->beside->loop, &one->watch);
    close(fd);
}

static void
ended(struct loop_watch *watch, unsigned events)
{
    struct beside_one *one = CONTAINER_OF(watch, struct beside_one, watch);
    forget(one);
    server_timing_blind(one->beside->timing, false);
}

void
beside_fini(struct beside *b)
{
    for (unsigned i = 0; b->timing != NULL && i < ARRAY_LEN(b->one); i++) {
        if (b->one[i].watch.fd >= 0) {
            forget(&b->one[i]);
        }
    }
    b->timing = NULL;
}

static int
watch_end(struct beside *b, int pidfd)
{
    for (unsigned i = 0; i < ARRAY_LEN(b->one); i++) {
        struct beside_one *one = &b->one[i];
        if (one->watch.fd < 0) {
            one->watch.ready = ended;
            return loop_watch_add(b->loop, &one->watch, pidfd, LOOP_READ);
        }
    }
    return -ENOSPC;
}

void
beside_met(struct beside *b, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    if (b->timing == NULL) {
        return;
    }
    int pidfd =
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? pidfd_open(peer.pid, 0) : -1;
    int err = pidfd < 0 ? -errno : 0;
    if (err == -ESRCH) {
        return;
    }
    server_timing_blind(b->timing, true);
    err = err != 0 ? err : watch_end(b, pidfd);
    if (err != 0) {
        log_warn("proxy", "neighbour_for_ever",
                 "no Server-Timing from now on: the end of a proxy beside this one cannot be seen",
                 LOG_ERRNO(err));
        if (pidfd >= 0) {
            close(pidfd);
        }
    }
}
