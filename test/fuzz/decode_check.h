/* SPDX-License-Identifier: Apache-2.0
 * test/fuzz/decode_check.h - a decoder of one side says the same of the bytes whole, one by one
 * and in sevens. */
#ifndef FUZZ_DECODE_CHECK_H
#define FUZZ_DECODE_CHECK_H

#include <stdlib.h>

#include "property/pg_text.h"

#define DECODE_CHECK_LEN_MAX 65536

static size_t
decode_check_step(void *ctx)
{
    return *(const size_t *)ctx;
}

static void
decode_check(bool frontend, struct slice bytes)
{
    static const size_t steps[] = {0, 1, 7};
    struct buf said[ARRAY_LEN(steps)];
    enum dec dec[ARRAY_LEN(steps)];
    if (bytes.len > DECODE_CHECK_LEN_MAX) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        size_t step = steps[i];
        buf_init(&said[i], 1 << 24);
        dec[i] = pg_text_decode(&said[i], frontend, bytes, decode_check_step, &step);
        if (dec[i] != dec[0] || !slice_eq(buf_slice(&said[i]), buf_slice(&said[0]))) {
            abort();
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        buf_fini(&said[i]);
    }
}

#endif
