/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/log.h"
#include "io/loop.h"
#include "proxy/configure.h"
#include "proxy/listeners.h"
#include "proxy/neighbours.h"
#include "proxy/rings.h"
#include "proxy/uplink.h"
#include "proxy/workers.h"

#define RETIRE_MAX_MS (7ll * 24 * 3600 * 1000)
/* How long the last records wait for somebody to read them, if nobody does: an upgrade replaces the
 * analyzer, too. When all stops it comes after us, and need not wait for nothing. */
#define READ_OUT_NS       (30 * NS_PER_S)
#define READ_OUT_STOP_NS  NS_PER_S
#define READ_OUT_CHECK_NS (5 * NS_PER_MS)

struct proxy {
    const struct proxy_options *options;
    struct loop *loop;
    struct resolver *resolver;
    struct proxy_config config;
    struct workers workers; /* none: not configured yet */
    struct rings rings;
    struct uplink uplink;
    struct loop_watch signals;
    struct loop_task woken;
    uint64_t started_ns; /* of the boot's clock */
    struct timer retire_tick;
    uint64_t retire_end_ns; /* when sessions must end */
    bool is_retired;        /* another proxy accepts clients */
    bool is_draining;
    uint64_t ended_ns; /* since when all sessions and workers are; 0: they are not */
    struct timer read_out;
};

static uint64_t
retire_left_ms(const struct proxy *p)
{
    uint64_t now_ns = loop_clock_ns(p->loop);
    return p->retire_end_ns > now_ns ? (p->retire_end_ns - now_ns) / NS_PER_MS : 0;
}

static void
send_hello(void *ctx, uint32_t id)
{
    struct proxy *p = ctx;
    json_t *listeners = json_array();
    int fds[LISTENERS_MAX];
    unsigned fd_count = 0;
    for (unsigned i = 0; i < p->config.listener_count; i++) {
        const struct listener *l = &p->config.listeners[i];
        if (l->fd >= 0) {
            fds[fd_count++] = l->fd;
        }
        json_array_append_new(listeners, json_pack("{s:s,s:s,s:s}", "protocol", l->ops->name,
                                                   "address", l->name, "upstream", l->upstream));
    }
    json_t *json = json_pack(
        "{s:i,s:s,s:I,s:i,s:b,s:b,s:I,s:I,s:i,s:i,s:o}", "pid", (int)getpid(), "version",
        SLOWBURN_VERSION, "started_ns", (json_int_t)p->started_ns, "slot", (int)p->options->slot,
        "configured", p->workers.count > 0, "retired", p->is_retired, "sessions",
        (json_int_t)workers_sessions(&p->workers), "left_ms", (json_int_t)retire_left_ms(p),
        "workers", (int)p->workers.count, "epoch", (int)p->rings.epoch, "listeners", listeners);
    uplink_send(&p->uplink, CHANNEL_HELLO, PARTY_SUPERVISOR, id, json, fds, fd_count);
}

static int
configure_first(struct proxy *p, struct channel_message *m, struct diag *diag)
{
    int err = configure_parse(m->payload, p->options->drivers, diag, &p->config);
    err = err != 0 ? err : listeners_take(&p->config, m, p->resolver, diag);
    err = err != 0 ? err : workers_start(&p->workers, &p->config, &p->rings, diag);
    if (err != 0) {
        workers_stop(&p->workers);
        listeners_release(&p->config);
    }
    return err;
}

static int
configure_again(struct proxy *p, const struct channel_message *m, struct diag *diag)
{
    struct proxy_config changed = p->config;
    int err = configure_parse(m->payload, p->options->drivers, diag, &changed);
    if (err != 0) {
        return err;
    }
    changed.sessions_max = MIN(changed.sessions_max, workers_sessions_max(&p->workers));
    configure_change(&p->config, &changed);
    workers_limit(&p->workers, &p->config);
    listeners_reload(&p->config);
    return 0;
}

static void
on_configure(struct proxy *p, struct channel_message *m)
{
    struct diag diag = {0};
    char reason[sizeof(diag)];
    int err = p->workers.count == 0 ? configure_first(p, m, &diag) : configure_again(p, m, &diag);
    diag_format(&diag, reason, sizeof(reason));
    if (err != 0) {
        log_error("proxy", "configure_failed", "cannot use this configuration",
                  LOG_STR("reason", reason));
    }
    uplink_send_status(&p->uplink, m->id, err == 0 ? NULL : reason);
}

