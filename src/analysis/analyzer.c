/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/analyzer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "analysis/ingest/ingest.h"
#include "analysis/ingest/status.h"
#include "analysis/mailbox.h"
#include "analysis/pace.h"
#include "analysis/status_facts.h"
#include "base/buf.h"
#include "base/clock.h"
#include "bus/subscribe.h"
#include "io/now.h"

#define ANALYZER_MAGIC 0x414e4c59u
#define POLL_RECORDS   4096u
#define POLL_NS        (10 * NS_PER_MS)
#define INGEST_TICK_NS (20 * NS_PER_MS)
#define JUDGE_ITEMS    4096u
#define JUDGE_WAIT_NS  (20 * NS_PER_MS)
#define JUDGE_TICK_NS  (100 * NS_PER_MS)

struct analyzer {
    unsigned magic;
    struct analyzer_out out;
    struct intake *intake;
    struct judge *judge;        /* judge thread */
    struct relearn *relearn;    /* NULL: there is no history */
    struct ingest *ingest;      /* ingest thread */
    pthread_mutex_t rings_lock; /* held through a poll; taken to attach */
    struct subscriber *subscriber;
    pthread_t ingest_thread, judge_thread;
    bool is_started;
    /* Written by analyzer_free; read by the ingest thread. */
    _Atomic bool stop;
    /* Written by the ingest thread after its last item; read by the judge thread. */
    _Atomic bool ingest_done;
    /* Written by anybody; read by the judge thread. */
    _Atomic uint64_t slow_query_ns;

    struct mailbox mail; /* to the judge thread */
    struct status_facts facts;

    pthread_mutex_t totals_lock;        /* both below */
    struct ingest_totals ingest_totals; /* refreshed by the ingest thread */
    struct subscriber_totals subscriber_totals;

    /* judge thread */
    struct status status;
    struct pace documents[ANALYZER_DOCUMENT_COUNT];
    struct buf text;
    uint32_t next_question;
};

static void
sleep_ns(uint64_t ns)
{
    struct timespec t = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
    nanosleep(&t, NULL);
}

/* ---- what the judge wants done ---- */

static uint32_t
judge_asks(void *ctx, const char *question)
{
    struct analyzer *a = ctx;
    uint32_t id = ++a->next_question;
    if (id == 0) {
        id = ++a->next_question;
    }
    return a->out.ask(a->out.ctx, id, slice_from_str(question)) == 0 ? id : 0;
}

static void
judge_lenses(void *ctx, uint64_t fingerprint, unsigned count, unsigned rows, uint64_t until_ns)
{
    struct analyzer *a = ctx;
    a->out.lens(a->out.ctx, fingerprint, count, rows, until_ns);
}

static void
judge_stores(void *ctx, const struct stored *record)
{
    struct analyzer *a = ctx;
    a->out.store(a->out.ctx, record);
}

static void
judge_logs(void *ctx, const char *event, const char *text)
{
    struct analyzer *a = ctx;
    a->out.log(a->out.ctx, event, text);
}

static void
judge_changed(void *ctx)
{
    struct analyzer *a = ctx;
    a->documents[ANALYZER_INCIDENTS].is_due = true;
}

static void
judge_saw_slow(void *ctx, const struct judge_slow *query)
{
    struct analyzer *a = ctx;
    if (a->out.slow != NULL) {
        a->out.slow(a->out.ctx, query);
    }
}

static void
judge_saw_request(void *ctx, struct slice json)
{
    struct analyzer *a = ctx;
    a->out.request(a->out.ctx, json);
}

static void
judge_kept_trace(void *ctx, uint64_t start_wall_ns, struct slice json)
{
    struct analyzer *a = ctx;
    a->out.trace(a->out.ctx, start_wall_ns, json);
}

int
analyzer_new(const struct analyzer_config *config, const struct analyzer_out *out,
             struct analyzer **ret_analyzer)
{
    struct analyzer *a = check_alloc(1, sizeof(*a));
    a->magic = ANALYZER_MAGIC;
    a->out = *out;
    a->slow_query_ns = config->slow_query_ns;
    pthread_mutex_init(&a->totals_lock, NULL);
    pthread_mutex_init(&a->rings_lock, NULL);
    mailbox_init(&a->mail);
    status_facts_init(&a->facts);
    buf_init(&a->text, JUDGE_DOCUMENT_MAX);
    for (unsigned i = 0; i < ANALYZER_DOCUMENT_COUNT; i++) {
        a->documents[i].is_due = true;
    }
    int r = intake_new(ANALYZER_INTAKE_MAX, ANALYZER_INTAKE_BYTES, &a->intake);
    if (r == 0) {
        r = subscriber_new(&a->subscriber);
    }
    if (r == 0) {
        struct judge_config jc = {.cores = config->cores,
                                  .utc_offset_s = config->utc_offset_s,
                                  .objectives = config->objectives,
                                  .request_detail = config->request_detail};
        struct judge_out jo = {a,
                               judge_asks,
                               judge_lenses,
                               judge_stores,
                               judge_logs,
                               judge_changed,
                               judge_saw_slow,
                               out->request == NULL ? NULL : judge_saw_request,
                               out->trace == NULL ? NULL : judge_kept_trace};
        uint64_t now_ns = now_monotonic_ns();
        r = judge_new(&jc, &jo, now_ns, now_wall_at_ns(now_ns), &a->judge);
    }
    if (r != 0) {
        analyzer_free(&a);
        return r;
    }
    a->ingest = ingest_new(a->intake);
    ingest_set_alone(a->ingest, config->link_alone);
    *ret_analyzer = a;
    return 0;
}

