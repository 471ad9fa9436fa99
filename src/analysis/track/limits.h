/* SPDX-License-Identifier: Apache-2.0
 * analysis/track/limits.h - the limits that decide, in one place, tuned together on the
 * simulator's calibration worlds (test/sim) and measured on held-out ones:
 * doc/internals/detection.md. */
#ifndef ANALYSIS_TRACK_LIMITS_H
#define ANALYSIS_TRACK_LIMITS_H

/* cusum.h's banks: of minutes, and of hours against what was a week ago. */
#define DRIFT_ALLOWANCES                                                                           \
    {                                                                                              \
        0.125f, 0.4f, 0.6f, 1.0f                                                                   \
    }
#define LIMITS_DRIFT                                                                               \
    {                                                                                              \
        150.0f, 75.0f, 100.0f, 60.0f                                                               \
    }
/* From there on a series is suspected: it is not learned from, and in one that is looked into
 * anyway that is growth. */
#define DRIFT_SUSPECTS                                                                             \
    {                                                                                              \
        75.0f, 21.0f, 12.0f, 20.0f                                                                 \
    }
/* rise.h: over an hour or two, and over several. */
#define LIMITS_RISE                                                                                \
    {                                                                                              \
        6.2f, 7.0f                                                                                 \
    }
/* A burst has begun since, and is more times its longer mean. */
#define RISE_WINDOWS 45u
#define RISE_TOP     2.5f
#define CREEP_ALLOWANCES                                                                           \
    {                                                                                              \
        0.125f, 0.25f, 0.5f, 1.0f                                                                  \
    }
#define LIMITS_CREEP                                                                               \
    {                                                                                              \
        75.0f, 48.0f, 24.0f, 13.0f                                                                 \
    }
/* Beyond noise.h's, for a residual that lasts: the last chart is for what is large. */
#define LASTING_CLIP                                                                               \
    {                                                                                              \
        2.0f, 2.0f, 1.0f, 6.0f                                                                     \
    }
#define LIMIT_SHIFT          94.0f /* exceed.h: 32 windows behind a deploy, whose caches are cold */
#define LIMIT_SHIFT_CLEAR    73.0f /* 25 where there was none */
#define LIMIT_SHIFT_Z        2.5f
#define LIMIT_SHIFT_SURE     5.0f /* standard deviations of a sum of as many windows */
#define LIMIT_SHAPE          90.0f
#define LIMIT_CALLS          60.0f
#define LIMIT_CALLS_SUSPECT  16.0f /* six stretches in a row, in an incident of something else */
#define LIMIT_LEARNING_TIMES 2.25f /* wider, until the noise is known from its own days */
#define LIMIT_LEARNING_DRIFT 3.0f  /* it is summed up as if it did not last for hours until then */

/* poisson.h's rates, 2, 3, 5: the first one takes long to come down behind a burst. */
#define LIMITS_ERRORS                                                                              \
    {                                                                                              \
        24.5f, 16.4f, 17.0f                                                                        \
    }

/* Above: frozen, and told as traffic. */
#define LIMIT_SURGE 0.5f

/* "Went away": what a chart says must still be there, and be worth telling. */
#define CONFIRM_WINDOWS    10u
#define CONFIRM_SHARE      0.5f
#define LEARN_BELOW        0.5f  /* of a limit of creep's: beyond, something is suspected */
#define CONFIRM_EFFECT_MIN 0.02f /* of the latency */
#define CONFIRM_DOUBT      2.5f /* that is three times as much where one day is all that is known */
#define CONFIRM_IMPACT_MIN 0.001f /* of all time spent, for a statement */

/* A window is closed with so many calls, or after so long. */
#define WINDOW_CALLS_MIN 20.0f
#define WINDOW_S_MAX     3600
#define WINDOW_S_MIN     60

/* Structure: calls per request. */
#define STRUCTURE_REQUESTS_MIN 30.0f
#define STRUCTURE_JUMP_MIN     0.5f /* calls a request */
#define STRUCTURE_RATIO_MIN    1.5f
#define STRUCTURE_SPREADS      8.0f
#define STRUCTURE_COST_SHARE   0.1f /* of the route's mean */
#define STRUCTURE_DEPLOY_S     (30 * 60)
#define STRUCTURE_DATED_S      (120 * 60) /* what was more before a jump may be its beginning */
#define STRUCTURE_HOLD         3u         /* stretches in a row, without a deploy */
#define STRUCTURE_HOLD_DEPLOY  2u /* behind one, of so few requests that chance may do it once */
#define STRUCTURE_SURE         100.0f /* requests in one that is enough behind a deploy */
#define PLAN_TIMES             3.0f   /* as dear, with another plan */
#define NEW_AFTER_S            3600   /* a route is settled */

