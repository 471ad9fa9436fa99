/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/results.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct results {
    const char *part;
    uint64_t first;
    unsigned count;
    char **figures; /* of each seed; NULL: not played yet */
};

/* A line that a run was ended in the middle of has no newline, and does not count. */
static int
read_lines(struct results *r, int fd)
{
    char *line = NULL;
    size_t room = 0;
    int copy = dup(fd);
    FILE *f = copy < 0 ? NULL : fdopen(copy, "r");
    if (f == NULL) {
        return -errno;
    }
    rewind(f);
    for (ssize_t n; (n = getline(&line, &room, f)) > 0;) {
        char part[64];
        uint64_t seed = 0;
        int at = 0;
        bool whole = line[n - 1] == '\n' &&
                     sscanf(line, "%63s %" SCNu64 " %n", part, &seed, &at) == 2 && at > 0;
        if (!whole || strcmp(part, r->part) != 0 || seed - r->first >= r->count) {
            continue;
        }
        line[n - 1] = '\0';
        free(r->figures[seed - r->first]);
        r->figures[seed - r->first] = check_strdup(line + at);
    }
    free(line);
    fclose(f);
    return 0;
}

/* In a process of its own: every jobs-th of those that are missing. */
static int
play_share(const struct results *r, int fd, unsigned job, unsigned jobs, results_play *play,
           void *ctx)
{
    static char figures[RESULTS_LINE_MAX], line[RESULTS_LINE_MAX + 128];
    unsigned missing = 0;
    for (unsigned i = 0; i < r->count; i++) {
        if (r->figures[i] != NULL || missing++ % jobs != job) {
            continue;
        }
        play(ctx, r->first + i, figures);
        int n = snprintf(line, sizeof(line), "%s %" PRIu64 " %s\n", r->part, r->first + i, figures);
        if (write(fd, line, (size_t)n) != n) {
            return 1;
        }
    }
    return 0;
}

static int
play_missing(const struct results *r, int fd, unsigned jobs, results_play *play, void *ctx)
{
    pid_t pid[16];
    int err = 0;
    jobs = jobs < 1 ? 1 : MIN(jobs, (unsigned)ARRAY_LEN(pid));
    fflush(stdout);
    for (unsigned i = 0; i < jobs; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            _exit(play_share(r, fd, i, jobs, play, ctx));
        }
    }
    for (unsigned i = 0; i < jobs; i++) {
        int status = 1;
        bool ok = pid[i] > 0 && waitpid(pid[i], &status, 0) == pid[i] && status == 0;
        err = ok ? err : -ECHILD;
    }
    return err;
}

int
results_run(const char *path, const char *part, uint64_t first, unsigned count, unsigned jobs,
            results_play *play, results_line *line, void *ctx)
{
    struct results r = {part, first, count, check_alloc(count, sizeof(char *))};
    FILE *temporary = path == NULL ? tmpfile() : NULL;
    int fd = path != NULL        ? open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
             : temporary != NULL ? fileno(temporary)
                                 : -1;
    int err = fd < 0 ? -errno : read_lines(&r, fd);
    err = err != 0 ? err : play_missing(&r, fd, jobs, play, ctx);
    err = err != 0 ? err : read_lines(&r, fd);
    for (unsigned i = 0; i < count; i++) {
        if (err == 0 && r.figures[i] != NULL) {
            line(ctx, first + i, r.figures[i]);
        }
        free(r.figures[i]);
    }
    free(r.figures);
    if (temporary != NULL) {
        fclose(temporary);
    } else if (fd >= 0) {
        close(fd);
    }
    return err;
}
