/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/log.h"
#include "proxy/errand.h"
#include "proxy/session.h"

#define WORKER_MAGIC    0x3042be42u
#define TICK_NS         (1 * NS_PER_S)
#define ACCEPT_AGAIN_NS (100 * NS_PER_MS)

uint64_t
worker_next_id(struct worker *worker)
{
    worker->id_last = (worker->id_last + 1) & 0xffffffffffffull;
    return (uint64_t)worker->index << 48 | worker->id_last;
}

/* Names first: every later record refers to listeners and upstreams by index. */
static void
announce_names(struct worker *w)
{
    if (!publisher_is_attached(w->publisher)) {
        return;
    }
    uint64_t now_ns = loop_now_ns(w->loop);
    for (unsigned i = 0; i < w->listener_count; i++) {
        const struct listener *l = w->listeners[i].listener;
        publisher_name_indexed(w->publisher, now_ns, NAME_LISTENER, l->index,
                               slice_from_str(l->name));
        publisher_name_indexed(w->publisher, now_ns, NAME_UPSTREAM, l->index,
                               slice_from_str(l->upstream));
    }
}

static void
send_counters(struct worker *w, uint64_t now_ns)
{
    struct publisher_totals totals = publisher_totals(w->publisher);
    w->counters[COUNTER_events_sent] = totals.sent;
    w->counters[COUNTER_events_folded] = totals.folded;
    w->counters[COUNTER_events_dropped] = totals.dropped;
    w->counters[COUNTER_events_abandoned] = totals.abandoned;
    union event ev = {.as_event_counters = {.head.type = EV_COUNTERS, .count = COUNTER_COUNT}};
    struct slice tail = slice_of(w->counters, sizeof(w->counters));
    publisher_send(w->publisher, now_ns, &ev, &tail, 1);
}

/* To the second: idle time is a matter of minutes. */
static void
check_idle(struct worker *w)
{
    bool is_wanted =
        atomic_load_explicit(&w->limits->idle_ns, memory_order_relaxed) != 0 ||
        atomic_load_explicit(&w->limits->idle_in_transaction_ns, memory_order_relaxed) != 0;
    for (unsigned i = 0; i < w->driver_count && !is_wanted; i++) {
        is_wanted = w->drivers[i].ops->has_own_limits;
    }
    if (!is_wanted) {
        return;
    }
    LIST_FOREACH (node, &w->sessions_open) {
        session_check_idle(LIST_ENTRY(node, struct session, node));
    }
}

static void
tick_fires(struct timer *timer, uint64_t now_ns)
{
    struct worker *w = CONTAINER_OF(timer, struct worker, tick);
    announce_names(w);
    for (unsigned i = 0; i < w->driver_count; i++) {
        if (w->drivers[i].ops->worker_tick != NULL) {
            w->drivers[i].ops->worker_tick(w->drivers[i].worker, now_ns);
        }
    }
    check_idle(w);
    send_counters(w, now_ns);
    publisher_flush(w->publisher, now_ns);
    loop_timer_set(w->loop, &w->tick, now_ns + TICK_NS);
}

static void
client_address(const struct sockaddr_storage *address, struct mail *mail)
{
    static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        memcpy(mail->client_ip, v4_prefix, sizeof(v4_prefix));
        memcpy(mail->client_ip + sizeof(v4_prefix), &v4->sin_addr, 4);
        mail->client_port = ntohs(v4->sin_port);
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        memcpy(mail->client_ip, &v6->sin6_addr, 16);
        mail->client_port = ntohs(v6->sin6_port);
    }
}

static uint32_t
load_of(const struct worker *w)
{
    return atomic_load_explicit(&w->sessions_now, memory_order_relaxed);
}

/* The kernel wakes whichever loop it likes; long-lived sessions would pile up on one. One session
 * more than another has is not worth the wake-up, unless here is no room. */
static struct worker *
least_busy(struct worker *w)
{
    uint32_t max = atomic_load_explicit(&w->limits->sessions_max, memory_order_relaxed);
    uint32_t slack = load_of(w) >= max ? 0 : 1;
    struct worker *best = w;
    for (unsigned i = 0; i < w->peer_count; i++) {
        if (load_of(w->peers[i]) + slack < load_of(best)) {
            best = w->peers[i];
        }
    }
    return best;
}

static void
take_client(struct worker *w, const struct mail *mail)
{
    session_open(w, &w->listeners[mail->listener], mail->fd, mail->client_ip, mail->client_port);
}

