/* SPDX-License-Identifier: Apache-2.0
 * app/takeover.h - finding a proxy that has outlived its supervisor.
 *
 * A new supervisor connects to DATA/control.sock and says ADOPT; the proxy answers with HELLO, or
 * with a refusal when a living supervisor holds it. Waits at most TAKEOVER_WAIT_MS; before the
 * supervisor's loop runs. */
#ifndef APP_TAKEOVER_H
#define APP_TAKEOVER_H

#include <sys/types.h>

#include "app/config.h"
#include "base/diag.h"

#define TAKEOVER_WAIT_MS 3000

struct takeover {
    int fd;          /* connected; the caller's */
    pid_t pid;       /* as the kernel says */
    bool configured; /* it has listeners already */
    char version[32];
    unsigned workers;
    unsigned difference_count;
    char differences[8][160]; /* sentences: how it differs from the configuration */
};

/* 1: found; 0: none there; -errno with a diag: one is there and cannot be taken. */
MUST_CHECK int takeover_find(const char *data, const struct config *c, struct diag *diag,
                             struct takeover *ret_takeover);

#endif