int
analyzer_restore(struct analyzer *a, const struct stored *record)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    assert(!a->is_started);
    return judge_restore(a->judge, record);
}

/* ---- ingest thread ---- */

struct ingest_turn {
    struct analyzer *a;
    uint64_t now_ns;
};

static void
on_event(void *ctx, const union event *ev, struct slice tail)
{
    struct ingest_turn *turn = ctx;
    ingest_event(turn->a->ingest, turn->now_ns, ev, tail);
}

static size_t
poll_rings(struct analyzer *a, uint64_t now_ns)
{
    struct ingest_turn turn = {a, now_ns};
    pthread_mutex_lock(&a->rings_lock);
    size_t got = subscriber_poll(a->subscriber, POLL_RECORDS, on_event, &turn);
    struct subscriber_totals totals = subscriber_totals(a->subscriber);
    pthread_mutex_unlock(&a->rings_lock);
    pthread_mutex_lock(&a->totals_lock);
    uint64_t before = a->subscriber_totals.attached;
    a->subscriber_totals = totals;
    pthread_mutex_unlock(&a->totals_lock);
    if (totals.attached != before) {
        ingest_attached(a->ingest, now_ns, totals.epoch);
    }
    return got;
}

static void
publish_totals(struct analyzer *a)
{
    struct ingest_totals totals = ingest_totals(a->ingest);
    pthread_mutex_lock(&a->totals_lock);
    a->ingest_totals = totals;
    pthread_mutex_unlock(&a->totals_lock);
}

static void *
run_ingest(void *arg)
{
    struct analyzer *a = arg;
    uint64_t next_tick = 0, next_totals = 0;
    while (!atomic_load_explicit(&a->stop, memory_order_acquire)) {
        uint64_t now = now_monotonic_ns();
        size_t got = poll_rings(a, now);
        if (now >= next_tick) {
            ingest_tick(a->ingest, now);
            next_tick = now + INGEST_TICK_NS;
        }
        if (now >= next_totals) {
            publish_totals(a);
            next_totals = now + NS_PER_S / 4;
        }
        if (got < POLL_RECORDS) {
            sleep_ns(POLL_NS);
        }
    }
    uint64_t now = now_monotonic_ns();
    for (int turns = 0; turns < 10000 && poll_rings(a, now) > 0; turns++) {
    }
    ingest_flush(a->ingest, now);
    publish_totals(a);
    atomic_store_explicit(&a->ingest_done, true, memory_order_release);
    return NULL;
}

/* ---- judge thread ---- */

static void
do_command(struct analyzer *a, const struct letter *m, uint64_t now_ns)
{
    struct slice text = slice_of(m->text, m->len);
    bool asks = m->command == ANALYZER_TRACES || m->command == ANALYZER_TRACE ||
                m->command == ANALYZER_METRICS || m->command == ANALYZER_MUTES ||
                m->command == ANALYZER_WINDOWS;
    int result = 0;
    uint64_t since_s = 0;
    buf_reset(&a->text);
    switch ((enum analyzer_command)m->command) {
    case ANALYZER_DEPLOY:
        judge_deploy(a->judge, now_ns, text);
        break;
    case ANALYZER_ACK:
        result = judge_ack(a->judge, now_ns, m->id);
        break;
    case ANALYZER_CLOSE:
        result = judge_close(a->judge, now_ns, m->id);
        break;
    case ANALYZER_EXPECT:
        result = judge_expect(a->judge, now_ns, m->id);
        break;
    case ANALYZER_ANNOTATE:
        result = judge_annotate(a->judge, now_ns, m->id, text);
        break;
    case ANALYZER_MUTE:
        result = judge_mute(a->judge, now_ns, text, m->id);
        break;
    case ANALYZER_MUTES:
        result = judge_document(a->judge, now_ns, JUDGE_MUTES, &a->text);
        break;
    case ANALYZER_TRACES:
        result = judge_traces(a->judge, text, &a->text);
        break;
    case ANALYZER_METRICS:
        result = judge_document(a->judge, now_ns, JUDGE_METRICS, &a->text);
        break;
    case ANALYZER_TRACE:
        result = judge_trace(a->judge, text, &a->text);
        break;
    case ANALYZER_WINDOWS:
        result = slice_to_u64(text, &since_s);
        result = result == 0 ? judge_windows(a->judge, now_ns, m->id, since_s, &a->text) : -EINVAL;
        break;
    }
    if (!asks) {
        a->documents[ANALYZER_INCIDENTS].is_due = true;
        a->documents[ANALYZER_INCIDENTS].made_ns = 0;
    }
    bool has_text = asks && result == 0;
    a->out.command_done(a->out.ctx, m->ticket, result,
                        has_text ? buf_slice(&a->text) : (struct slice){0});
}

