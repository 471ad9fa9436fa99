/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/track/alarm.h"

#include "base/check.h"

const char *
lane_name(enum lane lane)
{
    static const char *const names[] = {"drift", "shift",  "shape", "calls", "new",
                                        "plan",  "errors", "stall", "creep", "objective",
                                        "rows",  "bytes",  "blips", "bursts"};
    return (unsigned)lane < ARRAY_LEN(names) ? names[lane] : "?";
}
