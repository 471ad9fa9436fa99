/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/log.h"
#include "io/loop.h"
#include "proxy/cancels.h"
#include "proxy/census.h"
#include "proxy/configure.h"
#include "proxy/neighbours.h"
#include "proxy/rings.h"
#include "proxy/security.h"
#include "proxy/uplink.h"
#include "proxy/worker.h"

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
    struct limits limits;
    struct cancels *cancels; /* of all workers */
    struct census *census;   /* the same */
    struct worker *workers[WORKERS_MAX];
    unsigned worker_count; /* 0: not configured yet */
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
sessions_of(const struct proxy *p)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < p->worker_count; i++) {
        n += worker_sessions(p->workers[i]);
    }
    return n;
}

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
        "configured", p->worker_count > 0, "retired", p->is_retired, "sessions",
        (json_int_t)sessions_of(p), "left_ms", (json_int_t)retire_left_ms(p), "workers",
        (int)p->worker_count, "epoch", (int)p->rings.epoch, "listeners", listeners);
    uplink_send(&p->uplink, CHANNEL_HELLO, PARTY_SUPERVISOR, id, json, fds, fd_count);
}

static void
apply_limits(struct proxy *p, unsigned workers)
{
    uint32_t each = (p->config.sessions_max + workers - 1) / workers;
    atomic_store(&p->limits.sessions_max, each);
    atomic_store(&p->limits.connect_timeout_ns, p->config.connect_timeout_ns);
    atomic_store(&p->limits.login_timeout_ns, p->config.login_timeout_ns);
    atomic_store(&p->limits.drain_ns, p->config.drain_ns);
    atomic_store(&p->limits.idle_ns, p->config.idle_ns);
    atomic_store(&p->limits.idle_in_transaction_ns, p->config.idle_in_transaction_ns);
    atomic_store(&p->limits.client_ns, p->config.client_ns);
    atomic_store(&p->limits.response_ns, p->config.response_ns);
    atomic_store(&p->limits.keep_alive_ns, p->config.keep_alive_ns);
    atomic_store(&p->limits.per_listener_max, p->config.per_listener_max);
    atomic_store(&p->limits.per_address_max, p->config.per_address_max);
    atomic_store(&p->limits.per_user_max, p->config.per_user_max);
    atomic_store(&p->limits.inspect_max, p->config.inspect_max);
    if (p->config.has_log_level) {
        log_set_level(p->config.log_level);
    }
}

/* Two descriptors a session, and some. */
static void
raise_descriptor_limit(uint32_t sessions)
{
    struct rlimit limit;
    rlim_t wanted = 2 * (rlim_t)sessions + 256;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return;
    }
    limit.rlim_cur = MIN(wanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        log_warn("proxy", "descriptors_low",
                 "the limit of open files is below what sessions_max needs",
                 LOG_U64("limit", limit.rlim_cur), LOG_U64("wanted", wanted));
    }
}

/* What all workers share. */
static int
make_tables(struct proxy *p, struct diag *diag)
{
    struct hash_key key;
    uint32_t sessions_max = p->config.sessions_max + p->config.workers * (WORKER_REFUSALS + 1);
    if (getrandom(&key, sizeof(key), 0) != sizeof(key)) {
        return diag_set(diag, -EIO, "no random numbers from the system");
    }
    p->census = census_new(sessions_max, key);
    int err = cancels_new(sessions_max, key, &p->cancels);
    if (err != 0) {
        return diag_set(diag, err, "no memory for the table of cancel keys");
    }
    neighbours_meet(p->options->data_dir, p->options->slot, p->cancels);
    return 0;
}

/* io_uring where the kernel has and allows it, unless one kind is asked for. */
static int
choose_loop(struct proxy *p, struct diag *diag)
{
    if (p->config.loop == LOOP_EPOLL) {
        return 0;
    }
    int err = loop_probe(LOOP_IO_URING);
    if (err != 0 && p->config.loop == LOOP_IO_URING) {
        return diag_set(diag, err, "event_loop = io_uring: %s", log_strerror(err));
    }
    if (err != 0) {
        log_warn("proxy", "no_io_uring",
                 "the kernel allows no io_uring, using epoll: more processor time for each query",
                 LOG_ERRNO(err));
    }
    p->config.loop = err == 0 ? LOOP_IO_URING : LOOP_EPOLL;
    return 0;
}

