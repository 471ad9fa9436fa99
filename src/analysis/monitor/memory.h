/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/memory.h - what only weeks of minutes can teach, as bytes: how noisy each series
 * is, also as rises and creep see it, and how it follows load and what all have in common.
 *
 * A monitor that has learned again from hours (replay.h) is given it back, so that a restart does
 * not make every series a beginner. In pieces of MEMORY_SERIES series, each by itself: with a
 * version, its size and a sum, and refused where one does not match; a piece that is missing costs
 * its series some days of wide limits. At most 190 KB a piece. Pure. */
#ifndef ANALYSIS_MONITOR_MEMORY_H
#define ANALYSIS_MONITOR_MEMORY_H

#include "analysis/monitor/monitor.h"

#define MEMORY_SERIES     256u
#define MEMORY_PIECES_MAX ((TRACKS_MAX + MEMORY_SERIES - 1) / MEMORY_SERIES)

unsigned memory_pieces(const struct monitor *m);

/* Appends. 0 or -E2BIG. */
MUST_CHECK int memory_save(const struct monitor *m, unsigned piece, struct buf *b);

/* Series that are there and have seen less take it; of those that were expected since not what came
 * back until then. 0 or -EBADMSG. */
MUST_CHECK int memory_load(struct monitor *m, struct slice blob);

#endif
