/* SPDX-License-Identifier: Apache-2.0
 * base/iso_time.h - wall clock as documents have it: ISO 8601 in UTC, to the millisecond.
 * "2026-11-23T14:02:11.000Z". Pure. */
#ifndef BASE_ISO_TIME_H
#define BASE_ISO_TIME_H

#include <stdint.h>

#define ISO_TIME_SIZE 32

void iso_time_write(uint64_t wall_ns, char dst[ISO_TIME_SIZE]);
/* Also where it is told to the second. 0: it is no time, or before 1970. */
uint64_t iso_time_read(const char *text);

#endif
