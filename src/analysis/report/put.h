/* SPDX-License-Identifier: Apache-2.0
 * analysis/report/put.h - members of the judge's documents (jansson), each written one way
 * everywhere. Pure. */
#ifndef ANALYSIS_REPORT_PUT_H
#define ANALYSIS_REPORT_PUT_H

#include <jansson.h>

#include "base/wall_clock.h"

/* "?" where it is no UTF-8. */
void put_text(json_t *o, const char *key, const char *text);
/* To a thousandth, also of what is no time; null where it is not finite: not known. */
void put_ms(json_t *o, const char *key, double ms);
void put_int(json_t *o, const char *key, double n);
/* As ISO 8601; null for 0. */
void put_time(json_t *o, const char *key, uint64_t at_ns, const struct wall_clock *clock);
/* Sixteen digits; null for 0. */
void put_hex(json_t *o, const char *key, uint64_t fingerprint);

#endif
