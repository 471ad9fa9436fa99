/* SPDX-License-Identifier: Apache-2.0 */
#include "model/finding.h"

#include "base/check.h"

static const char *const names[] = {
#define FINDING(name, text, doc) text,
#include "model/finding.tbl"
#undef FINDING
};

const char *
finding_kind_name(enum finding_kind kind)
{
    return (unsigned)kind < FINDING_COUNT ? names[kind] : "?";
}

bool
finding_is_generic(enum finding_kind kind)
{
    return kind == FINDING_SLOWER || kind == FINDING_MORE_CALLS || kind == FINDING_SATURATION;
}

const char *
finding_evidence_name(enum evidence evidence)
{
    static const char *const grades[] = {"suspected", "measured", "proved"};
    return (unsigned)evidence < ARRAY_LEN(grades) ? grades[evidence] : "?";
}
