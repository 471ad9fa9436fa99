/* SPDX-License-Identifier: Apache-2.0 */
#include "app/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/supervise_state.h"

#define VARIABLE      "SLOWBURN_HANDOVER"
#define TRIAL_WAIT_MS 5000
#define ARGUMENTS_MAX 256

extern char **environ;

json_t *
handover_receive(void)
{
    const char *text = getenv(VARIABLE);
    int fd = text == NULL ? -1 : atoi(text);
    struct stat st;
    unsetenv(VARIABLE);
    if (fd < 3 || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > HANDOVER_LEN_MAX) {
        return NULL;
    }
    char *bytes = check_alloc(1, (size_t)st.st_size);
    ssize_t n = pread(fd, bytes, (size_t)st.st_size, 0);
    json_t *doc = n == st.st_size ? json_loadb(bytes, (size_t)n, 0, NULL) : NULL;
    free(bytes);
    close(fd);
    return doc;
}

int
handover_exe_fd(const json_t *doc)
{
    const json_t *fd = json_object_get(doc, "exe");
    return json_is_integer(fd) ? (int)json_integer_value(fd) : -1;
}

static int
write_memfd(const json_t *doc)
{
    char *text = json_dumps(doc, JSON_COMPACT);
    size_t len = strlen(text);
    int fd = memfd_create("slowburn-handover", 0);
    int r = fd < 0 ? -errno : fd;
    if (fd >= 0 && write(fd, text, len) != (ssize_t)len) {
        close(fd);
        r = -ENOSPC;
    }
    free(text);
    return r;
}

int
handover_exec(const json_t *doc, int exe_fd, const char *program, int argc, char **argv)
{
    char *all[ARGUMENTS_MAX + 2] = {(char *)(uintptr_t)program};
    char number[16];
    if (argc >= ARGUMENTS_MAX) {
        return -E2BIG;
    }
    memcpy(all + 1, argv, (size_t)argc * sizeof(*argv));
    int fd = write_memfd(doc);
    if (fd < 0) {
        return fd;
    }
    snprintf(number, sizeof(number), "%d", fd);
    setenv(VARIABLE, number, 1);
    if (exe_fd >= 0) {
        execveat(exe_fd, "", all, environ, AT_EMPTY_PATH);
    } else {
        execve(program, all, environ);
    }
    int r = -errno;
    unsetenv(VARIABLE);
    close(fd);
    return r;
}

void
handover_return(json_t *doc, const char *reason, int argc, char **argv)
{
    const char *program = json_string_value(json_object_get(doc, "program"));
    json_object_set_new(doc, "back", json_true());
    json_object_set_new(json_object_get(doc, "upgrade"), "reason", json_string(reason));
    int exe = handover_exe_fd(doc);
    if (exe >= 0) {
        (void)handover_exec(doc, exe, program == NULL ? "slowburn" : program, argc, argv);
    }
}

void
handover_own_program(char *dst, size_t size)
{
    const char *called = (const char *)getauxval(AT_EXECFN); /* NOLINT: an address by contract */
    char folder[512];
    int len = -1;
    dst[0] = '\0';
    if (called != NULL && called[0] == '/') {
        len = snprintf(dst, size, "%s", called);
    } else if (called != NULL && getcwd(folder, sizeof(folder)) != NULL) {
        len = snprintf(dst, size, "%s/%s", folder, called);
    }
    if (len < 0 || (size_t)len >= size || access(dst, X_OK) < 0) {
        dst[0] = '\0';
    }
}

/* As `run` would, with the same words. */
static int
try_configuration(const json_t *doc, struct diag *diag)
{
    char *argv[ARGUMENTS_MAX];
    int argc = 0;
    size_t at;
    const json_t *word;
    json_array_foreach(json_object_get(doc, "argv"), at, word)
    {
        if (argc < ARGUMENTS_MAX && json_is_string(word)) {
            argv[argc++] = (char *)(uintptr_t)json_string_value(word);
        }
    }
    AUTO(config) struct config *c = config_new();
    int r = config_from_options(c, argc, argv, diag);
    return r == 0 ? config_check(c, diag) : MIN(r, 0);
}

int
handover_trial(int channel_fd)
{
    struct channel *channel = NULL;
    struct channel_message m;
    struct diag diag = {0};
    struct pollfd pfd = {channel_fd, POLLIN, 0};
    if (channel_new(channel_fd, &channel) < 0) {
        return 1;
    }
    if (poll(&pfd, 1, TRIAL_WAIT_MS) != 1 || channel_receive(channel, &m) != 1 ||
        m.type != CHANNEL_CONFIGURE) {
        channel_free(&channel);
        return 1;
    }
    json_t *doc = json_loadb((const char *)m.payload.ptr, m.payload.len, 0, NULL);
    int r = supervise_handover_check(json_object_get(doc, "handover"), &diag);
    r = r == 0 ? try_configuration(doc, &diag) : r;
    char reason[1100] = "";
    json_t *answer = json_pack("{s:b, s:s, s:s}", "ok", r == 0, "version", SLOWBURN_VERSION,
                               "reason", r == 0 ? "" : diag_format(&diag, reason, sizeof(reason)));
    char *text = json_dumps(answer, JSON_COMPACT);
    struct channel_message out = {.type = CHANNEL_STATUS,
                                  .to = PARTY_SUPERVISOR,
                                  .id = m.id,
                                  .payload = slice_from_str(text)};
    int sent = channel_send(channel, &out);
    free(text);
    json_decref(answer);
    json_decref(doc);
    channel_message_close_fds(&m);
    channel_free(&channel);
    return r == 0 && sent == 0 ? 0 : 1;
}
