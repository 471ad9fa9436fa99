/* SPDX-License-Identifier: Apache-2.0
 * test/unit/store/store_kit.h - a folder of the test's own, and records to put into a store. */
#ifndef UNIT_STORE_KIT_H
#define UNIT_STORE_KIT_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/sketch.h"
#include "store/store.h"
#include "unit/unit.h"

static inline void
kit_folder(char dir[64])
{
    snprintf(dir, 64, "/tmp/slowburn-store-XXXXXX");
    assert_non_null(mkdtemp(dir));
}

static inline void
kit_remove(const char *dir)
{
    char path[512];
    DIR *d = opendir(dir);
    for (struct dirent *e = d == NULL ? NULL : readdir(d); e != NULL; e = readdir(d)) {
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        (void)unlink(path);
    }
    if (d != NULL) {
        closedir(d);
    }
    (void)rmdir(dir);
}

static inline struct stored
kit_window(uint64_t start_s, uint64_t fingerprint, uint64_t calls, struct slice sketch)
{
    struct stored r = {.kind = STORED_WINDOW};
    r.window = (struct stored_window){.start_wall_ns = start_s * NS_PER_S,
                                      .length_s = 60,
                                      .database = SLICE_LIT("shop"),
                                      .fingerprint = fingerprint,
                                      .calls = calls,
                                      .time_ns = calls * NS_PER_MS,
                                      .max_ns = NS_PER_MS,
                                      .sketch = sketch};
    return r;
}

#endif
