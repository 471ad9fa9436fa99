/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/daemon.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/document.h"

/* Of STEP_MS: much longer than it takes on a machine that is busy with the tests themselves. */
#define START_STEPS 1200
#define STOP_STEPS  600
#define STEP_MS     50

static void
wait_a_step(void)
{
    struct timespec t = {0, STEP_MS * 1000000L};
    nanosleep(&t, NULL);
}

uint16_t
daemon_free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
                getsockname(fd, (struct sockaddr *)&a, &len) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good ? ntohs(a.sin_port) : 0;
}

/* In the child: becomes `slowburn run`. */
static void
become_daemon(const struct daemon_options *o, const struct daemon *d)
{
    char postgres[400], http[400];
    snprintf(postgres, sizeof(postgres), "127.0.0.1:%u=%s", d->postgres_port, o->postgres);
    snprintf(http, sizeof(http), "127.0.0.1:%u=%s", d->http_port, o->http == NULL ? "" : o->http);
    const char *argv[40] = {"slowburn", "run"};
    unsigned n = 2;
    const char *const fixed[] = {"--data",
                                 d->data,
                                 "--admin",
                                 "off",
                                 "--log-level",
                                 "warn",
                                 "--request-log",
                                 d->requests,
                                 "--request-log-statements",
                                 "1",
                                 "--drain-ms",
                                 "1000",
                                 "--postgres",
                                 postgres};
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        argv[n++] = fixed[i];
    }
    if (o->http != NULL) {
        const char *const more[] = {"--http", http, "--link-alone", "1"};
        for (size_t i = 0; i < ARRAY_LEN(more); i++) {
            argv[n++] = more[i];
        }
    }
    int log = open(d->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int null = open("/dev/null", O_RDONLY);
    setpgid(0, 0); /* a Ctrl-C is the command's */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (log >= 0 && null >= 0 && dup2(null, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0) {
        execv("/proc/self/exe", (char *const *)argv);
    }
    _exit(127);
}

bool
daemon_is_alive(struct daemon *d)
{
    if (d->pid > 0 && waitpid(d->pid, NULL, WNOHANG) != 0) {
        d->pid = 0;
    }
    return d->pid > 0;
}

/* The analyzer reads the proxy's rings: what comes from now on is seen whole. */
static bool
is_watching(const struct daemon *d)
{
    const struct options o = {.data = d->data};
    json_t *status = NULL;
    bool watching = document_try(&o, "status", &status) == CLI_OK &&
                    document_number(json_object_get(status, "analyzer"), "rings", 0) > 0;
    json_decref(status);
    return watching;
}

static void
say_why(const struct daemon_options *o, const struct daemon *d)
{
    char line[1024];
    FILE *f = fopen(d->log, "re");
    fprintf(stderr, "slowburn %s: slowburn itself did not start in front of %s\n", o->verb,
            o->postgres);
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        fputs(line, stderr);
    }
    if (f != NULL) {
        fclose(f);
    }
}

bool
daemon_start(const struct daemon_options *o, struct daemon *ret_daemon)
{
    struct daemon d = {.folder = "/tmp/slowburn-XXXXXX"};
    if (mkdtemp(d.folder) == NULL) {
        fprintf(stderr, "slowburn %s: no folder can be made in /tmp: %s\n", o->verb,
                strerror(errno));
        return false;
    }
    snprintf(d.data, sizeof(d.data), "%s/data", d.folder);
    snprintf(d.log, sizeof(d.log), "%s/log", d.folder);
    snprintf(d.requests, sizeof(d.requests), "%s/requests.jsonl", d.folder);
    d.postgres_port = daemon_free_port();
    d.http_port = o->http == NULL ? 0 : o->http_port != 0 ? o->http_port : daemon_free_port();
    fflush(NULL);
    d.pid = fork();
    if (d.pid == 0) {
        become_daemon(o, &d);
    }
    for (unsigned i = 0; i < START_STEPS && daemon_is_alive(&d); i++) {
        if (is_watching(&d)) {
            *ret_daemon = d;
            return true;
        }
        wait_a_step();
    }
    daemon_stop(&d);
    say_why(o, &d);
    daemon_remove(&d);
    return false;
}

void
daemon_stop(struct daemon *d)
{
    if (!daemon_is_alive(d)) {
        return;
    }
    kill(d->pid, SIGTERM);
    for (unsigned i = 0; i < STOP_STEPS && daemon_is_alive(d); i++) {
        wait_a_step();
    }
    if (d->pid > 0) {
        kill(d->pid, SIGKILL);
        waitpid(d->pid, NULL, 0);
        d->pid = 0;
    }
}

static void
empty_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    while (dir != NULL && (e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            unlinkat(dirfd(dir), e->d_name, 0);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    rmdir(path);
}

void
daemon_remove(struct daemon *d)
{
    empty_folder(d->data);
    empty_folder(d->folder);
}
