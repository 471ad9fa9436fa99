/* SPDX-License-Identifier: Apache-2.0
 * app/footprint.h - what a process has cost so far, as the kernel counts it.
 *
 * Reads one small file of /proc; any thread. */
#ifndef APP_FOOTPRINT_H
#define APP_FOOTPRINT_H

#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"

struct footprint {
    double up_s;           /* since it was started */
    double cpu_s;          /* of processors, since then */
    uint64_t memory_bytes; /* that are in memory now, what it shares with others among them */
};

/* -ESRCH: there is no such process, or it may not be looked at. */
MUST_CHECK int footprint_of(pid_t pid, struct footprint *ret_footprint);

#endif
