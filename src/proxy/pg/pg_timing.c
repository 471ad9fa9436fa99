/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_timing.h"

#include "proxy/server_timing.h"

void
pg_timing_count(const struct pg_session *p, struct pg_exec *e)
{
    static const uint8_t none[sizeof(e->trace_id)];
    struct server_timing_key key;
    if (e->role != ROLE_EXECUTE || e->fingerprint == 0 ||
        memcmp(e->trace_id, none, sizeof(none)) == 0) {
        return;
    }
    memcpy(key.trace_id, e->trace_id, sizeof(key.trace_id));
    memcpy(key.span_id, e->parent_span, sizeof(key.span_id));
    e->timing = server_timing_begin(p->worker->env.server_timing, &key);
}

void
pg_timing_count_end(const struct pg_session *p, struct pg_exec *e)
{
    server_timing_end(p->worker->env.server_timing, e->timing & ~PG_TIMING_PASSED_OVER,
                      e->end_ns - e->start_ns + e->prepare_ns);
    e->timing = 0;
}

void
pg_timing_pass_over(struct pg_exec *e)
{
    e->timing |= e->timing == 0 ? 0 : PG_TIMING_PASSED_OVER;
}

void
pg_timing_abandon(const struct pg_execs *x, struct pg_exec *e)
{
    uint64_t ticket = e->timing & ~PG_TIMING_PASSED_OVER;
    if (ticket == e->timing) {
        server_timing_abandon(x->server_timing, ticket);
    } else {
        server_timing_withdraw(x->server_timing, ticket);
    }
}
