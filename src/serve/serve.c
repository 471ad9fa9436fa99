/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/log.h"
#include "io/now.h"
#include "serve/connection.h"
#include "serve/socket.h"

#define SERVE_MAGIC     0x5e72e001u
#define CONNECTIONS_CAP 1024
#define RESULTS_MAX     256
#define TICK_MS         100
#define ACCEPT_PAUSE_NS (100 * NS_PER_MS)

struct result {
    uint64_t ticket;
    int result;
    struct serve_text *text;
};

struct serve {
    unsigned magic;
    struct connection_env env;
    int tcp_fd;
    int unix_fd;
    int wake_fd;
    char socket_path[PATH_MAX]; /* "": not ours to remove */
    pthread_t thread;
    bool has_thread;
    uint32_t connections_max;
    uint32_t connection_count;
    uint64_t accept_after_ns; /* out of descriptors: not before then */
    struct connection **connections;
    struct pollfd *polls;

    pthread_mutex_t lock; /* of what is below */
    bool stop;
    uint32_t result_count;
    struct result results[RESULTS_MAX];

    atomic_uint_least64_t requests; /* written by the thread, read by any */
    atomic_uint_least64_t errors;
    atomic_uint_least64_t refused;
    atomic_uint_least64_t subscribers;
    atomic_uint_least64_t subscribers_dropped;
};

static void
wake(struct serve *s)
{
    uint64_t one = 1;
    /* Fails only when the counter is full, and then the thread is awake. */
    ssize_t n = write(s->wake_fd, &one, sizeof(one));
    (void)n;
}

static enum api_peer
peer_of(int fd, bool is_unix)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof(peer);
    if (is_unix) {
        return API_UNIX;
    }
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0) {
        return API_REMOTE;
    }
    if (peer.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&peer;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127 ? API_LOOPBACK : API_REMOTE;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&peer;
    bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || mapped ? API_LOOPBACK : API_REMOTE;
}

static void
refuse(struct serve *s, int fd)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                               "Retry-After: 1\r\nConnection: close\r\n\r\n";
    atomic_fetch_add_explicit(&s->refused, 1, memory_order_relaxed);
    ssize_t n = send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n;
    close(fd);
}

static void
forget(struct serve *s, uint32_t at)
{
    s->env.subscribers -= s->connections[at]->streams;
    connection_free(&s->connections[at]);
}

/* Closes the connection that has idled for longest. False: none does. */
static bool
make_room(struct serve *s)
{
    uint32_t oldest = s->connection_count;
    for (uint32_t i = 0; i < s->connection_count; i++) {
        const struct connection *c = s->connections[i];
        if (connection_is_idle(c) && (oldest == s->connection_count ||
                                      c->deadline_ns < s->connections[oldest]->deadline_ns)) {
            oldest = i;
        }
    }
    if (oldest == s->connection_count) {
        return false;
    }
    forget(s, oldest);
    s->connections[oldest] = s->connections[--s->connection_count];
    return true;
}

static void
accept_all(struct serve *s, int listen_fd, uint64_t now_ns)
{
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
                log_warn("serve", "accept_failed", "cannot accept a client of the admin API",
                         LOG_ERRNO(errno));
                s->accept_after_ns = now_ns + ACCEPT_PAUSE_NS;
            }
            return;
        }
        if (s->connection_count == s->connections_max && !make_room(s)) {
            refuse(s, fd);
            continue;
        }
        enum api_peer peer = peer_of(fd, listen_fd == s->unix_fd);
        s->connections[s->connection_count++] = connection_new(fd, peer, now_ns, &s->env);
    }
}

