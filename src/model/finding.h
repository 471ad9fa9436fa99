/* SPDX-License-Identifier: Apache-2.0
 * model/finding.h - the kinds of finding (finding.tbl) and the three grades of evidence.
 *
 * Plain data and names; pure; any thread. */
#ifndef MODEL_FINDING_H
#define MODEL_FINDING_H

#include <stdbool.h>

enum finding_kind {
#define FINDING(name, text, doc) FINDING_##name,
#include "model/finding.tbl"
#undef FINDING
    FINDING_COUNT
};

/* Of a change: where causes explain less of it, nobody can tell why. */
#define FINDING_EXPLAINED_MIN 0.6

/* Law 4. A higher grade is stronger. */
enum evidence {
    EVIDENCE_SUSPECTED, /* correlation */
    EVIDENCE_MEASURED,  /* slowburn's own counters */
    EVIDENCE_PROVED,    /* a plan, or values that slowburn itself saw */
};

/* "missing-index". Static. */
const char *finding_kind_name(enum finding_kind kind);

/* It says that there is more work, or slower work, and not why. */
bool finding_is_generic(enum finding_kind kind);

/* "suspected", "measured", "proved". Static. */
const char *finding_evidence_name(enum evidence evidence);

#endif