static void
set_accepting(struct worker *w, bool on)
{
    for (unsigned i = 0; i < w->listener_count; i++) {
        struct worker_listener *l = &w->listeners[i];
        if (!on) {
            loop_watch_remove(w->loop, &l->watch);
        } else if (l->watch.fd < 0 && loop_watch_add(w->loop, &l->watch, l->listener->fd,
                                                     LOOP_READ | LOOP_EXCLUSIVE) != 0) {
            log_error("proxy", "listener_failed", "cannot watch a listening socket",
                      LOG_STR("listener", l->listener->name), LOG_ERRNO(errno));
        }
    }
}

static void
accept_again_fires(struct timer *timer, uint64_t now_ns)
{
    struct worker *w = CONTAINER_OF(timer, struct worker, accept_again);
    if (!w->is_retired) {
        set_accepting(w, true);
    }
}

static void
accept_failed(struct worker *w, const struct listener *l, int err)
{
    if (err == EAGAIN || err == EINTR || err == ECONNABORTED) {
        return;
    }
    if (err == EINVAL) {
        set_accepting(w, false); /* shut down: slowburn stops */
        return;
    }
    log_error("proxy", "accept_failed", "cannot accept clients, trying again in 100 ms",
              LOG_STR("listener", l->name), LOG_ERRNO(err));
    set_accepting(w, false);
    loop_timer_set(w->loop, &w->accept_again, loop_now_ns(w->loop) + ACCEPT_AGAIN_NS);
}

static void
listener_ready(struct loop_watch *watch, unsigned events)
{
    struct worker_listener *l = CONTAINER_OF(watch, struct worker_listener, watch);
    struct worker *w = l->worker;
    for (unsigned i = 0; i < WORKER_ACCEPTS; i++) {
        struct sockaddr_storage address = {0};
        socklen_t len = sizeof(address);
        int fd = accept4(l->listener->fd, (struct sockaddr *)&address, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            accept_failed(w, l->listener, errno);
            return;
        }
        struct mail mail = {.type = MAIL_CLIENT, .fd = fd, .listener = l->listener->index};
        client_address(&address, &mail);
        struct worker *best = least_busy(w);
        atomic_fetch_add_explicit(&best->sessions_now, 1, memory_order_relaxed);
        if (best == w) {
            take_client(w, &mail);
        } else if (worker_post(best, &mail) != 0) {
            atomic_fetch_sub_explicit(&best->sessions_now, 1, memory_order_relaxed);
            atomic_fetch_add_explicit(&w->sessions_now, 1, memory_order_relaxed);
            take_client(w, &mail);
        }
    }
}

void
worker_session_closed(struct worker *worker)
{
    uint32_t before = atomic_fetch_sub_explicit(&worker->sessions_now, 1, memory_order_relaxed);
    if (worker->is_retired && before == 1) {
        loop_wake(worker->done_loop);
    }
}

void
worker_errand_opened(struct worker *worker)
{
    atomic_fetch_add_explicit(&worker->sessions_now, 1, memory_order_relaxed);
}

void
worker_errand_closed(struct worker *worker)
{
    worker_session_closed(worker);
}

bool
worker_has_stopped(const struct worker *worker)
{
    return atomic_load_explicit(&worker->has_stopped, memory_order_acquire);
}

size_t
worker_unread(const struct worker *worker)
{
    assert(!worker->has_thread);
    return publisher_unread(worker->publisher);
}

uint32_t
worker_sessions(const struct worker *worker)
{
    return load_of(worker);
}

static void
close_sessions(struct worker *w)
{
    LIST_FOREACH (node, &w->sessions_open) {
        session_close(LIST_ENTRY(node, struct session, node), CLOSE_DRAIN);
    }
}

static void
drain_ends(struct timer *timer, uint64_t now_ns)
{
    struct worker *w = CONTAINER_OF(timer, struct worker, drain_end);
    if (!list_is_empty(&w->sessions_open)) {
        log_warn("proxy", "drain_cut", "time to drain is over, closing busy sessions",
                 LOG_U64("sessions", load_of(w)));
    }
    close_sessions(w);
}

static void
retire(struct worker *w)
{
    if (w->is_retired) {
        return;
    }
    w->is_retired = true;
    loop_timer_cancel(w->loop, &w->accept_again);
    set_accepting(w, false);
    atomic_store_explicit(&w->has_stopped, true, memory_order_release);
    loop_wake(w->done_loop);
}