/* Hands the results that came to the connections that wait for them. False: stop. */
static bool
take_results(struct serve *s, uint64_t now_ns)
{
    struct result results[RESULTS_MAX];
    uint64_t count;
    ssize_t n = read(s->wake_fd, &count, sizeof(count));
    (void)n;
    pthread_mutex_lock(&s->lock);
    bool stop = s->stop;
    uint32_t result_count = s->result_count;
    memcpy(results, s->results, result_count * sizeof(results[0]));
    s->result_count = 0;
    pthread_mutex_unlock(&s->lock);
    for (uint32_t i = 0; i < result_count; i++) {
        for (uint32_t k = 0; k < s->connection_count; k++) {
            struct connection *c = s->connections[k];
            if (c->state == CONNECTION_WAIT && c->ticket == results[i].ticket) {
                connection_answer(c, &s->env, results[i].result, &results[i].text, now_ns);
            }
        }
        serve_text_free(&results[i].text);
    }
    return !stop;
}

static void
sweep(struct serve *s, uint64_t now_ns)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->connection_count; i++) {
        connection_tick(s->connections[i], &s->env, now_ns);
        if (s->connections[i]->state == CONNECTION_GONE) {
            forget(s, i);
        } else {
            s->connections[kept++] = s->connections[i];
        }
    }
    s->connection_count = kept;
    atomic_store_explicit(&s->requests, s->env.requests, memory_order_relaxed);
    atomic_store_explicit(&s->errors, s->env.errors, memory_order_relaxed);
    atomic_store_explicit(&s->subscribers, s->env.subscribers, memory_order_relaxed);
    atomic_store_explicit(&s->subscribers_dropped, s->env.subscribers_dropped,
                          memory_order_relaxed);
}

static void *
run(void *arg)
{
    struct serve *s = arg;
    bool go_on = true;
    while (go_on) {
        uint64_t now_ns = now_monotonic_ns();
        bool accepts = now_ns >= s->accept_after_ns;
        uint32_t polled = s->connection_count;
        s->polls[0] = (struct pollfd){.fd = s->wake_fd, .events = POLLIN};
        s->polls[1] = (struct pollfd){.fd = accepts ? s->tcp_fd : -1, .events = POLLIN};
        s->polls[2] = (struct pollfd){.fd = accepts ? s->unix_fd : -1, .events = POLLIN};
        for (uint32_t i = 0; i < polled; i++) {
            s->polls[3 + i] = (struct pollfd){.fd = s->connections[i]->fd,
                                              .events = connection_events(s->connections[i])};
        }
        /* Nobody connected: sleep until somebody does. */
        int n = poll(s->polls, 3 + polled, polled == 0 && accepts ? -1 : TICK_MS);
        now_ns = now_monotonic_ns();
        for (uint32_t i = 0; n > 0 && i < polled; i++) {
            if (s->polls[3 + i].revents != 0) {
                connection_turn(s->connections[i], &s->env, s->polls[3 + i].revents, now_ns);
            }
        }
        go_on = take_results(s, now_ns);
        for (uint32_t i = 1; n > 0 && i <= 2; i++) {
            if (s->polls[i].revents != 0) {
                accept_all(s, s->polls[i].fd, now_ns);
            }
        }
        sweep(s, now_ns);
    }
    return NULL;
}

static void
make_nonblocking(int fd)
{
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags >= 0) {
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
}

static int
start_thread(struct serve *s, struct diag *diag)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err != 0) {
        return diag_set(diag, -err, "cannot start the admin API's thread: %s", strerror(err));
    }
    s->has_thread = true;
    return 0;
}

static int
set_up_data_dir(struct serve *s, const char *data_dir, struct diag *diag)
{
    int err;
    if (data_dir == NULL) {
        return 0;
    }
    err = token_load(data_dir, diag, &s->env.token);
    s->env.has_token = err == 0;
    if (err != 0 || s->unix_fd >= 0) {
        return err;
    }
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", data_dir, SERVE_SOCKET_NAME) >=
        sizeof(path)) {
        return diag_set(diag, -ENAMETOOLONG, "the data directory's name is too long");
    }
    err = socket_listen(path, diag, &s->unix_fd);
    if (err == 0) {
        memcpy(s->socket_path, path, strlen(path) + 1);
    }
    return err;
}

