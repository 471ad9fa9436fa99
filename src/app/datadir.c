/* SPDX-License-Identifier: Apache-2.0 */
#include "app/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN_MAX (DATADIR_MAX + 64)

/* Of systemd, of the user, or of the machine; "" when there is no place at all. */
static void
default_place(char *path)
{
    const char *state = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int len = 0;
    if (state != NULL && state[0] == '/') {
        len = snprintf(path, DATADIR_MAX, "%s", state);
    } else if (xdg != NULL && xdg[0] == '/') {
        len = snprintf(path, DATADIR_MAX, "%s/slowburn", xdg);
    } else if (geteuid() == 0) {
        len = snprintf(path, DATADIR_MAX, "/var/lib/slowburn");
    } else if (home != NULL && home[0] == '/') {
        len = snprintf(path, DATADIR_MAX, "%s/.local/state/slowburn", home);
    }
    if (len <= 0 || len >= DATADIR_MAX) {
        path[0] = '\0';
    }
}

/* mkdir -p: parents 0755 as the umask has it, the last one 0700. */
static int
make_dirs(char *path)
{
    for (char *p = path + 1; *p != '\0'; p++) {
        if (*p != '/') {
            continue;
        }
        *p = '\0';
        int r = mkdir(path, 0755);
        *p = '/';
        if (r < 0 && errno != EEXIST) {
            return -errno;
        }
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int
datadir_find(const char *configured, struct diag *diag, char *ret_path)
{
    char path[DATADIR_MAX] = "";
    /* control.N.sock must fit into a socket's address. */
    if (strlen(configured) > 90) {
        return diag_set(diag, -ENAMETOOLONG, "the data directory's path is longer than 90 bytes");
    }
    if (configured[0] != '\0') {
        snprintf(path, sizeof(path), "%s", configured);
    } else {
        default_place(path);
    }
    if (path[0] == '\0') {
        return diag_set_hint(diag, -ENOENT, "give one with --data DIR",
                             "there is no place for a data directory");
    }
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        path[--len] = '\0';
    }
    memcpy(ret_path, path, sizeof(path));
    return 0;
}

int
datadir_open(const char *configured, struct diag *diag, char *ret_path)
{
    char path[DATADIR_MAX];
    int r = datadir_find(configured, diag, path);
    if (r < 0) {
        return r;
    }
    r = make_dirs(path);
    if (r == 0 && access(path, W_OK | X_OK) < 0) {
        r = -errno;
    }
    if (r < 0) {
        return diag_set(diag, r, "the data directory %s: %s", path, strerror(-r));
    }
    memcpy(ret_path, path, sizeof(path));
    return 0;
}

static int
open_in(const char *dir, const char *name, int flags)
{
    char path[PATH_LEN_MAX];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -errno : fd;
}

int
datadir_lock(const char *path, const char *name, struct diag *diag, int *ret_fd)
{
    int fd = open_in(path, name, O_RDWR | O_CREAT);
    if (fd < 0) {
        return diag_set(diag, fd, "%s/%s: %s", path, name, strerror(-fd));
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        int r = errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
        char pid[16] = "";
        ssize_t n = read(fd, pid, sizeof(pid) - 1);
        pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
        close(fd);
        return diag_set_hint(diag, r, "one slowburn to a data directory",
                             "%s/%s is held by process %s", path, name, pid[0] == '\0' ? "?" : pid);
    }
    char pid[16];
    int len = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    /* For the message above only. */
    if (ftruncate(fd, 0) == 0 && write(fd, pid, (size_t)len) < 0) {
        pid[0] = '\0';
    }
    *ret_fd = fd;
    return 0;
}

int
datadir_holder(const char *path, const char *name)
{
    char pid[16] = "";
    int fd = open_in(path, name, O_RDONLY);
    if (fd < 0 || !datadir_is_locked(path, name)) {
        pid[0] = '0';
    } else if (read(fd, pid, sizeof(pid) - 1) < 0) {
        pid[0] = '0';
    }
    if (fd >= 0) {
        close(fd);
    }
    return atoi(pid);
}

bool
datadir_is_locked(const char *path, const char *name)
{
    int fd = open_in(path, name, O_RDWR);
    if (fd < 0) {
        return false;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool locked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return locked;
}

int
datadir_hash_key(const char *path, struct diag *diag, uint8_t ret_key[HASH_KEY_LEN])
{
    uint8_t key[HASH_KEY_LEN];
    int fd = open_in(path, "hash.key", O_RDWR | O_CREAT);
    if (fd < 0) {
        return diag_set(diag, fd, "%s/hash.key: %s", path, strerror(-fd));
    }
    ssize_t n = read(fd, key, sizeof(key));
    int r = n < 0 ? -errno : 0;
    if (r == 0 && (size_t)n != sizeof(key)) {
        /* New, or cut short by a full disk: what was hashed under another key is only unlinked. */
        if (getrandom(key, sizeof(key), 0) != sizeof(key) || ftruncate(fd, 0) < 0 ||
            pwrite(fd, key, sizeof(key), 0) != sizeof(key) || fsync(fd) < 0) {
            r = errno == 0 ? -EIO : -errno;
        }
    }
    close(fd);
    if (r < 0) {
        return diag_set(diag, r, "%s/hash.key: %s", path, strerror(-r));
    }
    memcpy(ret_key, key, sizeof(key));
    return 0;
}
