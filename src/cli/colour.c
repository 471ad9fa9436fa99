/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
colour_wanted(FILE *out)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fileno(out)) && (no == NULL || no[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

void
colour_set(FILE *out, bool wanted, enum colour colour)
{
    static const char *const codes[] = {[COLOUR_PLAIN] = "\033[0m",
                                        [COLOUR_DIM] = "\033[2m",
                                        [COLOUR_RED] = "\033[31m",
                                        [COLOUR_YELLOW] = "\033[33m",
                                        [COLOUR_GREEN] = "\033[32m"};
    if (wanted) {
        fputs(codes[colour], out);
    }
}
