/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/course.h - which way an episode goes: its subject's latency above what is
 * normal, in pieces of ten windows over the last two hours. What minutes cannot tell of a slow ramp
 * the order of the pieces can.
 *
 * Its state is the episode's. One thread. */
#ifndef ANALYSIS_MONITOR_COURSE_H
#define ANALYSIS_MONITOR_COURSE_H

#include "analysis/monitor/monitor.h"

/* The windows of this step. */
void course_add(const struct monitor *m, struct episode *e);

#endif
