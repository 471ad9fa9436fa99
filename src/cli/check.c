/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advisor/scans.h"
#include "cli/budget.h"
#include "cli/budget_report.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/daemon.h"
#include "cli/dbenv.h"
#include "cli/document.h"
#include "cli/plans.h"
#include "cli/verbs.h"

#define REPORTS_MAX 8

/* Besides CLI_OK, CLI_FAILED (over the budget) and CLI_USAGE. */
enum { CHECK_ENVIRONMENT = 3, CHECK_INCONCLUSIVE = 4 };

struct report {
    budget_report_print *print;
    const char *file; /* NULL: standard output */
};

struct check {
    const char *budget;
    const char *postgres, *http;
    const char *advisor; /* a login for the plans; NULL: the application's own */
    const char *log;     /* a request log to read instead of running a command */
    bool updates;
    struct report report[REPORTS_MAX];
    unsigned report_count;
    char **command; /* NULL: none */
    json_t *measured;
    unsigned lines, bad_lines;
    char doubt[256];
    char unchecked[256]; /* why not every plan was looked at */
    bool knows_scans;
};

static int
usage(const char *what, const char *word)
{
    fprintf(stderr, "slowburn check: %s%s%s; see 'slowburn check --help'\n", what,
            word[0] != '\0' ? " " : "", word);
    return CLI_USAGE;
}

/* "FORM" or "FORM=FILE" */
static int
add_report(struct check *c, char *word)
{
    char *file = strchr(word, '=');
    if (file != NULL) {
        *file++ = '\0';
    }
    struct report r = {budget_report_form(word), file};
    if (r.print == NULL || (file != NULL && file[0] == '\0')) {
        return usage("--report is text, markdown, junit, sarif or github, or FORM=FILE, not", word);
    }
    if (c->report_count == REPORTS_MAX) {
        return usage("these are too many reports", "");
    }
    c->report[c->report_count++] = r;
    return CLI_OK;
}

static int
parse(int argc, char **argv, struct check *c)
{
    static const struct option options[] = {
        {"budget", required_argument, NULL, 'b'},      {"update", no_argument, NULL, 'u'},
        {"postgres", required_argument, NULL, 'p'},    {"http", required_argument, NULL, 'h'},
        {"advisor", required_argument, NULL, 'a'},     {"report", required_argument, NULL, 'r'},
        {"request-log", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0},
    };
    int opt, r = CLI_OK;
    optind = 1;
    opterr = 0;
    while (r == CLI_OK && (opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
        switch (opt) {
        case 'b':
            c->budget = optarg;
            break;
        case 'u':
            c->updates = true;
            break;
        case 'p':
            c->postgres = optarg;
            break;
        case 'h':
            c->http = optarg;
            break;
        case 'a':
            c->advisor = optarg;
            r = plans_is_dsn(optarg)
                    ? CLI_OK
                    : usage("--advisor is a connection string, as libpq reads it", "");
            break;
        case 'r':
            r = add_report(c, optarg);
            break;
        case 'l':
            c->log = optarg;
            break;
        default:
            return usage(opt == ':' ? "a value is missing after" : "unknown option",
                         argv[optind - 1]);
        }
    }
    c->command = optind < argc ? argv + optind : NULL;
    if (r == CLI_OK && c->budget == NULL) {
        return usage("--budget FILE is missing", "");
    }
    if (r == CLI_OK && (c->command == NULL) == (c->log == NULL)) {
        return usage("it wants a COMMAND behind --, or --request-log FILE", "");
    }
    return r;
}

/* False: the file cannot be read. */
static bool
read_log(struct check *c, const char *path)
{
    char *line = NULL;
    size_t size = 0;
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        fprintf(stderr, "slowburn check: %s: %s\n", path, strerror(errno));
        return false;
    }
    while (getline(&line, &size, f) > 0) {
        json_t *request = json_loads(line, 0, NULL);
        c->lines++;
        c->bad_lines += request == NULL || !json_is_array(json_object_get(request, "statements"));
        if (request != NULL) {
            budget_measure(c->measured, request);
        }
        json_decref(request);
    }
    free(line);
    fclose(f);
    return true;
}

