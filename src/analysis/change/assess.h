/* SPDX-License-Identifier: Apache-2.0
 * analysis/change/assess.h - what a route's change is worth: an incident, nothing, or that it is a
 * victim of somebody else's.
 *
 * From the figures that shift.h has made, and limits. Decisions rest on medians, interquartile
 * ranges and at least 30 requests a side. Pure. */
#ifndef ANALYSIS_CHANGE_ASSESS_H
#define ANALYSIS_CHANGE_ASSESS_H

#include "analysis/change/shift.h"

/* By how much a route's own change must grow to be worth an incident. */
double assess_threshold_ms(const struct shift_route *route);

/* A part that stands for itself, whatever else is going on: structural, new and heavy though few
 * requests have it, or by far dearer while other calls are not. */
bool assess_is_distinct(const struct shift *shift, const struct shift_route *route,
                        const struct shift_part *part);

/* Its own change is big enough, steady, and not noise. */
bool assess_is_burn(const struct shift *shift, const struct shift_route *route);

/* Statements that are new and heavy, or called again and again, are worth an incident alone. */
bool assess_is_structural(const struct shift_route *route);

/* It has at least doubled by its own doing while the others are as ever: enough for one that
 * nothing explains, if it lasts. */
bool assess_is_large(const struct shift *shift, const struct shift_route *route);

/* It runs statements that are new, or more often, and they cost something. */
bool assess_has_news(const struct shift_route *route);

/* Requests open connections of their own, and did not. */
bool assess_has_churn(const struct shift *shift);
/* And this statement is mostly among the first on its connection, and dearer by a part of what
 * setting one up takes: a backend that is new has seen no table yet. */
bool assess_pays_for_churn(const struct shift *shift, const struct shift_route *route,
                           const struct shift_part *part);

/* The statement gives it many more rows than before, and is not called more often: that is no
 * waiting, whatever else is slow. */
bool assess_returns_more(const struct shift_route *route, uint64_t fingerprint);

/* It waits because of others. */
bool assess_is_victim(const struct shift_route *route);

#endif
