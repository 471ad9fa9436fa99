/* SPDX-License-Identifier: Apache-2.0
 * test/unit/loops.h - tests that run once on each kind of loop: its name is the program's argument.
 */
#ifndef UNIT_LOOPS_H
#define UNIT_LOOPS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/loop.h"

static enum loop_kind kind = LOOP_EPOLL;

/* Where the kernel allows no io_uring, the tests for it are skipped. */
static inline void
choose_loop(int argc, char **argv)
{
    if (argc > 1 && loop_kind_from_str(slice_from_str(argv[1]), &kind) != 0) {
        fprintf(stderr, "usage: %s [epoll|io_uring]\n", argv[0]);
        exit(2);
    }
    int err = loop_probe(kind);
    if (err != 0) {
        printf("1..0 # SKIP no %s: %s\n", argv[1], strerror(-err));
        exit(0);
    }
}

#endif
