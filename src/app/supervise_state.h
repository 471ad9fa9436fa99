/* SPDX-License-Identifier: Apache-2.0
 * app/supervise_state.h - what the supervisor's own files share: its state, and the steps that one
 * of them takes for another. For supervise*.c alone; everyone else knows supervise.h.
 *
 *   supervise.c            its loop and its phases: start, signals, stop
 *   supervise_sockets.c    the sockets it owns: listeners, the admin API
 *   supervise_children.c   starting the others, taking a running proxy over, starting again
 *   supervise_configure.c  who gets which configuration and when, and reading it again
 *   supervise_route.c      what processes say, to it and through it to one another
 *   supervise_handover.c   what one binary of the supervisor leaves to the next
 *   supervise_upgrade.c    the steps of an upgrade, and the way back */
#ifndef APP_SUPERVISE_STATE_H
#define APP_SUPERVISE_STATE_H

#include <jansson.h>

#include "app/datadir.h"
#include "app/party.h"
#include "app/supervise.h"
#include "app/upgrade_record.h"
#include "base/clock.h"

#define SUPERVISE_RETRY_NS    (1 * NS_PER_S)
#define SUPERVISE_FRESH_AFTER 3 /* lives of the analyzer in a row that were short */
#define SUPERVISE_RETIRED_MAX (CHANNEL_PROXIES_MAX - 1)
#define SUPERVISE_PARTIES_MAX (CHANNEL_PROXIES_MAX + 4)
#define SUPERVISE_PROGRAM_MAX 1024

enum phase {
    PHASE_RUNNING,
    PHASE_DRAINING, /* the proxy finishes what is in flight */
    PHASE_CLOSING,  /* analyzer and advisor finish */
    PHASE_OVER,
};

enum upgrade_step {
    UPGRADE_NONE,
    UPGRADE_TRYING,   /* the new binary is asked whether it could take over; we are the old one */
    UPGRADE_STARTING, /* from here on we are the new one: its proxy starts beside the old one */
    UPGRADE_PROVING,  /* both proxies accept clients */
    UPGRADE_RENEWING, /* the old proxy has retired; analyzer and advisor are replaced */
};

