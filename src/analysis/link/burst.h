/* SPDX-License-Identifier: Apache-2.0
 * analysis/link/burst.h - where one piece of work on a long-lived connection ends and the next
 * begins, when nothing but time can tell.
 *
 * The gaps between transactions on pooled connections are of two kinds: the application thinking
 * between two queries of one job, and the connection waiting for the next job. On a logarithmic
 * scale they form two hills. The limit lies in the valley between them: the split that best
 * separates two classes (Otsu, "A threshold selection method from gray-level histograms", 1979)
 * of a histogram of recent gaps. Where there are not two hills, or too few gaps, it is 20 ms.
 * Always between 2 and 500 ms. Pure; one thread. */
#ifndef ANALYSIS_LINK_BURST_H
#define ANALYSIS_LINK_BURST_H

#include <stdint.h>

#define BURST_GAP_BUCKETS    64u
#define BURST_GAP_DEFAULT_NS 20000000ull

struct burst_gaps {
    uint32_t count[BURST_GAP_BUCKETS];
    uint32_t total;
    uint32_t since; /* gaps since the limit was computed */
    uint64_t limit_ns;
};

void burst_gaps_init(struct burst_gaps *g);
void burst_gaps_saw(struct burst_gaps *g, uint64_t gap_ns);

static inline uint64_t
burst_gaps_limit_ns(const struct burst_gaps *g)
{
    return g->limit_ns;
}

#endif
