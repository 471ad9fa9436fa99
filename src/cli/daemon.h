/* SPDX-License-Identifier: Apache-2.0
 * cli/daemon.h - a slowburn of one command's own: on free loopback ports, in a folder that goes
 * away.
 *
 * It is this binary run again (`slowburn run`), so that the verbs need to know nothing of the
 * daemon's inside. It ends with whoever started it. One thread. */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"

struct daemon_options {
    const char *verb;     /* for messages */
    const char *postgres; /* its upstream */
    const char *http;     /* the API's own address, or NULL */
    uint16_t http_port;   /* where to listen for HTTP; 0: a free one */
};

struct daemon {
    pid_t pid; /* 0: not running */
    uint16_t postgres_port;
    uint16_t http_port; /* 0: none */
    char folder[64];
    char data[80];
    char log[80];
    char requests[96]; /* its request log: one JSON line for each request */
};

/* Waits until it takes connections and watches. False: it said why on stderr, and is gone. */
MUST_CHECK bool daemon_start(const struct daemon_options *options, struct daemon *ret_daemon);

/* Still there? */
bool daemon_is_alive(struct daemon *daemon);

/* Lets it finish what it holds, so that the request log is whole, and waits for its end. */
void daemon_stop(struct daemon *daemon);

/* After daemon_stop: its folder goes. */
void daemon_remove(struct daemon *daemon);

/* A loopback port that was free a moment ago; 0: there is none. */
uint16_t daemon_free_port(void);

#endif
