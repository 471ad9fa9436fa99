/* SPDX-License-Identifier: Apache-2.0
 *
 * slowburn, but its proxy is broken in the way that the file's name ends with: "early" dies at
 * once, "late" soon after it has begun to accept clients, "mute" says nothing. For test_upgrade. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/run.h"
#include "base/check.h"
#include "cli/cli.h"

static void *
die_later(void *arg)
{
    nanosleep(&(struct timespec){.tv_nsec = 700000000}, NULL);
    raise(SIGKILL);
    return arg;
}

static bool
is_called(const char *way)
{
    char path[1024] = "";
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    size_t want = strlen(way);
    return len > (ssize_t)want && strcmp(path + len - want, way) == 0;
}

int
main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "child") == 0 && strcmp(argv[2], "proxy") == 0) {
        pthread_t thread;
        if (is_called("early")) {
            raise(SIGKILL);
        }
        while (is_called("mute")) {
            pause();
        }
        if (pthread_create(&thread, NULL, die_later, NULL) != 0) {
            return 1;
        }
    }
    if (argc >= 2 && strcmp(argv[1], "child") == 0) {
        return run_child(argc - 1, argv + 1);
    }
    const struct cli_verb verbs[] = {{"run", run_supervisor, run_usage, "", run_help}};
    return cli_main(argc, argv, verbs, ARRAY_LEN(verbs));
}
