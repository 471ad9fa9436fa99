/* SPDX-License-Identifier: Apache-2.0
 * analysis/judge/state.h - what the judge's own files share: its state, and the steps that one of
 * them takes for another. For this folder alone; everyone else knows judge.h.
 *
 *   judge.c     its life, its clock, its documents
 *   hand.c      what a person says of an incident: seen, noted, over, meant to be so, muted
 *   tell.c      what is told of an incident, and when: mutes, and what passes by itself
 *   items.c     what comes in from ingest
 *   deploys.c   which deploy an incident may have begun with
 *   look.c      no incident is open: what is normal, and whether it still is
 *   follow.c    an incident is open: causes, receipts, the way back
 *   bare.c      no requests are known of the one that is open
 *   merge.c     two are open that turn out to be one
 *   survey.c    plans from before anything was wrong
 *   traces.c    the traces that are kept to look at
 *   monitor.c   what is normal at this time of the week: minutes to the monitor, and back
 *   objectives.c what the user promises: told when it is broken too fast
 *   normal.c    what a route's requests of now would normally cost
 *   home.c      the monitor's episodes: which incident each one is of
 *   episodes.c  ... which it joins, or else opens, and what it brings there
 *   shapes.c    answers that look different since a deploy: which incident tells of it
 *   windows.c   windows of 1 s and 10 s, to whoever asks
 *   keep.c      what goes to the store, and what comes back from it */
#ifndef ANALYSIS_JUDGE_STATE_H
#define ANALYSIS_JUDGE_STATE_H

#include "analysis/change/slump.h"
#include "analysis/incident/mute.h"
#include "analysis/judge/inquest.h"
#include "analysis/judge/judge.h"
#include "analysis/monitor/memory.h"
#include "analysis/report/metrics.h"
#include "analysis/series/fine.h"
#include "analysis/series/logins.h"
#include "analysis/series/repeating.h"
#include "analysis/series/series.h"
#include "analysis/series/setup.h"
#include "analysis/window/reading_maker.h"
#include "base/wall_clock.h"

#define JUDGE_MAGIC       0x6a756467u
#define JUDGE_DEPLOYS_MAX 32u
#define JUDGE_NAMES_MAX   1024u
#define JUDGE_ACTIVE_MAX  8u /* incidents that are open or fixing at a time */
#define JUDGE_OLD_TRACES  128u
#define JUDGE_FLIGHTS_MAX 64u                        /* workers */
#define JUDGE_COUNTED_MAX 4u                         /* databases */
#define JUDGE_UNNAMED     "unnamed (new statements)" /* a deploy that nobody marked */

struct judge_deploy_mark {
    char name[128];
    uint64_t at_ns;
    struct affects affects;
    char *names; /* owned: of these, one a line */
};

/* A worker's oldest query in flight. */
struct judge_flight {
    uint64_t fingerprint, start_ns, heard_ns;
};

struct judge_long_term {
    struct monitor *monitor;
    struct reading_maker maker;
    uint64_t minute;  /* underway, of the wall clock; 0: none yet */
    uint64_t reached; /* the minute that the monitor has come to, the last one that it was fed */
    bool wants_replay;
    struct judge_flight flight[JUDGE_FLIGHTS_MAX];
    struct replay_mark mark[REPLAY_MARKS_MAX]; /* what somebody said is to be expected */
    unsigned mark_count, marks_new; /* of which: that the last replay made knows nothing of */
    struct slice memory[MEMORY_PIECES_MAX]; /* owned; for the monitor that has learned again */
    unsigned memory_count;
    uint32_t database[JUDGE_COUNTED_MAX]; /* whose counters are asked for */
    unsigned database_count, asked;
    uint32_t welcomed; /* the last episode that was looked at */
    uint64_t refused;  /* episodes that found JUDGE_ACTIVE_MAX incidents open */
    bool is_relearned; /* from what the store keeps */
    bool may_keep;     /* that, or nothing of it will come */
    unsigned rule[OBJECTIVES_MAX * INDICATOR_COUNT]; /* of each objective, as last told */
};

