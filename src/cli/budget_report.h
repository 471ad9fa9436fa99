/* SPDX-License-Identifier: Apache-2.0
 * cli/budget_report.h - a verdict in the forms that people and CI services read. Pure. */
#ifndef CLI_BUDGET_REPORT_H
#define CLI_BUDGET_REPORT_H

#include <jansson.h>
#include <stdio.h>

struct budget_report {
    const char *path;     /* of the budget, for places in it */
    const json_t *budget; /* as budget.h has all three */
    const json_t *measured;
    const json_t *verdict;
    const char *doubt;     /* why it cannot be told; "": it can */
    const char *unchecked; /* why not every plan was looked at; "": they were */
};

typedef void budget_report_print(FILE *out, const struct budget_report *report);

/* text, markdown, junit, sarif or github; NULL: no such form. */
budget_report_print *budget_report_form(const char *name);

#endif
