/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/beside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* An answer tells of the time since the one before: around the end of "before" of both spans. */
#define BEFORE_LATE_NS (10 * 1000000000ull)

#define SECONDS_MIN      8.0   /* less is hardly an answer's worth */
#define LOAD_MIN         1.0   /* sessions */
#define LOAD_SMALL       0.5   /* sessions, or */
#define LOAD_SMALL_SHARE 0.1   /* of what slowburn sees */
#define TIMES            2.0   /* what it was, at least */
#define SPILL_BYTES_MIN  500e3 /* a second */
#define SPILL_TIMES      3.0
#define SPILL_FILES_MIN  3.0 /* in all */
#define CALLS_SHARE_MIN  0.5 /* files for each call of a statement that may be the one */
#define CALLS_SHARE_MAX  100.0
#define SESSIONS_OTHERS  1.5 /* times those through slowburn, and */
#define SESSIONS_MORE    1.0 /* a second more */

static double
unseen(const struct databases_rate *r, double in_flight)
{
    return r->active < 0 || in_flight < 0 ? -1 : MAX(r->active - in_flight, 0);
}

struct beside
beside_of(const struct databases *d, const struct shift *s, uint64_t database)
{
    uint64_t before_to_ns = s->before_to_ns - MIN(s->before_to_ns, BEFORE_LATE_NS);
    struct databases_rate before = databases_between(d, database, s->before_from_ns, before_to_ns);
    struct databases_rate now = databases_between(d, database, s->now_from_ns, s->now_ns + 1);
    struct databases_rate all_before = databases_between(d, 0, s->before_from_ns, before_to_ns);
    struct databases_rate all_now = databases_between(d, 0, s->now_from_ns, s->now_ns + 1);
    bool has_before = before.seconds >= SECONDS_MIN, has_now = now.seconds >= SECONDS_MIN;
    return (struct beside){
        .load_before = unseen(&all_before, s->in_flight_before),
        .load_now = unseen(&all_now, s->in_flight_now),
        .sessions_before = has_before ? before.sessions_per_s : -1,
        .sessions_now = has_now ? now.sessions_per_s : -1,
        .temp_files_before = has_before ? before.temp_files_per_s : -1,
        .temp_files_now = has_now ? now.temp_files_per_s : -1,
        .temp_bytes_before = before.temp_bytes_per_s,
        .temp_bytes_now = now.temp_bytes_per_s,
        .deadlocks = has_now ? now.deadlocks : -1,
        .seconds = now.seconds,
    };
}

bool
beside_load_grew(const struct beside *b)
{
    return b->load_before >= 0 && b->load_now >= LOAD_MIN && b->load_now >= TIMES * b->load_before;
}

bool
beside_load_is_small(const struct beside *b, const struct shift *s)
{
    return b->load_now >= 0 && b->load_now < MAX(LOAD_SMALL, LOAD_SMALL_SHARE * s->in_flight_now);
}

bool
beside_spills(const struct beside *b)
{
    return b->temp_files_before >= 0 && b->temp_files_now * b->seconds >= SPILL_FILES_MIN &&
           b->temp_bytes_now >= SPILL_BYTES_MIN &&
           b->temp_bytes_now >= SPILL_TIMES * b->temp_bytes_before;
}

bool
beside_spills_no_more_than_before(const struct beside *b)
{
    bool was = b->temp_files_before >= 0 && b->temp_bytes_now <= TIMES * b->temp_bytes_before;
    return b->temp_files_now >= 0 && (b->temp_bytes_now < SPILL_BYTES_MIN || was);
}

__attribute__((format(printf, 3, 4))) static void
say(char *detail, size_t size, const char *format, ...)
{
    size_t len = strnlen(detail, size);
    va_list args;
    va_start(args, format);
    if (len < size) {
        vsnprintf(detail + len, size - len, format, args);
    }
    va_end(args);
}

void
beside_say_load(const struct beside *b, char *detail, size_t size)
{
    if (beside_load_grew(b)) {
        say(detail, size,
            "; %.1f sessions at work in the database do not come through slowburn, were %.1f",
            b->load_now, b->load_before);
    }
}

void
beside_say_spills(const struct beside *b, double calls_per_s, char *detail, size_t size)
{
    if (!beside_spills(b)) {
        return;
    }
    say(detail, size, "; the database writes %.1f temporary files a second (%.1f MB/s), was %.1f",
        b->temp_files_now, b->temp_bytes_now / 1e6, b->temp_files_before);
    double each = calls_per_s > 0 ? (b->temp_files_now - b->temp_files_before) / calls_per_s : 0;
    if (each >= CALLS_SHARE_MIN && each <= CALLS_SHARE_MAX) {
        say(detail, size, ", %.1f for each of these calls", each);
    }
    say(detail, size, ": sorts or hashes beyond work_mem");
}

void
beside_say_sessions(const struct beside *b, double opened_per_s, char *detail, size_t size)
{
    if (b->sessions_now < 0) {
        return;
    }
    say(detail, size, "; the database counts %.1f new sessions a second", b->sessions_now);
    if (b->sessions_before >= 0) {
        say(detail, size, ", were %.1f", b->sessions_before);
    }
    if (b->sessions_now >= SESSIONS_OTHERS * opened_per_s &&
        b->sessions_now >= opened_per_s + SESSIONS_MORE) {
        say(detail, size, "; %.1f of them do not come through slowburn",
            b->sessions_now - opened_per_s);
    }
}

void
beside_say_deadlocks(const struct beside *b, char *detail, size_t size)
{
    if (b->deadlocks >= 0.5) {
        say(detail, size, "; the database ended %.0f deadlock%s in %.0f s", b->deadlocks,
            b->deadlocks < 1.5 ? "" : "s", b->seconds);
    }
}