static void
open_mail(struct analyzer *a, uint64_t now_ns)
{
    struct letter m;
    while (mailbox_take(&a->mail, &m)) {
        if (m.kind == LETTER_ANSWER) {
            judge_answer(a->judge, now_ns, m.id, slice_of(m.text, m.len));
        } else {
            do_command(a, &m, now_ns);
        }
        free(m.text);
    }
}

static size_t
judge_items(struct analyzer *a, uint64_t now_ns)
{
    size_t count = 0;
    for (; count < JUDGE_ITEMS; count++) {
        struct intake_item *item = intake_take(a->intake);
        if (item == NULL) {
            break;
        }
        status_saw(&a->status, item);
        judge_item(a->judge, now_ns, item);
        intake_item_free(&item);
    }
    if (count > 0) {
        a->documents[ANALYZER_QUERIES].is_due = true;
        a->documents[ANALYZER_REQUESTS].is_due = true;
    }
    return count;
}

static int
write_status(struct analyzer *a, uint64_t now_ns, struct buf *b)
{
    AUTO_BUF struct buf judge;
    buf_init(&judge, JUDGE_DOCUMENT_MAX);
    int r = judge_document(a->judge, now_ns, JUDGE_STATUS, &judge);
    struct ingest_totals ingest;
    struct subscriber_totals rings;
    pthread_mutex_lock(&a->totals_lock);
    ingest = a->ingest_totals;
    rings = a->subscriber_totals;
    pthread_mutex_unlock(&a->totals_lock);
    (void)buf_append_str(b, "{");
    status_write(&a->status, &ingest, &rings, intake_count(a->intake), b);
    if (r == 0 && judge.len > 0) {
        (void)buf_append_str(b, ",\"judge\":");
        (void)buf_append(b, buf_slice(&judge));
    }
    status_facts_write(&a->facts, b);
    (void)buf_append_str(b, "}");
    return buf_overflowed(b) ? -E2BIG : 0;
}

static int
write_document(struct analyzer *a, enum analyzer_document which, uint64_t now_ns)
{
    static const enum judge_document judges[] = {
        [ANALYZER_INCIDENTS] = JUDGE_INCIDENTS,
        [ANALYZER_QUERIES] = JUDGE_QUERIES,
        [ANALYZER_REQUESTS] = JUDGE_REQUESTS,
    };
    buf_reset(&a->text);
    if (which == ANALYZER_STATUS) {
        return write_status(a, now_ns, &a->text);
    }
    return judge_document(a->judge, now_ns, judges[which], &a->text);
}

static void
publish_documents(struct analyzer *a, uint64_t now_ns)
{
    for (unsigned i = 0; i < ANALYZER_DOCUMENT_COUNT; i++) {
        struct pace *d = &a->documents[i];
        bool is_table = i == ANALYZER_QUERIES || i == ANALYZER_REQUESTS;
        bool is_due = d->is_due || i == ANALYZER_STATUS;
        if (!is_due || !pace_may_make(d, is_table, now_ns)) {
            continue;
        }
        uint64_t began = now_monotonic_ns();
        d->is_due = false;
        if (write_document(a, (enum analyzer_document)i, now_ns) == 0) {
            a->out.document(a->out.ctx, (enum analyzer_document)i, buf_slice(&a->text));
        }
        pace_made(d, now_ns, now_monotonic_ns() - began);
    }
}

/* Beside the traffic, from what the store keeps. 0 or -errno. */
static int
learn_again(struct analyzer *a)
{
    if (a->out.history == NULL) {
        return 0;
    }
    struct replay *replay = judge_replay(a->judge);
    relearn_free(&a->relearn);
    return relearn_new(&replay, (int64_t)now_wall_s(), a->out.history, a->out.ctx, &a->relearn);
}

