/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/slice.h"
#include "cli/budget.h"
#include "cli/cli.h"
#include "cli/colour.h"
#include "cli/command.h"
#include "cli/daemon.h"
#include "cli/dbenv.h"
#include "cli/dev_detail.h"
#include "cli/dev_guess.h"
#include "cli/dev_line.h"
#include "cli/dev_scans.h"
#include "cli/document.h"
#include "cli/keys.h"
#include "cli/plans.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "io/now.h"

#define STEP_MS         100
#define WAIT_S          10
#define TEXT_STEPS      30 /* so long statements may wait for their texts */
#define DEV_ENVIRONMENT 3

struct dev {
    const char *postgres;
    const char *advisor; /* a login for the plans; NULL: the application's own */
    char http[300];      /* the application's own address; "": none */
    uint16_t http_port;
    unsigned wait_s; /* for the first query after the first request */
    char **command;
    struct dbenv database;
    struct daemon daemon;
    FILE *log; /* the request log, as far as it was read */
    json_t *measured;
    double began, first_request;
    struct dev_detail detail;
    struct dev_scans scans;
    bool was_remedied;
    bool colour;
    bool wants_keys, has_keys;
};

/* Set by a signal handler; the command gets it from the loop. */
static volatile sig_atomic_t signal_seen;

static void
on_signal(int number)
{
    signal_seen = number;
}

static double
now_s(void)
{
    return (double)now_monotonic_ns() / 1e9;
}

static int
usage(const char *what, const char *word)
{
    fprintf(stderr, "slowburn dev: %s%s%s; see 'slowburn dev --help'\n", what,
            word[0] != '\0' ? " " : "", word);
    return CLI_USAGE;
}

/* "[PORT=]ADDRESS" */
static int
take_http(struct dev *d, const char *word)
{
    const char *equals = strchr(word, '=');
    uint64_t port = 0;
    if (equals != NULL && (slice_to_u64(slice_of(word, (size_t)(equals - word)), &port) < 0 ||
                           port == 0 || port > 65535)) {
        return usage("--http is [PORT=]HOST:PORT, not", word);
    }
    d->http_port = (uint16_t)port;
    snprintf(d->http, sizeof(d->http), "%s", equals == NULL ? word : equals + 1);
    return CLI_OK;
}

static int
parse(int argc, char **argv, struct dev *d)
{
    static const struct option options[] = {
        {"postgres", required_argument, NULL, 'p'}, {"http", required_argument, NULL, 'h'},
        {"advisor", required_argument, NULL, 'a'},  {"wait", required_argument, NULL, 'w'},
        {"no-keys", no_argument, NULL, 'k'},        {NULL, 0, NULL, 0},
    };
    int opt, r = CLI_OK;
    uint64_t seconds;
    optind = 1;
    opterr = 0;
    while (r == CLI_OK && (opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
        switch (opt) {
        case 'p':
            d->postgres = optarg;
            break;
        case 'h':
            r = take_http(d, optarg);
            break;
        case 'a':
            d->advisor = optarg;
            if (!plans_is_dsn(optarg)) {
                return usage("--advisor is a connection string, as libpq reads it", "");
            }
            break;
        case 'w':
            if (slice_to_u64(slice_from_str(optarg), &seconds) < 0 || seconds > 3600) {
                return usage("--wait wants seconds, not", optarg);
            }
            d->wait_s = (unsigned)seconds;
            break;
        case 'k':
            d->wants_keys = false;
            break;
        default:
            return usage(opt == ':' ? "a value is missing after" : "unknown option",
                         argv[optind - 1]);
        }
    }
    d->command = argv + optind;
    return r == CLI_OK && optind == argc ? usage("it wants a COMMAND behind --", "") : r;
}

static bool
find_places(struct dev *d)
{
    snprintf(d->database.source, sizeof(d->database.source), "--postgres");
    if (d->postgres != NULL) {
        snprintf(d->database.upstream, sizeof(d->database.upstream), "%s", d->postgres);
        d->database.is_socket = strncmp(d->postgres, "unix:", 5) == 0;
    } else if (!dbenv_find(&d->database)) {
        fprintf(stderr,
                "slowburn dev: nothing says where the database is: --postgres HOST:PORT, or "
                "DATABASE_URL, DB_URL, DB_HOST, PGHOST in the environment or .env\n");
        return false;
    }
    uint16_t port = d->http[0] != '\0' ? 0 : dev_guess_port(d->command);
    if (port != 0) {
        snprintf(d->http, sizeof(d->http), "127.0.0.1:%u", port);
    }
    return true;
}

static void
greet(const struct dev *d)
{
    fprintf(stderr, "slowburn dev: the database is %s (%s), for the command 127.0.0.1:%u\n",
            d->database.upstream, d->database.source, d->daemon.postgres_port);
    if (d->http[0] != '\0') {
        fprintf(stderr, "slowburn dev: open http://127.0.0.1:%u instead of %s\n",
                d->daemon.http_port, d->http);
    } else {
        fprintf(stderr, "slowburn dev: no idea where it listens; --http PORT shows its requests\n");
    }
    if (d->has_keys) {
        fprintf(stderr, "slowburn dev: Enter shows a request's queries, ? all keys\n");
    }
}

static void
take_line(struct dev *d, const char *line)
{
    json_t *request = json_loads(line, 0, NULL);
    bool is_request = json_is_integer(json_object_get(request, "status"));
    if (is_request && d->first_request == 0) {
        d->first_request = now_s();
    }
    if (request != NULL) {
        dev_scans_add(&d->scans, request, now_s());
    }
}

static void
show(struct dev *d, json_t *request)
{
    bool is_request = json_is_integer(json_object_get(request, "status"));
    if (is_request || d->http[0] == '\0') {
        unsigned number = d->has_keys ? dev_detail_add(&d->detail, request) : 0;
        dev_line_print(stdout, request, number, d->colour);
        fflush(stdout);
    }
    budget_measure(d->measured, request);
    json_t *route = json_object_get(d->measured, document_text(request, "route", "?"));
    double ms = document_number(route, "total_ms", 0);
    if (route != NULL) {
        ms += document_number(request, "duration_ms", 0);
        json_object_set_new(route, "total_ms", json_real(ms));
    }
}

/* until_s: as dev_scans_next. */
static void
show_what_is_known(struct dev *d, double until_s)
{
    json_t *request;
    dev_scans_look(&d->scans, d->daemon.data);
    while ((request = dev_scans_next(&d->scans, until_s)) != NULL) {
        show(d, request);
        json_decref(request);
    }
}

/* Whole lines that have come since; the beginning of one waits for its end. */
static void
follow_log(struct dev *d)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    if (d->log == NULL) {
        d->log = fopen(d->daemon.requests, "re");
    }
    while (d->log != NULL && (len = getline(&line, &size, d->log)) > 0) {
        if (line[len - 1] != '\n') {
            (void)fseek(d->log, -len, SEEK_CUR);
            break;
        }
        take_line(d, line);
    }
    if (d->log != NULL) {
        clearerr(d->log);
    }
    free(line);
}

