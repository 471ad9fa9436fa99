/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/security.h"

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
    return err != 0 ? err
                    : security_new(&l->settings, l->ops, slice_from_str(host), diag, &l->security);
}

static int
resolve_upstream(struct resolver *resolver, struct listener *l, struct diag *diag)
{
    const char *fallback = l->settings.text[LISTENER_upstream_fallback];
    struct slice rest = fallback[0] == '\0' ? SLICE_NONE : slice_from_str(fallback);
    struct slice text = slice_from_str(l->upstream);
    do {
        if (l->target_count == LISTENER_TARGETS_MAX) {
            return diag_set(diag, -EINVAL, "%s has more than %d addresses behind it", l->name,
                            LISTENER_TARGETS_MAX);
        }
        int err = resolver_add(resolver, text, diag, &l->targets[l->target_count]);
        if (err != 0) {
            return err;
        }
        l->target_count++;
    } while (slice_split(&rest, ',', &text));
    return 0;
}

int
listeners_take(struct proxy_config *config, struct channel_message *m, struct resolver *resolver,
               struct diag *diag)
{
    if (config->listener_count == 0 || m->fd_count != config->listener_count) {
        return diag_set(diag, -EINVAL, "%u listeners came with %u sockets", config->listener_count,
                        m->fd_count);
    }
    for (unsigned i = 0; i < m->fd_count; i++) {
        struct listener *l = &config->listeners[i];
        l->fd = m->fds[i];
        m->fds[i] = -1;
        fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
    }
    m->fd_count = 0;
    for (unsigned i = 0; i < config->listener_count; i++) {
        struct listener *l = &config->listeners[i];
        int err = resolve_upstream(resolver, l, diag);
        err = err != 0 ? err : secure_listener(l, diag);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

void
listeners_reload(const struct proxy_config *config)
{
    for (unsigned i = 0; i < config->listener_count; i++) {
        if (config->listeners[i].security != NULL) {
            security_reload(config->listeners[i].security, config->listeners[i].name);
        }
    }
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

void
listeners_refuse(const struct proxy_config *config)
{
    for (unsigned i = 0; i < config->listener_count; i++) {
        if (config->listeners[i].fd >= 0) {
            /* First its name goes, while it is certainly still ours. */
            remove_path(config->listeners[i].fd);
            (void)shutdown(config->listeners[i].fd, SHUT_RDWR);
        }
    }
}

void
listeners_close(struct proxy_config *config)
{
    for (unsigned i = 0; i < config->listener_count; i++) {
        if (config->listeners[i].fd >= 0) {
            close(config->listeners[i].fd);
            config->listeners[i].fd = -1;
        }
    }
}

void
listeners_release(struct proxy_config *config)
{
    listeners_close(config);
    for (unsigned i = 0; i < config->listener_count; i++) {
        security_free(&config->listeners[i].security);
    }
    config->listener_count = 0;
}
