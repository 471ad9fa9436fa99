/* SPDX-License-Identifier: Apache-2.0
 * analysis/incident/incident.h - one burn from its opening to its end: what changed, why, what
 * helps, what was done about it.
 *
 *   open --a fix lands--> fixing --back to normal for a minute--> recovered --30 min--> closed
 *     \______________________________________________________________/^   (or by the user, or
 *                                                        merged into another one that is the same)
 *
 * While it is open the figures follow the last minute; once a fix has landed, "what changed" and
 * "what helps" stay as they were just before it, and receipt.h measures. Causes stay once found:
 * better evidence replaces weaker evidence, nothing removes a cause that a fix has made invisible.
 *
 * This is the record, its timeline, and what can be asked of it. Who fills it, in this order:
 *
 *   progress.h  latency, trend, load, victims, an example     every look, while it is not closed
 *    changes.h    before against now, in parts that add up    until a fix lands
 *   cause.h     why                                           as findings come
 *   actions.h   what each would remove                        until a fix lands
 *    account.h    how much of the change its causes explain    until a fix lands
 *    interval.h   how sure each of these figures is            until a fix lands
 *   receipt.h   which of them landed, and what that removed   from then on
 *   keep.h      as bytes, for the next analyzer
 *
 * Every *_error_ms is half of the 95 % interval around the figure before it (interval.h); NAN where
 * too few requests were seen to tell.
 *
 * Plain data with fixed limits; about 100 KB each. Owned by the judge. Times are monotonic. */
#ifndef ANALYSIS_INCIDENT_INCIDENT_H
#define ANALYSIS_INCIDENT_INCIDENT_H

#include "analysis/change/onset.h"
#include "analysis/change/shift.h"
#include "analysis/detect/detect.h"
#include "analysis/series/jackknife.h"
#include "model/mute.h"

#define INCIDENT_CAUSES_MAX   8u
#define INCIDENT_ACTIONS_MAX  10u
#define INCIDENT_CHANGES_MAX  16u
#define INCIDENT_VICTIMS_MAX  16u
#define INCIDENT_TIMELINE_MAX 64u
#define INCIDENT_RULED_MAX    8u
#define INCIDENT_TOGETHER_MAX 8u
#define INCIDENT_ANNOTATION   "annotation" /* kind of a person's line in the timeline */

enum incident_state { INCIDENT_OPEN, INCIDENT_FIXING, INCIDENT_RECOVERED, INCIDENT_CLOSED };

enum action_kind { ACTION_ROLL_BACK, ACTION_CREATE_INDEX, ACTION_EAGER_LOAD, ACTION_CACHE };
enum action_state { ACTION_PROPOSED, ACTION_LANDED, ACTION_MEASURED };

struct incident_change {
    char what[192];
    char kind[16];
    uint64_t fingerprint;
    double calls_before, calls_now;
    double per_call_before_ms, per_call_now_ms;
    double before_ms, now_ms, change_ms;
    double before_error_ms, now_error_ms, change_error_ms; /* errors: see struct incident */
};

struct incident_cause {
    struct finding finding;
    char route[256]; /* "" : the subject's */
    char label[96];
    double saving_ms, saving_error_ms;
};

struct incident_action {
    char id[4];
    enum action_kind kind;
    enum action_state state;
    uint64_t fingerprint; /* of its cause; 0: roll back */
    char text[320];
    char note[160];
    double saving_alone_ms, saving_alone_error_ms;
    double predicted_ms, predicted_error_ms; /* just before it landed */
    double measured_ms, measured_error_ms;
    double measured_n; /* requests after it that the figure rests on */
    /* Just before it landed: what it is measured from. */
    double before_ms;
    struct jackknife before_side;
    double reference_calls, reference_call_ms, reference_share; /* while the fault was there */
    uint64_t landed_ns;
};

struct incident_victim {
    char subject[256];
    double change_ms;
};

struct incident_ruled_out {
    char test[32];
    char figure[64];
};

struct incident_entry {
    uint64_t at_ns;
    char kind[16];
    char text[256];
};

struct incident_together {
    uint32_t mask; /* bits of action[] */
    double saving_ms, saving_error_ms;
    /* By so much it is more than the sum of what each saves alone, waiting included; mostly less.
     */
    double interaction_ms, interaction_error_ms;
};

/* What a deploy and what began then have in common. */
enum incident_overlap {
    OVERLAP_TIME,          /* no more than that */
    OVERLAP_AFFECTS,       /* the deploy names its subject, or a cause, as what it affects */
    OVERLAP_NEW_STATEMENT, /* a statement is new since */
    OVERLAP_ANSWERS,       /* answers look different since */
};

/* The monitor's part in it: one of its episodes opened the incident, or is the same thing. */
struct incident_episode {
    uint32_t id; /* the monitor's number; 0: none, or not found again after a restart */
    bool opened; /* by it; else it joined */
    bool over;
    bool learning;
    bool apart;           /* of failures that are no reason why others are slow */
    char lane[12];        /* "": none ever */
    char trend[16];       /* over an hour or two; "": not known */
    uint64_t subject_key; /* of the first episode that was of it, which is known again by that after
                             a restart */
    uint64_t fingerprint; /* it opened the incident of a statement that no route is known of; 0 */
    uint64_t onset_from_ns, onset_to_ns;
    double deploy_chance; /* that a deploy lies there by chance; < 0: not known */
};

