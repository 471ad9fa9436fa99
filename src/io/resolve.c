/* SPDX-License-Identifier: Apache-2.0 */
#include "io/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

#include "io/now.h"

/* "/dir:5432": the socket that libpq would look for there. A path that ends otherwise is itself. */
static int
parse_path(struct slice text, struct diag *diag, struct resolve_name *ret_name)
{
    struct resolve_name name = {.is_unix = true};
    size_t colon = text.len;
    uint64_t port = 0;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    bool is_directory = colon > 1 && slice_to_u64(slice_sub(text, colon, text.len), &port) == 0 &&
                        port > 0 && port <= UINT16_MAX;
    struct slice path = is_directory ? slice_sub(text, 0, colon - 1) : text;
    int len = snprintf(name.host, sizeof(name.host), is_directory ? "%.*s/.s.PGSQL.%u" : "%.*s",
                       SLICE_ARG(path), (unsigned)port);
    if (len < 0 || (size_t)len >= sizeof(((struct sockaddr_un *)NULL)->sun_path) ||
        slice_find(text, 0) < text.len) {
        return diag_set(diag, -EINVAL, "the socket path \"%.*s\" is too long", SLICE_ARG(text));
    }
    *ret_name = name;
    return 0;
}

int
resolve_parse(struct slice text, struct diag *diag, struct resolve_name *ret_name)
{
    struct resolve_name name = {0};
    if (slice_starts_with_ci(text, SLICE_LIT("unix:"))) {
        text = slice_sub(text, 5, text.len);
    }
    if (text.len > 0 && text.ptr[0] == '/') {
        return parse_path(text, diag, ret_name);
    }
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    struct slice host = slice_sub(text, 0, colon == 0 ? 0 : colon - 1);
    struct slice port = slice_sub(text, colon, text.len);
    uint64_t number = 0;
    if (colon == 0 || slice_to_u64(port, &number) != 0 || number > UINT16_MAX) {
        return diag_set_hint(diag, -EINVAL, "write it as HOST:PORT, [IPV6]:PORT or /PATH",
                             "\"%.*s\" has no valid port", SLICE_ARG(text));
    }
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = slice_sub(host, 1, host.len - 2);
    } else if (slice_find(host, ':') < host.len) {
        return diag_set_hint(diag, -EINVAL, "write an IPv6 address as [ADDRESS]:PORT",
                             "\"%.*s\" has more than one colon", SLICE_ARG(text));
    }
    if (host.len == 0 || host.len >= sizeof(name.host) || slice_find(host, 0) < host.len) {
        return diag_set_hint(diag, -EINVAL, "write it as HOST:PORT, [IPV6]:PORT or /PATH",
                             "\"%.*s\" has no valid host", SLICE_ARG(text));
    }
    slice_to_str(host, name.host, sizeof(name.host));
    name.port = (uint16_t)number;
    *ret_name = name;
    return 0;
}

int
resolve_numeric(const struct resolve_name *name, struct resolve_address *ret)
{
    struct resolve_address a = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&a.sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a.sa;
    struct sockaddr_un *path = (struct sockaddr_un *)&a.sa;
    if (name->is_unix) {
        path->sun_family = AF_UNIX;
        slice_to_str(slice_from_str(name->host), path->sun_path, sizeof(path->sun_path));
        a.len = sizeof(*path);
    } else if (inet_pton(AF_INET, name->host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(name->port);
        a.len = sizeof(*v4);
    } else if (inet_pton(AF_INET6, name->host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(name->port);
        a.len = sizeof(*v6);
    } else {
        return -ENOENT;
    }
    *ret = a;
    return 0;
}

char *
resolve_format(const struct resolve_address *address, char *dst, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";
    switch (address->sa.ss_family) {
    case AF_INET: {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->sa;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(dst, size, "%s:%u", host, ntohs(v4->sin_port));
        break;
    }
    case AF_INET6: {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->sa;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(dst, size, "[%s]:%u", host, ntohs(v6->sin6_port));
        break;
    }
    case AF_UNIX:
        snprintf(dst, size, "%s", ((const struct sockaddr_un *)&address->sa)->sun_path);
        break;
    default:
        snprintf(dst, size, "?");
    }
    return dst;
}

struct resolve_target {
    struct resolver *resolver;
    struct resolve_name name;
    bool is_numeric;
    /* Under the resolver's mutex. */
    struct resolve_address addresses[RESOLVE_ADDRESSES_MAX];
    unsigned count;
    bool is_wanted; /* a look-up is asked for or under way */
    uint32_t generation;
    time_t looked_up;
};

struct resolver {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool stopping;
    bool is_running;
    unsigned count;
    struct resolve_target targets[RESOLVE_TARGETS_MAX];
};

static time_t
now_s(void)
{
    return (time_t)(now_monotonic_ns() / NS_PER_S);
}

/* Blocks. Returns how many addresses; 0: keep the old answer. */
static unsigned
look_up(const struct resolve_name *name, struct resolve_address ret[RESOLVE_ADDRESSES_MAX])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *list = NULL;
    char port[8];
    unsigned count = 0;
    snprintf(port, sizeof(port), "%u", name->port);
    if (getaddrinfo(name->host, port, &hints, &list) != 0) {
        return 0;
    }
    for (struct addrinfo *it = list; it != NULL && count < RESOLVE_ADDRESSES_MAX;
         it = it->ai_next) {
        if (it->ai_addrlen <= sizeof(ret[count].sa)) {
            memcpy(&ret[count].sa, it->ai_addr, it->ai_addrlen);
            ret[count++].len = it->ai_addrlen;
        }
    }
    freeaddrinfo(list);
    return count;
}

static struct resolve_target *
next_wanted(struct resolver *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        if (r->targets[i].is_wanted) {
            return &r->targets[i];
        }
    }
    return NULL;
}

