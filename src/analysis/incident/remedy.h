/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/remedy.h - what to do about a finding, in the words of the framework that wrote
 * the statement, where its hand is plain to see (Laravel, Django, Rails), and in plain words
 * otherwise. Pure. */
#ifndef ANALYSIS_INCIDENT_REMEDY_H
#define ANALYSIS_INCIDENT_REMEDY_H

#include "analysis/detect/detect.h"

enum framework { FRAMEWORK_UNKNOWN, FRAMEWORK_LARAVEL, FRAMEWORK_DJANGO, FRAMEWORK_RAILS };

enum framework remedy_framework(const char *statement_text);

/* "Order::with('items')", "CREATE INDEX CONCURRENTLY ON items (order_id)", ... Returns dst. */
const char *remedy_text(const struct finding *f, const struct statement *s, char *dst, size_t size);
/* "about 2 s to build, 7 MB, no write lock", "1 query instead of 20". */
const char *remedy_note(const struct finding *f, double calls, char *dst, size_t size);

#endif
