/* SPDX-License-Identifier: Apache-2.0
 * analyze queries|requests COUNT: what the analyzer does for each query, in virtual time.
 *
 * Records of COUNT queries go through a real ring, the reader, ingest with its linker, the queue,
 * and the judge, in one thread and as the analyzer's own threads take turns. `queries`: a select by
 * key on each of 64 connections in turn, no HTTP. `requests`: ten queries in each request, on
 * pooled connections. 20,000 queries a second either way. What publishes is left out: the time
 * printed, in nanoseconds a query, and callgrind's --toggle-collect='analyze_take*' are of the
 * analyzer alone. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "analysis/ingest/ingest.h"
#include "analysis/judge/judge.h"
#include "base/clock.h"
#include "base/prng.h"
#include "bus/publish.h"
#include "bus/subscribe.h"

#define QUERY_EVERY_NS   (50 * NS_PER_US)
#define QUERY_TOOK_NS    (800 * NS_PER_US)
#define POLL_NS          (10 * NS_PER_MS)
#define TICK_NS          (20 * NS_PER_MS)
#define JUDGE_TICK_NS    (100 * NS_PER_MS)
#define RECORDS_MAX      4096u
#define INTAKE_MAX       32768u
#define INTAKE_BYTES     (64u * 1024 * 1024)
#define SESSIONS         64u
#define REQUEST_QUERIES  10u
#define REQUESTS_AT_ONCE 16u

struct plane {
    struct publisher *publisher;
    struct subscriber *subscriber;
    struct intake *intake;
    struct ingest *ingest;
    struct judge *judge;
    struct prng prng;
    uint64_t now_ns, tick_ns, judge_tick_ns, poll_ns;
    uint64_t took_ns;
    uint64_t published;
    uint32_t seq[SESSIONS];
};

static void
must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "analyze: %s\n", what);
        exit(1);
    }
}

static uint64_t
real_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* ---- what the judge wants: nobody is there ---- */

static uint32_t
no_ask(void *ctx, const char *question)
{
    return 0;
}

static void
no_lens(void *ctx, uint64_t fingerprint, unsigned count, unsigned rows, uint64_t until_ns)
{
}

static void
no_store(void *ctx, const struct stored *record)
{
}

static void
no_log(void *ctx, const char *event, const char *text)
{
}

static void
no_change(void *ctx)
{
}

/* ---- the analyzer's turn ---- */

static void
on_event(void *ctx, const union event *ev, struct slice tail)
{
    struct plane *p = ctx;
    ingest_event(p->ingest, p->now_ns, ev, tail);
}

__attribute__((noinline)) static void
analyze_take(struct plane *p)
{
    (void)subscriber_poll(p->subscriber, RECORDS_MAX, on_event, p);
    if (p->now_ns >= p->tick_ns) {
        ingest_tick(p->ingest, p->now_ns);
        p->tick_ns = p->now_ns + TICK_NS;
    }
    for (struct intake_item *item; (item = intake_take(p->intake)) != NULL;) {
        judge_item(p->judge, p->now_ns, item);
        intake_item_free(&item);
    }
    if (p->now_ns >= p->judge_tick_ns) {
        judge_tick(p->judge, p->now_ns, p->now_ns);
        p->judge_tick_ns = p->now_ns + JUDGE_TICK_NS;
    }
}

static void
pass_time(struct plane *p, uint64_t to_ns)
{
    while (to_ns >= p->poll_ns) {
        p->now_ns = p->poll_ns;
        uint64_t start_ns = real_ns();
        analyze_take(p);
        p->took_ns += real_ns() - start_ns;
        p->poll_ns += POLL_NS;
    }
    p->now_ns = to_ns;
}

/* ---- the traffic ---- */

static void
send(struct plane *p, unsigned type, union event *ev, struct slice tail)
{
    ev->head.type = (uint16_t)type;
    publisher_send(p->publisher, p->now_ns, ev, &tail, 1);
}

static void
announce(struct plane *p, uint64_t fingerprint)
{
    union event ev = {0};
    char text[160];
    int len = snprintf(text, sizeof(text), "SELECT abalance FROM pgbench_accounts_%u WHERE aid = ?",
                       (unsigned)fingerprint);
    ev.as_event_statement.fingerprint = fingerprint;
    ev.as_event_statement.kind = STATEMENT_SELECT;
    ev.as_event_statement.text_len = (uint32_t)len;
    send(p, EV_STATEMENT, &ev, slice_of(text, (size_t)len));
}

static void
open_sessions(struct plane *p)
{
    for (uint64_t i = 0; i < SESSIONS; i++) {
        union event ev = {0};
        ev.as_event_session_open.session = i + 1;
        ev.as_event_session_open.start_ns = p->now_ns;
        send(p, EV_SESSION_OPEN, &ev, SLICE_NONE);
    }
    for (uint64_t i = 1; i <= REQUEST_QUERIES; i++) {
        announce(p, i);
    }
}

