/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static bool
is_answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    bool answered = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                    errno == EAGAIN || errno == EINPROGRESS;
    close(fd);
    return answered;
}

int
socket_listen(const char *path, struct diag *diag, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    if (strlen(path) >= sizeof(address.sun_path)) {
        return diag_set_hint(diag, -ENAMETOOLONG, "use a data directory with a shorter name",
                             "%s is too long for a unix socket", path);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (is_answered(&address)) {
        return diag_set_hint(diag, -EADDRINUSE, "is slowburn running on this data directory?",
                             "%s is in use", path);
    }
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        unlink(path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* Nobody can connect before listen, so there is no moment with wider rights. */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0) {
        int err = -errno;
        if (fd >= 0) {
            close(fd);
        }
        return diag_set(diag, err, "cannot listen on %s: %s", path, strerror(-err));
    }
    *ret_fd = fd;
    return 0;
}