static void
send_rings(struct proxy *p, uint32_t id)
{
    uplink_send(&p->uplink, CHANNEL_RINGS, PARTY_ANALYZER, id,
                json_pack("{s:i,s:i,s:i}", "epoch", (int)p->rings.epoch, "workers",
                          (int)p->workers.count, "slot", (int)p->options->slot),
                p->rings.fds, p->rings.fd_count);
}

static bool
wants_fresh_rings(const struct channel_message *m)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    bool fresh = json_is_true(json_object_get(o, "fresh"));
    json_decref(o);
    return fresh;
}

static void
renew_rings(struct proxy *p, const struct channel_message *m)
{
    p->rings.epoch++;
    send_rings(p, m->id);
    const struct mail mail = {.type = MAIL_RENEW, .epoch = p->rings.epoch};
    workers_post(&p->workers, &mail);
}

static void
on_attach(struct proxy *p, const struct channel_message *m)
{
    if (p->workers.count == 0) {
        uplink_send_status(&p->uplink, m->id, "not configured yet");
        return;
    }
    bool whole = rings_are_whole(&p->rings, p->workers.count);
    if (whole && p->rings.are_given && !wants_fresh_rings(m)) {
        renew_rings(p, m);
        return;
    }
    if (!whole || p->rings.are_given) {
        workers_replace_rings(&p->workers, &p->rings, p->config.ring_bytes);
    }
    if (!rings_are_whole(&p->rings, p->workers.count)) {
        uplink_send_status(&p->uplink, m->id, "there are no event rings");
        return;
    }
    p->rings.are_given = true;
    send_rings(p, m->id);
}

static void
start_drain(struct proxy *p)
{
    if (p->is_draining) {
        return;
    }
    p->is_draining = true;
    log_info("proxy", "draining", "no more clients are accepted");
    uplink_close_control(&p->uplink); /* a new process may want its place at once */
    struct mail mail = {.type = MAIL_DRAIN};
    workers_post(&p->workers, &mail);
    loop_wake(p->loop);
}

static void
tell_retired(struct proxy *p)
{
    uplink_send(&p->uplink, CHANNEL_STATUS, PARTY_SUPERVISOR, 0,
                json_pack("{s:b,s:I,s:I}", "retired", 1, "sessions",
                          (json_int_t)workers_sessions(&p->workers), "left_ms",
                          (json_int_t)retire_left_ms(p)),
                NULL, 0);
}

static void
retire_tick_fires(struct timer *timer, uint64_t now_ns)
{
    struct proxy *p = CONTAINER_OF(timer, struct proxy, retire_tick);
    if (now_ns >= p->retire_end_ns) {
        log_info("proxy", "retire_over", "time for the sessions that are left is over",
                 LOG_U64("sessions", workers_sessions(&p->workers)));
        start_drain(p);
        return;
    }
    if (uplink_is_connected(&p->uplink)) {
        tell_retired(p);
    }
    loop_timer_set(p->loop, timer, MIN(now_ns + NS_PER_S, p->retire_end_ns));
}

static void
on_retire(struct proxy *p, const struct channel_message *m)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    json_int_t bound_ms = json_integer_value(json_object_get(o, "bound_ms"));
    json_decref(o);
    if (p->is_retired || p->is_draining || p->workers.count == 0) {
        return;
    }
    uint64_t now_ns = loop_clock_ns(p->loop);
    p->is_retired = true;
    p->retire_end_ns = now_ns + (uint64_t)MAX(0, MIN(bound_ms, RETIRE_MAX_MS)) * NS_PER_MS;
    log_info("proxy", "retired", "another proxy accepts clients, this one finishes its sessions",
             LOG_U64("sessions", workers_sessions(&p->workers)),
             LOG_U64("bound_ms", retire_left_ms(p)));
    const struct mail mail = {.type = MAIL_RETIRE};
    workers_post(&p->workers, &mail);
    loop_timer_set(p->loop, &p->retire_tick, now_ns);
}

/* Rings end with the process that made them, unless an analyzer has them in its memory. So what has
 * been read is safe, and what has not may not be. */
static void
read_out_fires(struct timer *timer, uint64_t now_ns)
{
    struct proxy *p = CONTAINER_OF(timer, struct proxy, read_out);
    uint64_t end_ns = p->ended_ns + (p->is_draining ? READ_OUT_STOP_NS : READ_OUT_NS);
    if (workers_unread(&p->workers) == 0 || now_ns >= end_ns || !uplink_is_connected(&p->uplink)) {
        loop_stop(p->loop);
        return;
    }
    loop_timer_set(p->loop, timer, now_ns + READ_OUT_CHECK_NS);
}

