/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/token.h"

#include "serve/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_token(const char *text)
{
    for (size_t i = 0; i < TOKEN_LEN; i++) {
        char c = text[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return false;
        }
    }
    return true;
}

/* 0, or -ENOENT when there is none that may be used. */
static int
read_token(const char *path, struct token *ret_token)
{
    char text[TOKEN_LEN + 2] = {0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return -ENOENT;
    }
    bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
                (st.st_mode & 077) == 0;
    ssize_t n = ours ? read(fd, text, TOKEN_LEN + 1) : -1;
    close(fd);
    if (n < TOKEN_LEN || !is_token(text)) {
        return -ENOENT;
    }
    memcpy(ret_token->text, text, TOKEN_LEN);
    ret_token->text[TOKEN_LEN] = '\0';
    return 0;
}

/* Written beside it and renamed, so that nobody ever reads a half. */
static int
write_token(const char *path, const struct token *token)
{
    char beside[PATH_MAX];
    char line[TOKEN_LEN + 1];
    int err = 0;
    if ((size_t)snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside)) {
        return -ENAMETOOLONG;
    }
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -errno;
    }
    memcpy(line, token->text, TOKEN_LEN);
    line[TOKEN_LEN] = '\n';
    if (write(fd, line, sizeof(line)) != (ssize_t)sizeof(line)) {
        err = errno == 0 ? -EIO : -errno;
    }
    if (close(fd) != 0 && err == 0) {
        err = -errno;
    }
    if (err == 0 && rename(beside, path) != 0) {
        err = -errno;
    }
    if (err != 0) {
        unlink(beside);
    }
    return err;
}

int
token_load(const char *data_dir, struct diag *diag, struct token *ret_token)
{
    char path[PATH_MAX];
    uint8_t random[TOKEN_LEN / 2];
    struct token token;
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", data_dir, SERVE_TOKEN_NAME) >= sizeof(path)) {
        return diag_set(diag, -ENAMETOOLONG, "the data directory's name is too long");
    }
    if (read_token(path, ret_token) == 0) {
        return 0;
    }
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return diag_set(diag, -EIO, "no random numbers for %s", path);
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        snprintf(token.text + 2 * i, 3, "%02x", random[i]);
    }
    int err = write_token(path, &token);
    if (err != 0) {
        return diag_set(diag, err, "cannot write %s: %s", path, strerror(-err));
    }
    *ret_token = token;
    return 0;
}

bool
token_matches(const struct token *token, struct slice given)
{
    unsigned difference = 0;
    if (given.len != TOKEN_LEN) {
        return false;
    }
    for (size_t i = 0; i < TOKEN_LEN; i++) {
        difference |= (unsigned)(given.ptr[i] ^ (uint8_t)token->text[i]);
    }
    return difference == 0;
}
