/* SPDX-License-Identifier: Apache-2.0
 * cli/text.h - numbers, durations and columns as a person reads them.
 *
 * The functions that return char * write into the caller's buffer and return it. UTF-8; widths are
 * counted in code points (our tables hold no double-width text of their own). */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>
#include <stdio.h>

struct text {
    char s[64];
};

/* 1012 -> "1,012" */
struct text text_count(double n);
/* 338.04 -> "338.0"; sign puts + before what is positive. */
struct text text_ms(double ms, int sign);
/* 338.04, 9.1 -> "338.0 ± 9.1"; NAN: "–", and without an error. */
struct text text_sure(double ms, double error_ms, int sign);
/* 0.4 ms -> "0.4 ms", 388.2 -> "388 ms", 12000 -> "12.0 s" */
struct text text_duration_ms(double ms);
/* 200 s -> "3 m 20 s" */
struct text text_span(double seconds);
/* 7340032 -> "7 MB" */
struct text text_bytes(double bytes);

/* Seconds since 1970 of "2026-11-23T14:02:11.000Z"; < 0: not such a text. */
double text_parse_time(const char *iso);
/* The local "14:02:11", with the date before it when it is not today's. */
struct text text_clock(const char *iso, double now);

/* Code points in s. */
size_t text_width(const char *s);
/* s, then blanks up to width; longer text is cut with "…". */
void text_put_left(FILE *out, const char *s, size_t width);
void text_put_right(FILE *out, const char *s, size_t width);

/* Where a terminal knows only ASCII: one character for each code point, of at most size - 1. */
void text_ascii(const char *s, char *dst, size_t size);

/* Bytes of the words of s that fit into `width` columns; of the first word what fits of it. */
size_t text_fitting(const char *s, size_t width);
/* Lines of text; what is longer than `width` goes on in the next one, further in, from a word on.
 */
void text_fold(FILE *out, const char *text, size_t width);

#endif