static void
end_workers(struct proxy *p)
{
    workers_join(&p->workers); /* with their last records */
    p->ended_ns = loop_clock_ns(p->loop);
    read_out_fires(&p->read_out, p->ended_ns);
}

/* Workers tell that they have stopped to accept, and when their last sessions end. */
static void
woken_runs(struct loop_task *task)
{
    struct proxy *p = CONTAINER_OF(task, struct proxy, woken);
    if (!workers_have_stopped(&p->workers)) {
        return;
    }
    if (p->is_retired) {
        listeners_close(&p->config);
    }
    if ((p->is_retired || p->is_draining) && workers_sessions(&p->workers) == 0 &&
        p->ended_ns == 0) {
        end_workers(p);
    }
}

static void
on_message(void *ctx, struct channel_message *m)
{
    struct proxy *p = ctx;
    struct driver_lease lease;
    switch (m->type) {
    case CHANNEL_CONFIGURE:
        on_configure(p, m);
        break;
    case CHANNEL_ATTACH:
        on_attach(p, m);
        break;
    case CHANNEL_LENS:
        if (configure_parse_lease(m->payload, &lease) == 0) {
            workers_lease(&p->workers, &lease);
        }
        break;
    case CHANNEL_RETIRE:
        on_retire(p, m);
        break;
    case CHANNEL_DRAIN:
        listeners_refuse(&p->config);
        start_drain(p);
        break;
    default:
        log_debug("proxy", "message_unknown", "skipping a message", LOG_U64("type", m->type));
    }
}

static void
on_gone(void *ctx)
{
    struct proxy *p = ctx;
    if (p->workers.count == 0) {
        /* Never had work, and nobody is left to give it any. */
        start_drain(p);
    }
}

static int
on_neighbour(void *ctx, const struct channel_message *m, int fd)
{
    struct proxy *p = ctx;
    beside_met(&p->workers.beside, fd);
    return p->workers.cancels != NULL && neighbours_take(m, p->workers.cancels)
               ? cancels_fd(p->workers.cancels)
               : -1;
}

static void
signals_ready(struct loop_watch *watch, unsigned events)
{
    struct proxy *p = CONTAINER_OF(watch, struct proxy, signals);
    struct signalfd_siginfo info;
    while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        start_drain(p);
    }
}

static int
watch_signals(struct proxy *p)
{
    sigset_t set;
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    return loop_watch_add(p->loop, &p->signals, fd, LOOP_READ);
}

static int
proxy_init(struct proxy *p)
{
    configure_defaults(&p->config);
    p->workers.data_dir = p->options->data_dir;
    p->workers.slot = p->options->slot;
    p->uplink.ctx = p;
    p->uplink.on_message = on_message;
    p->uplink.on_adopted = send_hello;
    p->uplink.on_gone = on_gone;
    p->uplink.on_neighbour = on_neighbour;
    p->uplink.control.fd = -1;
    p->signals = (struct loop_watch){.fd = -1, .ready = signals_ready};
    p->woken.run = woken_runs;
    p->retire_tick.fire = retire_tick_fires;
    p->read_out.fire = read_out_fires;
    int err = loop_new(LOOP_EPOLL, &p->loop);
    p->workers.done_loop = p->loop;
    err = err != 0 ? err : resolver_new(&p->resolver);
    err = err != 0 ? err : watch_signals(p);
    err = err != 0 ? err : uplink_init(&p->uplink, p->loop, p->options->data_dir, p->options->slot);
    if (err != 0) {
        log_error("proxy", "start_failed", "cannot start the proxy",
                  LOG_STR("data", p->options->data_dir), LOG_ERRNO(err));
        return err;
    }
    p->started_ns = loop_clock_ns(p->loop);
    loop_on_wake(p->loop, &p->woken);
    if (p->options->channel_fd >= 0) {
        err = uplink_connect(&p->uplink, p->options->channel_fd);
        if (err == 0) {
            send_hello(p, 0);
        }
    }
    return err;
}

static void
proxy_fini(struct proxy *p)
{
    workers_stop(&p->workers);
    rings_fini(&p->rings);
    listeners_release(&p->config);
    uplink_fini(&p->uplink);
    if (p->signals.fd >= 0) {
        close(p->signals.fd);
    }
    resolver_free(&p->resolver);
    loop_free(&p->loop);
}

int
proxy_main(const struct proxy_options *options)
{
    struct proxy *p = check_alloc(1, sizeof(*p));
    p->options = options;
    int err = proxy_init(p);
    if (err == 0) {
        loop_run(p->loop);
        log_info("proxy", "stopped", "all sessions have ended");
    }
    proxy_fini(p);
    free(p);
    return err == 0 ? 0 : 1;
}
