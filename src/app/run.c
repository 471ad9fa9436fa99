/* SPDX-License-Identifier: Apache-2.0 */
#include "app/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/handover.h"
#include "app/supervise.h"
#include "io/log.h"

#define EXIT_USAGE 2

const char *const run_usage = "[-c FILE] [--postgres LISTEN=UPSTREAM]... [OPTION...]";

const char *const run_help =
    "  -c FILE                       read slowburn.conf(5); options win over it\n"
    "  --postgres LISTEN=UPSTREAM    relay PostgreSQL (repeatable)\n"
    "  --http LISTEN=UPSTREAM        relay HTTP (repeatable)\n"
    "  --advisor DSN                 a read-only login for the advisor (repeatable)\n"
    "  --data DIR                    where slowburn keeps what it knows\n"
    "  --admin HOST:PORT|off         where the admin API listens, 127.0.0.1:7433\n"
    "  --workers N                   event loops of the proxy; 0: half the processors\n"
    "  --log-format text|json        of the log on stderr\n"
    "  --log-level LEVEL             error, warn, info or debug\n"
    "Each setting of slowburn.conf(5) is an option too, with - for _ (--drain-ms 5000).\n"
    "LISTEN and UPSTREAM are HOST:PORT, [V6]:PORT or PORT; without a host 127.0.0.1 is meant.\n"
    "SIGTERM finishes what is in flight and stops, a second one stops at once. SIGHUP reads the\n"
    "file again: log level, limits and logins. SIGUSR2 upgrades, as `slowburn upgrade` does.";

const char *const run_check_help =
    "Reads FILE as `run -c FILE` would and says what is wrong with it, with the line. Exits 0 "
    "when\n"
    "it is right, 1 when it is not. --settings instead of FILE prints every setting.";

static int
say(const char *verb, const struct diag *diag)
{
    char text[1100];
    fprintf(stderr, "slowburn %s: %s\n", verb, diag_format(diag, text, sizeof(text)));
    return 1;
}

int
run_supervisor(int argc, char **argv)
{
    struct diag diag = {0};
    AUTO(config) struct config *c = config_new();
    json_t *handover = handover_receive();
    if (json_is_true(json_object_get(handover, "back"))) {
        /* The file may be one that only the newer binary reads. */
        const char *text = json_string_value(json_object_get(handover, "config"));
        c->text = text == NULL ? NULL : strdup(text);
    }
    int r = config_from_options(c, argc, argv, &diag);
    if (r == 1) {
        printf("usage: slowburn run %s\n\n%s\n", run_usage, run_help);
        return 0;
    }
    if (r == 0) {
        r = config_check(c, &diag);
    }
    if (r < 0) {
        (void)say("run", &diag);
        if (handover != NULL) {
            char text[1100];
            handover_return(handover, diag_format(&diag, text, sizeof(text)), argc, argv);
        }
        /* A file that is wrong is a failure; words that are wrong are a usage error. */
        return diag.file[0] == '\0' ? EXIT_USAGE : 1;
    }
    log_init(2, (enum log_format)config_number(c, SETTING_log_format),
             (enum log_level)config_number(c, SETTING_log_level), "supervisor");
    struct supervise_options options = {.argc = argc, .argv = argv, .handover = handover};
    int code = supervise(&options, &c, &diag);
    json_decref(handover);
    return diag_is_set(&diag) ? say("run", &diag) : code;
}

int
run_check_config(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("usage: slowburn check-config FILE\n\n%s\n", run_check_help);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--settings") == 0) {
        config_print_settings(stdout);
        return 0;
    }
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: slowburn check-config FILE\n");
        return EXIT_USAGE;
    }
    struct diag diag = {0};
    AUTO(config) struct config *c = config_new();
    int r = config_read(c, argv[1], &diag);
    if (r == 0) {
        r = config_check(c, &diag);
        if (r < 0) {
            diag_at(&diag, argv[1], 0);
        }
    }
    if (r < 0) {
        return say("check-config", &diag);
    }
    printf("%s is right: %u listeners, %u logins\n", argv[1], c->listener_count, c->login_count);
    return 0;
}