static int
start_workers(struct proxy *p, struct diag *diag)
{
    int err = make_tables(p, diag);
    err = err != 0 ? err : choose_loop(p, diag);
    if (err != 0) {
        return err;
    }
    struct worker_settings settings = {
        .sessions_max = (p->config.sessions_max + p->config.workers - 1) / p->config.workers,
        .limits = &p->limits,
        .cancels = p->cancels,
        .census = p->census,
        .hash_key = p->config.hash_key,
        .listeners = p->config.listeners,
        .listener_count = p->config.listener_count,
        .loop = p->config.loop,
        .done_loop = p->loop,
    };
    raise_descriptor_limit(p->config.sessions_max);
    rings_begin(&p->rings);
    for (unsigned i = 0; i < p->config.workers; i++) {
        settings.index = (uint16_t)(p->options->slot * WORKERS_MAX + i);
        if (getrandom(&settings.seed, sizeof(settings.seed), 0) != sizeof(settings.seed)) {
            return diag_set(diag, -EIO, "no random numbers from the system");
        }
        settings.ring = rings_next(&p->rings, p->config.ring_bytes);
        err = worker_new(&settings, &p->workers[i]);
        if (err != 0) {
            return diag_set(diag, err, "cannot make a worker: %s", log_strerror(err));
        }
    }
    for (unsigned i = 0; i < p->config.workers; i++) {
        err = worker_start(p->workers[i], p->workers, p->config.workers);
        if (err != 0) {
            return diag_set(diag, err, "cannot start a worker: %s", log_strerror(err));
        }
    }
    p->worker_count = p->config.workers;
    return 0;
}

static void
stop_workers(struct proxy *p)
{
    for (unsigned i = 0; i < WORKERS_MAX && p->workers[i] != NULL; i++) {
        worker_join(p->workers[i]);
    }
    for (unsigned i = 0; i < WORKERS_MAX; i++) {
        worker_free(&p->workers[i]);
    }
    p->worker_count = 0;
    cancels_free(&p->cancels);
    census_free(&p->census);
}

static void
close_listeners(struct proxy *p)
{
    for (unsigned i = 0; i < p->config.listener_count; i++) {
        if (p->config.listeners[i].fd >= 0) {
            close(p->config.listeners[i].fd);
            p->config.listeners[i].fd = -1;
        }
    }
}

/* Once there are no workers any more: their sessions look at what a listener was told. */
static void
release_listeners(struct proxy *p)
{
    close_listeners(p);
    for (unsigned i = 0; i < p->config.listener_count; i++) {
        security_free(&p->config.listeners[i].security);
    }
    p->config.listener_count = 0;
}

/* For protocols whose clients may ask for TLS. */
static int
secure_listener(struct listener *l, struct diag *diag)
{
    struct resolve_name upstream;
    if (l->ops->alpn == NULL) {
        return 0;
    }
    int err = resolve_parse(slice_from_str(l->upstream), diag, &upstream);
    const char *host = err == 0 && !upstream.is_unix ? upstream.host : "";
    return err != 0
               ? err
               : security_new(&l->settings, slice_from_str(host), l->ops->alpn, diag, &l->security);
}

static int
resolve_upstream(struct proxy *p, struct listener *l, struct diag *diag)
{
    const char *fallback = l->settings.text[LISTENER_upstream_fallback];
    struct slice rest = fallback[0] == '\0' ? SLICE_NONE : slice_from_str(fallback);
    struct slice text = slice_from_str(l->upstream);
    do {
        if (l->target_count == LISTENER_TARGETS_MAX) {
            return diag_set(diag, -EINVAL, "%s has more than %d addresses behind it", l->name,
                            LISTENER_TARGETS_MAX);
        }
        int err = resolver_add(p->resolver, text, diag, &l->targets[l->target_count]);
        if (err != 0) {
            return err;
        }
        l->target_count++;
    } while (slice_split(&rest, ',', &text));
    return 0;
}

