/* SPDX-License-Identifier: Apache-2.0 */
#include "io/log.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/utf8.h"

static struct {
    _Atomic int fd;
    _Atomic int format;
    _Atomic int level;
    const char *process;
    _Atomic uint64_t dropped;
} sink = {.fd = 2, .level = LOG_LEVEL_INFO, .process = "slowburn"};

/* Per thread, so that limiting takes no lock. Two names that share a slot share its allowance. */
#define LIMIT_SLOTS 64
struct limit {
    uint64_t hash;
    time_t since;
    uint32_t lines;
    uint32_t suppressed;
};
static _Thread_local struct limit limits[LIMIT_SLOTS];

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char *const format_names[] = {"text", "json"};

void
log_init(int fd, enum log_format format, enum log_level level, const char *process)
{
    atomic_store(&sink.fd, fd);
    atomic_store(&sink.format, (int)format);
    atomic_store(&sink.level, (int)level);
    sink.process = process;
}

void
log_set_level(enum log_level level)
{
    atomic_store_explicit(&sink.level, (int)level, memory_order_relaxed);
}

bool
log_level_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&sink.level, memory_order_relaxed);
}

int
log_level_from_str(struct slice s, enum log_level *ret_level)
{
    for (unsigned i = 0; i < ARRAY_LEN(level_names); i++) {
        if (slice_eq_ci(s, slice_from_str(level_names[i]))) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    }
    return -EINVAL;
}

int
log_format_from_str(struct slice s, enum log_format *ret_format)
{
    for (unsigned i = 0; i < ARRAY_LEN(format_names); i++) {
        if (slice_eq_ci(s, slice_from_str(format_names[i]))) {
            *ret_format = (enum log_format)i;
            return 0;
        }
    }
    return -EINVAL;
}

const char *
log_strerror(int err)
{
    const char *text = strerrordesc_np(err < 0 ? -err : err);
    return text == NULL ? "unknown error" : text;
}

uint64_t
log_dropped(void)
{
    return atomic_load_explicit(&sink.dropped, memory_order_relaxed);
}

/* A line under construction; what does not fit is cut, with room kept for its end. */
struct line {
    char text[LOG_LINE_MAX];
    size_t len;
};
#define LINE_END_ROOM 4

static void
line_bytes(struct line *l, const void *data, size_t len)
{
    size_t room = sizeof(l->text) - LINE_END_ROOM - l->len;
    len = MIN(len, room);
    memcpy(l->text + l->len, data, len);
    l->len += len;
}

static void
line_str(struct line *l, const char *s)
{
    line_bytes(l, s, strlen(s));
}

PRINTF_LIKE(2, 3)
static void
line_printf(struct line *l, const char *fmt, ...)
{
    char text[64];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (len > 0) {
        line_bytes(l, text, MIN((size_t)len, sizeof(text) - 1));
    }
}

/* Escapes for both formats: a text line stays one line and cannot forge another, one of JSON is
 * UTF-8, and no terminal is commanded. Stops before the closing quote would no longer fit. */
static void
line_quoted(struct line *l, struct slice s)
{
    line_str(l, "\"");
    while (s.len > 0 && l->len + LINE_END_ROOM + 8 < sizeof(l->text)) {
        size_t len = utf8_length(s);
        uint8_t c = s.ptr[0];
        if (len == 0) {
            line_str(l, "\\ufffd");
        } else if (c == '"' || c == '\\') {
            line_printf(l, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            line_printf(l, "\\u%04x", c);
        } else if (c == 0xc2 && s.ptr[1] < 0xa0) { /* as controls of one byte are, of two */
            line_printf(l, "\\u%04x", s.ptr[1]);
        } else {
            line_bytes(l, s.ptr, len);
        }
        s = slice_sub(s, MAX(len, 1u), s.len);
    }
    line_str(l, "\"");
}

static bool
is_plain(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] == '"' || s.ptr[i] == '\\' || s.ptr[i] == '=' ||
            s.ptr[i] >= 0x7f) {
            return false;
        }
    }
    return s.len > 0;
}

