/* SPDX-License-Identifier: Apache-2.0
 * cli/verbs.h - the functions behind verbs.tbl, one file each; argv[0] is the verb. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#define VERB(name, function, args, what, more) int function(int argc, char **argv);
#include "cli/verbs.tbl"
#undef VERB

#endif
