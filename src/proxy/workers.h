/* SPDX-License-Identifier: Apache-2.0
 * proxy/workers.h - all workers of the process and what they share: the limits, the table of cancel
 * keys, the census of sessions, the requests under way that a Server-Timing is for.
 *
 * Zeroed memory with the first three fields set is the start. Main thread. At most WORKERS_MAX. */
#ifndef PROXY_WORKERS_H
#define PROXY_WORKERS_H

#include "proxy/beside.h"
#include "proxy/configure.h"
#include "proxy/rings.h"
#include "proxy/worker.h"

struct workers {
    const char *data_dir;   /* borrowed */
    unsigned slot;          /* their numbers begin at slot * WORKERS_MAX */
    struct loop *done_loop; /* woken as in worker.h; borrowed */
    unsigned count;         /* 0: not started */
    struct worker *each[WORKERS_MAX];
    struct limits limits;
    struct cancels *cancels; /* NULL before the start */
    struct census *census;
    struct server_timing *server_timing; /* NULL: no listener wants it */
    struct beside beside;
};

/* With a ring each. Says in the config which kind of loop was taken. 0 or -errno with a diag, and
 * then workers_stop. */
MUST_CHECK int workers_start(struct workers *w, struct proxy_config *config, struct rings *rings,
                             struct diag *diag);
/* Ends the threads and waits for them; sessions are closed, and last records in the rings. */
void workers_join(struct workers *w);
/* That, and lets go of everything. */
void workers_stop(struct workers *w);

/* Limits and log level are those of the config now. */
void workers_limit(struct workers *w, const struct proxy_config *config);
/* What sessions_max can be at most once they are started: pools are as large as they were made. */
uint32_t workers_sessions_max(const struct workers *w);

uint64_t workers_sessions(const struct workers *w);
bool workers_have_stopped(const struct workers *w); /* all of them, as worker_has_stopped */
size_t workers_unread(const struct workers *w);     /* after workers_join */

/* To each; one that does not read its mail is logged. */
void workers_post(struct workers *w, const struct mail *mail);
/* To each with its share. */
void workers_lease(struct workers *w, const struct driver_lease *lease);
void workers_replace_rings(struct workers *w, struct rings *rings, size_t ring_bytes);

#endif
