/* SPDX-License-Identifier: Apache-2.0
 * io/log.h - the structured log: one line per thing that happened, as JSON or as text.
 *
 *   log_info("proxy", "upstream_failed", "cannot connect to the upstream",
 *            LOG_STR("upstream", name), LOG_ERRNO(err));
 *
 * {"time":"2024-05-01T14:02:11.042Z","level":"info","process":"proxy","area":"proxy",
 *  "event":"upstream_failed","message":"cannot connect to the upstream","upstream":"db:5432",...}
 *
 * The message is fixed text, the facts are fields; neither ever holds a literal of the user (law
 * 6). Any thread, after log_init. A line costs one write; where the reader of the log is slow the
 * line is dropped and counted rather than waited for. Each event name may write LOG_BURST lines in
 * LOG_BURST_S seconds and thread; what is beyond is counted and told with the next line that is let
 * through ("suppressed"). Lines are cut at LOG_LINE_MAX. The only process-wide state of io/. */
#ifndef IO_LOG_H
#define IO_LOG_H

#include "base/check.h"
#include "base/slice.h"

#define LOG_LINE_MAX 4096
#define LOG_BURST    20
#define LOG_BURST_S  10

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

enum log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON,
};

enum log_field_type {
    LOG_FIELD_END,
    LOG_FIELD_SLICE,
    LOG_FIELD_U64,
    LOG_FIELD_I64,
    LOG_FIELD_HEX,
    LOG_FIELD_DOUBLE,
    LOG_FIELD_BOOL,
};

struct log_field {
    const char *key;
    enum log_field_type type;
    union {
        struct slice slice;
        uint64_t u64;
        int64_t i64;
        double number;
    };
};

#define LOG_STR(k, v)    ((struct log_field){k, LOG_FIELD_SLICE, {.slice = slice_from_str(v)}})
#define LOG_SLICE(k, v)  ((struct log_field){k, LOG_FIELD_SLICE, {.slice = (v)}})
#define LOG_U64(k, v)    ((struct log_field){k, LOG_FIELD_U64, {.u64 = (v)}})
#define LOG_I64(k, v)    ((struct log_field){k, LOG_FIELD_I64, {.i64 = (v)}})
#define LOG_HEX(k, v)    ((struct log_field){k, LOG_FIELD_HEX, {.u64 = (v)}})
#define LOG_DOUBLE(k, v) ((struct log_field){k, LOG_FIELD_DOUBLE, {.number = (v)}})
#define LOG_BOOL(k, v)   ((struct log_field){k, LOG_FIELD_BOOL, {.u64 = (v)}})
/* A negative errno, as its text. */
#define LOG_ERRNO(err) LOG_STR("error", log_strerror(err))

/* Once per process, before its threads start. fd stays the caller's (2, or a file). process:
 * static text, "supervisor". */
void log_init(int fd, enum log_format format, enum log_level level, const char *process);
/* Any time, any thread (SIGHUP). */
void log_set_level(enum log_level level);
bool log_level_is_on(enum log_level level);

/* "error", "warn", "info", "debug"; "text", "json". 0 or -EINVAL. */
MUST_CHECK int log_level_from_str(struct slice s, enum log_level *ret_level);
MUST_CHECK int log_format_from_str(struct slice s, enum log_format *ret_format);

/* Static text; takes errno values of either sign. */
const char *log_strerror(int err);

/* area, event, message: static text. fields end with LOG_FIELD_END. */
void log_write(enum log_level level, const char *area, const char *event, const char *message,
               const struct log_field *fields);

#define LOG_AT(level, area, event, message, ...)                                                   \
    (log_level_is_on(level) ? log_write(level, area, event, message,                               \
                                        (const struct log_field[]){                                \
                                            __VA_ARGS__ __VA_OPT__(, ){.type = LOG_FIELD_END}})    \
                            : (void)0)
#define log_error(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  LOG_AT(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Lines lost because the log's reader was slow, since start. Any thread. */
uint64_t log_dropped(void);

#endif
