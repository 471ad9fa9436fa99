/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/aside.h"

#include "base/list.h"
#include "io/log.h"
#include "proxy/backend.h"
#include "proxy/listener.h"
#include "proxy/worker.h"

struct aside {
    struct worker *worker;
    struct backend *backend;
    struct timer timer;
    struct list node;
};

size_t
aside_size(void)
{
    return sizeof(struct aside);
}

static void
finish(struct aside *a)
{
    backend_close(&a->backend);
    loop_timer_cancel(a->worker->loop, &a->timer);
    list_remove(&a->node);
    worker_aside_closed(a->worker);
    pool_put(&a->worker->asides, a);
}

static void
on_connected(struct backend *b, int err)
{
    if (err != 0) {
        b->worker->counters[COUNTER_upstream_failed]++;
        log_warn("proxy", "aside_failed", "cannot pass on a cancel request",
                 LOG_STR("upstream", b->listener->upstream), LOG_ERRNO(err));
        finish(b->owner);
    }
}

static void
on_data(struct backend *b, struct slice chunk, uint64_t at_ns)
{
}

static void
on_eof(struct backend *b, int err)
{
    finish(b->owner);
}

static void
on_drained(struct backend *b)
{
}

static const struct backend_ops ops = {on_connected, on_data, on_eof, on_drained};

static void
on_timeout(struct timer *timer, uint64_t now_ns)
{
    finish(CONTAINER_OF(timer, struct aside, timer));
}

void
aside_send(struct worker *worker, const struct listener *listener,
           const struct resolve_address *address, struct slice bytes)
{
    if (bytes.len == 0) {
        return;
    }
    assert(bytes.len <= DRIVER_ASIDE_MAX);
    struct aside *a = pool_get(&worker->asides);
    struct backend *b = a == NULL ? NULL : backend_open(worker, listener, address, &ops, a, true);
    if (b == NULL) {
        worker->counters[COUNTER_cancels_dropped]++;
        log_warn("proxy", "asides_full", "too many cancel requests at once, dropping one",
                 LOG_STR("upstream", listener->upstream));
        if (a != NULL) {
            pool_put(&worker->asides, a);
        }
        return;
    }
    worker->counters[COUNTER_cancels]++;
    a->worker = worker;
    a->backend = b;
    a->timer.fire = on_timeout;
    list_init(&a->node);
    list_append(&worker->asides_open, &a->node);
    worker_aside_opened(worker);
    loop_timer_set(worker->loop, &a->timer, loop_now_ns(worker->loop) + ASIDE_TIMEOUT_NS);
    struct iovec iov = {(void *)bytes.ptr, bytes.len};
    if (backend_write(b, &iov, 1) != 0) {
        finish(a);
    }
}

void
aside_close_all(struct worker *worker)
{
    LIST_FOREACH (node, &worker->asides_open) {
        finish(LIST_ENTRY(node, struct aside, node));
    }
}
