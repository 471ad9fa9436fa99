/* SPDX-License-Identifier: Apache-2.0
 * app/party.h - one process under the supervisor: started or adopted, watched, started again.
 *
 * Owned by the supervisor's loop. A process that dies is started again at once; one that keeps
 * dying waits PARTY_BACKOFF_MIN_NS doubled up to PARTY_BACKOFF_MAX_NS, and one that lived
 * PARTY_PROVEN_NS has a clean slate. Its pid is watched through a pidfd, so that a proxy which is
 * not our child is watched alike and no reused pid is ever signalled. */
#ifndef APP_PARTY_H
#define APP_PARTY_H

#include <sys/types.h>

#include "base/check.h"
#include "base/diag.h"
#include "bus/channel.h"

#define PARTY_BACKOFF_MIN_NS 100000000ull
#define PARTY_BACKOFF_MAX_NS 5000000000ull
#define PARTY_PROVEN_NS      1000000000ull

struct party {
    enum channel_party who;
    const char *name;        /* "proxy" */
    pid_t pid;               /* 0: not running */
    int pidfd;               /* -1 when not running */
    struct channel *channel; /* NULL when not running, or once it closed its end */
    bool adopted;            /* another supervisor started it */
    bool greeted;            /* its HELLO has come */
    bool ready;              /* it has its configuration */
    uint64_t started_ns;
    uint64_t start_at_ns; /* when to start it again; UINT64_MAX: not */
    unsigned failures;    /* in a row */
    uint64_t restarts;
    uint64_t lost; /* messages that it did not take */
    /* Of a proxy. */
    unsigned slot;
    uint32_t configure_id; /* of the last CONFIGURE to it */
    uint64_t attach_at_ns; /* when to ask it for rings; UINT64_MAX: not */
    bool retired;          /* accepts no clients any more */
    uint64_t sessions;     /* once retired */
    uint64_t end_ns;       /* when those must end */
    char version[32];      /* what its HELLO said */
};

void party_init(struct party *p, enum channel_party who, const char *name);

/* fork + exec of the program with argv and "--channel-fd 3" after it, and nothing but standard
 * streams and that one descriptor open. 0 or -errno with a diag. */
MUST_CHECK int party_start(struct party *p, const char *program, const char *const *argv,
                           uint64_t now_ns, struct diag *diag);

/* Takes a connected socket of a process that runs already. 0 or -errno with a diag. */
MUST_CHECK int party_adopt(struct party *p, int fd, pid_t pid, uint64_t now_ns, struct diag *diag);

/* Takes a process that this one had before it became another binary: its pidfd and the channel's
 * descriptor (-1: closed). 0 or -errno with a diag. */
MUST_CHECK int party_inherit(struct party *p, pid_t pid, int pidfd, int channel_fd,
                             struct diag *diag);

bool party_is_running(const struct party *p);

/* Sends, or counts it as lost and says why: -EAGAIN, -EPIPE, ... Fills `from`. */
int party_send(struct party *p, struct channel_message *message);
int party_send_text(struct party *p, unsigned type, uint32_t id, const char *text);

void party_signal(const struct party *p, int signal);

/* The pidfd became readable: reaps it, closes the channel and plans the next start. ret_status is
 * that of waitpid, or -1 where it is not our child. */
void party_ended(struct party *p, uint64_t now_ns, int *ret_status);

/* Lets go of the descriptors; the process lives on. */
void party_fini(struct party *p);

#endif
