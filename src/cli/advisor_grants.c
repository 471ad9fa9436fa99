/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "advisor/grants.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/verbs.h"

int
verb_advisor_grants(int argc, char **argv)
{
    struct options o;
    int r = options_parse(argc, argv, "", 0, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    advisor_grants_script(stdout, o.word_count > 0 ? o.words[0] : "slowburn_advisor");
    return CLI_OK;
}
