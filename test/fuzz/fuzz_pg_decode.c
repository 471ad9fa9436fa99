/* SPDX-License-Identifier: Apache-2.0
 * The first byte says which side; the decoder must say the same of the rest whole and in cuts. */
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz/target.h"
#include "property/pg_text.h"

static size_t
one_byte(void *ctx)
{
    return 1;
}

static size_t
seven_bytes(void *ctx)
{
    return 7;
}

static size_t
whole(void *ctx)
{
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static size_t (*const ways[])(void *) = {whole, one_byte, seven_bytes};
    if (size == 0 || size > 65536) {
        return 0;
    }
    struct buf said[3];
    enum dec dec[3];
    for (int i = 0; i < 3; i++) {
        buf_init(&said[i], 1 << 24);
        dec[i] = pg_text_decode(&said[i], (data[0] & 1) != 0, slice_of(data + 1, size - 1), ways[i],
                                NULL);
        if (dec[i] != dec[0] || !slice_eq(buf_slice(&said[i]), buf_slice(&said[0]))) {
            abort();
        }
    }
    for (int i = 0; i < 3; i++) {
        buf_fini(&said[i]);
    }
    return 0;
}
