/* SPDX-License-Identifier: Apache-2.0 */
#include "app/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/resolve.h"

#define LISTEN_BACKLOG 1024

/* Splits at the last colon outside brackets. */
static bool
split_host(struct slice s, struct slice *host, struct slice *port)
{
    *host = SLICE_NONE;
    *port = s;
    if (s.len > 0 && s.ptr[0] == '[') {
        size_t close_at = slice_find(s, ']');
        if (close_at + 1 >= s.len || s.ptr[close_at + 1] != ':') {
            return false;
        }
        *host = slice_sub(s, 1, close_at - 1);
        *port = slice_sub(s, close_at + 2, s.len);
        return host->len > 0;
    }
    size_t colon = slice_find(s, ':');
    if (colon < s.len) {
        *host = slice_sub(s, 0, colon);
        *port = slice_sub(s, colon + 1, s.len);
    }
    return slice_find(*port, ':') == port->len;
}

static int
parse_unix(struct slice s, struct diag *diag, struct address *ret_address)
{
    struct resolve_name name;
    struct address a = {.is_unix = true};
    int r = resolve_parse(s, diag, &name);
    if (r < 0 || !name.is_unix) {
        return r < 0 ? r : diag_set(diag, -EINVAL, "the path of a socket begins with /");
    }
    snprintf(a.host, sizeof(a.host), "%s", name.host);
    snprintf(a.text, sizeof(a.text), "unix:%s", name.host);
    *ret_address = a;
    return 0;
}

int
address_parse(struct slice s, struct diag *diag, struct address *ret_address)
{
    struct address a = {0};
    struct slice host, port;
    uint64_t number = 0;
    s = slice_trim(s);
    if (slice_starts_with_ci(s, SLICE_LIT("unix:")) || (s.len > 0 && s.ptr[0] == '/')) {
        return parse_unix(s, diag, ret_address);
    }
    if (!split_host(s, &host, &port) || slice_to_u64(port, &number) < 0 || number == 0 ||
        number > 65535 || host.len >= sizeof(a.host)) {
        return diag_set_hint(diag, -EINVAL, "write host:port, [v6]:port, port or unix:/path",
                             "\"%.*s\" is not an address", (int)MIN(s.len, 100), s.ptr);
    }
    slice_to_str(host.len == 0 ? SLICE_LIT("127.0.0.1") : host, a.host, sizeof(a.host));
    a.port = (uint16_t)number;
    bool v6 = slice_find(host, ':') < host.len;
    snprintf(a.text, sizeof(a.text), v6 ? "[%s]:%u" : "%s:%u", a.host, a.port);
    *ret_address = a;
    return 0;
}

static int
listen_on(const struct addrinfo *ai, int *ret_fd)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

/* A file that nobody listens at was left behind by a process that died. */
static void
remove_stale(const struct sockaddr_un *at)
{
    struct stat st;
    if (lstat(at->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        return;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 && errno == ECONNREFUSED) {
            unlink(at->sun_path);
        }
        close(fd);
    }
}

static int
listen_on_path(const char *path, unsigned mode, int *ret_fd)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    slice_to_str(slice_from_str(path), at.sun_path, sizeof(at.sun_path));
    remove_stale(&at);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    /* Nobody gets in before its mode is what was asked for. */
    mode_t mask = umask(0777);
    int r = bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ? -errno : 0;
    umask(mask);
    if (r == 0 && (chmod(path, mode) < 0 || listen(fd, LISTEN_BACKLOG) < 0)) {
        r = -errno;
        unlink(path);
    }
    if (r < 0) {
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

static int
listen_diag(int r, const char *what, const char *in_use, const char *hint, struct diag *diag)
{
    if (r == -EADDRINUSE) {
        return diag_set_hint(diag, r, hint, "%s: %s is in use by another process", what, in_use);
    }
    return r < 0 ? diag_set(diag, r, "%s: %s", what, strerror(-r)) : 0;
}

int
address_listen(const struct address *address, unsigned mode, const char *what, struct diag *diag,
               int *ret_fd)
{
    if (address->is_unix) {
        return listen_diag(listen_on_path(address->host, mode, ret_fd), what, "the path",
                           "stop it, or choose another path", diag);
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char port[8];
    snprintf(port, sizeof(port), "%u", address->port);
    int r = getaddrinfo(address->host, port, &hints, &found);
    if (r != 0) {
        return diag_set(diag, -EADDRNOTAVAIL, "%s: %s has no address here (%s)", what,
                        address->host, gai_strerror(r));
    }
    r = listen_on(found, ret_fd);
    freeaddrinfo(found);
    return listen_diag(r, what, "the port", "stop it, or choose another port", diag);
}