static void
start_drain(struct worker *w)
{
    if (w->is_draining) {
        return;
    }
    w->is_draining = true;
    retire(w);
    LIST_FOREACH (node, &w->sessions_open) {
        session_drain(LIST_ENTRY(node, struct session, node));
    }
    uint64_t drain_ns = atomic_load_explicit(&w->limits->drain_ns, memory_order_relaxed);
    loop_timer_set(w->loop, &w->drain_end, loop_now_ns(w->loop) + drain_ns);
}

static void
lease(struct worker *w, const struct driver_lease *l)
{
    for (unsigned i = 0; i < w->driver_count; i++) {
        if (w->drivers[i].ops->worker_lease != NULL) {
            w->drivers[i].ops->worker_lease(w->drivers[i].worker, l, loop_now_ns(w->loop));
        }
    }
}

static void
read_mail(struct worker *w, struct mail *mail)
{
    switch (mail->type) {
    case MAIL_CLIENT:
        take_client(w, mail);
        break;
    case MAIL_RING:
        publisher_attach(w->publisher, &mail->producer);
        announce_names(w);
        break;
    case MAIL_RENEW:
        publisher_renew(w->publisher, mail->epoch);
        announce_names(w);
        break;
    case MAIL_LEASE:
        lease(w, &mail->lease);
        break;
    case MAIL_RETIRE:
        retire(w);
        break;
    case MAIL_DRAIN:
        start_drain(w);
        break;
    }
}

static void
mail_arrived(struct loop_task *task)
{
    struct worker *w = CONTAINER_OF(task, struct worker, mail_task);
    static _Thread_local struct mail batch[WORKER_MAIL_MAX];
    pthread_mutex_lock(&w->mail_mutex);
    unsigned count = w->mail_count;
    memcpy(batch, w->mail, count * sizeof(*batch));
    w->mail_count = 0;
    pthread_mutex_unlock(&w->mail_mutex);
    for (unsigned i = 0; i < count; i++) {
        read_mail(w, &batch[i]);
    }
}

int
worker_post(struct worker *worker, const struct mail *mail)
{
    pthread_mutex_lock(&worker->mail_mutex);
    bool is_full = worker->mail_count == WORKER_MAIL_MAX;
    if (!is_full) {
        worker->mail[worker->mail_count++] = *mail;
    }
    pthread_mutex_unlock(&worker->mail_mutex);
    if (is_full) {
        return -EAGAIN;
    }
    loop_wake(worker->loop);
    return 0;
}

static void *
worker_main(void *arg)
{
    struct worker *w = arg;
    char name[16];
    OBJ_CHECK(w, WORKER_MAGIC);
    snprintf(name, sizeof(name), "worker-%u", w->index);
    pthread_setname_np(pthread_self(), name);
    uint64_t now_ns = loop_clock_ns(w->loop);
    loop_timer_set(w->loop, &w->tick, now_ns + TICK_NS);
    announce_names(w);
    set_accepting(w, true);
    loop_run(w->loop);
    set_accepting(w, false);
    close_sessions(w);
    errand_end_all(w);
    tick_fires(&w->tick, loop_clock_ns(w->loop));
    /* Frees what was closed. */
    loop_turn(w->loop, 0);
    return NULL;
}

/* One driver per protocol, shared by its listeners. */
static int
driver_for(struct worker *w, const struct driver_ops *ops, void **ret_driver)
{
    for (unsigned i = 0; i < w->driver_count; i++) {
        if (w->drivers[i].ops == ops) {
            *ret_driver = w->drivers[i].worker;
            return 0;
        }
    }
    assert(w->driver_count < WORKER_DRIVERS_MAX);
    struct worker_driver *d = &w->drivers[w->driver_count];
    int err = ops->worker_new == NULL ? 0 : ops->worker_new(&w->env, &d->worker);
    if (err == 0) {
        d->ops = ops;
        w->driver_count++;
        *ret_driver = d->worker;
    }
    return err;
}

static int
init_listeners(struct worker *w, const struct worker_settings *settings, size_t *ret_state_size)
{
    size_t state_size = 0;
    for (unsigned i = 0; i < settings->listener_count; i++) {
        const struct listener *listener = &settings->listeners[i];
        struct worker_listener *l = &w->listeners[i];
        *l = (struct worker_listener){
            .watch = {.fd = -1, .ready = listener_ready}, .worker = w, .listener = listener};
        int err = driver_for(w, listener->ops, &l->driver);
        if (err != 0) {
            return err;
        }
        state_size = MAX(state_size, listener->ops->session_size);
        stream_prepare_listener(listener->fd);
        w->listener_count++;
    }
    *ret_state_size = state_size;
    return 0;
}

