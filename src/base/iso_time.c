/* SPDX-License-Identifier: Apache-2.0 */
#include "base/iso_time.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

void
iso_time_write(uint64_t wall_ns, char dst[ISO_TIME_SIZE])
{
    time_t s = (time_t)(wall_ns / NS_PER_S);
    struct tm tm;
    gmtime_r(&s, &tm);
    char day[24];
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(dst, ISO_TIME_SIZE, "%s.%03uZ", day, (unsigned)(wall_ns / NS_PER_MS % 1000));
}

uint64_t
iso_time_read(const char *text)
{
    struct tm tm = {0};
    unsigned ms = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    time_t s = rest == NULL ? 0 : timegm(&tm);
    if (s < 0 || (uint64_t)s > UINT64_MAX / NS_PER_S - 1) {
        return 0;
    }
    if (rest != NULL && sscanf(rest, ".%3u", &ms) != 1) {
        ms = 0;
    }
    return (uint64_t)s * NS_PER_S + ms * NS_PER_MS;
}