/* What a call returns: so many times what is normal, so many spreads more, so many times the
 * most of an hour, and so much more at least; in 41 stretches in a row, or nearly: somebody may
 * fetch it all for half an hour. Nights and two Sundays have been seen by then: one job is often
 * twice the last one. */
#define AMOUNT_TIMES      2.0f
#define AMOUNT_SPREADS    4.0f
#define AMOUNT_PEAK_TIMES 2.0f
#define AMOUNT_JOB_TIMES  3.0f /* the same, when a job runs that is a week's only one */
#define AMOUNT_ROWS_MIN   10.0f
#define AMOUNT_BYTES_MIN  1024.0f
#define AMOUNT_READY_S    (15 * 86400)
#define LIMIT_AMOUNT      118.0f /* exceed.h */
/* Behind a deploy fewer are enough of what no stretch of the last days came near. */
#define AMOUNT_JUMP_TIMES          4.0f
#define AMOUNT_JUMP_TIMES_LEARNING 8.0f
#define AMOUNT_TOP_TIMES           2.0f
#define AMOUNT_HOLD                10u
/* It has crept, not jumped, when it was so much up in the hour before. */
#define AMOUNT_CREPT_TIMES 1.5f
#define AMOUNT_BACK_TIMES  1.5f /* of what is normal: below, it is over */

#define STALL_MS_MIN  20000.0f
#define STALL_TIMES   5.0f
#define STALL_WINDOWS 2u

#define ERRORS_MIN         15.0f
#define ERRORS_RARE_MORE   0.15f /* of a limit, where none is expected in a window */
#define ERRORS_SHARE_MIN   0.001f
#define ERRORS_WINDOWS_MIN 12u /* with more than expected; three bursts of three minutes have 9 */
#define ERRORS_BURST_MAX   5u  /* windows in a row; more are no burst */
/* An outage: after so many calls, so many errors of a class in a window, this share of its calls,
 * and so many times what is expected; in so many windows in a row. */
#define OUTAGE_CALLS   10.0f
#define OUTAGE_ERRORS  10.0f
#define OUTAGE_SHARE   0.15f /* bursts of errors reach a tenth */
#define OUTAGE_TIMES   10.0f
#define OUTAGE_WINDOWS 2u
/* Or a smaller share, for longer than any burst. */
#define OUTAGE_LEAST   0.01f
#define OUTAGE_LASTING 7u /* two bursts of three windows may follow one another */
/* On the first day what is expected may hold some of the outage itself: so many times as much are
 * enough, of what was seen before, and of so many errors at least. */
#define OUTAGE_TIMES_LEARNING  3.0f
#define OUTAGE_ERRORS_LEARNING 3.0f

/* What comes back (recur.h): two minutes in a row this much slower; or this many errors in one. */
#define BLIPS_EFFECT_MIN  0.25f
#define BLIPS_WINDOW_MAX  120 /* seconds */
#define BURSTS_ERRORS_MIN 5.0f
#define BURSTS_DAYS_SURE  3.3f /* five days, decayed: before that it is learning */
/* Errors of a class that hardly ever has one, beside what an episode is open for: so many on all
 * days that are kept, and so unlikely, in ln. */
#define BESIDE_USUAL_MAX 5.0f
#define BESIDE_UNLIKELY  16.0f
#define BESIDE_LATELY    0.5f /* errors of the last minutes, decayed by a fifth each */

/* The way back: quiet for so long, at less than this share of the shift. */
#define RECOVERY_S     (30 * 60)
#define RECOVERY_SHARE 0.3f

/* Common mode: so many series must be there, and this much slower at least. */
#define COMMON_MIN           8u
#define COMMON_EFFECT_MIN    0.12f
#define COMMON_LEARN_MAX     2.0f  /* beyond is a shock */
#define COMMON_FASTER_MAX    1.0f  /* all faster by more: what is expected is wrong for all */
#define COMMON_LATELY        30.0f /* windows */
#define COMMON_FASTER_LATELY 0.5f  /* in all of them */

/* Creep: what is normal must be so old, hours are cut, and less is what days stray by. */
#define CREEP_READY_S    (14 * 86400)
#define CREEP_CLIP       1.5f
#define CREEP_EFFECT_MIN 0.03f

#endif
