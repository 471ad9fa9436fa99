/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/aside.h"

#include "io/log.h"
#include "proxy/errand.h"
#include "proxy/listener.h"
#include "proxy/worker.h"

static void
on_connected(void *ctx)
{
}

static void
on_data(void *ctx, struct slice bytes)
{
}

static void
on_ended(void *ctx, int err)
{
    const struct listener *listener = ctx;
    if (err != 0) {
        log_warn("proxy", "aside_failed", "cannot pass on a cancel request",
                 LOG_STR("upstream", listener->upstream), LOG_ERRNO(err));
    }
}

static const struct errand_ops ops = {on_connected, on_data, on_ended};

void
aside_send(struct worker *worker, const struct listener *listener,
           const struct resolve_address *address, struct slice bytes)
{
    if (bytes.len == 0) {
        return;
    }
    assert(bytes.len <= DRIVER_ASIDE_MAX);
    struct errand *e = errand_open(worker, listener, address, &ops, (void *)listener);
    if (e == NULL) {
        worker->counters[COUNTER_cancels_dropped]++;
        log_warn("proxy", "asides_full", "too many cancel requests at once, dropping one",
                 LOG_STR("upstream", listener->upstream));
        return;
    }
    worker->counters[COUNTER_cancels]++;
    errand_write(e, bytes);
}
