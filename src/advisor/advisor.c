/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/advisor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advisor/answer.h"
#include "base/clock.h"
#include "bus/channel.h"
#include "io/log.h"
#include "io/now.h"
#include "model/question.h"

#define STACK_BYTES        (256u * 1024 * 1024) /* reserved, not used */
#define PER_MINUTE_DEFAULT 120
#define STATUS_EVERY_NS    (5 * NS_PER_S)

struct waiting {
    uint32_t id;
    uint8_t from;
    char *text;
    size_t len;
};

struct advisor {
    struct channel *channel;
    struct login logins[ADVISOR_LOGINS_MAX];
    unsigned login_count;
    struct explain_budget budget;
    double per_minute;
    uint64_t budget_at_ns;
    uint64_t sample_at_ns;
    uint64_t status_at_ns;
    uint64_t statements_before; /* of logins that are gone */
    uint64_t questions, refused;
    struct waiting queue[ADVISOR_QUEUE_MAX];
    unsigned queue_len;
    bool draining;
};

static void
refill(struct advisor *a, uint64_t now_ns)
{
    double minutes = (double)(now_ns - a->budget_at_ns) / (60.0 * 1e9);
    a->budget.tokens = MIN(a->per_minute, a->budget.tokens + minutes * a->per_minute);
    a->budget_at_ns = now_ns;
}

/* --- Answers -------------------------------------------------------------------------------- */

static void
send_json(struct advisor *a, enum channel_type type, uint8_t to, uint32_t id, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    struct channel_message m = {.type = (uint16_t)type,
                                .from = PARTY_ADVISOR,
                                .to = to,
                                .id = id,
                                .payload = slice_from_str(text)};
    int err = -EAGAIN;
    /* The reader polls every few milliseconds; a second without it is not normal. */
    for (int i = 0; i < 100 && err == -EAGAIN; i++) {
        err = channel_send(a->channel, &m);
        if (err == -EAGAIN) {
            struct pollfd p = {channel_fd(a->channel), POLLOUT, 0};
            poll(&p, 1, 10);
        }
    }
    if (err != 0) {
        log_warn("advisor", "answer_lost", "an answer could not be sent", LOG_ERRNO(err));
    }
    free(text);
}

/* For the status page: what the advisor does to the databases. */
static void
tell_status(struct advisor *a, uint64_t now_ns)
{
    uint64_t statements = a->statements_before;
    unsigned connected = 0;
    for (unsigned i = 0; i < a->login_count; i++) {
        statements += a->logins[i].statements;
        connected += a->logins[i].conn != NULL;
    }
    a->status_at_ns = now_ns + STATUS_EVERY_NS;
    send_json(a, CHANNEL_STATUS, PARTY_ANALYZER, 0,
              json_pack("{s:{s:i, s:i, s:I, s:I, s:I, s:I}}", "advisor", "logins",
                        (int)a->login_count, "connected", (int)connected, "questions",
                        (json_int_t)a->questions, "unanswered", (json_int_t)a->refused, "explains",
                        (json_int_t)a->budget.taken, "statements", (json_int_t)statements));
}

static json_t *
refusal(const char *ask, const char *reason)
{
    return json_pack("{s:s, s:b, s:s}", "ask", ask, "ok", 0, "reason", reason);
}

static struct login *
login_of(struct advisor *a, const char *database)
{
    for (unsigned i = 0; i < a->login_count; i++) {
        if (strcmp(a->logins[i].database, database) == 0) {
            return &a->logins[i];
        }
    }
    return NULL;
}

static const struct {
    const char *ask;
    json_t *(*answer)(const struct asked *asked, const char **ret_reason);
    bool needs_login;
} answers[] = {
    {QUESTION_EXPLAIN, answer_explain, true}, {QUESTION_DESCRIBE, answer_describe, false},
    {QUESTION_TABLES, answer_tables, true},   {QUESTION_INDEXES, answer_indexes, true},
    {QUESTION_COLUMNS, answer_columns, true}, {QUESTION_WAITS, answer_waits, true},
};

