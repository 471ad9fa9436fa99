/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/relearn.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define NICE 19

struct relearn {
    pthread_t thread;
    int64_t from_s;
    relearn_history *history;
    void *ctx;
    pthread_mutex_t lock;
    struct replay *replay; /* under the lock; NULL: it is over */
    _Atomic(struct monitor *) monitor;
    _Atomic bool is_over; /* after that one */
};

static void *
run(void *arg)
{
    struct relearn *r = arg;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* of this thread alone */
    int err = r->history(r->ctx, r->from_s, replay_record, r->replay);
    pthread_mutex_lock(&r->lock);
    struct replay *replay = TAKE(r->replay);
    pthread_mutex_unlock(&r->lock);
    struct monitor *m = replay_end(&replay);
    if (err != 0) { /* half of what was is not what is normal */
        monitor_free(&m);
    }
    atomic_store_explicit(&r->monitor, m, memory_order_release);
    atomic_store_explicit(&r->is_over, true, memory_order_release);
    return NULL;
}

int
relearn_new(struct replay **replay, int64_t now_s, relearn_history *history, void *ctx,
            struct relearn **ret_relearn)
{
    struct relearn *r = check_alloc(1, sizeof(*r));
    r->from_s = now_s - REPLAY_BACK_S;
    r->history = history;
    r->ctx = ctx;
    r->replay = TAKE(*replay);
    pthread_mutex_init(&r->lock, NULL);
    int err = pthread_create(&r->thread, NULL, run, r);
    if (err != 0) {
        replay_cancel(r->replay);
        (void)replay_end(&r->replay);
        pthread_mutex_destroy(&r->lock);
        free(r);
        return -err;
    }
    *ret_relearn = r;
    return 0;
}

bool
relearn_is_over(const struct relearn *r)
{
    return r == NULL || atomic_load_explicit(&r->is_over, memory_order_acquire);
}

struct monitor *
relearn_take(struct relearn *r)
{
    return r == NULL ? NULL : atomic_exchange_explicit(&r->monitor, NULL, memory_order_acquire);
}

void
relearn_free(struct relearn **relearn)
{
    struct relearn *r = TAKE(*relearn);
    if (r == NULL) {
        return;
    }
    pthread_mutex_lock(&r->lock);
    if (r->replay != NULL) {
        replay_cancel(r->replay);
    }
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    struct monitor *m = relearn_take(r);
    monitor_free(&m);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
