/* SPDX-License-Identifier: Apache-2.0
 * cli/dbenv.h - where an application's environment says its database is, and the same environment
 * with slowburn in that place.
 *
 * Looked for in the environment, then in ./.env: DATABASE_URL, DB_URL, DB_HOST with DB_PORT, PGHOST
 * with PGPORT; the first that names a server wins. Values hold passwords: they are never printed.
 */
#ifndef CLI_DBENV_H
#define CLI_DBENV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct dbenv {
    char upstream[320]; /* as `slowburn run` takes it: host:port, unix:/dir:port */
    char source[64];    /* "DATABASE_URL in .env", for messages */
    bool is_socket;
};

/* False: nothing names a database. */
bool dbenv_find(struct dbenv *ret_found);

/* The login that goes with it, as libpq reads it: of the URL, of DB_USERNAME, DB_PASSWORD and
 * DB_DATABASE, or of libpq's own variables. To be asked for before dbenv_point_at. The caller frees
 * it, and prints it nowhere. NULL: nothing names a database. */
char *dbenv_login(void);

/* In this process's environment, for a child: every variable that names a server names
 * 127.0.0.1:port instead; PGHOST, PGPORT, DB_HOST and DB_PORT do in any case. */
void dbenv_point_at(uint16_t port);

/* Host and port of postgres://user:password@host:port/name?...; false: not such a URL. */
bool dbenv_parse_url(const char *url, char ret_host[256], char ret_port[8]);

/* The URL with another server in it. The caller frees it. */
char *dbenv_replace_url(const char *url, uint16_t port);

#endif
