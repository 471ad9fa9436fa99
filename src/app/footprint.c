/* SPDX-License-Identifier: Apache-2.0 */
#include "app/footprint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/now.h"

/* pid (name) state ppid ... utime(14) stime(15) ... starttime(22) vsize rss(24) */
int
footprint_of(pid_t pid, struct footprint *ret_footprint)
{
    char path[64];
    char line[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return -ESRCH;
    }
    size_t n = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[n] = '\0';
    const char *name_end = strrchr(line, ')'); /* the name may have anything in it */
    unsigned long long user, system, started;
    long long pages;
    if (name_end == NULL ||
        sscanf(name_end + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %llu"
               " %*u %lld",
               &user, &system, &started, &pages) != 4) {
        return -ESRCH;
    }
    double tick = (double)sysconf(_SC_CLK_TCK);
    double up_s = (double)now_of_clock_ns(CLOCK_BOOTTIME) / 1e9 - (double)started / tick;
    *ret_footprint = (struct footprint){
        .up_s = MAX(up_s, 0),
        .cpu_s = (double)(user + system) / tick,
        .memory_bytes = (uint64_t)MAX(pages, 0) * (uint64_t)sysconf(_SC_PAGESIZE),
    };
    return 0;
}
