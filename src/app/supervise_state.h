/* SPDX-License-Identifier: Apache-2.0
 * app/supervise_state.h - what the supervisor's own files share: its state, and the steps that one
 * of them takes for another. For supervise*.c alone; everyone else knows supervise.h.
 *
 *   supervise.c            its loop and its phases: start, signals, stop
 *   supervise_sockets.c    the sockets it owns: listeners, the admin API
 *   supervise_children.c   starting the others, taking a running proxy over, starting again
 *   supervise_configure.c  who gets which configuration and when, and reading it again
 *   supervise_route.c      what processes say, to it and through it to one another */
#ifndef APP_SUPERVISE_STATE_H
#define APP_SUPERVISE_STATE_H

#include "app/datadir.h"
#include "app/party.h"
#include "app/supervise.h"
#include "base/clock.h"

#define SUPERVISE_RETRY_NS    (1 * NS_PER_S)
#define SUPERVISE_FRESH_AFTER 3 /* lives of the analyzer in a row that were short */

enum phase {
    PHASE_RUNNING,
    PHASE_DRAINING, /* the proxy finishes what is in flight */
    PHASE_CLOSING,  /* analyzer and advisor finish */
    PHASE_OVER,
};

struct supervisor {
    struct supervise_options options;
    struct config *config;
    char data[DATADIR_MAX];
    uint8_t key[HASH_KEY_LEN];
    int lock_fd;
    int signal_fd;
    int admin_fd;
    int listen_fds[CONFIG_LISTENERS_MAX];
    struct party proxy;
    struct party analyzer;
    struct party advisor;
    enum phase phase;
    int exit_code;
    uint64_t deadline_ns;  /* of the phase */
    uint64_t status_at_ns; /* when to tell the analyzer about us again */
    uint64_t attach_at_ns; /* when to ask the proxy for rings again; UINT64_MAX: no need */
    uint32_t id;           /* of the last message that wants an answer */
    uint32_t configure_id; /* of the last CONFIGURE to the proxy */
    bool flowed;           /* a proxy was ready once: from then on nothing is fatal */
    bool told_ready;
    unsigned short_lives; /* of the analyzer, in a row */
    struct diag *diag;
};

/* supervise.c. Before traffic ever flowed a failure is the answer to `slowburn run`; afterwards it
 * is a line in the log, and is tried again. */
void supervise_fail(struct supervisor *s, const struct diag *diag, const char *event,
                    const char *message);
void supervise_log_diag(const struct diag *diag, const char *event, const char *message);

/* supervise_sockets.c. Opens what is not open yet; 0 or -errno with a diag. */
MUST_CHECK int supervise_open_listeners(struct supervisor *s, struct diag *diag);
void supervise_close_listeners(struct supervisor *s);
MUST_CHECK int supervise_open_admin(struct supervisor *s, struct diag *diag);

/* supervise_children.c. */
/* The running proxy, or else our own listening sockets. */
MUST_CHECK int supervise_find_proxy(struct supervisor *s, uint64_t now_ns, struct diag *diag);
void supervise_start_due(struct supervisor *s, uint64_t now_ns);
/* Its pidfd became readable: reaps it and, while we run, plans its next start. */
void supervise_reap(struct supervisor *s, struct party *p, uint64_t now_ns);
/* Nothing that we started outlives a start that failed; an adopted proxy does. */
void supervise_end_started(struct supervisor *s);

/* supervise_configure.c. */
void supervise_configure_proxy(struct supervisor *s, bool whole);
void supervise_configure_analyzer(struct supervisor *s);
void supervise_configure_advisor(struct supervisor *s);
/* Rings go to an analyzer that can take them, from a proxy that has them. */
void supervise_attach(struct supervisor *s, uint64_t now_ns);
void supervise_proxy_is_ready(struct supervisor *s, uint64_t now_ns);
void supervise_tell_ready(struct supervisor *s);
void supervise_reload(struct supervisor *s, uint64_t now_ns); /* SIGHUP */

/* supervise_route.c. */
void supervise_read(struct supervisor *s, struct party *p, uint64_t now_ns);
void supervise_send_status(struct supervisor *s, uint64_t now_ns);

#endif
