/* SPDX-License-Identifier: Apache-2.0
 * test/unit/unit.h - cmocka with the headers it wants first, beside our own check.h. */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"

#endif
