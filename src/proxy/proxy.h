/* SPDX-License-Identifier: Apache-2.0
 * proxy/proxy.h - the proxy process: configured once, adopted by whichever supervisor lives.
 *
 * Its main thread owns the channel to the supervisor and DATA/control.sock, on which a new
 * supervisor finds it (SOCK_SEQPACKET, mode 0600, same user or root, first message ADOPT). While a
 * supervisor is connected another is refused; when it has died the traffic goes on without.
 *
 *   CONFIGURE  the first one brings the listening sockets and starts the workers; later ones change
 *              limits and log level (configure.h). Answered by STATUS {"ok": bool, "reason"}.
 *   ATTACH     answered by RINGS {"epoch", "workers", "slot"}, addressed to the analyzer, with
 *              data_fd and cursor_fd of each worker's ring in turn. The rings are there before the
 *              first client and stay the same for as long as the proxy lives: the first analyzer
 *              reads what was before it, the next one reads on where one that died had stopped.
 *              {"fresh": true} replaces them, for when what is in them may be what it died of.
 *   LENS       goes to every worker, with twice its even share of the count (never more than it).
 *   DRAIN      (and SIGTERM) stops accepting, lets sessions finish for drain_ms, exits 0.
 *   RETIRE     another proxy accepts now: stops accepting, closes the listening sockets (whoever
 *              else holds them goes on), lets sessions live for {"bound_ms"}, then drains. Tells
 *              the supervisor once a second: STATUS {"retired", "sessions", "left_ms"}.
 *   ADOPT      is answered by HELLO {"pid", "version", "started_ns", "slot", "configured",
 *              "retired", "sessions", "left_ms", "workers", "epoch",
 *              "listeners": [{"protocol", "address", "upstream"}]} with the listening sockets;
 *              without them it is also sent at start.
 *
 * Once the last session has ended it waits, as long as there is a supervisor, until its last
 * records are read: 30 s, or 1 s when it was told to drain.
 *
 * SIGINT, SIGHUP and SIGPIPE are ignored: a terminal's Ctrl-C is the supervisor's to handle. */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "proxy/driver.h"

struct proxy_options {
    int channel_fd;       /* connected to the supervisor, taken; -1: wait to be adopted */
    const char *data_dir; /* exists; borrowed */
    /* Below CHANNEL_PROXIES_MAX: while one proxy follows another several live side by side. It says
     * which control socket is its, and where its workers' numbers begin (slot * WORKERS_MAX). */
    unsigned slot;
    const struct driver_ops *const *drivers; /* NULL-terminated, borrowed */
};

/* Runs until drained. The process's exit status. log_init has been called. */
int proxy_main(const struct proxy_options *options);

#endif
