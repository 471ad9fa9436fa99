/* SPDX-License-Identifier: Apache-2.0
 * cli/postmortem.h - an incident's JSON document as a Markdown postmortem.
 *
 * Only what slowburn knows: it names no person and guesses no intention. Times are UTC. */
#ifndef CLI_POSTMORTEM_H
#define CLI_POSTMORTEM_H

#include <jansson.h>
#include <stdio.h>

void postmortem_print(FILE *out, const json_t *incident);

#endif