static int
take_listeners(struct proxy *p, struct channel_message *m, struct diag *diag)
{
    if (p->config.listener_count == 0 || m->fd_count != p->config.listener_count) {
        return diag_set(diag, -EINVAL, "%u listeners came with %u sockets",
                        p->config.listener_count, m->fd_count);
    }
    for (unsigned i = 0; i < m->fd_count; i++) {
        struct listener *l = &p->config.listeners[i];
        l->fd = m->fds[i];
        m->fds[i] = -1;
        fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
    }
    m->fd_count = 0;
    for (unsigned i = 0; i < p->config.listener_count; i++) {
        struct listener *l = &p->config.listeners[i];
        int err = resolve_upstream(p, l, diag);
        err = err != 0 ? err : secure_listener(l, diag);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static int
configure_first(struct proxy *p, struct channel_message *m, struct diag *diag)
{
    int err = configure_parse(m->payload, p->options->drivers, diag, &p->config);
    err = err != 0 ? err : take_listeners(p, m, diag);
    if (err == 0) {
        apply_limits(p, p->config.workers);
        err = start_workers(p, diag);
    }
    if (err != 0) {
        stop_workers(p);
        release_listeners(p);
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
    p->config.has_log_level = changed.has_log_level;
    p->config.log_level = changed.log_level;
    p->config.connect_timeout_ns = changed.connect_timeout_ns;
    p->config.login_timeout_ns = changed.login_timeout_ns;
    p->config.drain_ns = changed.drain_ns;
    p->config.idle_ns = changed.idle_ns;
    p->config.idle_in_transaction_ns = changed.idle_in_transaction_ns;
    p->config.client_ns = changed.client_ns;
    p->config.response_ns = changed.response_ns;
    p->config.keep_alive_ns = changed.keep_alive_ns;
    p->config.per_listener_max = changed.per_listener_max;
    p->config.per_address_max = changed.per_address_max;
    p->config.per_user_max = changed.per_user_max;
    p->config.inspect_max = changed.inspect_max;
    /* The pools are as large as they were made. */
    uint32_t made = p->workers[0]->env.sessions_max - WORKER_REFUSALS;
    p->config.sessions_max = MIN(changed.sessions_max, made * p->worker_count);
    apply_limits(p, p->worker_count);
    for (unsigned i = 0; i < p->config.listener_count; i++) {
        if (p->config.listeners[i].security != NULL) {
            security_reload(p->config.listeners[i].security, p->config.listeners[i].name);
        }
    }
    return 0;
}

static void
on_configure(struct proxy *p, struct channel_message *m)
{
    struct diag diag = {0};
    char reason[sizeof(diag)];
    int err = p->worker_count == 0 ? configure_first(p, m, &diag) : configure_again(p, m, &diag);
    diag_format(&diag, reason, sizeof(reason));
    if (err != 0) {
        log_error("proxy", "configure_failed", "cannot use this configuration",
                  LOG_STR("reason", reason));
    }
    uplink_send_status(&p->uplink, m->id, err == 0 ? NULL : reason);
}

static void
post_all(struct proxy *p, const struct mail *mail)
{
    for (unsigned i = 0; i < p->worker_count; i++) {
        if (worker_post(p->workers[i], mail) != 0) {
            log_error("proxy", "worker_stuck", "a worker does not read its mail",
                      LOG_U64("worker", i));
        }
    }
}

static void
send_rings(struct proxy *p, uint32_t id)
{
    uplink_send(&p->uplink, CHANNEL_RINGS, PARTY_ANALYZER, id,
                json_pack("{s:i,s:i,s:i}", "epoch", (int)p->rings.epoch, "workers",
                          (int)p->worker_count, "slot", (int)p->options->slot),
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
    post_all(p, &mail);
}

static void
replace_rings(struct proxy *p)
{
    rings_begin(&p->rings);
    for (unsigned i = 0; i < p->worker_count; i++) {
        struct mail mail = {.type = MAIL_RING,
                            .producer = rings_next(&p->rings, p->config.ring_bytes)};
        if (worker_post(p->workers[i], &mail) != 0) {
            log_error("proxy", "worker_stuck", "a worker does not read its mail",
                      LOG_U64("worker", i));
            ring_producer_free(&mail.producer);
        }
    }
}

static void
on_attach(struct proxy *p, const struct channel_message *m)
{
    if (p->worker_count == 0) {
        uplink_send_status(&p->uplink, m->id, "not configured yet");
        return;
    }
    bool whole = rings_are_whole(&p->rings, p->worker_count);
    if (whole && p->rings.are_given && !wants_fresh_rings(m)) {
        renew_rings(p, m);
        return;
    }
    if (!whole || p->rings.are_given) {
        replace_rings(p);
    }
    if (!rings_are_whole(&p->rings, p->worker_count)) {
        uplink_send_status(&p->uplink, m->id, "there are no event rings");
        return;
    }
    p->rings.are_given = true;
    send_rings(p, m->id);
}

static void
remove_path(int fd)
{
    struct sockaddr_un at = {0};
    socklen_t len = sizeof(at);
    if (getsockname(fd, (struct sockaddr *)&at, &len) == 0 && at.sun_family == AF_UNIX &&
        at.sun_path[0] == '/') {
        unlink(at.sun_path);
    }
}

/* The supervisor stops too, so nobody will take the sockets up again: clients are refused instead
 * of waiting in a queue that nobody reads. Whoever else holds the sockets is shut out as well. */
static void
refuse_clients(struct proxy *p)
{
    for (unsigned i = 0; i < p->config.listener_count; i++) {
        if (p->config.listeners[i].fd >= 0) {
            /* First its name goes, while it is certainly still ours. */
            remove_path(p->config.listeners[i].fd);
            (void)shutdown(p->config.listeners[i].fd, SHUT_RDWR);
        }
    }
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
    post_all(p, &mail);
    loop_wake(p->loop);
}

static void
tell_retired(struct proxy *p)
{
    uplink_send(&p->uplink, CHANNEL_STATUS, PARTY_SUPERVISOR, 0,
                json_pack("{s:b,s:I,s:I}", "retired", 1, "sessions", (json_int_t)sessions_of(p),
                          "left_ms", (json_int_t)retire_left_ms(p)),
                NULL, 0);
}

static void
retire_tick_fires(struct timer *timer, uint64_t now_ns)
{
    struct proxy *p = CONTAINER_OF(timer, struct proxy, retire_tick);
    if (now_ns >= p->retire_end_ns) {
        log_info("proxy", "retire_over", "time for the sessions that are left is over",
                 LOG_U64("sessions", sessions_of(p)));
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
    if (p->is_retired || p->is_draining || p->worker_count == 0) {
        return;
    }
    uint64_t now_ns = loop_clock_ns(p->loop);
    p->is_retired = true;
    p->retire_end_ns = now_ns + (uint64_t)MAX(0, MIN(bound_ms, RETIRE_MAX_MS)) * NS_PER_MS;
    log_info("proxy", "retired", "another proxy accepts clients, this one finishes its sessions",
             LOG_U64("sessions", sessions_of(p)), LOG_U64("bound_ms", retire_left_ms(p)));
    const struct mail mail = {.type = MAIL_RETIRE};
    post_all(p, &mail);
    loop_timer_set(p->loop, &p->retire_tick, now_ns);
}

/* Rings end with the process that made them, unless an analyzer has them in its memory. So what has
 * been read is safe, and what has not may not be. */
static void
read_out_fires(struct timer *timer, uint64_t now_ns)
{
    struct proxy *p = CONTAINER_OF(timer, struct proxy, read_out);
    uint64_t end_ns = p->ended_ns + (p->is_draining ? READ_OUT_STOP_NS : READ_OUT_NS);
    size_t unread = 0;
    for (unsigned i = 0; i < p->worker_count; i++) {
        unread += worker_unread(p->workers[i]);
    }
    if (unread == 0 || now_ns >= end_ns || !uplink_is_connected(&p->uplink)) {
        loop_stop(p->loop);
        return;
    }
    loop_timer_set(p->loop, timer, now_ns + READ_OUT_CHECK_NS);
}

static void
end_workers(struct proxy *p)
{
    for (unsigned i = 0; i < p->worker_count; i++) {
        worker_join(p->workers[i]); /* with their last records */
    }
    p->ended_ns = loop_clock_ns(p->loop);
    read_out_fires(&p->read_out, p->ended_ns);
}

/* Workers tell that they have stopped to accept, and when their last sessions end. */
static void
woken_runs(struct loop_task *task)
{
    struct proxy *p = CONTAINER_OF(task, struct proxy, woken);
    for (unsigned i = 0; i < p->worker_count; i++) {
        if (!worker_has_stopped(p->workers[i])) {
            return;
        }
    }
    if (p->is_retired) {
        close_listeners(p);
    }
    if ((p->is_retired || p->is_draining) && sessions_of(p) == 0 && p->ended_ns == 0) {
        end_workers(p);
    }
}

/* Workers share nothing, and which of them will see the statement is not known: each gets twice its
 * even share, so that all together send little more than twice what was asked for. */
static uint32_t
share_of_lease(const struct proxy *p, uint32_t count)
{
    unsigned workers = MAX(p->worker_count, 1u);
    return MIN(count, (2 * count + workers - 1) / workers);
}

static void
on_message(void *ctx, struct channel_message *m)
{
    struct proxy *p = ctx;
    struct mail mail = {.type = MAIL_LEASE};
    switch (m->type) {
    case CHANNEL_CONFIGURE:
        on_configure(p, m);
        break;
    case CHANNEL_ATTACH:
        on_attach(p, m);
        break;
    case CHANNEL_LENS:
        if (configure_parse_lease(m->payload, &mail.lease) == 0) {
            mail.lease.count = share_of_lease(p, mail.lease.count);
            post_all(p, &mail);
        }
        break;
    case CHANNEL_RETIRE:
        on_retire(p, m);
        break;
    case CHANNEL_DRAIN:
        refuse_clients(p);
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
    if (p->worker_count == 0) {
        /* Never had work, and nobody is left to give it any. */
        start_drain(p);
    }
}

static int
on_neighbour(void *ctx, const struct channel_message *m)
{
    struct proxy *p = ctx;
    return p->cancels != NULL && neighbours_take(m, p->cancels) ? cancels_fd(p->cancels) : -1;
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
    stop_workers(p);
    rings_fini(&p->rings);
    release_listeners(p);
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