static void
line_value(struct line *l, const struct log_field *f, bool json)
{
    switch (f->type) {
    case LOG_FIELD_SLICE:
        if (!json && is_plain(f->slice)) {
            line_bytes(l, f->slice.ptr, f->slice.len);
        } else {
            line_quoted(l, f->slice);
        }
        break;
    case LOG_FIELD_U64:
        line_printf(l, "%llu", (unsigned long long)f->u64);
        break;
    case LOG_FIELD_I64:
        line_printf(l, "%lld", (long long)f->i64);
        break;
    case LOG_FIELD_HEX:
        line_str(l, json ? "\"" : "");
        line_printf(l, "%016llx", (unsigned long long)f->u64);
        line_str(l, json ? "\"" : "");
        break;
    case LOG_FIELD_DOUBLE:
        if (isfinite(f->number)) {
            line_printf(l, "%.6g", f->number);
        } else {
            line_str(l, "null");
        }
        break;
    case LOG_FIELD_BOOL:
        line_str(l, f->u64 != 0 ? "true" : "false");
        break;
    case LOG_FIELD_END:
        break;
    }
}

/* A field is written whole or not at all, so that a cut line is still valid. */
static void
line_field(struct line *l, const struct log_field *f, bool json)
{
    size_t before = l->len;
    line_str(l, json ? ",\"" : " ");
    line_str(l, f->key);
    line_str(l, json ? "\":" : "=");
    line_value(l, f, json);
    if (l->len >= sizeof(l->text) - LINE_END_ROOM) {
        l->len = before;
    }
}

static void
line_start(struct line *l, enum log_level level, const char *area, const char *event,
           const char *message, bool json)
{
    struct timespec now;
    struct tm tm;
    char when[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
    line_str(l, json ? "{\"time\":\"" : "");
    line_printf(l, "%s.%03ldZ", when, now.tv_nsec / 1000000);
    line_str(l, json ? "\"" : "");
    if (!json) {
        line_printf(l, " %-5s ", level_names[level]);
        line_str(l, sink.process);
        line_str(l, ": ");
        line_str(l, message);
    }
    const struct log_field head[] = {LOG_STR("level", level_names[level]),
                                     LOG_STR("process", sink.process), LOG_STR("area", area),
                                     LOG_STR("event", event), LOG_STR("message", message)};
    for (size_t i = 0; json && i < ARRAY_LEN(head); i++) {
        line_field(l, &head[i], json);
    }
    if (!json) {
        line_field(l, &LOG_STR("area", area), json);
        line_field(l, &LOG_STR("event", event), json);
    }
}

/* True when the line may be written; *ret_suppressed lines were not since the last one. */
static bool
limit_allows(const char *event, uint32_t *ret_suppressed)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    uint64_t hash = hash_bytes(slice_from_str(event));
    struct limit *slot = &limits[hash % LIMIT_SLOTS];
    if (slot->hash != hash || now.tv_sec - slot->since >= LOG_BURST_S) {
        uint32_t suppressed = slot->hash == hash ? slot->suppressed : 0;
        *slot = (struct limit){.hash = hash, .since = now.tv_sec, .suppressed = suppressed};
    }
    if (slot->lines >= LOG_BURST) {
        slot->suppressed++;
        return false;
    }
    slot->lines++;
    *ret_suppressed = slot->suppressed;
    slot->suppressed = 0;
    return true;
}

/* A pipe or terminal that says POLLOUT takes PIPE_BUF bytes at once, so this does not block. */
static void
sink_write(const struct line *l)
{
    int fd = atomic_load_explicit(&sink.fd, memory_order_relaxed);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0 ||
        write(fd, l->text, l->len) != (ssize_t)l->len) {
        atomic_fetch_add_explicit(&sink.dropped, 1, memory_order_relaxed);
    }
}

void
log_write(enum log_level level, const char *area, const char *event, const char *message,
          const struct log_field *fields)
{
    uint32_t suppressed = 0;
    int saved_errno = errno;
    if (!limit_allows(event, &suppressed)) {
        return;
    }
    struct line l = {.len = 0};
    bool json = atomic_load_explicit(&sink.format, memory_order_relaxed) == LOG_FORMAT_JSON;
    line_start(&l, level, area, event, message, json);
    for (const struct log_field *f = fields; f->type != LOG_FIELD_END; f++) {
        line_field(&l, f, json);
    }
    if (suppressed > 0) {
        line_field(&l, &LOG_U64("suppressed", suppressed), json);
    }
    if (json) {
        l.text[l.len++] = '}';
    }
    l.text[l.len++] = '\n';
    sink_write(&l);
    errno = saved_errno;
}
