/* SPDX-License-Identifier: Apache-2.0
 * app/supervise.h - the supervisor: starts the others, starts them again, carries their messages.
 *
 * One thread, one poll loop, no traffic: its death harms no query. It owns the listening sockets,
 * the lock of the data directory and the configuration. doc/internals/processes.md draws the life
 * of the processes and how a running proxy changes hands. */
#ifndef APP_SUPERVISE_H
#define APP_SUPERVISE_H

#include <jansson.h>

#include "app/config.h"
#include "base/diag.h"

struct supervise_options {
    const char *program; /* what children are; NULL: this binary */
    int argc;            /* of `run`, to read everything again at SIGHUP; borrowed */
    char **argv;
    json_t *handover; /* what another binary, which this process was, left to it; or NULL */
};

/* Returns the exit code once everything has stopped; takes the configuration. SIGTERM and SIGINT
 * drain and stop, a second one stops at once, SIGHUP reads the configuration again, SIGUSR2
 * upgrades (app/supervise_state.h, supervise_upgrade.c). log_init has
 * been called. Failures before traffic could flow are in the diag, and the code is 1. */
MUST_CHECK int supervise(const struct supervise_options *options, struct config **config,
                         struct diag *diag);

#endif