static void
take_relearned(struct analyzer *a)
{
    bool is_over = relearn_is_over(a->relearn); /* asked first: it may end meanwhile */
    struct monitor *m = relearn_take(a->relearn);
    if (m != NULL) {
        judge_take_monitor(a->judge, &m);
    } else if (is_over) {
        judge_take_no_monitor(a->judge);
    }
}

static void *
run_judge(void *arg)
{
    struct analyzer *a = arg;
    uint64_t next_tick = 0;
    for (;;) {
        bool last = atomic_load_explicit(&a->ingest_done, memory_order_acquire);
        uint64_t now = now_monotonic_ns();
        judge_set_slow_query(a->judge, atomic_load(&a->slow_query_ns));
        size_t got = judge_items(a, now);
        take_relearned(a);
        open_mail(a, now);
        if (now >= next_tick) {
            judge_tick(a->judge, now, now_wall_at_ns(now));
            next_tick = now + JUDGE_TICK_NS;
        }
        if (judge_wants_replay(a->judge)) {
            (void)!learn_again(a); /* if that fails, the judge waits */
        }
        publish_documents(a, now);
        if (got == 0 && last) {
            break;
        }
        if (got < JUDGE_ITEMS && !last) {
            mailbox_wait(&a->mail, now_monotonic_ns() + JUDGE_WAIT_NS);
        }
    }
    judge_end(a->judge, now_monotonic_ns());
    return NULL;
}

/* ---- from outside ---- */

int
analyzer_start(struct analyzer *a)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    assert(!a->is_started);
    int r = learn_again(a);
    r = r < 0 ? -r : pthread_create(&a->judge_thread, NULL, run_judge, a);
    if (r != 0) {
        return -r;
    }
    r = pthread_create(&a->ingest_thread, NULL, run_ingest, a);
    if (r != 0) {
        atomic_store_explicit(&a->ingest_done, true, memory_order_release);
        pthread_join(a->judge_thread, NULL);
        return -r;
    }
    a->is_started = true;
    return 0;
}

int
analyzer_attach(struct analyzer *a, unsigned source, const int *fds, unsigned fd_count,
                struct diag *diag)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    /* Mapping a few rings is quick; the ingest thread is between two polls meanwhile. */
    pthread_mutex_lock(&a->rings_lock);
    int r = subscriber_attach(a->subscriber, source, fds, fd_count, diag);
    pthread_mutex_unlock(&a->rings_lock);
    return r;
}

void
analyzer_retire(struct analyzer *a, unsigned source)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    pthread_mutex_lock(&a->rings_lock);
    subscriber_retire(a->subscriber, source);
    pthread_mutex_unlock(&a->rings_lock);
}

int
analyzer_answer(struct analyzer *a, uint32_t id, struct slice json)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    return mailbox_put(&a->mail, &(struct letter){.kind = LETTER_ANSWER, .id = id}, json);
}

int
analyzer_command(struct analyzer *a, enum analyzer_command kind, uint64_t ticket, uint32_t number,
                 struct slice text)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    struct letter m = {.kind = LETTER_COMMAND, .command = kind, .ticket = ticket, .id = number};
    return mailbox_put(&a->mail, &m, text);
}

void
analyzer_read(struct analyzer *a, enum analyzer_document which)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    pace_read(&a->documents[which], now_monotonic_ns());
}

void
analyzer_set_slow_query(struct analyzer *a, uint64_t limit_ns)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    atomic_store(&a->slow_query_ns, limit_ns);
}

int
analyzer_fact(struct analyzer *a, const char *name, struct slice json)
{
    OBJ_CHECK(a, ANALYZER_MAGIC);
    return status_facts_put(&a->facts, name, json);
}

void
analyzer_free(struct analyzer **analyzer)
{
    struct analyzer *a = *analyzer;
    if (a == NULL) {
        return;
    }
    OBJ_CHECK(a, ANALYZER_MAGIC);
    if (a->is_started) {
        atomic_store_explicit(&a->stop, true, memory_order_release);
        pthread_join(a->ingest_thread, NULL);
        pthread_join(a->judge_thread, NULL);
    }
    mailbox_fini(&a->mail);
    status_facts_fini(&a->facts);
    relearn_free(&a->relearn);
    ingest_free(&a->ingest);
    judge_free(&a->judge);
    subscriber_free(&a->subscriber);
    intake_free(&a->intake);
    status_fini(&a->status);
    buf_fini(&a->text);
    pthread_mutex_destroy(&a->totals_lock);
    pthread_mutex_destroy(&a->rings_lock);
    a->magic = 0;
    free(a);
    *analyzer = NULL;
}
