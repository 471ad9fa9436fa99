/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/database.h"

#include <stdlib.h>

#include "advisor/login.h"

#define COUNTS_SESSIONS 140000 /* the first server that does */

static json_t *
integer(const PGresult *r, int column)
{
    return PQgetisnull(r, 0, column) ? json_null()
                                     : json_integer(strtoll(PQgetvalue(r, 0, column), NULL, 10));
}

json_t *
database_counters(struct login *s)
{
    static const char with_sessions[] =
        "SELECT deadlocks, temp_files, temp_bytes, extract(epoch FROM stats_reset), sessions"
        " FROM pg_stat_database WHERE datname = current_database()";
    static const char without[] =
        "SELECT deadlocks, temp_files, temp_bytes, extract(epoch FROM stats_reset), NULL"
        " FROM pg_stat_database WHERE datname = current_database()";
    bool has_sessions = PQserverVersion(s->conn) >= COUNTS_SESSIONS;
    AUTO_RESULT PGresult *r = login_query(s, has_sessions ? with_sessions : without, 0, NULL, NULL);
    if (r == NULL || PQntuples(r) != 1) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:f, s:o}", "deadlocks", integer(r, 0), "temp_files",
                     integer(r, 1), "temp_bytes", integer(r, 2), "reset",
                     strtod(PQgetvalue(r, 0, 3), NULL), "sessions", integer(r, 4));
}
