/* SPDX-License-Identifier: Apache-2.0
 * analysis/monitor/failing.h - what a series fails of, and whether anything that is slow may be
 * why.
 *
 * Of series that have errors (track_errors). Reads alone; one thread. */
#ifndef ANALYSIS_MONITOR_FAILING_H
#define ANALYSIS_MONITOR_FAILING_H

#include "analysis/track/panel.h"

/* Errors of the days that are kept, and of today. */
float failing_in_days(const struct track_class *c);

/* How many errors, of the class that has most. of_bursts: or in bursts, where there are more. */
float failing_most(const struct track *t, bool of_bursts);

/* What fails most of it; of bursts, what fails most in them. Where none is counted now (behind a
 * restart, or no more than usual), what failed most in the days before. ERROR_CLASS_OTHER: nothing
 * is known of it. */
enum error_class failing_class(const struct track *t, bool of_bursts);

/* What it fails of, told apart as far as that says whose trouble it is: a class that no waiting
 * brings about, and that nothing waits for (of a request that fails with nothing but a status, that
 * of what fails in its calls); ERROR_CLASS_OTHER: it may be anything; ERROR_CLASS_COUNT: something
 * waits. A pass over all series for such a request. */
enum error_class failing_apart(const struct panel *p, const struct track *t, bool of_bursts);

/* It was told of failures that waiting brings about, be it besides others. */
bool failing_waits(const struct track *t);

/* Two that began at about the same time may be one trouble. */
bool failing_may_be_one(enum error_class a, enum error_class b);

#endif
