/* SPDX-License-Identifier: Apache-2.0
 * cli/plans.h - the login with which `slowburn check` and `slowburn dev` ask for statements' plans,
 * and which of the statements that the daemon knows they ask about. */
#ifndef CLI_PLANS_H
#define CLI_PLANS_H

#include <jansson.h>
#include <stdbool.h>

/* As the option --advisor has it; a connection string that libpq reads. */
bool plans_is_dsn(const char *word);

/* advisor: what was given for it, or NULL. postgres: what was given as the database's address, or
 * NULL; then the application's own login serves (dbenv_login). To be asked for before the
 * environment points at slowburn. The caller frees it, and prints it nowhere. NULL: there is none.
 */
char *plans_login(const char *advisor, const char *postgres);

/* Those of `queries` (the daemon's document) whose fingerprint is a key of `wanted`. */
json_t *plans_statements(const json_t *queries, const json_t *wanted);

/* Of what a plan reads whole, the largest that is worth saying (BUDGET_SCAN_ROWS): {table, rows}.
 * NULL: none. Borrowed. */
const json_t *plans_large_scan(const json_t *scans);

#endif
