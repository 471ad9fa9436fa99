/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/setup.h"

#include "base/clock.h"
#include "base/hash.h"

static unsigned
slot_of(uint64_t session)
{
    return (unsigned)(hash_combine(session, 0) % SETUP_SESSIONS);
}

void
setup_begins(struct setup *s, uint64_t session, uint64_t start_ns)
{
    unsigned at = slot_of(session);
    s->begun[at].session = session;
    s->begun[at].start_ns = start_ns;
}

double
setup_ms(const struct setup *s, uint64_t session, uint64_t query_start_ns)
{
    unsigned at = slot_of(session);
    uint64_t start_ns = s->begun[at].start_ns;
    bool known = start_ns != 0 && s->begun[at].session == session && query_start_ns >= start_ns;
    return known ? clock_ns_to_ms(query_start_ns - start_ns) : -1;
}