static int
init_pools(struct worker *w, uint32_t sessions_max, size_t state_size)
{
    uint32_t slots = sessions_max + WORKER_REFUSALS;
    int err = pool_init(&w->sessions, sizeof(struct session) + state_size, slots);
    err = err != 0 ? err : pool_init(&w->backends, sizeof(struct backend), slots + ERRANDS_MAX);
    err = err != 0 ? err : pool_init(&w->errands, errand_size(), ERRANDS_MAX);
    /* Each session may queue one block each way, and hold one back; TLS may keep one more each way
     * of what a paused side has not taken. */
    return err != 0 ? err : stream_pool_init(&w->streams, 5 * slots + ERRANDS_MAX);
}

static struct errand *
open_errand(void *core, uint16_t listener, const struct errand_ops *ops, void *ctx)
{
    struct worker *w = core;
    return errand_open(w, w->listeners[listener].listener, NULL, ops, ctx);
}

static const struct driver_core driver_core = {open_errand, errand_write, errand_tls, errand_close,
                                               session_resume};

int
worker_new(const struct worker_settings *settings, struct worker **ret_worker)
{
    struct worker *w = check_alloc(1, sizeof(*w));
    size_t state_size = 0;
    w->magic = WORKER_MAGIC;
    w->index = settings->index;
    w->limits = settings->limits;
    w->done_loop = settings->done_loop;
    w->tick.fire = tick_fires;
    w->accept_again.fire = accept_again_fires;
    w->drain_end.fire = drain_ends;
    w->mail_task.run = mail_arrived;
    pthread_mutex_init(&w->mail_mutex, NULL);
    list_init(&w->sessions_open);
    list_init(&w->errands_open);
    int err = loop_new(settings->loop, &w->loop);
    err = err != 0 ? err : publisher_new(w->index, &w->publisher);
    struct ring_producer *ring = settings->ring;
    if (err != 0) {
        ring_producer_free(&ring);
    } else {
        publisher_attach(w->publisher, &ring);
        loop_on_wake(w->loop, &w->mail_task);
        w->counters[COUNTER_workers_io_uring] = settings->loop == LOOP_IO_URING;
        /* Microseconds of this boot: ids stay unique when the process is started again. */
        w->id_last = (loop_now_ns(w->loop) / NS_PER_US) & 0xffffffffffffull;
        w->env = (struct driver_env){
            .worker = w->index,
            .sessions_max = settings->sessions_max + WORKER_REFUSALS,
            .publisher = w->publisher,
            .counters = w->counters,
            .cancels = settings->cancels,
            .census = settings->census,
            .server_timing = settings->server_timing,
            .limits = settings->limits,
            .hash_key = settings->hash_key,
            .seed = settings->seed,
            .core = &driver_core,
            .core_ctx = w,
        };
        err = init_listeners(w, settings, &state_size);
    }
    err = err != 0 ? err : init_pools(w, settings->sessions_max, state_size);
    if (err != 0) {
        worker_free(&w);
        return err;
    }
    *ret_worker = w;
    return 0;
}

void
worker_free(struct worker **worker)
{
    struct worker *w = TAKE(*worker);
    if (w == NULL) {
        return;
    }
    OBJ_CHECK(w, WORKER_MAGIC);
    for (unsigned i = 0; i < w->mail_count; i++) {
        if (w->mail[i].type == MAIL_CLIENT) {
            close(w->mail[i].fd);
        } else if (w->mail[i].type == MAIL_RING) {
            ring_producer_free(&w->mail[i].producer);
        }
    }
    for (unsigned i = 0; i < w->driver_count; i++) {
        if (w->drivers[i].ops->worker_free != NULL) {
            w->drivers[i].ops->worker_free(w->drivers[i].worker);
        }
    }
    publisher_free(&w->publisher);
    pool_fini(&w->sessions);
    pool_fini(&w->backends);
    pool_fini(&w->errands);
    stream_pool_fini(&w->streams);
    loop_free(&w->loop);
    pthread_mutex_destroy(&w->mail_mutex);
    w->magic = 0;
    free(w);
}

int
worker_start(struct worker *worker, struct worker *const *peers, unsigned peer_count)
{
    sigset_t all, old;
    worker->peers = peers;
    worker->peer_count = peer_count;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = -pthread_create(&worker->thread, NULL, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    worker->has_thread = err == 0;
    return err;
}

void
worker_join(struct worker *worker)
{
    if (worker->has_thread) {
        loop_stop(worker->loop);
        pthread_join(worker->thread, NULL);
        worker->has_thread = false;
    }
}
