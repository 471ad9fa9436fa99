/* SPDX-License-Identifier: Apache-2.0
 * cli/colour.h - colour where a person looks at a terminal, and nowhere else.
 *
 * Off when the stream is no terminal, when NO_COLOR is set, and on a terminal that says "dumb". */
#ifndef CLI_COLOUR_H
#define CLI_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

enum colour { COLOUR_PLAIN, COLOUR_DIM, COLOUR_RED, COLOUR_YELLOW, COLOUR_GREEN };

bool colour_wanted(FILE *out);

/* What follows on `out` is in this colour; nothing when it is not wanted. */
void colour_set(FILE *out, bool wanted, enum colour colour);

#endif
