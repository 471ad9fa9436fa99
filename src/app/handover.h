/* SPDX-License-Identifier: Apache-2.0
 * app/handover.h - how one binary of the supervisor becomes another: exec, with a document.
 *
 * The document (supervise_handover.c) is JSON in a memfd whose number stands in the environment, so
 * that process id, children, locks and sockets stay what they are. Before the exec the new binary
 * is tried: `slowburn child trial` reads the document and the configuration as the real one would,
 * says whether it can, and ends. Single-threaded, before or instead of the supervisor's loop. */
#ifndef APP_HANDOVER_H
#define APP_HANDOVER_H

#include <jansson.h>

#include "base/check.h"

#define HANDOVER_LEN_MAX (4u * 1024 * 1024)

/* What this process was handed, or NULL; the variable is gone then. The caller's reference. */
json_t *handover_receive(void);

/* The binary that handed it over, or -1. */
int handover_exe_fd(const json_t *doc);

/* execs the program (or the binary that exe_fd is, when not -1) as "program ARGV...". Returns only
 * on failure: -errno. */
int handover_exec(const json_t *doc, int exe_fd, const char *program, int argc, char **argv);

/* In the new binary, before it has taken anything over: gives everything back to the former one.
 * Returns only when that cannot be done. */
void handover_return(json_t *doc, const char *reason, int argc, char **argv);

/* The program of this process, as it was called and so that it can be called again once it has
 * been replaced: absolute, symbolic links kept. "" when that cannot be told. */
void handover_own_program(char *dst, size_t size);

/* `slowburn child trial`: the exit code. */
int handover_trial(int channel_fd);

#endif
