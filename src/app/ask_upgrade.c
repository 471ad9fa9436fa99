/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ask_upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/datadir.h"
#include "app/upgrade_record.h"
#include "cli/cli.h"
#include "cli/options.h"

#define WAIT_S  90 /* longer than all its steps together may take */
#define POLL_MS 50

const char *const ask_upgrade_usage = "[--data DIR] [--json]";
const char *const ask_upgrade_help =
    "Replaces the running slowburn by the binary that now lies where it was started from, with\n"
    "the configuration as it is now, and drops no session: a new proxy takes over the listening\n"
    "sockets, the old one finishes the sessions it has (upgrade_drain_s, then those between\n"
    "transactions are told 57P01 and the others have drain_ms). When the new binary does not\n"
    "start, refuses the configuration or dies within 3 s, everything stays as it was and the\n"
    "reason is printed. The same as SIGUSR2 to the supervisor.\n"
    "  --data DIR   the data directory of the running slowburn";

static const char *
word_for(const char *state)
{
    static const char *const words[][2] = {
        {"trying", "trying the new binary"},
        {"starting", "starting the new proxy"},
        {"proving", "both proxies accept clients, the new one has 3 s to prove itself"},
        {"renewing", "the new proxy has taken over; replacing analyzer and advisor"},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i][0], state) == 0) {
            return words[i][1];
        }
    }
    return NULL;
}

static int
report(const struct upgrade_record *r, bool json)
{
    bool failed = strcmp(r->state, "failed") == 0;
    if (json) {
        json_t *o = upgrade_record_json(r);
        json_dumpf(o, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(o);
    } else if (failed) {
        fprintf(stderr, "slowburn upgrade: %s; nothing was replaced, traffic goes on\n", r->reason);
    } else {
        printf("upgraded from %s to %s; 'slowburn status' shows what the former proxy has left\n",
               r->from, r->to);
        if (r->reason[0] != '\0') {
            printf("%s\n", r->reason);
        }
    }
    return failed ? CLI_FAILED : CLI_OK;
}

static int
follow(const char *data, int pid, uint64_t former_id, bool json)
{
    char said[sizeof(((struct upgrade_record *)NULL)->state)] = "";
    for (int ms = 0; ms < WAIT_S * 1000; ms += POLL_MS) {
        struct upgrade_record r = upgrade_record_read(data);
        if (r.id > former_id && upgrade_record_is_over(&r)) {
            return report(&r, json);
        }
        if (r.id > former_id && strcmp(r.state, said) != 0) {
            snprintf(said, sizeof(said), "%s", r.state);
            const char *words = word_for(said);
            if (!json && words != NULL) {
                printf("%s\n", words);
                fflush(stdout);
            }
        }
        if (datadir_holder(data, DATADIR_RUN_LOCK) != pid) {
            fprintf(stderr,
                    "slowburn upgrade: the supervisor (process %d) is gone; the proxy goes on, "
                    "'slowburn run' takes it over\n",
                    pid);
            return CLI_FAILED;
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    fprintf(stderr, "slowburn upgrade: no outcome within %d s, see the log\n", WAIT_S);
    return CLI_FAILED;
}

int
ask_upgrade(int argc, char **argv)
{
    struct options o;
    struct diag diag = {0};
    char data[DATADIR_MAX];
    int r = options_parse(argc, argv, "json", 0, 0, &o);
    if (r != 0) {
        return r;
    }
    if (datadir_find(o.data == NULL ? "" : o.data, &diag, data) < 0) {
        fprintf(stderr, "slowburn upgrade: %s; %s\n", diag.message, diag.hint);
        return CLI_FAILED;
    }
    int pid = datadir_holder(data, DATADIR_RUN_LOCK);
    if (pid <= 0) {
        fprintf(stderr, "slowburn upgrade: no slowburn runs with the data directory %s\n", data);
        return CLI_UNREACHABLE;
    }
    struct upgrade_record before = upgrade_record_read(data);
    if (!upgrade_record_is_over(&before)) {
        fprintf(stderr, "slowburn upgrade: one is under way already (%s)\n", before.state);
        return CLI_FAILED;
    }
    if (kill(pid, SIGUSR2) < 0) {
        fprintf(stderr, "slowburn upgrade: process %d: %s\n", pid, strerror(errno));
        return CLI_FAILED;
    }
    return follow(data, pid, before.id, o.json);
}
