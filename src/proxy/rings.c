/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/rings.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/log.h"

void
rings_fini(struct rings *r)
{
    while (r->fd_count > 0) {
        close(r->fds[--r->fd_count]);
    }
}

void
rings_begin(struct rings *r)
{
    rings_fini(r);
    r->epoch++;
}

static int
keep(struct rings *r, const struct ring_producer *ring)
{
    int fds[2] = {ring_producer_data_fd(ring), ring_producer_cursor_fd(ring)};
    for (unsigned i = 0; i < 2; i++) {
        int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
        if (fd < 0) {
            return -errno;
        }
        r->fds[r->fd_count++] = fd;
    }
    return 0;
}

struct ring_producer *
rings_next(struct rings *r, size_t capacity)
{
    struct ring_producer *ring = NULL;
    int err = ring_producer_new(capacity, r->epoch, &ring);
    err = err != 0 ? err : keep(r, ring);
    if (err != 0) {
        log_error("proxy", "ring_failed", "cannot make an event ring", LOG_ERRNO(err));
        ring_producer_free(&ring);
    }
    return ring;
}

bool
rings_are_whole(const struct rings *r, unsigned workers)
{
    return r->fd_count == 2 * workers;
}
