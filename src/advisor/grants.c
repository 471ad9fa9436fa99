/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/grants.h"

#include "advisor/quote.h"

void
advisor_grants_script(FILE *out, const char *role)
{
    char name[140];
    char literal[280];
    size_t len = 0;
    quote_identifier(role, name, sizeof(name));
    for (const char *c = name; *c != '\0' && len + 2 < sizeof(literal); c++) {
        if (*c == '\'') {
            literal[len++] = '\'';
        }
        literal[len++] = *c;
    }
    literal[len] = '\0';
    fprintf(
        out,
        "-- A role for slowburn's advisor. Read it, then run it as a superuser in each database\n"
        "-- that slowburn stands in front of:  slowburn advisor-grants | psql -d shop\n"
        "-- Then set a password (\\password %s) and allow the role in pg_hba.conf.\n"
        "--\n"
        "-- What the advisor does: EXPLAIN without ANALYZE, catalog and statistics views, and\n"
        "-- pg_stat_activity once a second, pg_locks while a session waits for one. All of it "
        "read-only, one connection for each\n"
        "-- database, 1 s statement timeout, 100 ms lock timeout.\n"
        "\n"
        "DO $slowburn$ BEGIN\n"
        "    IF to_regrole('%s') IS NULL THEN\n"
        "        CREATE ROLE %s LOGIN CONNECTION LIMIT 8;\n"
        "    END IF;\n"
        "END $slowburn$;\n"
        "ALTER ROLE %s SET default_transaction_read_only = on;\n"
        "ALTER ROLE %s SET statement_timeout = '1s';\n"
        "ALTER ROLE %s SET lock_timeout = '100ms';\n"
        "\n"
        "-- Sessions and their waits, and the statistics of all columns:\n"
        "GRANT pg_monitor TO %s;\n"
        "\n"
        "-- EXPLAIN asks for the same right as the SELECT it plans. There is no smaller one: a\n"
        "-- role that may plan a query on a table may also read that table. slowburn never\n"
        "-- reads rows with it. All tables at once:\n"
        "GRANT pg_read_all_data TO %s;\n"
        "-- or, instead, schema by schema:\n"
        "--   GRANT USAGE ON SCHEMA public TO %s;\n"
        "--   GRANT SELECT ON ALL TABLES IN SCHEMA public TO %s;\n"
        "--   ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO %s;\n"
        "-- Without it slowburn still names slow statements, but no missing index.\n"
        "\n"
        "-- HypoPG plans with indexes that do not exist; with it a missing index is proved,\n"
        "-- without it only suspected. Debian: apt install postgresql-15-hypopg\n"
        "DO $$ BEGIN\n"
        "    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg') THEN\n"
        "        CREATE EXTENSION IF NOT EXISTS hypopg;\n"
        "    END IF;\n"
        "END $$;\n",
        name, literal, name, name, name, name, name, name, name, name, name);
}
