/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/workers.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "io/log.h"
#include "proxy/cancels.h"
#include "proxy/census.h"
#include "proxy/neighbours.h"
#include "proxy/security.h"
#include "proxy/server_timing.h"

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

static bool
wants_server_timing(const struct proxy_config *config)
{
    for (unsigned i = 0; i < config->listener_count; i++) {
        const struct security *s = config->listeners[i].security;
        if (s != NULL && security_choice(s)->server_timing) {
            return true;
        }
    }
    return false;
}

/* What all workers share. */
static int
make_tables(struct workers *w, const struct proxy_config *config, struct diag *diag)
{
    struct hash_key key;
    uint32_t sessions_max = config->sessions_max + config->workers * (WORKER_REFUSALS + 1);
    if (getrandom(&key, sizeof(key), 0) != sizeof(key)) {
        return diag_set(diag, -EIO, "no random numbers from the system");
    }
    w->census = census_new(sessions_max, key);
    int err = cancels_new(sessions_max, key, &w->cancels);
    if (err != 0) {
        return diag_set(diag, err, "no memory for the table of cancel keys");
    }
    if (wants_server_timing(config)) {
        w->server_timing = server_timing_new(sessions_max, key);
        if (w->server_timing == NULL) {
            return diag_set(diag, -ENOMEM, "no memory for server_timing");
        }
    }
    beside_init(&w->beside, w->done_loop, w->server_timing);
    neighbours_meet(w->data_dir, w->slot, w->cancels, &w->beside);
    return 0;
}

/* io_uring where the kernel has and allows it, unless one kind is asked for. */
static int
choose_loop(struct proxy_config *config, struct diag *diag)
{
    if (config->loop == LOOP_EPOLL) {
        return 0;
    }
    int err = loop_probe(LOOP_IO_URING);
    if (err != 0 && config->loop == LOOP_IO_URING) {
        return diag_set(diag, err, "event_loop = io_uring: %s", log_strerror(err));
    }
    if (err != 0) {
        log_warn("proxy", "no_io_uring",
                 "the kernel allows no io_uring, using epoll: more processor time for each query",
                 LOG_ERRNO(err));
    }
    config->loop = err == 0 ? LOOP_IO_URING : LOOP_EPOLL;
    return 0;
}

void
workers_limit(struct workers *w, const struct proxy_config *config)
{
    configure_limits(config, &w->limits);
    if (config->has_log_level) {
        log_set_level(config->log_level);
    }
}

int
workers_start(struct workers *w, struct proxy_config *config, struct rings *rings,
              struct diag *diag)
{
    workers_limit(w, config);
    int err = make_tables(w, config, diag);
    err = err != 0 ? err : choose_loop(config, diag);
    if (err != 0) {
        return err;
    }
    struct worker_settings settings = {
        .sessions_max = (config->sessions_max + config->workers - 1) / config->workers,
        .limits = &w->limits,
        .cancels = w->cancels,
        .census = w->census,
        .server_timing = w->server_timing,
        .hash_key = config->hash_key,
        .listeners = config->listeners,
        .listener_count = config->listener_count,
        .loop = config->loop,
        .done_loop = w->done_loop,
    };
    raise_descriptor_limit(config->sessions_max);
    rings_begin(rings);
    for (unsigned i = 0; i < config->workers; i++) {
        settings.index = (uint16_t)(w->slot * WORKERS_MAX + i);
        if (getrandom(&settings.seed, sizeof(settings.seed), 0) != sizeof(settings.seed)) {
            return diag_set(diag, -EIO, "no random numbers from the system");
        }
        settings.ring = rings_next(rings, config->ring_bytes);
        err = worker_new(&settings, &w->each[i]);
        if (err != 0) {
            return diag_set(diag, err, "cannot make a worker: %s", log_strerror(err));
        }
    }
    for (unsigned i = 0; i < config->workers; i++) {
        err = worker_start(w->each[i], w->each, config->workers);
        if (err != 0) {
            return diag_set(diag, err, "cannot start a worker: %s", log_strerror(err));
        }
    }
    w->count = config->workers;
    return 0;
}

void
workers_join(struct workers *w)
{
    for (unsigned i = 0; i < WORKERS_MAX && w->each[i] != NULL; i++) {
        worker_join(w->each[i]);
    }
}

void
workers_stop(struct workers *w)
{
    workers_join(w);
    for (unsigned i = 0; i < WORKERS_MAX; i++) {
        worker_free(&w->each[i]);
    }
    w->count = 0;
    cancels_free(&w->cancels);
    census_free(&w->census);
    beside_fini(&w->beside);
    server_timing_free(&w->server_timing);
}

uint64_t
workers_sessions(const struct workers *w)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < w->count; i++) {
        n += worker_sessions(w->each[i]);
    }
    return n;
}

bool
workers_have_stopped(const struct workers *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        if (!worker_has_stopped(w->each[i])) {
            return false;
        }
    }
    return true;
}

size_t
workers_unread(const struct workers *w)
{
    size_t unread = 0;
    for (unsigned i = 0; i < w->count; i++) {
        unread += worker_unread(w->each[i]);
    }
    return unread;
}

uint32_t
workers_sessions_max(const struct workers *w)
{
    return (w->each[0]->env.sessions_max - WORKER_REFUSALS) * w->count;
}

/* False: it does not read its mail. */
static bool
post_to(struct workers *w, unsigned i, const struct mail *mail)
{
    bool posted = worker_post(w->each[i], mail) == 0;
    if (!posted) {
        log_error("proxy", "worker_stuck", "a worker does not read its mail", LOG_U64("worker", i));
    }
    return posted;
}

void
workers_post(struct workers *w, const struct mail *mail)
{
    for (unsigned i = 0; i < w->count; i++) {
        (void)post_to(w, i, mail);
    }
}

/* Workers share nothing, and which of them will see the statement is not known: each gets twice its
 * even share, so that all together send little more than twice what was asked for. */
static uint32_t
share_of_lease(const struct workers *w, uint32_t count)
{
    unsigned workers = MAX(w->count, 1u);
    return MIN(count, (2 * count + workers - 1) / workers);
}

void
workers_lease(struct workers *w, const struct driver_lease *lease)
{
    struct mail mail = {.type = MAIL_LEASE, .lease = *lease};
    mail.lease.count = share_of_lease(w, lease->count);
    workers_post(w, &mail);
}

void
workers_replace_rings(struct workers *w, struct rings *rings, size_t ring_bytes)
{
    rings_begin(rings);
    for (unsigned i = 0; i < w->count; i++) {
        struct mail mail = {.type = MAIL_RING, .producer = rings_next(rings, ring_bytes)};
        if (!post_to(w, i, &mail)) {
            ring_producer_free(&mail.producer);
        }
    }
}
