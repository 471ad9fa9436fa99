/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/log.h"

static const char *const set_up[] = {
    "SET default_transaction_read_only = on",
    "SET statement_timeout = '1s'",
    "SET lock_timeout = '100ms'",
    "SET plan_cache_mode = force_generic_plan",
    "SET max_parallel_workers_per_gather = 0",
    "SET standard_conforming_strings = on",
    "SET client_encoding = 'UTF8'",
    "SET client_min_messages = error",
};

int
login_init(struct login *s, const char *database, const char *dsn)
{
    memset(s, 0, sizeof(*s));
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(dsn, &error);
    if (options == NULL) {
        PQfreemem(error);
        return -EINVAL;
    }
    const char *user = NULL;
    const char *named = NULL;
    for (PQconninfoOption *o = options; o->keyword != NULL; o++) {
        named = strcmp(o->keyword, "dbname") == 0 && o->val != NULL ? o->val : named;
        user = strcmp(o->keyword, "user") == 0 && o->val != NULL ? o->val : user;
    }
    const char *name = database != NULL ? database : named != NULL ? named : user;
    snprintf(s->database, sizeof(s->database), "%s", name == NULL ? "" : name);
    PQconninfoFree(options);
    s->dsn = check_strdup(dsn);
    return 0;
}

void
login_fini(struct login *s)
{
    PQfinish(s->conn);
    free(s->dsn);
    memset(s, 0, sizeof(*s));
}

/* One line, without control characters. */
static void
set_reason(struct login *s, const char *what, const char *detail)
{
    snprintf(s->reason, sizeof(s->reason), "%s%s%s", what, detail[0] == '\0' ? "" : ": ", detail);
    for (char *c = s->reason; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
    }
    for (size_t n = strlen(s->reason); n > 0 && s->reason[n - 1] == ' '; n--) {
        s->reason[n - 1] = '\0';
    }
}

static void
ignore_notice(void *arg, const PGresult *result)
{
}

static void
set_broken(struct login *s, uint64_t now_ns)
{
    PQfinish(s->conn);
    s->conn = NULL;
    s->pause_ns = MIN(MAX(s->pause_ns * 2, NS_PER_S), LOGIN_PAUSE_MAX_S * NS_PER_S);
    s->retry_at_ns = now_ns + s->pause_ns;
    if (!s->broken) {
        log_warn("advisor", "login_failed",
                 "cannot use the advisor's login; evidence is weaker "
                 "until it works again, which is tried again at growing pauses",
                 LOG_STR("database", s->database), LOG_STR("reason", s->reason));
    }
    s->broken = true;
}

static bool
begin(struct login *s)
{
    for (size_t i = 0; i < ARRAY_LEN(set_up); i++) {
        AUTO_RESULT PGresult *r = login_query(s, set_up[i], 0, NULL, NULL);
        if (r == NULL) {
            return false;
        }
    }
    AUTO_RESULT PGresult *r =
        login_query(s,
                    "SELECT quote_ident(n.nspname) || '.' FROM pg_extension e "
                    "JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'",
                    0, NULL, NULL);
    snprintf(s->hypopg, sizeof(s->hypopg), "%s",
             r != NULL && PQntuples(r) == 1 ? PQgetvalue(r, 0, 0) : "");
    return r != NULL;
}

int
login_open(struct login *s, uint64_t now_ns)
{
    if (s->conn != NULL && PQstatus(s->conn) == CONNECTION_OK) {
        return 0;
    }
    if (s->conn != NULL) {
        set_reason(s, "the connection was lost", "");
        set_broken(s, now_ns);
    }
    if (now_ns < s->retry_at_ns) {
        return -ENOTCONN;
    }
    const char *const keywords[] = {"dbname", "application_name", "connect_timeout", NULL};
    const char *const values[] = {s->dsn, "slowburn-advisor", "3", NULL};
    s->conn = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(s->conn) != CONNECTION_OK) {
        set_reason(s, "login failed", PQerrorMessage(s->conn));
        set_broken(s, now_ns);
        return -ENOTCONN;
    }
    PQsetNoticeReceiver(s->conn, ignore_notice, NULL);
    if (!begin(s)) {
        set_broken(s, now_ns);
        return -ENOTCONN;
    }
    log_info("advisor", "login", "connected", LOG_STR("database", s->database),
             LOG_BOOL("hypopg", s->hypopg[0] != '\0'));
    s->broken = false;
    s->pause_ns = 0;
    s->retry_at_ns = 0;
    return 0;
}

/* Messages of the server may quote a value; those that only name things are passed on. */
static void
reason_of(struct login *s, const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    char what[64];
    static const char *const names_only[] = {"42501", "42P01", "42703", "3F000", "57014", "55P03"};
    if (state == NULL) {
        set_reason(s, "the connection was lost", "");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(names_only); i++) {
        if (strcmp(state, names_only[i]) == 0 && message != NULL) {
            set_reason(s, "the database refused", message);
            return;
        }
    }
    snprintf(what, sizeof(what), "the database refused with SQLSTATE %s", state);
    set_reason(s, what, "");
}

static bool
is_good(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

PGresult *
login_query(struct login *s, const char *sql, int count, const char *const *values,
            const Oid *types)
{
    if (s->conn == NULL) {
        return NULL;
    }
    s->statements++;
    PGresult *r = PQexecParams(s->conn, sql, count, types, values, NULL, NULL, 0);
    if (is_good(r)) {
        return r;
    }
    reason_of(s, r);
    PQclear(r);
    return NULL;
}

int
login_prepare(struct login *s, const char *sql, int count, const Oid *types)
{
    if (s->conn == NULL) {
        return -ENOTCONN;
    }
    s->statements += 2;
    /* Fails when there is none: no matter. */
    PQclear(PQexecParams(s->conn, "DEALLOCATE slowburn", 0, NULL, NULL, NULL, NULL, 0));
    AUTO_RESULT PGresult *r = PQprepare(s->conn, "slowburn", sql, count, types);
    if (!is_good(r)) {
        reason_of(s, r);
        return -EINVAL;
    }
    AUTO_RESULT PGresult *d = PQdescribePrepared(s->conn, "slowburn");
    if (!is_good(d)) {
        reason_of(s, d);
        return -EINVAL;
    }
    return PQnparams(d);
}
