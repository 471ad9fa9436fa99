/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/sql_check.h"
#include "fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sql_check(slice_of(data, size), hash_bytes(slice_of(data, size)));
    return 0;
}
