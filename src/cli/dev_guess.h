/* SPDX-License-Identifier: Apache-2.0
 * cli/dev_guess.h - what a developer's command says without being asked: where it listens, and why
 * it may not have taken its database from the environment. */
#ifndef CLI_DEV_GUESS_H
#define CLI_DEV_GUESS_H

#include <stdint.h>
#include <stdio.h>

#include "cli/dbenv.h"

/* The port that the command will listen on: one in its words (--port 8001, -p 8001, -S host:8001,
 * runserver 8001, --bind :8001), $PORT, or the default of a server that it names. 0: no idea. */
uint16_t dev_guess_port(char *const *command);

/* Requests are answered and no query passes: why that may be, and what to do. */
void dev_print_remedy(FILE *out, char *const *command, const struct dbenv *database, uint16_t port);

#endif