struct incident {
    uint32_t id;
    enum incident_state state;
    char subject[512];
    struct watch *watch; /* borrowed; NULL until its route is seen again after a restart */
    uint64_t onset_ns, opened_ns, updated_ns, closed_ns, acknowledged_ns, recovered_ns;
    uint64_t onset_from_ns, onset_to_ns; /* it began between them */
    uint64_t calm_ns;                    /* since when it is back to normal; 0: it is not */
    uint64_t announced_ns;               /* 0: only recorded so far */
    uint32_t merged_into; /* the number of the one that it is part of; 0: it stands for itself */
    bool has_deploy;
    char deploy_name[128];
    uint64_t deploy_ns;
    bool deploy_marked;
    enum incident_overlap deploy_overlap;
    double deploy_chance; /* that one is that near by chance; < 0: not known */
    struct stats before;  /* of the subject */
    struct stats now;     /* while it burns; stays as it was before the first fix */
    struct stats after;   /* what it is from the first fix on */
    char trend[16];
    double route_per_min, all_per_min;
    double all_per_min_before; /* 0: not known */
    double load_before, load_now;
    double full_in_s; /* < 0: not foreseeable */
    double
        errors; /* requests that failed since its onset, of all routes; of the last hour at most */
    struct incident_change change[INCIDENT_CHANGES_MAX];
    unsigned change_count;
    double measured_before_ms, measured_now_ms, unexplained_ms;
    double measured_before_error_ms, measured_now_error_ms;
    double measured_change_error_ms, unexplained_error_ms;
    double explained; /* share of the change that its causes account for; NAN: no such question */
    struct incident_cause cause[INCIDENT_CAUSES_MAX];
    unsigned cause_count;
    struct incident_action action[INCIDENT_ACTIONS_MAX];
    unsigned action_count;
    struct incident_together together[INCIDENT_TOGETHER_MAX];
    unsigned together_count;
    double saving_together_ms, saving_together_error_ms;
    struct incident_victim victim[INCIDENT_VICTIMS_MAX];
    unsigned victim_count;
    struct incident_ruled_out ruled_out[INCIDENT_RULED_MAX];
    unsigned ruled_out_count;
    struct incident_entry timeline[INCIDENT_TIMELINE_MAX];
    unsigned timeline_count;
    uint8_t example_trace[16];
    bool first_error_noted;
    double opened_own_ms; /* its own change when it was opened */
    struct incident_episode episode;
    bool of_answers;          /* opened because they look different: nothing need be slower */
    bool answers_differ;      /* and they still do, of one route at least */
    bool is_whole;            /* everything is slower alike: its subject is only what loses most */
    char remark[256];         /* what is known where there is no cause; "": nothing to add */
    bool dirty;               /* the store has not seen its latest */
    unsigned stored_timeline; /* entries that the store has */
};

struct incident *incident_new(uint32_t id, const struct shift_route *route, uint64_t onset_ns,
                              uint64_t now_ns);
/* About something that no route is known of. */
struct incident *incident_new_bare(uint32_t id, const char *subject, uint64_t onset_ns,
                                   uint64_t now_ns);

/* It is known better when. */
void incident_began(struct incident *inc, struct onset onset);

/* Open or fixing. */
bool incident_is_active(const struct incident *inc);

/* The monitor's episode holds on, or answers still look different: it is not over, whatever the
 * last minute looks like. */
bool incident_is_held(const struct incident *inc);

/* About something that may be small and last for days, so that it stands in nobody else's way. */
bool incident_is_small(const struct incident *inc);

/* Another route turned out to be the one to blame: it becomes the subject, and what was said of the
 * old one is forgotten. */
void incident_move(struct incident *inc, const struct shift_route *route);

/* Room for ANNOTATIONS_MAX lines of people is left: others beyond that are not noted. */
void incident_note(struct incident *inc, uint64_t at_ns, const char *kind, const char *text);
/* A person's line. False: there are too many. */
bool incident_annotate(struct incident *inc, uint64_t at_ns, const char *text);

/* Nothing becomes slower because of what answers look like, or of failures that stand apart. */
bool incident_may_slow_others(const struct incident *inc);

/* The route is its subject or one of its victims. */
bool incident_concerns(const struct incident *inc, const char *route);

/* The statement is one of its causes, one of those that made its change, or at work on a table that
 * a cause is about. */
bool incident_explains(const struct incident *inc, const struct statement *s);

/* Some cause is about this statement. */
bool incident_blames(const struct incident *inc, uint64_t fingerprint);
bool incident_has(const struct incident *inc, enum finding_kind kind);
/* Some cause says more than that there is more, or slower, work. */
bool incident_has_reason(const struct incident *inc);
/* Such a one that is not of theirs: same kind, same statement. */
bool incident_has_reason_beside(const struct incident *inc, const struct finding *theirs,
                                unsigned count);
/* One of its causes is the same as this finding of another incident: the same statement; or the
 * same tables, and columns, where such a finding is about those. */
bool incident_has_same(const struct incident *inc, const struct finding *finding);
/* Nobody deployed anything, and it has no cause that somebody has to remove. */
bool incident_may_pass(const struct incident *inc);

/* A test that found nothing, and its figure; figure NULL: it holds no longer. */
void incident_rule_out(struct incident *inc, const char *test, const char *figure);

const char *incident_state_name(enum incident_state state);
const char *incident_overlap_name(enum incident_overlap overlap);
const char *incident_action_kind_name(enum action_kind kind);
const char *incident_action_state_name(enum action_state state);

#endif