static uint64_t
or_default(uint64_t value, uint64_t otherwise)
{
    return value == 0 ? otherwise : value;
}

int
serve_new(const struct serve_config *config, const struct serve_source *source, struct diag *diag,
          struct serve **ret_serve)
{
    AUTO(serve) struct serve *s = check_alloc(1, sizeof(*s));
    s->magic = SERVE_MAGIC;
    s->tcp_fd = config->tcp_fd;
    s->unix_fd = config->unix_fd;
    make_nonblocking(s->tcp_fd);
    make_nonblocking(s->unix_fd);
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&s->lock, NULL);
    s->connections_max =
        MIN((uint32_t)or_default(config->connections_max, SERVE_CONNECTIONS_DEFAULT),
            (uint32_t)CONNECTIONS_CAP);
    s->connections = check_alloc(s->connections_max, sizeof(s->connections[0]));
    s->polls = check_alloc(s->connections_max + 3, sizeof(s->polls[0]));
    s->env.source = *source;
    s->env.idle_timeout_ns = or_default(config->idle_timeout_ns, 60 * NS_PER_S);
    s->env.slow_timeout_ns = or_default(config->slow_timeout_ns, 10 * NS_PER_S);
    s->env.command_wait_ns = or_default(config->command_wait_ns, 5 * NS_PER_S);
    if (s->wake_fd < 0) {
        return diag_set(diag, -errno, "no eventfd for the admin API: %s", strerror(errno));
    }
    int err = set_up_data_dir(s, config->data_dir, diag);
    if (err == 0) {
        err = start_thread(s, diag);
    }
    if (err == 0) {
        *ret_serve = TAKE(s);
    }
    return err;
}

static void
close_fd(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void
serve_free(struct serve **serve_ptr)
{
    struct serve *s = TAKE(*serve_ptr);
    if (s == NULL) {
        return;
    }
    OBJ_CHECK(s, SERVE_MAGIC);
    if (s->has_thread) {
        pthread_mutex_lock(&s->lock);
        s->stop = true;
        pthread_mutex_unlock(&s->lock);
        wake(s);
        pthread_join(s->thread, NULL);
    }
    for (uint32_t i = 0; i < s->connection_count; i++) {
        connection_free(&s->connections[i]);
    }
    for (uint32_t i = 0; i < s->result_count; i++) {
        serve_text_free(&s->results[i].text);
    }
    if (s->socket_path[0] != '\0') {
        unlink(s->socket_path);
    }
    close_fd(s->tcp_fd);
    close_fd(s->unix_fd);
    close_fd(s->wake_fd);
    pthread_mutex_destroy(&s->lock);
    free(s->connections);
    free(s->polls);
    s->magic = 0;
    free(s);
}

void
serve_answer(struct serve *s, uint64_t ticket, int result, struct serve_text **text)
{
    OBJ_CHECK(s, SERVE_MAGIC);
    pthread_mutex_lock(&s->lock);
    if (s->result_count < RESULTS_MAX) {
        s->results[s->result_count++] = (struct result){
            .ticket = ticket,
            .result = result,
            .text = text == NULL ? NULL : TAKE(*text),
        };
    }
    pthread_mutex_unlock(&s->lock);
    if (text != NULL) {
        serve_text_free(text); /* no room: its client waits until its time is over */
    }
    wake(s);
}

struct serve_totals
serve_totals(const struct serve *s)
{
    OBJ_CHECK(s, SERVE_MAGIC);
    return (struct serve_totals){
        .requests = atomic_load_explicit(&s->requests, memory_order_relaxed),
        .errors = atomic_load_explicit(&s->errors, memory_order_relaxed),
        .refused = atomic_load_explicit(&s->refused, memory_order_relaxed),
        .subscribers = atomic_load_explicit(&s->subscribers, memory_order_relaxed),
        .subscribers_dropped = atomic_load_explicit(&s->subscribers_dropped, memory_order_relaxed),
    };
}
