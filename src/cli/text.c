/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"

struct text
text_count(double n)
{
    char digits[40];
    struct text t = {""};
    snprintf(digits, sizeof(digits), "%.0f", fabs(n));
    size_t len = strlen(digits);
    size_t at = 0;
    if (n <= -0.5) {
        t.s[at++] = '-';
    }
    for (size_t i = 0; i < len && at + 2 < sizeof(t.s); i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            t.s[at++] = ',';
        }
        t.s[at++] = digits[i];
    }
    t.s[at] = '\0';
    return t;
}

struct text
text_ms(double ms, int sign)
{
    struct text t;
    if (fabs(ms) < 0.05) {
        ms = 0;
    }
    snprintf(t.s, sizeof(t.s), sign && ms > 0 ? "+%.1f" : "%.1f", ms);
    return t;
}

struct text
text_sure(double ms, double error_ms, int sign)
{
    struct text t = {"–"};
    if (!isnan(ms) && isnan(error_ms)) {
        t = text_ms(ms, sign);
    } else if (!isnan(ms)) {
        snprintf(t.s, sizeof(t.s), "%.28s ± %.28s", text_ms(ms, sign).s, text_ms(error_ms, 0).s);
    }
    return t;
}

struct text
text_duration_ms(double ms)
{
    struct text t;
    if (ms >= 10000) {
        snprintf(t.s, sizeof(t.s), "%.1f s", ms / 1000);
    } else if (ms >= 10) {
        snprintf(t.s, sizeof(t.s), "%.40s ms", text_count(ms).s);
    } else {
        snprintf(t.s, sizeof(t.s), "%.1f ms", ms);
    }
    return t;
}

struct text
text_span(double seconds)
{
    struct text t;
    long s = seconds < 0 ? 0 : lround(seconds);
    if (s < 60) {
        snprintf(t.s, sizeof(t.s), "%ld s", s);
    } else if (s < 3600) {
        snprintf(t.s, sizeof(t.s), "%ld m %ld s", s / 60, s % 60);
    } else if (s < 86400) {
        snprintf(t.s, sizeof(t.s), "%ld h %ld m", s / 3600, s % 3600 / 60);
    } else {
        snprintf(t.s, sizeof(t.s), "%ld d %ld h", s / 86400, s % 86400 / 3600);
    }
    return t;
}

struct text
text_bytes(double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    struct text t;
    size_t u = 0;
    while (bytes >= 1000 && u < 4) {
        bytes /= 1000;
        u++;
    }
    snprintf(t.s, sizeof(t.s), bytes < 10 && u > 0 ? "%.1f %s" : "%.0f %s", bytes, units[u]);
    return t;
}

double
text_parse_time(const char *iso)
{
    struct tm tm = {0};
    double seconds = 0;
    int used = 0;
    if (iso == NULL || sscanf(iso, "%4d-%2d-%2dT%2d:%2d:%lf%n", &tm.tm_year, &tm.tm_mon,
                              &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &seconds, &used) != 6) {
        return -1;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (double)timegm(&tm) + seconds;
}

struct text
text_clock(const char *iso, double now)
{
    struct text t = {"?"};
    double at = text_parse_time(iso);
    if (at < 0) {
        return t;
    }
    time_t then = (time_t)at;
    time_t today = (time_t)now;
    struct tm a, b;
    if (localtime_r(&then, &a) == NULL || localtime_r(&today, &b) == NULL) {
        return t;
    }
    int same_day = a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
    if (strftime(t.s, sizeof(t.s), same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &a) == 0) {
        t.s[0] = '\0';
    }
    return t;
}

static int
starts_code_point(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t
text_width(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++) {
        n += starts_code_point(*s) != 0;
    }
    return n;
}

static void
put_blanks(FILE *out, size_t n)
{
    fprintf(out, "%*s", (int)n, "");
}

void
text_put_left(FILE *out, const char *s, size_t width)
{
    size_t have = text_width(s);
    if (have <= width) {
        fputs(s, out);
        put_blanks(out, width - have);
        return;
    }
    for (size_t n = 0; *s != '\0'; s++) {
        n += starts_code_point(*s) != 0;
        if (n == width) {
            break;
        }
        fputc(*s, out);
    }
    fputs("…", out);
}

void
text_put_right(FILE *out, const char *s, size_t width)
{
    size_t have = text_width(s);
    put_blanks(out, have < width ? width - have : 0);
    fputs(s, out);
}

size_t
text_fitting(const char *s, size_t width)
{
    size_t used = 0, break_at = 0, at = 0;
    for (; s[at] != '\0'; at++) {
        used += starts_code_point(s[at]) != 0;
        if (s[at] == ' ') {
            break_at = at;
        }
        if (used > width) {
            return break_at > 0 ? break_at : at;
        }
    }
    return at;
}

/* Of the n bytes that fit: until a wide gap near their end, so that parts stay whole. */
static size_t
until_gap(const char *line, size_t n)
{
    for (size_t at = n; at > n / 2 && line[n] != '\0'; at--) {
        if (strncmp(line + at, "   ", 3) == 0) {
            return at;
        }
    }
    return n;
}

static void
fold_line(FILE *out, const char *line, size_t width)
{
    size_t indent = strspn(line, " ");
    size_t further = indent + 4 < width / 2 ? indent + 4 : 0;
    for (line += indent; line[0] != '\0'; indent = further) {
        size_t n = until_gap(line, text_fitting(line, width > indent ? width - indent : width));
        size_t end = n;
        while (end > 0 && line[end - 1] == ' ') {
            end--;
        }
        fprintf(out, "%*s%.*s\n", (int)indent, "", (int)end, line);
        line += n;
        line += strspn(line, " ");
    }
}

void
text_fold(FILE *out, const char *text, size_t width)
{
    width = MAX(width, (size_t)1);
    while (text[0] != '\0') {
        size_t len = strcspn(text, "\n");
        char *line = strndup(text, len);
        if (line != NULL && len > 0) {
            fold_line(out, line, width);
        } else {
            fputc('\n', out);
        }
        free(line);
        text += len + (text[len] == '\n');
    }
}

static char
ascii_of(const char *c)
{
    static const struct {
        const char *utf8;
        char ascii;
    } known[] = {{"→", '>'},  {"×", 'x'}, {"±", '~'}, {"·", '|'}, {"…", '.'},
                 {"’", '\''}, {"µ", 'u'}, {"▁", '_'}, {"▂", '_'}, {"▃", '_'},
                 {"▄", '='},  {"▅", '='}, {"▆", '='}, {"▇", '#'}, {"█", '#'}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strncmp(c, known[i].utf8, strlen(known[i].utf8)) == 0) {
            return known[i].ascii;
        }
    }
    return '-';
}

void
text_ascii(const char *s, char *dst, size_t size)
{
    size_t n = 0;
    for (; *s != '\0' && n + 1 < size; s++) {
        if ((unsigned char)*s < 0x80) {
            dst[n++] = *s;
        } else if (starts_code_point(*s)) {
            dst[n++] = ascii_of(s);
        }
    }
    dst[n] = '\0';
}