struct upgrade {
    enum upgrade_step step;
    uint64_t deadline_ns; /* of the step; UINT64_MAX: none */
    uint64_t asked_ns;
    struct upgrade_record record; /* of this one, or of the last */
    struct party trial;
    bool trial_is_right;
    bool renews_analyzer; /* it was told to leave */
    bool renews_advisor;
    json_t *former;                          /* what the old binary left to us; for the way back */
    int former_exe;                          /* that binary; -1: none */
    int spare_fds[CONFIG_LISTENERS_MAX + 1]; /* sockets that only the way back needs */
    unsigned spare_count;
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
    char program[SUPERVISE_PROGRAM_MAX];         /* what an upgrade runs; "" when it is not known */
    struct party proxy;                          /* it accepts clients */
    struct party successor;                      /* of an upgrade: will be the proxy */
    struct party retired[SUPERVISE_RETIRED_MAX]; /* former ones, with their last sessions */
    struct party analyzer;
    struct party advisor;
    struct upgrade upgrade;
    enum phase phase;
    int exit_code;
    uint64_t deadline_ns;  /* of the phase */
    uint64_t status_at_ns; /* when to tell the analyzer about us again */
    uint32_t id;           /* of the last message that wants an answer */
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
/* All that run or may; returns how many. Proxies come first. */
size_t supervise_parties(struct supervisor *s, struct party *list[SUPERVISE_PARTIES_MAX]);
/* The proxies among them. */
size_t supervise_proxies(struct supervisor *s, struct party *list[CHANNEL_PROXIES_MAX + 1]);

/* supervise_sockets.c. Opens what is not open yet; 0 or -errno with a diag. */
MUST_CHECK int supervise_open_listeners(struct supervisor *s, struct diag *diag);
void supervise_close_listeners(struct supervisor *s);
MUST_CHECK int supervise_open_admin(struct supervisor *s, struct diag *diag);

/* supervise_children.c. */
/* The running proxies, or else our own listening sockets. */
MUST_CHECK int supervise_find_proxies(struct supervisor *s, uint64_t now_ns, struct diag *diag);
/* 0 or -errno with a diag. */
MUST_CHECK int supervise_start_proxy_in(struct supervisor *s, struct party *p, unsigned slot,
                                        uint64_t now_ns, struct diag *diag);
/* The lowest that no running proxy has; CHANNEL_PROXIES_MAX: none is free. */
unsigned supervise_free_slot(struct supervisor *s);
/* Room for one more former proxy, or NULL. */
struct party *supervise_retired_place(struct supervisor *s);
bool supervise_is_retired(const struct supervisor *s, const struct party *p);
void supervise_start_due(struct supervisor *s, uint64_t now_ns);
/* Its pidfd became readable: reaps it and, while we run, plans its next start. */
void supervise_reap(struct supervisor *s, struct party *p, uint64_t now_ns);
/* Nothing that we started outlives a start that failed; an adopted proxy does. */
void supervise_end_started(struct supervisor *s);

/* supervise_configure.c. */
void supervise_configure_proxy(struct supervisor *s, struct party *p, bool whole);
void supervise_configure_analyzer(struct supervisor *s);
void supervise_configure_advisor(struct supervisor *s);
/* Rings go to an analyzer that can take them, from the proxies that have them and are due. */
void supervise_attach(struct supervisor *s, uint64_t now_ns);
void supervise_attach_all(struct supervisor *s, uint64_t now_ns);
/* It accepts no more clients; its sessions have upgrade_drain_s. */
void supervise_retire(struct supervisor *s, struct party *p, uint64_t now_ns);
void supervise_proxy_is_ready(struct supervisor *s, uint64_t now_ns);
/* DATA/listeners.json, for whoever wants to go round them. */
void supervise_note_listeners(struct supervisor *s);
void supervise_tell_ready(struct supervisor *s);
void supervise_reload(struct supervisor *s, uint64_t now_ns); /* SIGHUP */

/* supervise_route.c. */
void supervise_read(struct supervisor *s, struct party *p, uint64_t now_ns);
void supervise_send_status(struct supervisor *s, uint64_t now_ns);
/* That proxy is gone: its rings are read out. */
void supervise_send_rings_end(struct supervisor *s, const struct party *p);

/* supervise_handover.c. Everything that the next binary needs; back: it is the one we came from. */
json_t *supervise_handover(struct supervisor *s, bool back);
/* What a handover must be like, as far as it can be told without taking it over. 0 or -EINVAL. */
MUST_CHECK int supervise_handover_check(const json_t *doc, struct diag *diag);
/* In the new binary: processes, sockets and locks are ours. 0 or -EINVAL with a diag. */
MUST_CHECK int supervise_take_over(struct supervisor *s, json_t *doc, uint64_t now_ns,
                                   struct diag *diag);
/* Becomes that binary; takes doc. Returns only when it cannot: -errno with a diag. */
int supervise_become(struct supervisor *s, json_t *doc, int exe_fd, const char *program,
                     struct diag *diag);

/* supervise_upgrade.c. */
void supervise_upgrade_begin(struct supervisor *s, uint64_t now_ns); /* SIGUSR2 */
void supervise_upgrade_go_on(struct supervisor *s, uint64_t now_ns); /* in the new binary */
void supervise_upgrade_came_back(struct supervisor *s);              /* in the old one */
void supervise_upgrade_turn(struct supervisor *s, uint64_t now_ns);  /* once a turn */
void supervise_upgrade_said(struct supervisor *s, struct party *p, const json_t *status,
                            uint64_t now_ns);
/* The trial, the successor or, when it was told to leave, the analyzer or advisor has ended; true
 * when that is all there is to do about it. */
bool supervise_upgrade_ended(struct supervisor *s, struct party *p, int status, uint64_t now_ns);
void supervise_upgrade_give_up(struct supervisor *s); /* slowburn stops */

#endif