static json_t *
answer(struct advisor *a, const json_t *question, uint64_t now_ns)
{
    const char *ask = json_string_value(json_object_get(question, "ask"));
    const char *database = json_string_value(json_object_get(question, "database"));
    if (ask == NULL) {
        return refusal("?", "a question without \"ask\"");
    }
    struct login *s = login_of(a, database == NULL ? "" : database);
    bool open = s != NULL && login_open(s, now_ns) == 0;
    struct asked asked = {question, open ? s : NULL, &a->budget, now_ns};
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        if (strcmp(ask, answers[i].ask) != 0) {
            continue;
        }
        if (answers[i].needs_login && !open) {
            return refusal(ask, s == NULL ? "no advisor login for this database" : s->reason);
        }
        const char *reason = "no answer";
        json_t *o = answers[i].answer(&asked, &reason);
        if (o == NULL) {
            return refusal(ask, reason);
        }
        json_object_set_new(o, "ask", json_string(ask));
        json_object_set_new(o, "ok", json_true());
        json_t *fingerprint = json_object_get(question, "fingerprint");
        if (fingerprint != NULL && json_object_get(o, "fingerprint") == NULL) {
            json_object_set(o, "fingerprint", fingerprint);
        }
        return o;
    }
    return refusal(ask, "an unknown question");
}

static void
answer_next(struct advisor *a)
{
    struct waiting w = a->queue[0];
    memmove(a->queue, a->queue + 1, --a->queue_len * sizeof(a->queue[0]));
    uint64_t now_ns = now_monotonic_ns();
    refill(a, now_ns);
    json_t *question = json_loadb(w.text, w.len, 0, NULL);
    json_t *o =
        question == NULL ? refusal("?", "the question is not JSON") : answer(a, question, now_ns);
    a->questions++;
    a->refused += !json_is_true(json_object_get(o, "ok"));
    send_json(a, CHANNEL_ANSWER, w.from == PARTY_NONE ? PARTY_ANALYZER : w.from, w.id, o);
    json_decref(question);
    free(w.text);
}

/* --- Messages ------------------------------------------------------------------------------- */

static void
add_login(struct advisor *a, const json_t *login, struct login *old, unsigned *old_count)
{
    const char *dsn = json_is_string(login) ? json_string_value(login)
                                            : json_string_value(json_object_get(login, "dsn"));
    const char *database = json_string_value(json_object_get(login, "database"));
    struct login s;
    if (dsn == NULL || a->login_count == ADVISOR_LOGINS_MAX || login_init(&s, database, dsn) != 0) {
        log_error("advisor", "dsn", "a DSN for the advisor cannot be read, ignoring it");
        return;
    }
    /* An unchanged login keeps its connection and its pause. */
    for (unsigned i = 0; i < *old_count; i++) {
        if (strcmp(old[i].dsn, s.dsn) == 0 && strcmp(old[i].database, s.database) == 0) {
            a->logins[a->login_count++] = old[i];
            old[i] = old[--*old_count];
            login_fini(&s);
            return;
        }
    }
    a->logins[a->login_count++] = s;
}

