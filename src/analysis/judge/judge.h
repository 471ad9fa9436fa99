/* SPDX-License-Identifier: Apache-2.0
 * analysis/judge/judge.h - from finished requests to one incident that says what changed, why, and
 * what would help.
 *
 * Pure with respect to the world: time comes in, nothing is read or written; what it wants done it
 * says through struct judge_out. Belongs to the analyzer's judge thread; no call may come from
 * another, and none of judge_out's functions may call back into the judge.
 *
 * Costs: an item is O(its queries); a tick scans the recent requests of every route once a second
 * (about 1 ms for 10 routes, bounded by JUDGE_RECENT_BYTES_MAX). Every table has a limit (the
 * headers of its parts name them); what does not fit is counted under "other". */
#ifndef ANALYSIS_JUDGE_JUDGE_H
#define ANALYSIS_JUDGE_JUDGE_H

#include "analysis/intake/intake.h"
#include "analysis/monitor/replay.h"
#include "analysis/report/trace.h"
#include "base/buf.h"
#include "base/slice.h"
#include "model/mute.h"
#include "model/stored.h"

#define JUDGE_ROUTES_MAX       512
#define JUDGE_STATEMENTS_MAX   10000
#define JUDGE_RECENT_BYTES_MAX (64u * 1024 * 1024)
#define JUDGE_SAMPLE_BYTES_MAX (16u * 1024 * 1024)
#define JUDGE_INCIDENTS_MAX    64
#define JUDGE_DOCUMENT_MAX     (16u * 1024 * 1024)
#define JUDGE_WINDOWS_BYTES    (1024u * 1024)
#define JUDGE_TOLD_PER_S       50u

enum judge_document {
    JUDGE_INCIDENTS, /* list, newest first */
    JUDGE_QUERIES,   /* list of statements with their totals */
    JUDGE_REQUESTS,  /* list of routes with their totals */
    JUDGE_STATUS,    /* object: what the judge itself holds, sheds, and waits for */
    JUDGE_METRICS,   /* object: figures for exporters (metrics.h) */
    JUDGE_MUTES,     /* list of what is muted, and until when */
};

/* A query that took at least the limit; route is "" where it is not known. */
struct judge_slow {
    uint64_t fingerprint;
    uint64_t time_ns; /* all its round trips */
    uint64_t rows;
    struct slice statement; /* normalized; empty: not known yet */
    struct slice database;
    struct slice user;
    struct slice route;
    struct slice sqlstate; /* empty: no error */
};

/* All borrowed by the callee for the length of the call. Any may be NULL: nobody wants to know. */
struct judge_out {
    void *ctx;
    /* A question for the advisor (model/question.h), answered by judge_answer with this id; 0: it
     * cannot be asked now. An answer that never comes is given up after 20 s. */
    uint32_t (*ask)(void *ctx, const char *question);
    /* The next `count` occurrences of a statement: its values, and up to `rows` rows of hashes. */
    void (*lens)(void *ctx, uint64_t fingerprint, unsigned count, unsigned rows, uint64_t until_ns);
    void (*store)(void *ctx, const struct stored *record);
    /* event: "incident-opened", "finding", "fix-landed", "receipt", ...; text: one line. */
    void (*log)(void *ctx, const char *event, const char *text);
    /* The incidents document is not what it was. */
    void (*changed)(void *ctx);
    void (*slow)(void *ctx, const struct judge_slow *query);
    /* One finished request (or work of a route) as a JSON object, whose members doc/api.md names.
     * NULL: it costs nothing. */
    void (*request)(void *ctx, struct slice json);
    /* One of the traces that are kept, as judge_trace gives it, and when it began; at most
     * JUDGE_TOLD_PER_S of one second (while everything fails, every one is kept for a moment), the
     * others are counted; and the example of each incident, whatever else went untold. */
    void (*trace)(void *ctx, uint64_t start_wall_ns, struct slice json);
};

struct judge_config {
    enum report_detail request_detail;   /* of out.request */
    unsigned cores;                      /* of this machine; 0: unknown */
    int utc_offset_s;                    /* of the users' local time, for days and weekends */
    const struct objectives *objectives; /* NULL: none; outlives the judge */
};

struct judge;

MUST_CHECK int judge_new(const struct judge_config *config, const struct judge_out *out,
                         uint64_t now_ns, uint64_t wall_ns, struct judge **ret_judge);
void judge_free(struct judge **judge);

/* What the store kept, before the first item: INCIDENT (with its blob), STATE, FINGERPRINT,
 * TRACE, and WINDOW (summed up to totals); other kinds are skipped. 0 or -EBADMSG (not ours;
 * skipped). */