/* A database that the application reached past us is found out once. */
static void
look_for_queries(struct dev *d)
{
    const struct options o = {.data = d->daemon.data};
    json_t *status = NULL;
    if (d->was_remedied || d->first_request == 0 || now_s() < d->first_request + d->wait_s) {
        return;
    }
    if (document_try(&o, "status", &status) != CLI_OK) {
        return; /* next time */
    }
    d->was_remedied = true;
    if (document_number(json_object_get(status, "proxy"), "queries", 1) == 0) {
        dev_print_remedy(stderr, d->command, &d->database, d->daemon.postgres_port);
    }
    json_decref(status);
}

static void
show_detail(struct dev *d)
{
    const struct options o = {.data = d->daemon.data};
    json_t *queries = NULL;
    struct timespec step = {0, STEP_MS * 1000000L};
    for (unsigned i = 0; i < TEXT_STEPS && !dev_detail_is_told(&d->detail, queries); i++) {
        if (i > 0) {
            nanosleep(&step, NULL);
        }
        json_decref(queries);
        queries = NULL;
        (void)!document_try(&o, "queries", &queries); /* without it they have short names */
    }
    dev_detail_print(&d->detail, queries, (double)now_wall_s(), stdout, d->colour);
    json_decref(queries);
}

/* Waits a step, and does what keys say meanwhile. */
static void
take_keys(struct dev *d)
{
    int key;
    struct timespec step = {0, STEP_MS * 1000000L};
    if (!d->has_keys) {
        nanosleep(&step, NULL);
        return;
    }
    for (int wait_ms = STEP_MS; (key = keys_next(wait_ms)) != KEYS_NONE; wait_ms = 0) {
        if (key == KEYS_GONE) {
            d->has_keys = false;
            return;
        }
        if (dev_detail_key(&d->detail, key, stdout, d->colour)) {
            show_detail(d);
        }
        fflush(stdout);
    }
}

/* Until the command ends; its exit status. */
static int
watch(struct dev *d, pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        take_keys(d);
        if (signal_seen != 0) {
            kill(pid, signal_seen);
            signal_seen = 0;
        }
        follow_log(d);
        show_what_is_known(d, now_s());
        look_for_queries(d);
    }
    return command_status(status);
}

static int
run(struct dev *d)
{
    const struct daemon_options options = {.verb = "dev",
                                           .postgres = d->database.upstream,
                                           .http = d->http[0] != '\0' ? d->http : NULL,
                                           .http_port = d->http_port};
    if (!daemon_start(&options, &d->daemon)) {
        return DEV_ENVIRONMENT;
    }
    dev_scans_init(&d->scans, plans_login(d->advisor, d->postgres));
    dbenv_point_at(d->daemon.postgres_port);
    command_point_at_http(d->daemon.http_port);
    d->has_keys = d->wants_keys && keys_open();
    greet(d);
    signal(SIGINT, SIG_IGN); /* the terminal gives it to the command too */
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, on_signal);
    signal(SIGHUP, on_signal);
    pid_t pid = command_start("dev", d->command);
    int code = pid < 0 ? COMMAND_NOT_FOUND : watch(d, pid);
    keys_close();
    daemon_stop(&d->daemon);
    follow_log(d);
    if (d->log != NULL) {
        fclose(d->log);
    }
    show_what_is_known(d, INFINITY);
    daemon_remove(&d->daemon);
    dev_scans_fini(&d->scans);
    printf("slowburn dev: %zu routes in %s\n", json_object_size(d->measured),
           text_span(now_s() - d->began).s);
    dev_summary_print(stdout, d->measured, d->colour);
    return code;
}

int
verb_dev(int argc, char **argv)
{
    struct dev d = {
        .wait_s = WAIT_S, .began = now_s(), .colour = colour_wanted(stdout), .wants_keys = true};
    int r = parse(argc, argv, &d);
    if (r == CLI_OK) {
        d.measured = json_object();
        dev_detail_init(&d.detail);
        r = find_places(&d) ? run(&d) : DEV_ENVIRONMENT;
        dev_detail_fini(&d.detail);
        json_decref(d.measured);
    }
    return r;
}
