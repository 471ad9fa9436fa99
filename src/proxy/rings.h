/* SPDX-License-Identifier: Apache-2.0
 * proxy/rings.h - the event rings of all workers, as the proxy hands them to one analyzer after the
 * other.
 *
 * The rings are the workers'; here are descriptors of our own, for a worker may let go of its ring
 * at any time. They are there before the first client, so that nothing happens unseen: whoever
 * reads them comes later. Main thread. Limits: two descriptors a worker. */
#ifndef PROXY_RINGS_H
#define PROXY_RINGS_H

#include "bus/channel.h"
#include "bus/ring.h"

struct rings {
    int fds[CHANNEL_FDS_MAX]; /* data and cursor of each worker's in turn */
    unsigned fd_count;
    uint32_t epoch; /* of the last ones that were made, or of the analyzer that reads them */
    bool are_given; /* some analyzer has had them */
};

/* Lets go of those that are there; the next ones are of the next epoch. */
void rings_begin(struct rings *r);
/* The next worker's. NULL: none, which is logged; traffic flows without. */
struct ring_producer *rings_next(struct rings *r, size_t capacity);
/* So many workers have one. */
bool rings_are_whole(const struct rings *r, unsigned workers);
void rings_fini(struct rings *r);

#endif
