/* SPDX-License-Identifier: Apache-2.0 */
#include "io/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/uring.h"

#define LOOP_MAGIC 0x100b1e57u

struct loop {
    unsigned magic;
    int epoll_fd;
    struct uring *uring;    /* NULL: epoll alone */
    struct loop_watch wake; /* an eventfd */
    struct loop_task *on_wake;
    struct timer_heap timers;
    struct list deferred;
    uint64_t now_ns;
    _Atomic bool stopping;
};

uint64_t
loop_clock_ns(struct loop *loop)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    loop->now_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
    return loop->now_ns;
}

struct uring *
loop_uring(const struct loop *loop)
{
    return loop->uring;
}

uint64_t
loop_now_ns(const struct loop *loop)
{
    return loop->now_ns;
}

static void
wake_ready(struct loop_watch *watch, unsigned events)
{
    struct loop *loop = CONTAINER_OF(watch, struct loop, wake);
    uint64_t count;
    if (read(watch->fd, &count, sizeof(count)) > 0 && loop->on_wake != NULL) {
        loop->on_wake->run(loop->on_wake);
    }
}

static void dispatch_watches(struct loop *loop, int timeout_ms);

static void
watches_ready(void *ctx)
{
    dispatch_watches(ctx, 0);
}

int
loop_kind_from_str(struct slice text, enum loop_kind *ret_kind)
{
    static const char *const names[] = {
        [LOOP_AUTO] = "auto", [LOOP_EPOLL] = "epoll", [LOOP_IO_URING] = "io_uring"};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (slice_eq(text, slice_from_str(names[i]))) {
            *ret_kind = (enum loop_kind)i;
            return 0;
        }
    }
    return -EINVAL;
}

int
loop_probe(enum loop_kind kind)
{
    struct loop *loop = NULL;
    int err = loop_new(kind, &loop);
    loop_free(&loop);
    return err;
}

/* 0, also when it is not to be. */
static int
add_uring(struct loop *loop, enum loop_kind kind)
{
    assert(kind != LOOP_AUTO);
    int err = kind == LOOP_EPOLL ? 0 : uring_new(&loop->uring);
    if (loop->uring != NULL) {
        uring_poll(loop->uring, loop->epoll_fd, watches_ready, loop);
    }
    return err;
}

int
loop_new(enum loop_kind kind, struct loop **ret_loop)
{
    struct loop *loop = check_alloc(1, sizeof(*loop));
    loop->magic = LOOP_MAGIC;
    list_init(&loop->deferred);
    loop->wake.fd = -1;
    loop->wake.ready = wake_ready;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int err = loop->epoll_fd < 0 || fd < 0 ? -errno : 0;
    if (err == 0) {
        err = loop_watch_add(loop, &loop->wake, fd, LOOP_READ | LOOP_EDGE);
    }
    err = err != 0 ? err : add_uring(loop, kind);
    if (err != 0) {
        if (fd >= 0 && loop->wake.fd < 0) {
            close(fd);
        }
        loop_free(&loop);
        return err;
    }
    loop_clock_ns(loop);
    *ret_loop = loop;
    return 0;
}

void
loop_free(struct loop **loop)
{
    struct loop *l = TAKE(*loop);
    if (l == NULL) {
        return;
    }
    OBJ_CHECK(l, LOOP_MAGIC);
    uring_free(&l->uring);
    if (l->wake.fd >= 0) {
        close(l->wake.fd);
    }
    if (l->epoll_fd >= 0) {
        close(l->epoll_fd);
    }
    l->magic = 0;
    free(l);
}

void
loop_stop(struct loop *loop)
{
    atomic_store_explicit(&loop->stopping, true, memory_order_release);
    loop_wake(loop);
}

void
loop_wake(struct loop *loop)
{
    uint64_t one = 1;
    /* The only failure is a full counter, and then it is awake anyway. */
    if (write(loop->wake.fd, &one, sizeof(one)) < 0) {
        return;
    }
}

void
loop_on_wake(struct loop *loop, struct loop_task *task)
{
    loop->on_wake = task;
}

