/* SPDX-License-Identifier: Apache-2.0
 * property/seeded.h - SLOWBURN_SEED, which a test that fails prints. */
#ifndef PROPERTY_SEEDED_H
#define PROPERTY_SEEDED_H

#include <inttypes.h>
#include <stdlib.h>

#include "unit/unit.h"

static inline uint64_t
seeded_begin(void)
{
    const char *text = getenv("SLOWBURN_SEED");
    return text == NULL ? 1 : strtoull(text, NULL, 10);
}

/* failed: what cmocka says; returns it. */
static inline int
seeded_end(uint64_t seed, int failed)
{
    if (failed != 0) {
        print_message("# SLOWBURN_SEED=%" PRIu64 "\n", seed);
    }
    return failed;
}

#endif
