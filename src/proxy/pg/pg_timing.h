/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_timing.h - an execution that carries the traceparent of a request that is under way
 * is counted for that request's Server-Timing (proxy/server_timing.h).
 *
 * Where no listener wants that, or nothing was tagged, a compare each. One worker's thread. */
#ifndef PROXY_PG_PG_TIMING_H
#define PROXY_PG_PG_TIMING_H

#include "proxy/pg/pg_session.h"

/* In pg_exec.timing, beside the ticket (which is smaller): the server has passed over it, because
 * of an error before it. That may have been its own Bind's, and then it ends all the same: it stays
 * under way until that is known. */
#define PG_TIMING_PASSED_OVER (1ull << 63)

void pg_timing_count(const struct pg_session *p, struct pg_exec *e);
void pg_timing_count_end(const struct pg_session *p, struct pg_exec *e);
/* It is given back without an end. */
void pg_timing_abandon(const struct pg_execs *x, struct pg_exec *e);
void pg_timing_pass_over(struct pg_exec *e);

/* It goes to the server, before its answer can have come. */
static inline void
pg_timing_begin(const struct pg_session *p, struct pg_exec *e)
{
    if (p->worker->env.server_timing != NULL) {
        pg_timing_count(p, e);
    }
}

/* It has ended, and how long it took is settled. */
static inline void
pg_timing_end(const struct pg_session *p, struct pg_exec *e)
{
    if (e->timing != 0) {
        pg_timing_count_end(p, e);
    }
}

#endif