MUST_CHECK int judge_restore(struct judge *judge, const struct stored *record);

/* After a restart the monitor (monitor/monitor.h) learns again from what the store keeps, beside
 * the traffic: make a replay once all was restored, feed it on any thread, and give back what it
 * has become. Until then the judge uses a new one. */
struct replay *judge_replay(struct judge *judge);
void judge_take_monitor(struct judge *judge, struct monitor **monitor);
/* None will come, because nothing is kept or it cannot be read: it goes on with the new one, and
 * gives the store what that learns, which it does not while the store still knows more. Any number
 * of times. */
void judge_take_no_monitor(struct judge *judge);

/* The wall clock was set back, by more than a minute: what the monitor has seen lies ahead of it.
 * It wants another one, made as above; until then, or until the wall clock is there again, it
 * judges no minute. Said once for each time. */
bool judge_wants_replay(struct judge *judge);

/* 0: no query is slow. Any number of times. */
void judge_set_slow_query(struct judge *judge, uint64_t limit_ns);

/* Borrows the item. */
void judge_item(struct judge *judge, uint64_t now_ns, const struct intake_item *item);

/* Call about every 100 ms. wall_ns: what the wall clock showed at now_ns, as exactly as that can be
 * told; a difference of WALL_CLOCK_SETTING_NS says that it was set. */
void judge_tick(struct judge *judge, uint64_t now_ns, uint64_t wall_ns);

void judge_answer(struct judge *judge, uint64_t now_ns, uint32_t id, struct slice json);

/* Its name; each route or fingerprint that it affects is a line of its own behind that. */
void judge_deploy(struct judge *judge, uint64_t now_ns, struct slice text);

/* By hand. 0, -ENOENT: there is no such incident; -EALREADY: it is in that state. */
MUST_CHECK int judge_ack(struct judge *judge, uint64_t now_ns, uint32_t incident);
MUST_CHECK int judge_close(struct judge *judge, uint64_t now_ns, uint32_t incident);
/* The same, said because it was meant to be so. After either one that was not over by itself, the
 * monitor begins to learn its route, or whatever it was about, from where it is now. */
MUST_CHECK int judge_expect(struct judge *judge, uint64_t now_ns, uint32_t incident);
/* Printable text of at most ANNOTATION_LEN_MAX bytes. 0, -ENOENT, -EINVAL, or -ENOSPC: there are
 * ANNOTATIONS_MAX of it. */
MUST_CHECK int judge_annotate(struct judge *judge, uint64_t now_ns, uint32_t incident,
                              struct slice text);
/* What has this subject (model/mute.h) is recorded and not announced for so long; 0 seconds: it is
 * again. 0, -ENOENT, -EINVAL, or -ENOSPC: MUTES_MAX are muted. */
MUST_CHECK int judge_mute(struct judge *judge, uint64_t now_ns, struct slice subject,
                          uint32_t seconds);

/* Appends JSON text. 0 or -E2BIG. */
MUST_CHECK int judge_document(struct judge *judge, uint64_t now_ns, enum judge_document which,
                              struct buf *ret_json);

/* The windows of 1 s or 10 s that are over and kept (series/fine.h), and the deploys between them,
 * as slowburn-windows(5) has them, oldest first; since_s: those that begin then or later, by the
 * wall clock. Whole windows until there are JUDGE_WINDOWS_BYTES; doc/api.md has the object. Appends
 * JSON text; takes about 15 ms. 0, -EINVAL: no such length; -E2BIG. */
MUST_CHECK int judge_windows(struct judge *judge, uint64_t now_ns, uint32_t length_s,
                             uint64_t since_s, struct buf *ret_json);

/* The traces that are kept, newest first, without their statements; route: of this one only, ""
 * of all. Appends JSON text. 0 or -E2BIG. */
MUST_CHECK int judge_traces(struct judge *judge, struct slice route, struct buf *ret_json);

/* One of the kept traces with its statements; trace_id: 32 hexadecimal digits. Appends JSON text.
 * 0, -ENOENT or -E2BIG. */
MUST_CHECK int judge_trace(struct judge *judge, struct slice trace_id, struct buf *ret_json);

/* Gives the store everything that has changed since it was last given; judge_tick does so every
 * 10 s on its own. */
void judge_flush(struct judge *judge, uint64_t now_ns);

/* The same before the end, and what the monitor otherwise gives in pieces over an hour. */
void judge_end(struct judge *judge, uint64_t now_ns);

#endif
