/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus/subscribe.h"

#define STEPS_MAX   65536u
#define INTAKE_MAX  8192u
#define INTAKE_SIZE (32u * 1024 * 1024)
#define POLL_STEP   256u

struct step {
    uint64_t at_ns;
    uint64_t order;
    union event ev;
    uint64_t values[4];
    char path[64];
};

struct wire {
    struct wire_out out;
    struct publisher *publisher;
    struct subscriber *subscriber;
    struct intake *intake;
    struct ingest *ingest;
    struct step *steps;
    size_t step_count;
    uint64_t order;
    uint64_t now_ns;
};

struct wire *
wire_new(size_t ring_bytes, const struct wire_out *out)
{
    struct wire *w = check_alloc(1, sizeof(*w));
    struct ring_producer *ring = NULL;
    struct diag diag = {0};
    w->out = *out;
    int err = publisher_new(0, &w->publisher);
    assert(err == 0);
    err = subscriber_new(&w->subscriber);
    assert(err == 0);
    err = ring_producer_new(ring_bytes, 1, &ring);
    assert(err == 0);
    int fds[2] = {dup(ring_producer_data_fd(ring)), dup(ring_producer_cursor_fd(ring))};
    err = subscriber_attach(w->subscriber, 0, fds, 2, &diag);
    assert(err == 0);
    publisher_attach(w->publisher, &ring);
    err = intake_new(INTAKE_MAX, INTAKE_SIZE, &w->intake);
    assert(err == 0);
    w->ingest = ingest_new(w->intake);
    w->steps = check_alloc(STEPS_MAX, sizeof(*w->steps));
    return w;
}

void
wire_free(struct wire **wire)
{
    struct wire *w = *wire;
    if (w == NULL) {
        return;
    }
    ingest_free(&w->ingest);
    intake_free(&w->intake);
    publisher_free(&w->publisher);
    subscriber_free(&w->subscriber);
    free(w->steps);
    free(w);
    *wire = NULL;
}

static struct step *
add(struct wire *w, uint64_t at_ns, unsigned type)
{
    assert(w->step_count < STEPS_MAX);
    struct step *s = &w->steps[w->step_count++];
    *s = (struct step){.at_ns = at_ns, .order = w->order++};
    s->ev.head.type = (uint16_t)type;
    return s;
}

static void
add_query(struct wire *w, const struct trace_query *q)
{
    struct step *s = add(w, q->end_ns, EV_QUERY);
    struct event_query *ev = &s->ev.as_event_query;
    ev->session = q->session;
    ev->session_seq = q->session_seq;
    ev->fingerprint = q->fingerprint;
    ev->values_hash = q->values_hash;
    ev->result_hash = q->result_hash;
    ev->start_ns = q->start_ns;
    ev->end_ns = q->end_ns;
    ev->rows = q->rows;
    ev->flags = q->flags;
    ev->kind = q->kind;
    ev->tx_state = 'I';
    ev->value_count = (uint16_t)MIN(q->value_count, ARRAY_LEN(s->values));
    memcpy(ev->sqlstate, q->sqlstate, sizeof(ev->sqlstate));
    memcpy(s->values, q->values, ev->value_count * sizeof(s->values[0]));
}

void
wire_trace(struct wire *w, const struct trace *t, uint8_t method, const char *path,
           const uint64_t *values, unsigned value_count)
{
    if (t->query_count > 0) {
        struct event_session_open *open =
            &add(w, t->queries[0].start_ns, EV_SESSION_OPEN)->ev.as_event_session_open;
        open->session = t->queries[0].session;
        open->start_ns = t->queries[0].start_ns;
        open->protocol = PROTOCOL_POSTGRES;
    }
    for (uint32_t i = 0; i < t->query_count; i++) {
        add_query(w, &t->queries[i]);
    }
    struct step *s = add(w, t->end_ns, EV_REQUEST);
    struct event_request *r = &s->ev.as_event_request;
    r->request = t->request;
    r->session = t->request;
    r->start_ns = t->start_ns;
    r->end_ns = t->end_ns;
    r->status = t->status;
    r->method = method;
    r->value_count = (uint16_t)MIN(value_count, ARRAY_LEN(s->values));
    memcpy(s->values, values, r->value_count * sizeof(values[0]));
    r->path_len = (uint16_t)snprintf(s->path, sizeof(s->path), "%s", path);
    if (t->query_count > 0) {
        struct event_session_close *end =
            &add(w, t->end_ns + 100000, EV_SESSION_CLOSE)->ev.as_event_session_close;
        end->session = t->queries[0].session;
        end->end_ns = t->end_ns + 100000;
        end->queries = t->query_count;
    }
}

static int
step_compare(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static void
publish(struct wire *w, struct step *s)
{
    if (s->ev.head.type == EV_QUERY) {
        struct event_query *q = &s->ev.as_event_query;
        q->database = publisher_name(w->publisher, s->at_ns, NAME_DATABASE, SLICE_LIT("shop"));
        if (publisher_wants_statement(w->publisher, q->fingerprint, q->database)) {
            struct slice text = w->out.text_of(w->out.ctx, q->fingerprint);
            union event ev;
            memset(&ev, 0, sizeof(ev));
            ev.head.type = EV_STATEMENT;
            ev.as_event_statement.fingerprint = q->fingerprint;
            ev.as_event_statement.database = q->database;
            ev.as_event_statement.kind = q->kind;
            ev.as_event_statement.text_len = (uint32_t)text.len;
            publisher_send(w->publisher, s->at_ns, &ev, &text, 1);
        }
        struct slice tails[1] = {slice_of(s->values, q->value_count * sizeof(s->values[0]))};
        publisher_send(w->publisher, s->at_ns, &s->ev, tails, 1);
    } else if (s->ev.head.type == EV_REQUEST) {
        struct event_request *r = &s->ev.as_event_request;
        struct slice tails[2] = {slice_of(s->values, r->value_count * sizeof(s->values[0])),
                                 slice_from_str(s->path)};
        publisher_send(w->publisher, s->at_ns, &s->ev, tails, 2);
    } else {
        publisher_send(w->publisher, s->at_ns, &s->ev, NULL, 0);
    }
}

static void
on_event(void *ctx, const union event *ev, struct slice tail)
{
    struct wire *w = ctx;
    ingest_event(w->ingest, w->now_ns, ev, tail);
}

static void
take_all(struct wire *w)
{
    struct intake_item *item;
    while ((item = intake_take(w->intake)) != NULL) {
        w->out.item(w->out.ctx, item);
        intake_item_free(&item);
    }
}

void
wire_play(struct wire *w, uint64_t now_ns, bool is_stalled)
{
    w->now_ns = now_ns;
    qsort(w->steps, w->step_count, sizeof(*w->steps), step_compare);
    size_t due = 0;
    while (due < w->step_count && w->steps[due].at_ns <= now_ns) {
        publish(w, &w->steps[due++]);
    }
    memmove(w->steps, w->steps + due, (w->step_count - due) * sizeof(*w->steps));
    w->step_count -= due;
    publisher_flush(w->publisher, now_ns);
    if (is_stalled) {
        return;
    }
    while (subscriber_poll(w->subscriber, POLL_STEP, on_event, w) > 0) {
        ingest_tick(w->ingest, now_ns);
        take_all(w);
    }
    ingest_tick(w->ingest, now_ns);
    take_all(w);
}

struct publisher_totals
wire_published(const struct wire *w)
{
    return publisher_totals(w->publisher);
}

struct ingest_totals
wire_ingested(const struct wire *w)
{
    return ingest_totals(w->ingest);
}
