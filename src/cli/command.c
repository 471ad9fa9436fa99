/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void
command_point_at_http(uint16_t port)
{
    char url[64];
    if (port != 0) {
        snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
        setenv("SLOWBURN_HTTP", url, 1);
    }
}

pid_t
command_start(const char *verb, char **command)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        fprintf(stderr, "slowburn %s: no process for the command: %s\n", verb, strerror(errno));
    }
    if (pid == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        execvp(command[0], command);
        fprintf(stderr, "slowburn %s: %s: %s\n", verb, command[0], strerror(errno));
        _exit(COMMAND_NOT_FOUND);
    }
    return pid;
}

int
command_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int
command_run(const char *verb, char **command)
{
    int status = 0;
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    pid_t pid = command_start(verb, command);
    if (pid < 0) {
        return COMMAND_NOT_FOUND;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return command_status(status);
}
