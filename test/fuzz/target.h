/* SPDX-License-Identifier: Apache-2.0
 * test/fuzz/target.h - what every fuzz target is: one function that aborts on a broken promise. */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
