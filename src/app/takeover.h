/* SPDX-License-Identifier: Apache-2.0
 * app/takeover.h - finding the proxies that have outlived their supervisor.
 *
 * A new supervisor connects to each proxy's control socket in the data directory and says ADOPT;
 * the proxy answers with HELLO and its listening sockets, or with a refusal when a living
 * supervisor holds it. Waits at most TAKEOVER_WAIT_MS for each; before the supervisor's loop runs.
 */
#ifndef APP_TAKEOVER_H
#define APP_TAKEOVER_H

#include <sys/types.h>

#include "app/config.h"
#include "base/diag.h"

#define TAKEOVER_WAIT_MS 3000

struct takeover {
    int fd;    /* connected; the caller's */
    pid_t pid; /* as the kernel says */
    unsigned slot;
    bool configured;   /* it has listeners already */
    bool retired;      /* another proxy accepts clients in its place */
    uint64_t sessions; /* when retired */
    uint64_t left_ms;  /* until those must end */
    uint64_t started;  /* the larger, the later */
    char version[32];
    unsigned workers;
    unsigned listener_count;
    int listen_fds[CONFIG_LISTENERS_MAX]; /* the caller's; -1: not handed over */
    char listen_texts[CONFIG_LISTENERS_MAX][ADDRESS_TEXT_MAX];
    unsigned difference_count;
    char differences[8][160]; /* sentences: how it differs from the configuration */
};

/* The proxy in that slot. 1: found; 0: none there; -errno with a diag: one is there and cannot be
 * taken. */
MUST_CHECK int takeover_find(const char *data, unsigned slot, const struct config *c,
                             struct diag *diag, struct takeover *ret_takeover);

#endif
