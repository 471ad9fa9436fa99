/* SPDX-License-Identifier: Apache-2.0
 * cli/command.h - the user's own command, run as a child in the same terminal. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdint.h>
#include <sys/types.h>

#define COMMAND_NOT_FOUND 127

/* In this process's environment, for the child: where the application is reached through slowburn
 * (SLOWBURN_HTTP, a URL). Nothing when port is 0. */
void command_point_at_http(uint16_t port);

/* The child's pid, or < 0 with a message. */
pid_t command_start(const char *verb, char **command);

/* Its exit status as a shell gives it: 128 + the signal that ended it. */
int command_status(int wait_status);

/* Both, with Ctrl-C left to the command. */
int command_run(const char *verb, char **command);

#endif
