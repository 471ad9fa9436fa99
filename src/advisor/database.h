/* SPDX-License-Identifier: Apache-2.0
 * advisor/database.h - what the server counts of one database, whoever its clients are.
 *
 * One statement for one row of pg_stat_database, which every role may read: 0.1 ms, asked only when
 * the analyzer asks for waits. The counters are the server's own, since it last began to count. */
#ifndef ADVISOR_DATABASE_H
#define ADVISOR_DATABASE_H

#include <jansson.h>

struct login;

/* The answer's member "database"; JSON null when the database does not answer. A new value. */
json_t *database_counters(struct login *s);

#endif
