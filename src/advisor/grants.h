/* SPDX-License-Identifier: Apache-2.0
 * advisor/grants.h - the script that gives the advisor a role without write rights. */
#ifndef ADVISOR_GRANTS_H
#define ADVISOR_GRANTS_H

#include <stdio.h>

/* role: as it should be named; it is quoted. */
void advisor_grants_script(FILE *out, const char *role);

#endif
