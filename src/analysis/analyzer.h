/* SPDX-License-Identifier: Apache-2.0
 * analysis/analyzer.h - the analyzer's two threads and the walls around them.
 *
 *      rings ──> [ingest] ──intake──> [judge] ──> out.store, out.ask, out.lens, out.document, ...
 *                   ^                    ^
 *      analyzer_attach      analyzer_answer, analyzer_command, analyzer_fact
 *
 * Ingest polls the rings every 10 ms and does no I/O: nobody needs to know earlier, and whoever
 * wakes up takes a processor from the proxy. The judge looks for items every 20 ms and ticks every
 * 100 ms. All functions below may be called from any thread once analyzer_start has returned; none
 * waits for more than a short lock, except analyzer_free. The functions of struct analyzer_out are
 * called on the judge thread: they must be quick (hand over, do not write) and must not call back.
 *
 * Documents: incidents when they have changed and status, at most once a second; queries and
 * requests once a second while there is traffic, or more rarely where making them takes long: each
 * has a twentieth of the judge's time at most while somebody reads it (analyzer_read), else a
 * two-hundredth. Whoever wants them keeps the latest text.
 *
 * Limits: MAILBOX_MAX waiting messages (mailbox.h), STATUS_FACTS_MAX facts (status_facts.h), the
 * intake's own (intake.h). */
#ifndef ANALYSIS_ANALYZER_H
#define ANALYSIS_ANALYZER_H

#include "analysis/judge/judge.h"
#include "analysis/monitor/relearn.h"
#include "base/diag.h"
#include "base/slice.h"
#include "model/stored.h"

#define ANALYZER_INTAKE_MAX   32768u
#define ANALYZER_INTAKE_BYTES (64u * 1024 * 1024)

enum analyzer_document {
    ANALYZER_INCIDENTS,
    ANALYZER_QUERIES,
    ANALYZER_REQUESTS,
    ANALYZER_STATUS,
    ANALYZER_DOCUMENT_COUNT,
};

enum analyzer_command {
    ANALYZER_ACK,
    ANALYZER_CLOSE,
    ANALYZER_EXPECT,
    ANALYZER_ANNOTATE, /* text: the annotation */
    ANALYZER_MUTE,     /* text: the subject (model/mute.h); number: seconds, 0: not any more */
    ANALYZER_DEPLOY,   /* text: its name, and what it affects (judge_deploy) */
    ANALYZER_TRACES,   /* asks for the list of kept traces */
    ANALYZER_TRACE,    /* asks for one of them; text: its id */
    ANALYZER_METRICS,  /* asks for the figures that exporters want */
    ANALYZER_MUTES,    /* asks for what is muted */
    ANALYZER_WINDOWS,  /* asks for windows of `number` seconds; text: since when, in digits */
};

/* What they get is borrowed for the length of the call. */
struct analyzer_out {
    void *ctx;
    /* A question for the advisor with its number (never 0); 0 or -errno when it cannot go out. */
    int (*ask)(void *ctx, uint32_t id, struct slice json);
    void (*lens)(void *ctx, uint64_t fingerprint, unsigned count, unsigned rows, uint64_t until_ns);
    void (*store)(void *ctx, const struct stored *record);
    void (*log)(void *ctx, const char *event, const char *text);
    void (*document)(void *ctx, enum analyzer_document which, struct slice json);
    /* result: 0 or -errno. json: what was asked for, or empty. */
    void (*command_done)(void *ctx, uint64_t ticket, int result, struct slice json);
    void (*slow)(void *ctx, const struct judge_slow *query); /* may be NULL */
    void (*request)(void *ctx, struct slice json);           /* may be NULL */
    /* What the store keeps, for the monitor; on a thread of its own, from analyzer_start on and
     * when the wall clock was set back, and may take its time. NULL: there is none. */
    relearn_history *history;
    void (*trace)(void *ctx, uint64_t start_wall_ns, struct slice json); /* may be NULL */
};

struct analyzer_config {
    unsigned cores;                      /* of this machine; 0: unknown */
    uint64_t slow_query_ns;              /* as analyzer_set_slow_query */
    bool link_alone;                     /* as linker_set_alone */
    enum report_detail request_detail;   /* of out.request */
    int utc_offset_s;                    /* as of struct judge_config */
    const struct objectives *objectives; /* the same */
};

struct analyzer;

/* No thread runs yet. 0 or -errno. */
MUST_CHECK int analyzer_new(const struct analyzer_config *config, const struct analyzer_out *out,
                            struct analyzer **ret_analyzer);

/* What the store kept: before analyzer_start. 0 or -EBADMSG (not ours; skipped). */
MUST_CHECK int analyzer_restore(struct analyzer *a, const struct stored *record);
MUST_CHECK int analyzer_start(struct analyzer *a);

/* The content of a RINGS message of the proxy with this number; takes the descriptors, also on
 * failure. */
MUST_CHECK int analyzer_attach(struct analyzer *a, unsigned source, const int *fds,
                               unsigned fd_count, struct diag *diag);
/* That proxy is gone: its rings are read out and let go. */
void analyzer_retire(struct analyzer *a, unsigned source);

/* 0 or -EAGAIN: too many wait. */
MUST_CHECK int analyzer_answer(struct analyzer *a, uint32_t id, struct slice json);
/* number: an incident's id, where the kind does not say otherwise. out.command_done follows,
 * exactly once, if the answer is 0. */
MUST_CHECK int analyzer_command(struct analyzer *a, enum analyzer_command kind, uint64_t ticket,
                                uint32_t number, struct slice text);

/* Somebody reads the document: it is kept fresh for a while. */
void analyzer_read(struct analyzer *a, enum analyzer_document which);

/* Queries that took at least so long are told to out.slow; 0: none. */
void analyzer_set_slow_query(struct analyzer *a, uint64_t limit_ns);

/* A member of the status document: valid JSON that replaces what was there under this name.
 * 0, -ENOSPC or -E2BIG. */
MUST_CHECK int analyzer_fact(struct analyzer *a, const char *name, struct slice json);

/* Reads the rings out, decides what is undecided, lets the judge flush to out.store, stops. */
void analyzer_free(struct analyzer **analyzer);

#endif
