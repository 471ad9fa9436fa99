/* SPDX-License-Identifier: Apache-2.0
 * advisor/advisor.h - the process that asks the database: plans, statistics, hypothetical indexes,
 * locks and waits.
 *
 * Speaks bus/channel.h: HELLO at the start; CONFIGURE {dsns: [DSN | {database, dsn}], per_minute,
 * log_level}, any number of times; ASK -> ANSWER as model/question.h has them; DRAIN or a closed
 * channel ends it. One question at a time; at most ADVISOR_QUEUE_MAX wait, what comes beyond is
 * answered "busy". Runs its loop on a thread with a large stack, because a hostile statement nests
 * deep. A login that fails is tried again after 1, 2, 4 ... 60 s, never in between. */
#ifndef ADVISOR_ADVISOR_H
#define ADVISOR_ADVISOR_H

#define ADVISOR_QUEUE_MAX  64
#define ADVISOR_LOGINS_MAX 16

/* Takes the connected socket. Returns the process's exit code. */
int advisor_main(int channel_fd);

#endif
