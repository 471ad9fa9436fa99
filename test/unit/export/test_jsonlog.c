/* SPDX-License-Identifier: Apache-2.0 */
#include "export/jsonlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

static char folder[64];
static char path[96];

static int
set_up(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/slowburn-jsonlog-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/requests.jsonl", folder);
    return 0;
}

static int
tear_down(void **state)
{
    char old[112];
    snprintf(old, sizeof(old), "%s.1", path);
    unlink(old);
    unlink(path);
    return rmdir(folder);
}

static struct jsonlog *
new_log(uint64_t size_max_bytes)
{
    struct diag diag = {0};
    struct jsonlog *log = NULL;
    assert_int_equal(jsonlog_new(path, size_max_bytes, &diag, &log), 0);
    return log;
}

/* How many whole lines the file holds; -1: there is none. */
static int
lines_of(const char *name)
{
    FILE *f = fopen(name, "re");
    int n = 0, c = 0;
    if (f == NULL) {
        return -1;
    }
    while ((c = fgetc(f)) != EOF) {
        n += c == '\n';
    }
    fclose(f);
    return n;
}

static void
lines_are_there_when_it_ends(void **state)
{
    struct stat st;
    struct jsonlog *log = new_log(0);
    for (int i = 0; i < 1000; i++) {
        jsonlog_put(log, SLICE_LIT("{\"route\":\"GET /a\"}"));
    }
    jsonlog_free(&log);
    assert_null(log);
    assert_int_equal(lines_of(path), 1000);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    log = new_log(0); /* goes on behind what is there */
    jsonlog_put(log, SLICE_LIT("{}"));
    jsonlog_free(&log);
    assert_int_equal(lines_of(path), 1001);
}

static void
wait_for_lines(struct jsonlog *log, uint64_t lines)
{
    for (int i = 0; i < 60000 && jsonlog_totals(log).lines < lines; i++) {
        usleep(1000);
    }
    assert_int_equal(jsonlog_totals(log).lines, lines);
}

static void
a_full_file_is_set_aside(void **state)
{
    char old[112];
    snprintf(old, sizeof(old), "%s.1", path);
    struct jsonlog *log = new_log(100);
    for (uint64_t i = 1; i <= 4; i++) {
        jsonlog_put(log, SLICE_LIT("{\"forty\":\"bytes of a line, or somewhat\"}"));
        wait_for_lines(log, i);
    }
    assert_int_equal(jsonlog_totals(log).rotated, 1);
    jsonlog_free(&log);
    assert_int_equal(lines_of(old), 2);
    assert_int_equal(lines_of(path), 2);
}

/* logrotate moves the file away and tells us. */
static void
it_is_opened_again_when_told(void **state)
{
    char old[112];
    snprintf(old, sizeof(old), "%s.1", path);
    struct jsonlog *log = new_log(0);
    jsonlog_put(log, SLICE_LIT("{}"));
    wait_for_lines(log, 1);
    assert_int_equal(rename(path, old), 0);
    jsonlog_reopen(log);
    jsonlog_put(log, SLICE_LIT("{}"));
    jsonlog_put(log, SLICE_LIT("{}"));
    jsonlog_free(&log);
    assert_int_equal(lines_of(old), 1);
    assert_int_equal(lines_of(path), 2);
}

static void
what_finds_no_room_is_counted(void **state)
{
    static char line[JSONLOG_BYTES_MAX];
    struct jsonlog *log = new_log(0);
    memset(line, 'x', sizeof(line));
    jsonlog_put(log, slice_of(line, sizeof(line))); /* its end does not fit */
    jsonlog_put(log, SLICE_LIT("{}"));
    wait_for_lines(log, 1);
    assert_int_equal(jsonlog_totals(log).dropped, 1);
    jsonlog_free(&log);
}

static void
a_fifo_without_a_reader_is_not_waited_for(void **state)
{
    struct diag diag = {0};
    struct jsonlog *log = NULL;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(jsonlog_new(path, 0, &diag, &log), -ENXIO);
}

static size_t
drain(int fd, char *dst, size_t size)
{
    size_t len = 0;
    for (ssize_t n = 1; n > 0 && len + 1 < size; len += n > 0 ? (size_t)n : 0) {
        n = read(fd, dst + len, size - 1 - len);
    }
    dst[len] = '\0';
    return len;
}

/* Its pipe is full in the middle of a line: what comes later has a line of its own. */
static void
a_reader_that_stands_still_tears_one_line(void **state)
{
    static char line[200 * 1024], got[256 * 1024];
    memset(line, 'x', sizeof(line));
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct jsonlog *log = new_log(0);
    jsonlog_put(log, slice_of(line, sizeof(line)));
    for (int i = 0; i < 60000 && jsonlog_totals(log).dropped == 0; i++) {
        usleep(1000);
    }
    assert_int_equal(jsonlog_totals(log).dropped, 1);
    size_t len = drain(reader, got, sizeof(got));
    assert_true(len > 0 && len < sizeof(line));
    jsonlog_put(log, SLICE_LIT("{}"));
    wait_for_lines(log, 1);
    drain(reader, got, sizeof(got));
    assert_string_equal(got, "\n{}\n");
    jsonlog_free(&log);
    close(reader);
}

static void
a_path_that_cannot_be_written_is_said(void **state)
{
    struct diag diag = {0};
    struct jsonlog *log = NULL;
    assert_true(jsonlog_new("/nowhere/requests.jsonl", 0, &diag, &log) < 0);
    assert_non_null(strstr(diag.message, "/nowhere/requests.jsonl"));
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(lines_are_there_when_it_ends),
        T(a_full_file_is_set_aside),
        T(it_is_opened_again_when_told),
        T(what_finds_no_room_is_counted),
        T(a_path_that_cannot_be_written_is_said),
        T(a_fifo_without_a_reader_is_not_waited_for),
        T(a_reader_that_stands_still_tears_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