static void
configure(struct advisor *a, struct slice payload)
{
    json_t *o = json_loadb((const char *)payload.ptr, payload.len, 0, NULL);
    if (o == NULL) {
        log_error("advisor", "configure", "a configuration cannot be read, keeping the old one");
        return;
    }
    struct login old[ADVISOR_LOGINS_MAX];
    unsigned old_count = a->login_count;
    memcpy(old, a->logins, sizeof(old));
    a->login_count = 0;
    size_t i;
    json_t *login;
    json_array_foreach(json_object_get(o, "dsns"), i, login)
    {
        add_login(a, login, old, &old_count);
    }
    for (unsigned k = 0; k < old_count; k++) {
        a->statements_before += old[k].statements;
        login_fini(&old[k]);
    }
    json_int_t per_minute = json_integer_value(json_object_get(o, "per_minute"));
    if (per_minute > 0 && (double)per_minute != a->per_minute) {
        a->per_minute = (double)per_minute;
        a->budget.tokens = a->per_minute;
    }
    enum log_level level;
    const char *name = json_string_value(json_object_get(o, "log_level"));
    if (name != NULL && log_level_from_str(slice_from_str(name), &level) == 0) {
        log_set_level(level);
    }
    json_decref(o);
}

static void
enqueue(struct advisor *a, const struct channel_message *m)
{
    if (a->queue_len == ADVISOR_QUEUE_MAX) {
        send_json(a, CHANNEL_ANSWER, m->from, m->id, refusal("?", "the advisor is busy"));
        return;
    }
    struct waiting *w = &a->queue[a->queue_len++];
    w->id = m->id;
    w->from = m->from;
    w->len = m->payload.len;
    w->text = check_alloc(1, w->len + 1);
    memcpy(w->text, m->payload.ptr, w->len);
}

/* False: the channel is gone. */
static bool
receive_all(struct advisor *a)
{
    struct channel_message m;
    int got;
    while ((got = channel_receive(a->channel, &m)) == 1) {
        channel_message_close_fds(&m);
        if (m.type == CHANNEL_CONFIGURE) {
            configure(a, m.payload);
        } else if (m.type == CHANNEL_ASK) {
            enqueue(a, &m);
        } else if (m.type == CHANNEL_DRAIN) {
            a->draining = true;
        }
    }
    return got == 0;
}

static void
sample(struct advisor *a, uint64_t now_ns)
{
    for (unsigned i = 0; i < a->login_count; i++) {
        waits_sample(&a->logins[i], now_ns);
    }
    a->sample_at_ns = now_ns + NS_PER_S;
}

static void *
run(void *arg)
{
    struct advisor *a = arg;
    while (!a->draining && receive_all(a)) {
        uint64_t now_ns = now_monotonic_ns();
        if (now_ns >= a->sample_at_ns) {
            sample(a, now_ns);
        }
        if (now_ns >= a->status_at_ns) {
            tell_status(a, now_ns);
        }
        if (a->queue_len > 0) {
            answer_next(a);
            continue;
        }
        now_ns = now_monotonic_ns();
        uint64_t wait_ns = a->sample_at_ns > now_ns ? a->sample_at_ns - now_ns : 0;
        struct pollfd p = {channel_fd(a->channel), POLLIN, 0};
        poll(&p, 1, (int)(wait_ns / NS_PER_MS) + 1);
    }
    return NULL;
}

int
advisor_main(int channel_fd)
{
    struct advisor *a = check_alloc(1, sizeof(*a));
    pthread_attr_t attr;
    pthread_t thread;
    if (channel_new(channel_fd, &a->channel) != 0) {
        free(a);
        return 1;
    }
    a->per_minute = PER_MINUTE_DEFAULT;
    a->budget.tokens = a->per_minute;
    a->budget_at_ns = now_monotonic_ns();
    send_json(a, CHANNEL_HELLO, PARTY_SUPERVISOR, 0,
              json_pack("{s:i, s:s}", "pid", (int)getpid(), "version", SLOWBURN_VERSION));
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    int err = pthread_create(&thread, &attr, run, a);
    pthread_attr_destroy(&attr);
    if (err == 0) {
        pthread_join(thread, NULL);
    }
    for (unsigned i = 0; i < a->queue_len; i++) {
        free(a->queue[i].text);
    }
    for (unsigned i = 0; i < a->login_count; i++) {
        login_fini(&a->logins[i]);
    }
    channel_free(&a->channel);
    free(a);
    return err == 0 ? 0 : 1;
}
