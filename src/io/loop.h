/* SPDX-License-Identifier: Apache-2.0
 * io/loop.h - one thread's event loop: descriptors, timers, deferred calls, a wake-up, a clock.
 *
 * One loop per thread; only loop_wake and loop_stop may be called from another. What it calls runs
 * on its thread and must not block. Byte streams go through io/stream.h, whose operations report
 * completions.
 *
 * Every loop watches descriptors with epoll. Where the kernel allows it, a loop has an io_uring
 * besides (io/uring.h), through which streams receive and send, and which watches the epoll
 * descriptor itself. What its users see is the same; doc/internals/loop.md has the whole story.
 *
 * Watches, tasks and timers sit inside their owners' objects (borrowed). An event that was already
 * fetched is not delivered to a watch that was removed meanwhile, as long as its memory lives until
 * the end of the turn: free such objects from a deferred call.
 *
 * Costs: one epoll_wait or io_uring_enter a turn, two of these with a few tasks of
 * loop_after_sends. Setting a timer is a system call only when it is earlier than all before it
 * (the loop waits for one alarm, which is moved to earlier only). A loop itself allocates nothing
 * after loop_new.
 *
 * Limits: LOOP_EVENTS_MAX events and LOOP_TIMERS_MAX timers a turn, so that no kind of work starves
 * another. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/check.h"
#include "base/list.h"
#include "base/slice.h"
#include "io/timer.h"

#define LOOP_EVENTS_MAX 128
#define LOOP_TIMERS_MAX 256

enum loop_event {
    LOOP_READ = 1u << 0,
    LOOP_WRITE = 1u << 1,
    LOOP_HANGUP = 1u << 2, /* the other side sends no more */
    LOOP_ERROR = 1u << 3,
    /* For loop_watch_add only: report changes instead of states; wake one of the loops that share
     * a listening descriptor instead of all. */
    LOOP_EDGE = 1u << 4,
    LOOP_EXCLUSIVE = 1u << 5,
};

struct loop_watch {
    int fd; /* -1: not watched */
    void (*ready)(struct loop_watch *watch, unsigned events);
};

struct loop_task {
    void (*run)(struct loop_task *task);
    struct list node;
};

struct loop;
struct uring; /* io/uring.h */

enum loop_kind {
    LOOP_AUTO, /* io_uring where there is one; only to be asked for: see loop_probe */
    LOOP_EPOLL,
    LOOP_IO_URING,
};

/* "auto", "epoll", "io_uring". 0 or -EINVAL. */
MUST_CHECK int loop_kind_from_str(struct slice text, enum loop_kind *ret_kind);
/* Whether such a loop can be made: 0 or -errno; -ENOSYS, -EPERM and others where the kernel has no
 * io_uring or does not allow it. */
MUST_CHECK int loop_probe(enum loop_kind kind);

/* 0 or -errno, as loop_probe. It belongs to the thread of the first loop_turn. */
MUST_CHECK int loop_new(enum loop_kind kind, struct loop **ret_loop);
void loop_free(struct loop **loop);

/* Turns until loop_stop. */
void loop_run(struct loop *loop);
/* One turn; waits at most timeout_ms for something to do; -1: without end. */
void loop_turn(struct loop *loop, int timeout_ms);
/* Any thread. */
void loop_stop(struct loop *loop);
/* Any thread: calls the wake-up's run soon, once for any number of wakes. */
void loop_wake(struct loop *loop);
void loop_on_wake(struct loop *loop, struct loop_task *task);

/* watch->ready must be set. 0 or -errno. */
MUST_CHECK int loop_watch_add(struct loop *loop, struct loop_watch *watch, int fd, unsigned events);
/* Does not close the descriptor; sets watch->fd to -1. */
void loop_watch_remove(struct loop *loop, struct loop_watch *watch);

/* Runs the task once, after the events of this turn; a task may defer itself again, for the next
 * turn, which then does not wait. */
void loop_defer(struct loop *loop, struct loop_task *task);
/* Call before a task's memory goes. A task that was never deferred may be zeroed. */
void loop_defer_cancel(struct loop_task *task);

/* Runs the task once, when all that has come in this turn was told, before deferred calls: for what
 * must not be in the way of the bytes. Where few such tasks wait, what was written so far has been
 * handed to the kernel by then. The clock is read once for all of them. loop_defer_cancel takes it
 * back. */
void loop_after_sends(struct loop *loop, struct loop_task *task);

void loop_timer_set(struct loop *loop, struct timer *timer, uint64_t at_ns);
void loop_timer_cancel(struct loop *loop, struct timer *timer);

/* For streams. NULL: it has none. */
struct uring *loop_uring(const struct loop *loop);

/* CLOCK_MONOTONIC as it was last read, at the start of this turn's work or since; and read afresh.
 */
uint64_t loop_now_ns(const struct loop *loop);
uint64_t loop_clock_ns(struct loop *loop);

#endif
