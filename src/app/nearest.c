/* SPDX-License-Identifier: Apache-2.0 */
#include "app/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* How many single-letter edits lie between two short words (Levenshtein). */
static unsigned
edits_between(const char *a, const char *b)
{
    enum { WORD_MAX = 40 };
    size_t len_a = strlen(a), len_b = strlen(b);
    if (len_a > WORD_MAX || len_b > WORD_MAX) {
        return WORD_MAX;
    }
    unsigned row[WORD_MAX + 1];
    for (unsigned j = 0; j <= len_b; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; i <= len_a; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= len_b; j++) {
            unsigned replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[len_b];
}

void
nearest_try(struct nearest *n, const char *known)
{
    unsigned edits = edits_between(n->word, known);
    if (edits < n->edits) {
        n->edits = edits;
        n->best = known;
    }
}

int
nearest_unknown(struct diag *diag, const char *what, const struct nearest *n, const char *section)
{
    char hint[128] = "";
    if (n->best != NULL) {
        snprintf(hint, sizeof(hint), "did you mean \"%s\"?", n->best);
    }
    return diag_set_hint(diag, -EINVAL, hint, "unknown %s \"%.60s\"%s%.60s%s", what, n->word,
                         section == NULL ? "" : " in [", section == NULL ? "" : section,
                         section == NULL ? "" : "]");
}

struct nearest
nearest_to(const char *word)
{
    return (struct nearest){.word = word, .edits = MAX(3u, (unsigned)strlen(word) / 2)};
}
