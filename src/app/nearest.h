/* SPDX-License-Identifier: Apache-2.0
 * app/nearest.h - the known word that is nearest to one the user wrote, for "did you mean".
 *
 * Plain values; any thread. Words longer than 40 bytes have no neighbours. */
#ifndef APP_NEAREST_H
#define APP_NEAREST_H

#include "base/diag.h"

struct nearest {
    const char *word; /* as it was written; borrowed */
    const char *best; /* NULL: nothing is near */
    unsigned edits;
};

struct nearest nearest_to(const char *word);
void nearest_try(struct nearest *n, const char *known);

/* Always -EINVAL: "unknown WHAT "WORD"", in a section unless that is NULL, with the best as hint.
 */
int nearest_unknown(struct diag *diag, const char *what, const struct nearest *n,
                    const char *section);

#endif
