/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lookup.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "analysis/series/statement.h"
#include "base/clock.h"
#include "io/log.h"
#include "io/now.h"
#include "store/history.h"

#define KEPT_NS (5 * NS_PER_S)
#define DIGITS  6 /* of a figure: more than anybody sees, and half of the bytes */

struct kept {
    struct serve_question question; /* without its ticket */
    uint64_t until_ns;
    int result;
    struct serve_text *text;
};

struct lookup {
    char *data_dir;
    lookup_answered *answered;
    void *ctx;
    pthread_t thread;
    struct history *history;           /* the thread's */
    struct kept kept[LOOKUP_KEPT_MAX]; /* the thread's */
    unsigned next_kept;                /* the oldest, to be replaced */

    pthread_mutex_t lock; /* of what is below */
    pthread_cond_t wake;
    bool stop;
    unsigned first, count;
    struct serve_question waiting[LOOKUP_WAITING_MAX];
};

/* ---- one answer ---- */

/* What analysis calls it on the incident page. */
static void
put_short(json_t *row)
{
    const char *text = json_string_value(json_object_get(row, "statement"));
    char label[STATEMENT_LABEL_LEN];
    if (text != NULL) {
        statement_label(slice_from_str(text), label);
        json_object_set_new(row, "short", json_string(label));
    }
}

static void
put_shorts(json_t *document)
{
    size_t i;
    json_t *row;
    put_short(document);
    json_array_foreach(json_object_get(document, "statements"), i, row)
    {
        put_short(row);
    }
}

static int
open_store(struct lookup *l)
{
    struct diag diag = {0};
    int r = l->history == NULL ? history_open(l->data_dir, &diag, &l->history) : 0;
    if (r < 0) {
        char text[1100];
        log_warn("analysis", "lookup_failed", "the store cannot be read for the console",
                 LOG_STR("reason", diag_format(&diag, text, sizeof(text))));
    }
    return r;
}

static int
look(struct lookup *l, const struct serve_question *q, struct serve_text **ret_text)
{
    const struct history_range range = {q->from_s, q->to_s, now_wall_ns() / NS_PER_S};
    json_t *document = NULL;
    int r = open_store(l);
    if (r < 0) {
        return r;
    }
    switch (q->kind) {
    case SERVE_OVERVIEW:
        r = history_overview(l->history, &range, &document);
        break;
    case SERVE_ROUTE:
        r = history_route(l->history, q->name, &range, &document);
        break;
    case SERVE_QUERY:
        r = history_query(l->history, q->fingerprint, &range, &document);
        break;
    case SERVE_PLANS:
        r = history_plans(l->history, q->fingerprint, &document);
        break;
    }
    if (r < 0) {
        return r;
    }
    put_shorts(document);
    char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    json_decref(document);
    if (text == NULL) {
        return -ENOMEM;
    }
    *ret_text = serve_text_new(slice_from_str(text));
    free(text);
    return 0;
}

static bool
is_same(const struct serve_question *a, const struct serve_question *b)
{
    return a->kind == b->kind && a->from_s == b->from_s && a->to_s == b->to_s &&
           a->fingerprint == b->fingerprint && strcmp(a->name, b->name) == 0;
}

static struct kept *
find_kept(struct lookup *l, const struct serve_question *q, uint64_t now_ns)
{
    for (unsigned i = 0; i < LOOKUP_KEPT_MAX; i++) {
        struct kept *k = &l->kept[i];
        if (k->until_ns > now_ns && is_same(&k->question, q)) {
            return k;
        }
    }
    return NULL;
}

static void
answer(struct lookup *l, const struct serve_question *q)
{
    uint64_t now_ns = now_monotonic_ns();
    struct kept *k = find_kept(l, q, now_ns);
    if (k == NULL) {
        k = &l->kept[l->next_kept];
        l->next_kept = (l->next_kept + 1) % LOOKUP_KEPT_MAX;
        serve_text_free(&k->text);
        k->question = *q;
        k->result = look(l, q, &k->text);
        k->until_ns = now_monotonic_ns() + KEPT_NS;
    }
    struct serve_text *text = k->text == NULL ? NULL : serve_text_ref(k->text);
    l->answered(l->ctx, q->ticket, k->result, &text);
    serve_text_free(&text);
}

/* ---- the thread ---- */

static bool
next_question(struct lookup *l, struct serve_question *ret_question)
{
    pthread_mutex_lock(&l->lock);
    while (l->count == 0 && !l->stop) {
        pthread_cond_wait(&l->wake, &l->lock);
    }
    bool goes_on = !l->stop;
    if (goes_on) {
        *ret_question = l->waiting[l->first];
        l->first = (l->first + 1) % LOOKUP_WAITING_MAX;
        l->count--;
    }
    pthread_mutex_unlock(&l->lock);
    return goes_on;
}

static void *
run(void *arg)
{
    struct lookup *l = arg;
    struct serve_question q;
    while (next_question(l, &q)) {
        answer(l, &q);
    }
    return NULL;
}

int
lookup_new(const char *data_dir, lookup_answered *answered, void *ctx, struct lookup **ret_lookup)
{
    struct lookup *l = check_alloc(1, sizeof(*l));
    sigset_t all, before;
    l->data_dir = check_alloc(strlen(data_dir) + 1, 1);
    memcpy(l->data_dir, data_dir, strlen(data_dir));
    l->answered = answered;
    l->ctx = ctx;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&l->thread, NULL, run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err != 0) {
        free(l->data_dir);
        free(l);
        return -err;
    }
    *ret_lookup = l;
    return 0;
}

void
lookup_free(struct lookup **lookup_ptr)
{
    struct lookup *l = TAKE(*lookup_ptr);
    if (l == NULL) {
        return;
    }
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    for (; l->count > 0; l->count--) {
        struct serve_text *none = NULL;
        l->answered(l->ctx, l->waiting[l->first].ticket, -EAGAIN, &none);
        l->first = (l->first + 1) % LOOKUP_WAITING_MAX;
    }
    for (unsigned i = 0; i < LOOKUP_KEPT_MAX; i++) {
        serve_text_free(&l->kept[i].text);
    }
    history_free(&l->history);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l->data_dir);
    free(l);
}

int
lookup_ask(struct lookup *l, const struct serve_question *question)
{
    pthread_mutex_lock(&l->lock);
    bool full = l->count == LOOKUP_WAITING_MAX;
    if (!full) {
        l->waiting[(l->first + l->count) % LOOKUP_WAITING_MAX] = *question;
        l->count++;
        pthread_cond_signal(&l->wake);
    }
    pthread_mutex_unlock(&l->lock);
    return full ? -EAGAIN : 0;
}