static void
doubt(struct check *c, const char *why)
{
    if (c->doubt[0] == '\0') {
        snprintf(c->doubt, sizeof(c->doubt), "%s", why);
    }
}

/* What keeps counts from being the whole truth. */
static void
find_doubts(struct check *c, const json_t *budget)
{
    const char *name;
    const json_t *route;
    double untied = 0;
    char text[200];
    json_object_foreach(c->measured, name, route)
    {
        untied += document_number(route, "untied", 0);
    }
    if (json_object_size(c->measured) == 0) {
        doubt(c, c->http == NULL && c->log == NULL
                     ? "no request was seen; --http names where the application listens"
                     : "no request was seen");
    }
    if (c->bad_lines > 0) {
        doubt(c, "the request log does not list the statements (request_log_statements = 1)");
    }
    if (untied > 0) {
        snprintf(
            text, sizeof(text),
            "beside %.0f requests queries ran that could be tied to none; send one request at a "
            "time, or tag queries",
            untied);
        doubt(c, text);
    }
    if (!c->knows_scans && !c->updates && budget_limits_scans(budget, c->measured)) {
        doubt(c, "the budget limits table scans, and they are not checked");
    }
}

/* The texts of the statements that requests ran, from the daemon's store. */
static json_t *
statements_of(struct check *c, const char *data)
{
    const struct options o = {.data = data};
    json_t *all = NULL, *wanted = json_object();
    const char *name;
    const json_t *route;
    json_object_foreach(c->measured, name, route)
    {
        json_object_update(wanted, json_object_get(route, "statements"));
    }
    json_t *some =
        document_get(&o, "check", "queries", &all) == CLI_OK ? plans_statements(all, wanted) : NULL;
    json_decref(all);
    json_decref(wanted);
    return some;
}

/* What the statements' plans say. Why they say nothing is kept in words. */
static void
find_scans(struct check *c, const char *login, const char *data)
{
    struct diag diag = {0};
    size_t i;
    unsigned refused = 0;
    const json_t *one;
    if (login == NULL) {
        snprintf(c->unchecked, sizeof(c->unchecked), "no advisor; --advisor DSN is a login for it");
        return;
    }
    json_t *statements = statements_of(c, data);
    if (statements == NULL || scans_find(login, statements, &diag) != 0) {
        snprintf(c->unchecked, sizeof(c->unchecked), "%.200s",
                 diag_is_set(&diag) ? diag.message : "the statements' texts cannot be read");
        json_decref(statements);
        return;
    }
    json_array_foreach(statements, i, one)
    {
        const char *why = document_text(one, "refused", "");
        refused += why[0] != '\0' ? 1 : 0;
        if (refused == 1 && c->unchecked[0] == '\0') {
            snprintf(c->unchecked, sizeof(c->unchecked), "statement %s: %.200s",
                     document_text(one, "fingerprint", "?"), why);
        }
    }
    if (refused > 1) {
        size_t len = strlen(c->unchecked);
        snprintf(c->unchecked + len, sizeof(c->unchecked) - len, ", and %u more", refused - 1);
    }
    budget_measure_scans(c->measured, statements);
    c->knows_scans = true;
    json_decref(statements);
}

/* Runs the command through a slowburn of its own, and reads what its requests did. */
static int
run_command(struct check *c)
{
    struct dbenv found = {.source = "--postgres"};
    struct daemon d;
    char text[120];
    if (c->postgres != NULL) {
        snprintf(found.upstream, sizeof(found.upstream), "%s", c->postgres);
    } else if (!dbenv_find(&found)) {
        fprintf(stderr, "slowburn check: nothing says where the database is: --postgres HOST:PORT, "
                        "or DATABASE_URL, DB_URL, DB_HOST, PGHOST in the environment or .env\n");
        return CHECK_ENVIRONMENT;
    }
    const struct daemon_options options = {
        .verb = "check", .postgres = found.upstream, .http = c->http};
    if (!daemon_start(&options, &d)) {
        return CHECK_ENVIRONMENT;
    }
    char *login = plans_login(c->advisor, c->postgres);
    dbenv_point_at(d.postgres_port);
    command_point_at_http(d.http_port);
    int status = command_run("check", c->command);
    bool lived = daemon_is_alive(&d);
    daemon_stop(&d);
    bool whole = read_log(c, d.requests) && lived;
    if (whole) {
        find_scans(c, login, d.data);
    }
    daemon_remove(&d);
    free(login);
    if (!whole) {
        fprintf(stderr, "slowburn check: slowburn itself ended before the command did\n");
        return CHECK_ENVIRONMENT;
    }
    if (status == COMMAND_NOT_FOUND) {
        return CHECK_ENVIRONMENT;
    }
    if (status != 0) {
        snprintf(text, sizeof(text), "the command ended with %d, so it may not have done all",
                 status);
        doubt(c, text);
    }
    return CLI_OK;
}

