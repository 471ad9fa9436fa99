/* SPDX-License-Identifier: Apache-2.0
 * proxy/beside.h - until when the proxies that were met (proxy/neighbours.h) live beside this one,
 * for the one who must know it: proxy/server_timing.h.
 *
 * By pidfd, so nobody has to say goodbye. One whose end cannot be learned lives for ever. Main
 * thread; the watches are the struct's. */
#ifndef PROXY_BESIDE_H
#define PROXY_BESIDE_H

#include "bus/channel.h"
#include "io/loop.h"

struct server_timing;

struct beside {
    struct loop *loop;            /* borrowed, as the other one */
    struct server_timing *timing; /* NULL: nobody wants to know, and nothing is watched */
    struct beside_one {
        struct loop_watch watch;
        struct beside *beside;
    } one[CHANNEL_PROXIES_MAX];
};

void beside_init(struct beside *b, struct loop *loop, struct server_timing *timing);
/* Before the loop goes. */
void beside_fini(struct beside *b);

/* fd: a connection between the two. */
void beside_met(struct beside *b, int fd);

#endif
