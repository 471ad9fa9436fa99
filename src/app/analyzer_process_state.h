/* SPDX-License-Identifier: Apache-2.0
 * app/analyzer_process_state.h - what the analyzer process's own files share: its state, and the
 * ways between its threads. For analyzer_process*.c alone.
 *
 *   analyzer_process.c         its beginning, its main thread and the channel, its end
 *   analyzer_process_judge.c   what the judge wants done: to the store, the advisor, the log, ...
 *   analyzer_process_serve.c   what users want: documents, commands, questions
 *   analyzer_process_facts.c   what it says of itself on the status page */
#ifndef APP_ANALYZER_PROCESS_STATE_H
#define APP_ANALYZER_PROCESS_STATE_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>

#include "analysis/analyzer.h"
#include "app/lookup.h"
#include "app/push.h"
#include "bus/channel.h"
#include "export/jsonlog.h"
#include "serve/board.h"
#include "serve/serve.h"
#include "store/store.h"

#define ANALYZER_PROCESS_PUSH_TICKET UINT64_MAX /* the serve thread counts from 1 */

struct analyzer_process {
    const char *data;
    struct channel *channel; /* never changes; `alone` says that nobody is at its other end */
    _Atomic bool alone;
    bool ends;
    int exit_code;
    int signal_fd;
    int lock_fd;
    struct store *store;
    struct board *board;
    struct analyzer *analyzer;
    struct lookup *lookup;
    struct objectives objectives; /* borrowed by the judge */
    struct jsonlog *requests;     /* NULL: there is no request log */
    struct push *push;            /* NULL: nothing is sent out */
    pthread_mutex_t lock;         /* over serve: its thread runs before serve_new has returned */
    struct serve *serve;
};

/* On the channel, from any thread. 0 or -errno: -EPIPE where there is no supervisor. */
int analyzer_process_send(struct analyzer_process *p, unsigned type, unsigned to, uint32_t id,
                          struct slice text);

/* What the judge's thread calls; p->requests and p->push are made. */
struct analyzer_out analyzer_process_out(struct analyzer_process *p);

/* The answer to a command or a question, from the judge's or the lookup thread. Takes the text,
 * unless nobody serves any more. */
void analyzer_process_answer(struct analyzer_process *p, uint64_t ticket, int result,
                             struct serve_text **text);
/* The serve and lookup threads, with the admin API on DATA's socket and on tcp_fd (taken; < 0:
 * none). */
MUST_CHECK int analyzer_process_start_serve(struct analyzer_process *p, int tcp_fd,
                                            struct diag *diag);

/* ctx: the process. A member of the status document. */
void analyzer_process_fact(void *ctx, const char *name, json_t *value);
/* All of its own. */
void analyzer_process_tell_facts(struct analyzer_process *p);

#endif