static int
print_reports(const struct check *c, const json_t *budget, const json_t *verdict)
{
    struct budget_report report = {c->budget, budget, c->measured, verdict, c->doubt, c->unchecked};
    static const struct report text = {.file = NULL};
    for (unsigned i = 0; i < MAX(c->report_count, 1u); i++) {
        const struct report *r = c->report_count == 0 ? &text : &c->report[i];
        budget_report_print *print = r->print == NULL ? budget_report_form("text") : r->print;
        FILE *out = r->file == NULL ? stdout : fopen(r->file, "we");
        if (out == NULL) {
            fprintf(stderr, "slowburn check: %s: %s\n", r->file, strerror(errno));
            return CHECK_ENVIRONMENT;
        }
        print(out, &report);
        bool good = ferror(out) == 0;
        if (out != stdout) {
            good = fclose(out) == 0 && good;
        }
        if (!good) {
            fprintf(stderr, "slowburn check: a report could not be written\n");
            return CHECK_ENVIRONMENT;
        }
    }
    return CLI_OK;
}

/* Whole or not at all. */
static int
write_budget(const struct check *c, json_t *budget)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s.new", c->budget) >= (int)sizeof(path)) {
        return usage("this path is too long:", c->budget);
    }
    FILE *f = fopen(path, "we");
    budget_accept(budget, c->measured);
    if (f != NULL) {
        budget_print(f, budget);
    }
    bool good = f != NULL && ferror(f) == 0;
    good = f != NULL && fclose(f) == 0 && good;
    if (!good || rename(path, c->budget) != 0) {
        fprintf(stderr, "slowburn check: %s cannot be written: %s\n", c->budget, strerror(errno));
        return CHECK_ENVIRONMENT;
    }
    printf("%s holds %zu routes; %zu of them were measured now.\n", c->budget,
           json_object_size(budget), json_object_size(c->measured));
    if (c->unchecked[0] != '\0') {
        printf("Table scans: not checked: %s.\n", c->unchecked);
    }
    return CLI_OK;
}

static int
judge(struct check *c, json_t *budget)
{
    int r = c->log != NULL ? (read_log(c, c->log) ? CLI_OK : CHECK_ENVIRONMENT) : run_command(c);
    if (r != CLI_OK) {
        return r;
    }
    if (c->log != NULL) {
        snprintf(c->unchecked, sizeof(c->unchecked), "a request log has no texts to plan");
    }
    find_doubts(c, budget);
    if (c->updates && c->doubt[0] != '\0') {
        fprintf(stderr, "slowburn check: %s is left as it was: %s\n", c->budget, c->doubt);
        return CHECK_INCONCLUSIVE;
    }
    if (c->updates) {
        return write_budget(c, budget);
    }
    json_t *verdict = budget_verdict(budget, c->measured);
    bool is_over = json_array_size(verdict) > 0;
    r = print_reports(c, budget, verdict);
    json_decref(verdict);
    if (r != CLI_OK) {
        return r;
    }
    return is_over ? CLI_FAILED : c->doubt[0] != '\0' ? CHECK_INCONCLUSIVE : CLI_OK;
}

int
verb_check(int argc, char **argv)
{
    struct check c = {.measured = json_object()};
    int r = parse(argc, argv, &c);
    if (r == CLI_OK) {
        bool begins = c.updates && access(c.budget, F_OK) != 0;
        json_t *budget = begins ? json_object() : budget_read("check", c.budget);
        r = budget == NULL ? CLI_USAGE : judge(&c, budget);
        json_decref(budget);
    }
    json_decref(c.measured);
    return r;
}