static void *
resolver_main(void *arg)
{
    struct resolver *r = arg;
    pthread_mutex_lock(&r->mutex);
    while (!r->stopping) {
        struct resolve_target *target = next_wanted(r);
        if (target == NULL) {
            pthread_cond_wait(&r->changed, &r->mutex);
            continue;
        }
        struct resolve_address found[RESOLVE_ADDRESSES_MAX] = {0};
        pthread_mutex_unlock(&r->mutex);
        unsigned count = look_up(&target->name, found);
        pthread_mutex_lock(&r->mutex);
        if (count > 0) {
            memcpy(target->addresses, found, sizeof(found));
            target->count = count;
        }
        target->is_wanted = false;
        target->generation++;
        target->looked_up = now_s();
    }
    pthread_mutex_unlock(&r->mutex);
    return NULL;
}

int
resolver_new(struct resolver **ret_resolver)
{
    struct resolver *r = check_alloc(1, sizeof(*r));
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->changed, NULL);
    *ret_resolver = r;
    return 0;
}

void
resolver_free(struct resolver **resolver)
{
    struct resolver *r = TAKE(*resolver);
    if (r == NULL) {
        return;
    }
    if (r->is_running) {
        pthread_mutex_lock(&r->mutex);
        r->stopping = true;
        pthread_cond_signal(&r->changed);
        pthread_mutex_unlock(&r->mutex);
        pthread_join(r->thread, NULL);
    }
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

/* The thread exists only when there is a name to look up. Signals are for the main thread. */
static int
ensure_thread(struct resolver *r)
{
    sigset_t all, old;
    if (r->is_running) {
        return 0;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int err = -pthread_create(&r->thread, NULL, resolver_main, r);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    r->is_running = err == 0;
    return err;
}

int
resolver_add(struct resolver *resolver, struct slice text, struct diag *diag,
             struct resolve_target **ret_target)
{
    struct resolve_name name;
    int err = resolve_parse(text, diag, &name);
    if (err != 0) {
        return err;
    }
    if (resolver->count == RESOLVE_TARGETS_MAX) {
        return diag_set(diag, -ENOSPC, "more than %d upstreams", RESOLVE_TARGETS_MAX);
    }
    pthread_mutex_lock(&resolver->mutex);
    struct resolve_target *target = &resolver->targets[resolver->count++];
    *target = (struct resolve_target){.resolver = resolver, .name = name};
    if (resolve_numeric(&name, &target->addresses[0]) == 0) {
        target->count = 1;
        target->is_numeric = true;
    } else {
        target->is_wanted = true;
        err = ensure_thread(resolver);
        pthread_cond_signal(&resolver->changed);
    }
    pthread_mutex_unlock(&resolver->mutex);
    if (err == 0) {
        *ret_target = target;
    }
    return err;
}

unsigned
resolve_addresses(struct resolve_target *target,
                  struct resolve_address addresses[RESOLVE_ADDRESSES_MAX], bool *ret_pending)
{
    if (target->is_numeric) {
        addresses[0] = target->addresses[0];
        *ret_pending = false;
        return 1;
    }
    pthread_mutex_lock(&target->resolver->mutex);
    unsigned count = target->count;
    memcpy(addresses, target->addresses, count * sizeof(*addresses));
    *ret_pending = target->is_wanted;
    pthread_mutex_unlock(&target->resolver->mutex);
    return count;
}

bool
resolve_refresh(struct resolve_target *target)
{
    if (target->is_numeric) {
        return false;
    }
    pthread_mutex_lock(&target->resolver->mutex);
    if (!target->is_wanted && now_s() > target->looked_up) {
        target->is_wanted = true;
        pthread_cond_signal(&target->resolver->changed);
    }
    bool is_wanted = target->is_wanted;
    pthread_mutex_unlock(&target->resolver->mutex);
    return is_wanted;
}

uint32_t
resolve_generation(struct resolve_target *target)
{
    pthread_mutex_lock(&target->resolver->mutex);
    uint32_t generation = target->generation;
    pthread_mutex_unlock(&target->resolver->mutex);
    return generation;
}