struct judge {
    unsigned magic;
    struct judge_config config;
    struct judge_out out;
    uint64_t now_ns;
    struct wall_clock clock;
    uint64_t slow_query_ns; /* 0: none is */
    struct map names;       /* id -> char *, of databases and users */
    struct map routes;      /* ingest's index + 1 -> watch */
    struct watch *watch[JUDGE_ROUTES_MAX];
    unsigned watch_count;
    struct recent_budget budget;
    struct sampler_budget samples;
    struct statement_table statements;
    struct sameness sameness;
    struct stampedes stampedes;
    struct load load;
    struct setup setup;
    struct logins logins;
    struct series_table series;
    struct metrics metrics;
    struct fine fine;
    struct advice *advice;
    struct proof *proof;
    struct judge_deploy_mark deploy[JUDGE_DEPLOYS_MAX];
    unsigned deploy_count;                          /* ever; the ring holds the last ones */
    struct incident *incident[JUDGE_INCIDENTS_MAX]; /* oldest first */
    unsigned incident_count;
    struct slump slump;
    struct mutes mutes;
    struct judge_long_term long_term;
    json_t *archive;    /* documents of incidents that came back without their state */
    json_t *old_traces; /* documents of incidents' traces from before a restart */
    uint32_t next_id;
    uint64_t evaluated_ns, flushed_ns, rows_asked_ns;
    uint64_t surveyed_ns; /* when the last statement was taken */
    uint64_t told_second; /* of which told_count traces were told to out.trace */
    uint64_t told_count;
    uint64_t traces_untold; /* beyond JUDGE_TOLD_PER_S */
    uint64_t traces, unlinked, routes_refused, evaluations;
};

/* judge.c. A database's or user's name, or "". */
const char *judge_name(const struct judge *judge, uint32_t id);
const char *judge_name_of(void *ctx, uint32_t id); /* the same; ctx: the judge */
uint64_t judge_wall(const struct judge *judge, uint64_t at_ns);
uint64_t judge_mono(const struct judge *judge, int64_t wall_s); /* of seconds; the way back */
/* The incidents that are open or fixing, oldest first. */
unsigned judge_active(const struct judge *judge, struct incident *ret_list[JUDGE_ACTIVE_MAX]);
struct inquest judge_inquest(struct judge *judge);
/* Of the database's machine; 0: it is another one than slowburn's, as far as is known. */
unsigned judge_cores(const struct judge *judge);

/* tell.c. judge_announce: where it is due, and was not yet. Quiet: not announced, or muted.
 * judge_tell_of: unless it is quiet. */
void judge_tell(const struct judge *judge, const char *event, const char *text);
void judge_tell_of(const struct judge *judge, const struct incident *inc, const char *event,
                   const char *text);
void judge_announce(struct judge *judge, struct incident *inc);
bool judge_is_quiet(const struct judge *judge, const struct incident *inc);
/* Wall clock; 0: it is not. */
uint64_t judge_muted_until(const struct judge *judge, const struct incident *inc);
json_t *judge_incident_json(const struct judge *judge, const struct incident *inc);
json_t *judge_archived_json(const struct judge *judge, const json_t *doc);
json_t *judge_mutes_json(const struct judge *judge);
void judge_mutes_changed(struct judge *judge); /* kept and shown */
void judge_expire_mutes(struct judge *judge);
bool judge_restore_mutes(struct judge *judge, const struct stored_state *in); /* false: not its */

/* items.c. judge_watch_of makes what is not there yet; NULL when there are too many. */
struct watch *judge_watch_of(struct judge *judge, struct slice text, enum route_basis basis,
                             uint8_t method);
void judge_add_name(struct judge *judge, const struct intake_name *name);

/* To the series, and to its seconds. */
void judge_count(struct judge *judge, struct series *s, const struct series_sums *sums);

/* deploys.c. judge_tie_deploy: the nearest one that may have brought it about, afresh; none, where
 * one would be so near by chance. novelty_ns: since then its route has a statement that is new; 0:
 * it has not. judge_tie_causes: its causes are other ones; a deploy that names one may be nearer.
 */
void judge_tie_deploy(struct judge *judge, struct incident *inc, const struct shift *shift,
                      const struct shift_route *route, uint64_t novelty_ns);
void judge_tie_causes(struct judge *judge, struct incident *inc);
/* As the monitor has told it; or, where that names none and a statement is new on the route, which
 * may be NULL, by when that came. */
void judge_tie_episode(struct judge *judge, struct incident *inc, const struct episode *e,
                       const struct watch *w);
/* That one is as near to its onset by chance; below 0: not known. */
double judge_deploy_chance(const struct judge *judge, const struct incident *inc, uint64_t at_ns);
/* It does not name others alone: the route, or a statement of it. */
bool judge_may_affect(const struct judge_deploy_mark *deploy, const struct watch *w);

/* look.c: opens an incident where one is due; takes afresh what is normal. */
void judge_look_for_burns(struct judge *judge);
/* Since when who is not suspected may be slow because of what is open. */
void judge_note_trouble(struct judge *judge);
/* The incident's subject was a victim: this route is to blame. */
void judge_move_incident(struct judge *judge, struct incident *inc, const struct shift *shift,
                         const struct shift_route *route);
void judge_learn_bases(struct judge *judge);
/* For one more incident. */
void judge_make_place(struct judge *judge);

/* follow.c. judge_reopen: what has passed by itself within the last half hour and is back
 * goes on as the same incident. NULL: there is no such. */
