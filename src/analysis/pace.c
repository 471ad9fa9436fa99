/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/pace.h"

#include "base/check.h"
#include "base/clock.h"

#define LEAST_NS     NS_PER_S
#define READ_SHARE   20u  /* of the thread's time: one in so many */
#define UNREAD_SHARE 200u /* 10,000 series are 50 ms of it */
#define READ_FOR_NS  (30 * NS_PER_S)

void
pace_read(struct pace *p, uint64_t now_ns)
{
    atomic_store_explicit(&p->read_ns, now_ns, memory_order_relaxed);
}

bool
pace_may_make(const struct pace *p, bool is_table, uint64_t now_ns)
{
    uint64_t read_ns = atomic_load_explicit(&p->read_ns, memory_order_relaxed);
    bool is_read = !is_table || (read_ns != 0 && now_ns < read_ns + READ_FOR_NS);
    uint64_t rest_ns = (is_read ? READ_SHARE : UNREAD_SHARE) * p->took_ns;
    return p->made_ns == 0 || now_ns >= p->made_ns + MAX(LEAST_NS, rest_ns);
}

void
pace_made(struct pace *p, uint64_t now_ns, uint64_t took_ns)
{
    p->made_ns = now_ns;
    p->took_ns = took_ns;
}
