/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/errand.h"

#include "base/list.h"
#include "proxy/backend.h"
#include "proxy/worker.h"

struct errand {
    struct worker *worker;
    struct backend *backend;
    const struct errand_ops *ops;
    void *ctx;
    struct timer timer;
    struct list node;
};

size_t
errand_size(void)
{
    return sizeof(struct errand);
}

void
errand_close(struct errand **errand)
{
    struct errand *e = TAKE(*errand);
    if (e == NULL) {
        return;
    }
    backend_close(&e->backend);
    loop_timer_cancel(e->worker->loop, &e->timer);
    list_remove(&e->node);
    worker_errand_closed(e->worker);
    pool_put(&e->worker->errands, e);
}

static void
end(struct errand *e, int err)
{
    const struct errand_ops *ops = e->ops;
    void *ctx = e->ctx;
    errand_close(&e);
    ops->ended(ctx, err);
}

static void
wait_on(struct errand *e)
{
    loop_timer_set(e->worker->loop, &e->timer, loop_now_ns(e->worker->loop) + ERRAND_TIMEOUT_NS);
}

static void
on_connected(struct backend *b, int err)
{
    struct errand *e = b->owner;
    if (err != 0) {
        e->worker->counters[COUNTER_upstream_failed]++;
        end(e, err);
        return;
    }
    wait_on(e);
    e->ops->connected(e->ctx);
}

static void
on_data(struct backend *b, struct slice chunk, uint64_t at_ns)
{
    struct errand *e = b->owner;
    wait_on(e);
    e->ops->data(e->ctx, chunk);
}

static void
on_eof(struct backend *b, int err)
{
    end(b->owner, 0);
}

static void
on_drained(struct backend *b)
{
}

static const struct backend_ops backend_ops = {on_connected, on_data, on_eof, on_drained};

static void
on_timeout(struct timer *timer, uint64_t now_ns)
{
    end(CONTAINER_OF(timer, struct errand, timer), 0);
}

struct errand *
errand_open(struct worker *worker, const struct listener *listener,
            const struct resolve_address *address, const struct errand_ops *ops, void *ctx)
{
    struct errand *e = pool_get(&worker->errands);
    if (e == NULL) {
        return NULL;
    }
    e->backend = backend_open(worker, listener, address, &backend_ops, e, true);
    if (e->backend == NULL) {
        pool_put(&worker->errands, e);
        return NULL;
    }
    e->worker = worker;
    e->ops = ops;
    e->ctx = ctx;
    e->timer.fire = on_timeout;
    list_init(&e->node);
    list_append(&worker->errands_open, &e->node);
    worker_errand_opened(worker);
    wait_on(e);
    return e;
}

void
errand_write(struct errand *e, struct slice bytes)
{
    struct iovec iov = {(void *)bytes.ptr, bytes.len};
    if (backend_write(e->backend, &iov, 1) != 0) {
        loop_timer_set(e->worker->loop, &e->timer, loop_now_ns(e->worker->loop));
    }
}

const struct tls *
errand_tls(const struct errand *e)
{
    return conn_tls_of(&e->backend->conn);
}

void
errand_end_all(struct worker *worker)
{
    while (!list_is_empty(&worker->errands_open)) {
        end(LIST_ENTRY(worker->errands_open.next, struct errand, node), 0);
    }
}
