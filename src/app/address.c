/* SPDX-License-Identifier: Apache-2.0 */
#include "app/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

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

int
address_parse(struct slice s, struct diag *diag, struct address *ret_address)
{
    struct address a = {0};
    struct slice host, port;
    uint64_t number = 0;
    s = slice_trim(s);
    if (!split_host(s, &host, &port) || slice_to_u64(port, &number) < 0 || number == 0 ||
        number > 65535 || host.len >= sizeof(a.host)) {
        return diag_set_hint(diag, -EINVAL, "write host:port, [v6]:port or port",
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

int
address_listen(const struct address *address, const char *what, struct diag *diag, int *ret_fd)
{
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
    if (r == -EADDRINUSE) {
        return diag_set_hint(diag, r, "stop it, or choose another port",
                             "%s: the port is in use by another process", what);
    }
    if (r < 0) {
        return diag_set(diag, r, "%s: %s", what, strerror(-r));
    }
    return 0;
}
