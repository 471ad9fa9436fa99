/* SPDX-License-Identifier: Apache-2.0 */
#include "io/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/now.h"
#include "io/uring.h"

#define LOOP_MAGIC 0x100b1e57u

/* So many that wait for what is sent in this turn are worth a system call. Where there are more the
 * processors are busy, and who is woken would only take this one away in the middle of the turn. */
#define SENDS_FIRST_MAX 4

struct loop {
    unsigned magic;
    int epoll_fd;
    struct uring *uring;    /* NULL: epoll alone */
    struct loop_watch wake; /* an eventfd */
    struct loop_task *on_wake;
    struct timer_heap timers;
    struct loop_watch alarm; /* a timerfd */
    uint64_t alarm_ns;       /* when it goes off; UINT64_MAX: it is not set */
    struct list deferred;
    struct list after_sends;
    unsigned after_sends_count;
    uint64_t now_ns;
    _Atomic bool stopping;
};

uint64_t
loop_clock_ns(struct loop *loop)
{
    loop->now_ns = now_monotonic_ns();
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

/* What is due is found by loop_turn. */
static void
alarm_ready(struct loop_watch *watch, unsigned events)
{
    CONTAINER_OF(watch, struct loop, alarm)->alarm_ns = UINT64_MAX;
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

/* fd: of a call that has just failed or not. */
static int
watch_own(struct loop *loop, struct loop_watch *watch, int fd)
{
    int err = fd < 0 ? -errno : loop_watch_add(loop, watch, fd, LOOP_READ | LOOP_EDGE);
    if (err != 0 && fd >= 0) {
        close(fd);
    }
    return err;
}

int
loop_new(enum loop_kind kind, struct loop **ret_loop)
{
    struct loop *loop = check_alloc(1, sizeof(*loop));
    loop->magic = LOOP_MAGIC;
    list_init(&loop->deferred);
    list_init(&loop->after_sends);
    loop->wake = (struct loop_watch){.fd = -1, .ready = wake_ready};
    loop->alarm = (struct loop_watch){.fd = -1, .ready = alarm_ready};
    loop->alarm_ns = UINT64_MAX;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int err = loop->epoll_fd < 0 ? -errno : 0;
    err = err != 0 ? err : watch_own(loop, &loop->wake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    err = err != 0 ? err
                   : watch_own(loop, &loop->alarm,
                               timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    err = err != 0 ? err : add_uring(loop, kind);
    if (err != 0) {
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
    if (l->alarm.fd >= 0) {
        close(l->alarm.fd);
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

static void
enlist(struct list *list, struct loop_task *task)
{
    if (task->node.next == NULL) {
        list_init(&task->node);
    }
    if (list_is_empty(&task->node)) {
        list_append(list, &task->node);
    }
}

void
loop_defer(struct loop *loop, struct loop_task *task)
{
    enlist(&loop->deferred, task);
}

void
loop_after_sends(struct loop *loop, struct loop_task *task)
{
    enlist(&loop->after_sends, task);
    loop->after_sends_count++;
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

/* Those that are on the list now. */
static void
run_all(struct list *tasks)
{
    struct list now;
    list_init(&now);
    while (!list_is_empty(tasks)) {
        struct list *node = tasks->next;
        list_remove(node);
        list_append(&now, node);
    }
    while (!list_is_empty(&now)) {
        struct loop_task *task = LIST_ENTRY(now.next, struct loop_task, node);
        list_remove(&task->node);
        task->run(task);
    }
}

static void
run_after_sends(struct loop *loop)
{
    if (list_is_empty(&loop->after_sends)) {
        return;
    }
    if (loop->uring != NULL && loop->after_sends_count <= SENDS_FIRST_MAX) {
        uring_send(loop->uring);
    }
    loop->after_sends_count = 0;
    loop_clock_ns(loop);
    run_all(&loop->after_sends);
}

/* How long to wait. A wait with a limit costs the kernel a timer each time; the alarm costs one for
 * each time that it goes off. */
static int
wait_ms(struct loop *loop, int timeout_ms)
{
    uint64_t next_ns = timer_next_ns(&loop->timers);
    if (!list_is_empty(&loop->deferred) || next_ns <= loop->now_ns) {
        return 0;
    }
    if (next_ns < loop->alarm_ns) {
        const struct itimerspec at = {.it_value = {.tv_sec = (time_t)(next_ns / NS_PER_S),
                                                   .tv_nsec = (long)(next_ns % NS_PER_S)}};
        int err = timerfd_settime(loop->alarm.fd, TFD_TIMER_ABSTIME, &at, NULL);
        assert(err == 0);
        loop->alarm_ns = next_ns;
    }
    return timeout_ms;
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
        run_after_sends(loop);
    } else {
        uring_wait(loop->uring, wait_ms(loop, timeout_ms));
        loop_clock_ns(loop);
        uring_dispatch(loop->uring);
        run_after_sends(loop);
        uring_end_turn(loop->uring);
    }
    timer_fire_due(&loop->timers, loop->now_ns, LOOP_TIMERS_MAX);
    run_all(&loop->deferred);
}

void
loop_run(struct loop *loop)
{
    OBJ_CHECK(loop, LOOP_MAGIC);
    while (!atomic_load_explicit(&loop->stopping, memory_order_acquire)) {
        loop_turn(loop, -1);
    }
}
