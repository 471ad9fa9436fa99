/* SPDX-License-Identifier: Apache-2.0 */
#include "export/jsonlog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define WRITE_WAIT_MS 1000 /* for a pipe that nobody reads; then the lines are dropped */

struct jsonlog {
    char path[4096];
    uint64_t size_max_bytes;
    bool is_stdout;
    pthread_t thread;
    pthread_mutex_t lock; /* all below but the writer's own */
    pthread_cond_t wake;
    struct buf waiting;
    uint64_t waiting_lines;
    bool reopens;
    bool ends;
    struct jsonlog_totals totals;
    /* the writer's own */
    int fd;
    uint64_t size_bytes;
    bool is_torn; /* the last line that is there was not written to its end */
    struct buf writing;
};

/* 0 or -errno. */
static int
open_file(struct jsonlog *log)
{
    struct stat st;
    if (log->is_stdout) {
        log->fd = STDOUT_FILENO;
        return 0;
    }
    /* Not blocking: a FIFO waits neither for its reader here nor for room in write_all. */
    log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (log->fd < 0) {
        return -errno;
    }
    log->size_bytes = fstat(log->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    return 0;
}

static void
close_file(struct jsonlog *log)
{
    if (!log->is_stdout && log->fd >= 0) {
        close(log->fd);
    }
    log->fd = -1;
}

static bool
rotate(struct jsonlog *log)
{
    char old[sizeof(log->path) + 2];
    snprintf(old, sizeof(old), "%s.1", log->path);
    close_file(log);
    if (rename(log->path, old) != 0) {
        return false;
    }
    log->is_torn = false;
    return true;
}

/* Bytes written; what is left after WRITE_WAIT_MS without progress is given up. Standard output is
 * others' too, so it blocks: of a pipe that has room, so much surely finds some. */
static size_t
write_all(const struct jsonlog *log, struct slice s, int *ret_error)
{
    size_t done = 0, most = log->is_stdout ? PIPE_BUF : SSIZE_MAX;
    while (done < s.len) {
        struct pollfd p = {log->fd, POLLOUT, 0};
        if (poll(&p, 1, WRITE_WAIT_MS) == 0) {
            *ret_error = ETIMEDOUT;
            break;
        }
        ssize_t n = write(log->fd, s.ptr + done, MIN(s.len - done, most));
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            *ret_error = errno;
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return done;
}

static uint64_t
count_lines(struct slice s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += s.ptr[i] == '\n';
    }
    return n;
}

static void
write_batch(struct jsonlog *log, uint64_t lines)
{
    struct slice all = buf_slice(&log->writing);
    int error = 0;
    bool rotated = false;
    if (!log->is_stdout && log->size_max_bytes > 0 && log->fd >= 0 && log->size_bytes > 0 &&
        log->size_bytes + all.len > log->size_max_bytes) {
        rotated = rotate(log);
    }
    if (log->fd < 0) {
        error = -open_file(log);
    }
    if (error == 0 && log->is_torn && write_all(log, SLICE_LIT("\n"), &error) == 1) {
        log->is_torn = false;
        log->size_bytes++;
    }
    size_t done = error == 0 ? write_all(log, all, &error) : 0;
    uint64_t written = done == all.len ? lines : count_lines(slice_sub(all, 0, done));
    log->is_torn = log->is_torn || (done > 0 && all.ptr[done - 1] != '\n');
    log->size_bytes += done;
    pthread_mutex_lock(&log->lock);
    log->totals.rotated += rotated;
    log->totals.error = error;
    log->totals.lines += written;
    log->totals.dropped += lines - written;
    pthread_mutex_unlock(&log->lock);
}

static void *
run(void *arg)
{
    struct jsonlog *log = arg;
    for (;;) {
        pthread_mutex_lock(&log->lock);
        while (log->waiting.len == 0 && !log->reopens && !log->ends) {
            pthread_cond_wait(&log->wake, &log->lock);
        }
        bool reopens = log->reopens, ends = log->ends;
        struct buf swap = log->writing;
        log->writing = log->waiting;
        log->waiting = swap;
        uint64_t lines = log->waiting_lines;
        log->waiting_lines = 0;
        log->reopens = false;
        pthread_mutex_unlock(&log->lock);
        if (reopens) {
            close_file(log);
        }
        if (log->writing.len > 0) {
            write_batch(log, lines);
            buf_reset(&log->writing);
        } else if (ends) {
            return NULL;
        }
    }
}

int
jsonlog_new(const char *path, uint64_t size_max_bytes, struct diag *diag, struct jsonlog **ret_log)
{
    struct jsonlog *log = check_alloc(1, sizeof(*log));
    log->size_max_bytes = size_max_bytes;
    log->is_stdout = strcmp(path, "-") == 0;
    log->fd = -1;
    int err = 0;
    if (snprintf(log->path, sizeof(log->path), "%s", path) >= (int)sizeof(log->path)) {
        err = -ENAMETOOLONG;
    }
    err = err < 0 ? err : open_file(log);
    if (err < 0) {
        free(log);
        return diag_set(diag, err, "the request log %s cannot be written: %s", path,
                        strerror(-err));
    }
    buf_init(&log->waiting, JSONLOG_BYTES_MAX);
    buf_init(&log->writing, JSONLOG_BYTES_MAX);
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->wake, NULL);
    err = pthread_create(&log->thread, NULL, run, log);
    assert(err == 0);
    *ret_log = log;
    return 0;
}

void
jsonlog_put(struct jsonlog *log, struct slice line)
{
    pthread_mutex_lock(&log->lock);
    if (log->waiting.len + line.len + 1 > JSONLOG_BYTES_MAX) {
        log->totals.dropped++;
    } else {
        (void)buf_append(&log->waiting, line);
        (void)buf_append_str(&log->waiting, "\n");
        log->waiting_lines++;
        pthread_cond_signal(&log->wake);
    }
    pthread_mutex_unlock(&log->lock);
}

void
jsonlog_reopen(struct jsonlog *log)
{
    pthread_mutex_lock(&log->lock);
    log->reopens = true;
    pthread_cond_signal(&log->wake);
    pthread_mutex_unlock(&log->lock);
}

struct jsonlog_totals
jsonlog_totals(struct jsonlog *log)
{
    pthread_mutex_lock(&log->lock);
    struct jsonlog_totals totals = log->totals;
    pthread_mutex_unlock(&log->lock);
    return totals;
}

void
jsonlog_free(struct jsonlog **log_ptr)
{
    struct jsonlog *log = TAKE(*log_ptr);
    if (log == NULL) {
        return;
    }
    pthread_mutex_lock(&log->lock);
    log->ends = true;
    pthread_cond_signal(&log->wake);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->thread, NULL);
    close_file(log);
    buf_fini(&log->waiting);
    buf_fini(&log->writing);
    pthread_mutex_destroy(&log->lock);
    pthread_cond_destroy(&log->wake);
    free(log);
}
