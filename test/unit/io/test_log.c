/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/log.h"

static char got[65536];

static int
pipe_sink(void **state)
{
    static int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) {
        return -1;
    }
    *state = ends;
    return 0;
}

static int
pipe_close(void **state)
{
    int *ends = *state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static const char *
read_back(int fd)
{
    ssize_t n = read(fd, got, sizeof(got) - 1);
    got[n < 0 ? 0 : n] = '\0';
    return got;
}

static void
json_line_carries_typed_fields_and_escapes(void **state)
{
    int *ends = *state;
    log_init(ends[1], LOG_FORMAT_JSON, LOG_LEVEL_INFO, "proxy");
    log_info("proxy", "json_line", "a message", LOG_STR("name", "a\"b\\c\nd"), LOG_U64("n", 7),
             LOG_I64("minus", -7), LOG_BOOL("yes", true), LOG_HEX("fp", 0xabcu),
             LOG_DOUBLE("ms", 1.5), LOG_ERRNO(-ECONNREFUSED));
    const char *line = read_back(ends[0]);
    assert_non_null(strstr(line, "\"level\":\"info\",\"process\":\"proxy\",\"area\":\"proxy\","
                                 "\"event\":\"json_line\",\"message\":\"a message\","));
    assert_non_null(strstr(line,
                           "\"name\":\"a\\\"b\\\\c\\u000ad\",\"n\":7,\"minus\":-7,\"yes\":true,"
                           "\"fp\":\"0000000000000abc\",\"ms\":1.5,"
                           "\"error\":\"Connection refused\"}\n"));
}

static void
text_line_stays_one_line(void **state)
{
    int *ends = *state;
    log_init(ends[1], LOG_FORMAT_TEXT, LOG_LEVEL_INFO, "proxy");
    log_warn("proxy", "text_line", "a message", LOG_STR("plain", "db:5432"),
             LOG_STR("evil", "x\ny=1"));
    const char *line = read_back(ends[0]);
    assert_non_null(strstr(line, "warn  proxy: a message area=proxy event=text_line plain=db:5432 "
                                 "evil=\"x\\u000ay=1\"\n"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

/* A statement may be in any encoding, and be cut anywhere. */
static void
bytes_that_are_no_text_are_replaced(void **state)
{
    int *ends = *state;
    const enum log_format format[] = {LOG_FORMAT_JSON, LOG_FORMAT_TEXT};
    for (unsigned i = 0; i < 2; i++) {
        log_init(ends[1], format[i], LOG_LEVEL_INFO, "proxy");
        log_info("proxy", "bytes", "a message",
                 LOG_STR("name", "caf\xc3\xa9 \xff\xc3 \x9b[1m \xc2\x9b[1m \xe2\x82"));
        assert_non_null(strstr(read_back(ends[0]),
                               "\"caf\xc3\xa9 \\ufffd\\ufffd \\ufffd[1m \\u009b[1m "
                               "\\ufffd\\ufffd\""));
    }
}

static void
level_is_respected(void **state)
{
    int *ends = *state;
    log_init(ends[1], LOG_FORMAT_TEXT, LOG_LEVEL_WARN, "proxy");
    log_info("proxy", "quiet", "not seen");
    assert_string_equal(read_back(ends[0]), "");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("proxy", "quiet", "seen");
    assert_non_null(strstr(read_back(ends[0]), "seen"));
}

static void
flood_is_limited_per_event(void **state)
{
    int *ends = *state;
    log_init(ends[1], LOG_FORMAT_TEXT, LOG_LEVEL_INFO, "proxy");
    for (int i = 0; i < 1000; i++) {
        log_info("proxy", "flood", "again");
    }
    log_info("proxy", "another", "still heard");
    const char *text = read_back(ends[0]);
    unsigned lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    assert_in_range(lines, LOG_BURST + 1, LOG_BURST + 1);
    assert_non_null(strstr(text, "still heard"));
}

static void
long_line_is_cut_and_valid(void **state)
{
    int *ends = *state;
    char big[2 * LOG_LINE_MAX];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    log_init(ends[1], LOG_FORMAT_JSON, LOG_LEVEL_INFO, "proxy");
    log_info("proxy", "long_line", "m", LOG_STR("a", "kept"), LOG_STR("big", big),
             LOG_U64("after", 1));
    const char *line = read_back(ends[0]);
    assert_true(strlen(line) <= LOG_LINE_MAX);
    assert_non_null(strstr(line, "\"a\":\"kept\""));
    assert_string_equal(line + strlen(line) - 2, "}\n");
}

static void
slow_reader_loses_lines_and_blocks_nobody(void **state)
{
    int *ends = *state;
    char fill[4096] = {0};
    while (write(ends[1], fill, sizeof(fill)) > 0) {
    }
    log_init(ends[1], LOG_FORMAT_TEXT, LOG_LEVEL_INFO, "proxy");
    uint64_t before = log_dropped();
    log_info("proxy", "nobody_reads", "lost");
    assert_int_equal(log_dropped(), before + 1);
}

static void
names_of_levels_and_formats(void **state)
{
    enum log_level level = LOG_LEVEL_INFO;
    enum log_format format = LOG_FORMAT_TEXT;
    assert_int_equal(log_level_from_str(SLICE_LIT("debug"), &level), 0);
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_int_equal(log_level_from_str(SLICE_LIT("loud"), &level), -EINVAL);
    assert_int_equal(log_format_from_str(SLICE_LIT("json"), &format), 0);
    assert_int_equal(format, LOG_FORMAT_JSON);
    assert_int_equal(log_format_from_str(SLICE_LIT("xml"), &format), -EINVAL);
}

int
main(void)
{
#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, pipe_sink, pipe_close)
    const struct CMUnitTest tests[] = {
        WITH_PIPE(json_line_carries_typed_fields_and_escapes),
        WITH_PIPE(text_line_stays_one_line),
        WITH_PIPE(bytes_that_are_no_text_are_replaced),
        WITH_PIPE(level_is_respected),
        WITH_PIPE(flood_is_limited_per_event),
        WITH_PIPE(long_line_is_cut_and_valid),
        WITH_PIPE(slow_reader_loses_lines_and_blocks_nobody),
        cmocka_unit_test(names_of_levels_and_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
