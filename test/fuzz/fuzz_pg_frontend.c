/* SPDX-License-Identifier: Apache-2.0
 * What a client sends after its startup packet. */
#include "fuzz/decode_check.h"
#include "fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode_check(true, slice_of(data, size));
    return 0;
}
