/* SPDX-License-Identifier: Apache-2.0
 * sim/results.h - what has come of each world: a line of text each, in a file that may be kept.
 *
 *   <part> <seed> <figures...>
 *
 * Worlds are played by several processes at once, and each appends its line when it is through, so
 * that a run that was ended goes on where it was, and two runs of different seeds are one card. A
 * kept file belongs to one build: what older code has played counts as well. */
#ifndef SIM_RESULTS_H
#define SIM_RESULTS_H

#include <stdint.h>

#include "base/check.h"

#define RESULTS_LINE_MAX 16384u

/* Plays the world of that seed and writes its figures, without a newline. */
typedef void results_play(void *ctx, uint64_t seed, char figures[RESULTS_LINE_MAX]);
typedef void results_line(void *ctx, uint64_t seed, const char *figures);

/* Plays those of the seeds from first on that the file does not have, by as many processes as jobs;
 * then gives the lines of all of them, in the order of their seeds. path NULL: a file that is gone
 * afterwards. 0 or -errno. */
MUST_CHECK int results_run(const char *path, const char *part, uint64_t first, unsigned count,
                           unsigned jobs, results_play *play, results_line *line, void *ctx);

#endif