void judge_follow(struct judge *judge, struct incident *inc);
/* bare.c: once a minute, of one that has no requests. */
void judge_follow_bare(struct judge *judge, struct incident *inc);
/* merge.c */
void judge_merge(struct judge *judge);
/* The number of the incident that the route's last merged one is part of; 0: none was. And whether
 * that is open. */
uint32_t judge_merged_into(const struct judge *judge, const struct watch *watch);
bool judge_is_merged(const struct judge *judge, const struct watch *watch);
bool judge_may_reopen(const struct incident *inc);
void judge_open_again(struct judge *judge, struct incident *inc, const char *text);
struct incident *judge_reopen(struct judge *judge, const struct shift *shift,
                              const struct shift_route *route);
void judge_end_burn(struct judge *judge, struct incident *inc, enum incident_state state,
                    const char *kind, const char *text);

/* survey.c: one step, once a second. */
void judge_survey(struct judge *judge);

/* monitor.c. judge_monitor_turn: the wall clock's minute may be over. */
void judge_monitor_init(struct judge *judge);
void judge_monitor_fini(struct judge *judge);
void judge_monitor_turn(struct judge *judge);
void judge_monitor_in_flight(struct judge *judge, const struct event_in_flight *f);
/* What it has learned goes to the store, all of it at once. */
void judge_monitor_keep(struct judge *judge);
/* As it is now is normal from here on. */
void judge_monitor_expect(struct judge *judge, const struct incident *inc);
/* 0, -ENOENT: not the monitor's, -EBADMSG. */
MUST_CHECK int judge_monitor_restore(struct judge *judge, const struct stored_state *in);
json_t *judge_monitor_json(const struct judge *judge);

/* logins.c. judge_logins_of: what is known of who was refused lately, where the episode's track is
 * of logins; else "". Returns dst. */
void judge_login(struct judge *judge, const struct event_session_open *open);
void judge_login_refused(struct judge *judge, uint64_t at_ns, const struct event_login_refused *r);
const char *judge_logins_of(const struct judge *judge, const struct track *t, char dst[96]);

/* apportion.c. judge_apportion: to the statements of a minute that is over, before anything of the
 * next one is added. judge_ask_counters: one step, once a second. */
void judge_apportion(struct judge *judge, uint64_t minute);
void judge_ask_counters(struct judge *judge);

/* normal.c: from here on a route is compared with what the monitor knows of it, if that is enough.
 */
void judge_take_normal(struct judge *judge, struct watch *w);

/* episodes.c. judge_episodes_turn: the monitor has taken a step; judge_episodes_again: it is
 * another one, that has learned from what was stored. */
void judge_episodes_turn(struct judge *judge);
void judge_episodes_again(struct judge *judge);
/* A new incident about the route, with the longest view of what is normal for it. Not yet told. */
struct incident *judge_incident_on(struct judge *judge, struct watch *w, uint64_t onset_ns);

/* objectives.c: the same two. */
void judge_objectives_turn(struct judge *judge);
void judge_objectives_again(struct judge *judge);
json_t *judge_objectives_json(const struct judge *judge);

/* shapes.c. judge_shape: of one answer. judge_restore_shapes: 0, -EBADMSG or -ENOENT (not its). */
void judge_shape(struct watch *w, const struct trace *t);
void judge_shapes_deploy(struct judge *judge, const struct judge_deploy_mark *deploy);
void judge_shapes_turn(struct judge *judge);
void judge_keep_shapes(struct judge *judge);
MUST_CHECK int judge_restore_shapes(struct judge *judge, const struct stored_state *in);

/* traces.c */
void judge_tell_request(const struct judge *judge, const struct watch *w, const struct trace *t);
/* Keeps it, if it is one of those to look at, and tells of it. */
void judge_sample(struct judge *judge, struct watch *w, const struct trace *t);
/* The incident's example, for as long as the store keeps it. */
void judge_store_example(struct judge *judge, const struct incident *inc);
/* 0 or -EBADMSG. */
MUST_CHECK int judge_restore_trace(struct judge *judge, const struct stored_trace *in);

/* keep.c. judge_publish: told, stored and shown at once, not at the next flush. */
void judge_give(const struct judge *judge, const struct stored *record);
void judge_keep_window(void *ctx, const struct series *s);
/* The one underway; its sketch is put where `sketch` is. */
struct stored_window judge_window_of(const struct judge *judge, const struct series *s,
                                     uint8_t sketch[SKETCH_SAVED_MAX]);
void judge_keep_statement(struct judge *judge, struct statement *s);
void judge_publish(struct judge *judge, struct incident *inc);
/* As advice_on_plan wants it; ctx is the judge. */
void judge_keep_plan(void *ctx, uint64_t fingerprint, const json_t *answer);

#endif