static void
query(struct plane *p, unsigned session, uint64_t fingerprint, uint64_t value, uint64_t took_ns)
{
    union event ev = {0};
    struct event_query *q = &ev.as_event_query;
    q->session = session + 1;
    q->backend = session + 1001;
    q->fingerprint = fingerprint;
    q->values_hash = value;
    q->result_hash = prng_mix(value);
    q->end_ns = p->now_ns;
    q->start_ns = p->now_ns - took_ns;
    q->first_row_ns = q->end_ns;
    q->proxy_ns = 3000;
    q->rows = 1;
    q->bytes_in = 60;
    q->bytes_out = 90;
    q->session_seq = p->seq[session]++;
    q->database = 7;
    q->user = 8;
    q->flags = QUERY_RESULT_HASHED | QUERY_VALUES_HASHED;
    q->tx_state = 'I';
    q->kind = STATEMENT_SELECT;
    q->value_count = 1;
    send(p, EV_QUERY, &ev, slice_of(&value, sizeof(value)));
    p->published++;
}

static void
play_queries(struct plane *p, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        pass_time(p, p->now_ns + QUERY_EVERY_NS);
        query(p, i % SESSIONS, 1, prng_next(&p->prng) | 1, QUERY_TOOK_NS);
    }
}

struct open_request {
    uint64_t start_ns;
    uint64_t value;
    unsigned session;
    unsigned queries;
};

static void
end_request(struct plane *p, struct open_request *r)
{
    union event ev = {0};
    struct event_request *e = &ev.as_event_request;
    uint8_t tail[8 + 16];
    struct slice path = SLICE_LIT("/api/orders/{id}");
    e->request = p->published;
    e->start_ns = r->start_ns;
    e->end_ns = p->now_ns;
    e->first_byte_ns = p->now_ns;
    e->status = 200;
    e->method = 1;
    e->value_count = 1;
    e->path_len = (uint16_t)path.len;
    memcpy(e->trace_id, &p->published, sizeof(p->published));
    memcpy(tail, &r->value, 8);
    memcpy(tail + 8, path.ptr, path.len);
    send(p, EV_REQUEST, &ev, slice_of(tail, 8 + path.len));
    *r = (struct open_request){0};
}

/* Requests that overlap; each query carries the value of its own. */
static void
play_requests(struct plane *p, unsigned count)
{
    struct open_request open[REQUESTS_AT_ONCE] = {0};
    for (unsigned i = 0; i < count; i++) {
        struct open_request *r = &open[i % REQUESTS_AT_ONCE];
        pass_time(p, p->now_ns + QUERY_EVERY_NS);
        if (r->start_ns == 0) {
            *r = (struct open_request){.start_ns = p->now_ns - QUERY_EVERY_NS,
                                       .value = prng_next(&p->prng) | 1};
        }
        query(p, i % REQUESTS_AT_ONCE, ++r->queries, r->value, QUERY_EVERY_NS / 2);
        if (r->queries == REQUEST_QUERIES) {
            p->now_ns += NS_PER_US;
            end_request(p, r);
        }
    }
}

static void
open_plane(struct plane *p)
{
    struct ring_producer *ring = NULL;
    struct diag diag = {0};
    const struct judge_config config = {.cores = 2};
    const struct judge_out out = {p, no_ask, no_lens, no_store, no_log, no_change, NULL, NULL};
    *p = (struct plane){.prng = {1}, .now_ns = 100 * NS_PER_S};
    p->poll_ns = p->now_ns;
    must(publisher_new(0, &p->publisher) == 0, "no publisher");
    must(subscriber_new(&p->subscriber) == 0, "no subscriber");
    must(ring_producer_new(8u * 1024 * 1024, 1, &ring) == 0, "no ring");
    int fds[2] = {dup(ring_producer_data_fd(ring)), dup(ring_producer_cursor_fd(ring))};
    must(subscriber_attach(p->subscriber, 0, fds, 2, &diag) == 0, "not attached");
    publisher_attach(p->publisher, &ring);
    must(intake_new(INTAKE_MAX, INTAKE_BYTES, &p->intake) == 0, "no intake");
    p->ingest = ingest_new(p->intake);
    must(judge_new(&config, &out, p->now_ns, p->now_ns, &p->judge) == 0, "no judge");
}

static void
close_plane(struct plane *p)
{
    publisher_free(&p->publisher);
    ingest_free(&p->ingest);
    judge_free(&p->judge);
    intake_free(&p->intake);
    subscriber_free(&p->subscriber);
}

int
main(int argc, char **argv)
{
    static struct plane p;
    if (argc != 3 || (strcmp(argv[1], "queries") != 0 && strcmp(argv[1], "requests") != 0)) {
        fprintf(stderr, "usage: analyze queries|requests COUNT\n");
        return 2;
    }
    unsigned count = (unsigned)atoi(argv[2]);
    open_plane(&p);
    open_sessions(&p);
    if (strcmp(argv[1], "queries") == 0) {
        play_queries(&p, count);
    } else {
        play_requests(&p, count);
    }
    pass_time(&p, p.now_ns + 10 * NS_PER_S);
    struct ingest_totals totals = ingest_totals(p.ingest);
    must(totals.link.queries == count && totals.link.queries_out == count, "queries were lost");
    must(totals.shed == 0 && totals.dropped == 0, "traces were folded");
    printf("%.1f\n", count == 0 ? 0.0 : (double)p.took_ns / count);
    close_plane(&p);
    return 0;
}
