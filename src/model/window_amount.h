/* SPDX-License-Identifier: Apache-2.0
 * model/window_amount.h - amounts of a window that not everybody can tell (window_amount.tbl).
 *
 * Each has a bit in `known`: absent is not zero. Zeroed memory knows nothing. Pure; any thread. */
#ifndef MODEL_WINDOW_AMOUNT_H
#define MODEL_WINDOW_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

enum window_amount {
#define WINDOW_AMOUNT(name, column) AMOUNT_##name,
#include "model/window_amount.tbl"
#undef WINDOW_AMOUNT
    WINDOW_AMOUNT_COUNT
};

struct window_amounts {
    uint64_t of[WINDOW_AMOUNT_COUNT];
    uint32_t known; /* 1u << enum window_amount */
};

static inline bool
window_amounts_know(const struct window_amounts *a, enum window_amount which)
{
    return (a->known & (1u << which)) != 0;
}

static inline void
window_amounts_add(struct window_amounts *a, enum window_amount which, uint64_t n)
{
    a->of[which] += n;
    a->known |= 1u << which;
}

/* What one of them knows, the sum knows. */
static inline void
window_amounts_merge(struct window_amounts *to, const struct window_amounts *from)
{
    for (unsigned i = 0; i < WINDOW_AMOUNT_COUNT; i++) {
        to->of[i] += from->of[i];
    }
    to->known |= from->known;
}

#endif