int
loop_watch_add(struct loop *loop, struct loop_watch *watch, int fd, unsigned events)
{
    struct epoll_event ev = {.data.ptr = watch};
    ev.events |= (events & LOOP_READ) != 0 ? EPOLLIN : 0u;
    ev.events |= (events & LOOP_WRITE) != 0 ? EPOLLOUT : 0u;
    ev.events |= (events & LOOP_EDGE) != 0 ? EPOLLET : 0u;
    /* The kernel refuses EPOLLRDHUP beside EPOLLEXCLUSIVE. */
    ev.events |= (events & LOOP_EXCLUSIVE) != 0 ? EPOLLEXCLUSIVE : EPOLLRDHUP;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
        return -errno;
    }
    watch->fd = fd;
    return 0;
}

void
loop_watch_remove(struct loop *loop, struct loop_watch *watch)
{
    if (watch->fd >= 0) {
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
        watch->fd = -1;
    }
}

void
loop_defer(struct loop *loop, struct loop_task *task)
{
    if (task->node.next == NULL) {
        list_init(&task->node);
    }
    if (list_is_empty(&task->node)) {
        list_append(&loop->deferred, &task->node);
    }
}

void
loop_defer_cancel(struct loop_task *task)
{
    if (task->node.next != NULL) {
        list_remove(&task->node);
    }
}

void
loop_timer_set(struct loop *loop, struct timer *timer, uint64_t at_ns)
{
    timer_set(&loop->timers, timer, at_ns);
}

void
loop_timer_cancel(struct loop *loop, struct timer *timer)
{
    timer_cancel(&loop->timers, timer);
}

static void
run_deferred(struct loop *loop)
{
    struct list now;
    list_init(&now);
    while (!list_is_empty(&loop->deferred)) {
        struct list *node = loop->deferred.next;
        list_remove(node);
        list_append(&now, node);
    }
    while (!list_is_empty(&now)) {
        struct loop_task *task = LIST_ENTRY(now.next, struct loop_task, node);
        list_remove(&task->node);
        task->run(task);
    }
}

static int
wait_ms(const struct loop *loop, int timeout_ms)
{
    if (!list_is_empty(&loop->deferred)) {
        return 0;
    }
    uint64_t next_ns = timer_next_ns(&loop->timers);
    if (next_ns == UINT64_MAX) {
        return timeout_ms;
    }
    if (next_ns <= loop->now_ns) {
        return 0;
    }
    uint64_t ms = (next_ns - loop->now_ns + NS_PER_MS - 1) / NS_PER_MS;
    return timeout_ms >= 0 && ms > (uint64_t)timeout_ms ? timeout_ms : (int)MIN(ms, 60000u);
}

static unsigned
events_of(uint32_t epoll_events)
{
    unsigned events = 0;
    events |= (epoll_events & EPOLLIN) != 0 ? LOOP_READ : 0u;
    events |= (epoll_events & EPOLLOUT) != 0 ? LOOP_WRITE : 0u;
    events |= (epoll_events & (EPOLLRDHUP | EPOLLHUP)) != 0 ? LOOP_HANGUP : 0u;
    events |= (epoll_events & EPOLLERR) != 0 ? LOOP_ERROR : 0u;
    return events;
}

static void
dispatch_watches(struct loop *loop, int timeout_ms)
{
    struct epoll_event ready[LOOP_EVENTS_MAX];
    int count = epoll_wait(loop->epoll_fd, ready, ARRAY_LEN(ready), timeout_ms);
    assert(count >= 0 || errno == EINTR);
    loop_clock_ns(loop);
    for (int i = 0; i < count; i++) {
        struct loop_watch *watch = ready[i].data.ptr;
        if (watch->fd >= 0) {
            watch->ready(watch, events_of(ready[i].events));
        }
    }
}

void
loop_turn(struct loop *loop, int timeout_ms)
{
    if (loop->uring == NULL) {
        dispatch_watches(loop, wait_ms(loop, timeout_ms));
    } else {
        uring_wait(loop->uring, wait_ms(loop, timeout_ms));
        loop_clock_ns(loop);
        uring_dispatch(loop->uring);
    }
    timer_fire_due(&loop->timers, loop->now_ns, LOOP_TIMERS_MAX);
    run_deferred(loop);
}

void
loop_run(struct loop *loop)
{
    OBJ_CHECK(loop, LOOP_MAGIC);
    while (!atomic_load_explicit(&loop->stopping, memory_order_acquire)) {
        loop_turn(loop, -1);
    }
}
