/* SPDX-License-Identifier: Apache-2.0 */
#include "export/webhook.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "export/delivery.h"
#include "export/retry.h"
#include "io/log.h"
#include "io/now.h"

/* What one receiver knows of one incident. */
struct knowledge {
    struct announced told;
    char thread[DELIVERY_THREAD_MAX];
    enum announce_change waits; /* the change that is due and was not sent yet */
    int64_t waits_since_s;
};

struct incident {
    uint32_t id; /* 0: none */
    struct announce_facts facts;
    char *json;
    struct knowledge of[WEBHOOKS_MAX];
};

struct receiver {
    struct webhooks *owner;
    unsigned index;
    struct webhook_totals totals;
    struct delivery *delivery;
    struct retry retry;
    uint64_t not_before_ns; /* after a failure */
    uint64_t credit_ns;     /* the rate: what may be spent is what lies between this and now */
    bool has_news;          /* what it knows is not stored yet */
    json_t *restored;       /* what it was told before the restart; by incidents' numbers */
    pthread_t thread;
};

struct webhooks {
    struct webhooks_out out;
    char instance[128];
    char console[512];
    struct receiver receiver[WEBHOOKS_MAX];
    unsigned count;
    bool is_started;
    pthread_mutex_t lock; /* all below, and the receivers' but for their deliveries */
    pthread_cond_t wake;
    bool ends;
    struct incident incident[WEBHOOKS_INCIDENTS_MAX];
};

struct webhooks *
webhooks_new(const struct webhooks_config *config, const struct webhooks_out *out)
{
    struct webhooks *w = check_alloc(1, sizeof(*w));
    w->out = *out;
    snprintf(w->instance, sizeof(w->instance), "%s", config->instance);
    snprintf(w->console, sizeof(w->console), "%s", config->console);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attr);
    pthread_condattr_destroy(&attr);
    return w;
}

int
webhooks_add(struct webhooks *w, const char *name, const struct webhook_settings *settings)
{
    assert(!w->is_started);
    if (w->count == WEBHOOKS_MAX) {
        return -ENOSPC;
    }
    struct receiver *r = &w->receiver[w->count];
    int err = delivery_new(name, settings, w->instance, w->console, &r->delivery);
    if (err < 0) {
        return err;
    }
    r->owner = w;
    r->index = w->count++;
    r->totals.kind = webhook_kind_of(settings);
    snprintf(r->totals.name, sizeof(r->totals.name), "%s", name);
    r->retry.prng.state = now_wall_ns() + r->index;
    return 0;
}

/* ---- what was told, as a blob: {"1": ["opened", 344.4, 1795864020, 1, "thread"]} ---- */

int
webhooks_restore(struct webhooks *w, const char *name, struct slice blob)
{
    json_t *o = json_loadb((const char *)blob.ptr, blob.len, 0, NULL);
    if (!json_is_object(o)) {
        json_decref(o);
        return -EBADMSG;
    }
    for (unsigned i = 0; i < w->count; i++) {
        if (strcmp(w->receiver[i].totals.name, name) == 0) {
            json_decref(w->receiver[i].restored);
            w->receiver[i].restored = json_incref(o);
        }
    }
    json_decref(o);
    return 0;
}

static bool
knowledge_back(const struct receiver *r, uint32_t id, struct knowledge *k)
{
    char key[16];
    const char *change = NULL, *thread = NULL;
    json_int_t at_s = 0, count = 0;
    snprintf(key, sizeof(key), "%" PRIu32, id);
    json_t *list = json_object_get(r->restored, key);
    if (list == NULL || json_unpack(list, "[s, F, I, I, s]", &change, &k->told.change_ms, &at_s,
                                    &count, &thread) != 0) {
        return false;
    }
    k->told.change = announce_change_of(change);
    k->told.at_s = (int64_t)at_s;
    k->told.count = (unsigned)count;
    snprintf(k->thread, sizeof(k->thread), "%s", thread);
    return true;
}

/* Under the lock. */
static char *
knowledge_text(const struct receiver *r)
{
    json_t *o = json_object();
    char key[16];
    for (unsigned i = 0; i < WEBHOOKS_INCIDENTS_MAX; i++) {
        const struct incident *inc = &r->owner->incident[i];
        const struct knowledge *k = &inc->of[r->index];
        if (inc->id != 0) {
            snprintf(key, sizeof(key), "%" PRIu32, inc->id);
            json_object_set_new(o, key,
                                json_pack("[s, f, I, I, s]", announce_change_name(k->told.change),
                                          k->told.change_ms, (json_int_t)k->told.at_s,
                                          (json_int_t)k->told.count, k->thread));
        }
    }
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text;
}

/* ---- the table ---- */

static struct incident *
find(struct webhooks *w, uint32_t id)
{
    for (unsigned i = 0; i < WEBHOOKS_INCIDENTS_MAX; i++) {
        if (w->incident[i].id == id) {
            return &w->incident[i];
        }
    }
    return NULL;
}

/* A change that is due and that the receiver knows. What it does not know counts as told. */
static enum announce_change
due(struct receiver *r, struct incident *inc, int64_t now_s, int64_t *ret_later_s)
{
    struct knowledge *k = &inc->of[r->index];
    if (announce_is_past(&inc->facts, &k->told, now_s)) {
        k->told.change = inc->facts.state;
        r->has_news = true;
    }
    enum announce_change change = announce_due(&inc->facts, &k->told, now_s, ret_later_s);
    if (change != ANNOUNCE_NOTHING && !message_is_for(r->totals.kind, change, k->told.change)) {
        k->told.change = change;
        change = ANNOUNCE_NOTHING;
    }
    return change;
}

/* Which one goes when there is no room: the oldest that is over, else the oldest. */
static struct incident *
make_room(struct webhooks *w)
{
    struct incident *oldest = &w->incident[0];
    for (unsigned i = 1; i < WEBHOOKS_INCIDENTS_MAX; i++) {
        struct incident *inc = &w->incident[i];
        bool is_over = announce_is_over(&inc->facts), was = announce_is_over(&oldest->facts);
        if (is_over != was ? is_over : inc->id < oldest->id) {
            oldest = inc;
        }
    }
    int64_t later_s;
    for (unsigned i = 0; i < w->count; i++) {
        w->receiver[i].totals.dropped +=
            due(&w->receiver[i], oldest, now_wall_s(), &later_s) != ANNOUNCE_NOTHING;
    }
    free(oldest->json);
    memset(oldest, 0, sizeof(*oldest));
    return oldest;
}

static struct incident *
begin(struct webhooks *w, uint32_t id, const struct announce_facts *facts)
{
    struct incident *inc = find(w, 0);
    inc = inc == NULL ? make_room(w) : inc;
    inc->id = id;
    for (unsigned i = 0; i < w->count; i++) {
        struct receiver *r = &w->receiver[i];
        if (!knowledge_back(r, id, &inc->of[i])) {
            inc->of[i].told.change = announce_is_over(facts) ? facts->state : ANNOUNCE_NOTHING;
            r->has_news = true; /* so that a death before the first message loses nothing */
        }
    }
    return inc;
}

void
webhooks_incident(struct webhooks *w, uint32_t id, struct slice json)
{
    struct announce_facts facts;
    json_t *doc = json_loadb((const char *)json.ptr, json.len, 0, NULL);
    int err = announce_facts_of(doc, &facts);
    json_decref(doc);
    if (err < 0 || id == 0) {
        return;
    }
    char *copy = check_alloc(1, json.len + 1);
    memcpy(copy, json.ptr, json.len);
    pthread_mutex_lock(&w->lock);
    struct incident *inc = find(w, id);
    if (inc == NULL) {
        inc = begin(w, id, &facts);
    }
    free(inc->json);
    inc->json = copy;
    inc->facts = facts;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

/* ---- a receiver's thread; under the lock but where it says otherwise ---- */

/* The oldest incident that has something to say. ret_wake_ns: when time alone may bring something.
 */
static struct incident *
next_due(struct receiver *r, enum announce_change *ret_change, uint64_t *ret_wake_ns)
{
    int64_t now_s = now_wall_s();
    uint64_t now_ns = now_monotonic_ns();
    struct incident *found = NULL;
    r->totals.queued = 0;
    for (unsigned i = 0; i < WEBHOOKS_INCIDENTS_MAX; i++) {
        struct incident *inc = &r->owner->incident[i];
        int64_t later_s = 0;
        enum announce_change change =
            inc->id == 0 ? ANNOUNCE_NOTHING : due(r, inc, now_s, &later_s);
        struct knowledge *k = &inc->of[r->index];
        if (later_s > 0) {
            uint64_t at_ns = now_ns + (uint64_t)MAX(later_s - now_s, 1) * NS_PER_S;
            *ret_wake_ns = MIN(*ret_wake_ns, at_ns);
        }
        if (change != k->waits) {
            r->totals.merged += k->waits != ANNOUNCE_NOTHING && change != ANNOUNCE_NOTHING;
            k->waits = change;
            k->waits_since_s = now_s;
        }
        if (change != ANNOUNCE_NOTHING) {
            r->totals.queued++;
            if (found == NULL || inc->id < found->id) {
                found = inc;
                *ret_change = change;
            }
        }
    }
    return found;
}

/* What could be sent now and may not, because of a failure or of the rate, may be at this time. */
static uint64_t
may_send_at(struct receiver *r)
{
    uint64_t now_ns = now_monotonic_ns();
    uint64_t full_ns = WEBHOOKS_BURST * WEBHOOKS_PACE_S * NS_PER_S;
    r->credit_ns = MAX(r->credit_ns, now_ns > full_ns ? now_ns - full_ns : 0);
    return MAX(r->not_before_ns, r->credit_ns + WEBHOOKS_PACE_S * NS_PER_S);
}

/* Whether it was sent or given up, this change is not told again. */
static void
settle(struct receiver *r, struct knowledge *k, enum announce_change change, double change_ms)
{
    k->told.change = change;
    k->told.change_ms = change_ms;
    k->told.at_s = now_wall_s();
    k->waits = ANNOUNCE_NOTHING;
    r->has_news = true;
}

/* The change that it was sent for may have been overtaken, and the incident let go, meanwhile. */
static void
take_result(struct receiver *r, uint32_t id, enum announce_change change, double change_ms,
            const struct delivery_result *result)
{
    struct incident *inc = find(r->owner, id);
    struct knowledge *k = inc == NULL ? NULL : &inc->of[r->index];
    r->totals.status = result->status;
    snprintf(r->totals.error, sizeof(r->totals.error), "%s", result->error);
    if (result->verdict == RETRY_DONE) {
        r->totals.sent++;
        retry_succeeded(&r->retry);
        if (k != NULL) {
            k->told.count++;
            if (k->thread[0] == '\0') {
                snprintf(k->thread, sizeof(k->thread), "%s", result->thread);
            }
            settle(r, k, change, change_ms);
        }
        return;
    }
    bool too_old = k != NULL && now_wall_s() > k->waits_since_s + WEBHOOKS_GIVE_UP_S;
    r->totals.failed++;
    r->not_before_ns = now_monotonic_ns() + retry_wait_ns(&r->retry, result->retry_after_ns);
    if (result->verdict == RETRY_NEVER || too_old) {
        r->totals.dropped++;
        if (k != NULL) {
            settle(r, k, change, change_ms);
        }
    }
}

static void
log_result(const struct receiver *r, uint32_t id, enum announce_change change,
           const struct delivery_result *result)
{
    const char *name = r->totals.name, *what = announce_change_name(change);
    if (result->verdict == RETRY_DONE) {
        log_info("export", "webhook_sent", "a receiver was told of an incident",
                 LOG_STR("webhook", name), LOG_U64("incident", id), LOG_STR("change", what));
    } else {
        bool again = result->verdict == RETRY_LATER;
        log_warn("export", again ? "webhook_failed" : "webhook_refused",
                 again ? "a receiver could not be told of an incident; it is tried again"
                       : "a receiver does not take a message about an incident",
                 LOG_STR("webhook", name), LOG_U64("incident", id), LOG_STR("change", what),
                 LOG_U64("status", result->status), LOG_STR("reason", result->error));
    }
}

/* Lets the lock go while it sends. false: it was cancelled. */
static bool
send_one(struct receiver *r, struct incident *inc, enum announce_change change)
{
    struct webhooks *w = r->owner;
    struct knowledge *k = &inc->of[r->index];
    struct delivery_result result = {0};
    uint32_t id = inc->id;
    double change_ms = inc->facts.change_ms;
    char thread[DELIVERY_THREAD_MAX];
    snprintf(thread, sizeof(thread), "%s", k->thread);
    struct message m = {.incident = json_loads(inc->json, 0, NULL),
                        .change = change,
                        .number = k->told.count + 1,
                        .thread = thread,
                        .now_s = now_wall_s()};
    r->credit_ns += WEBHOOKS_PACE_S * NS_PER_S;
    pthread_mutex_unlock(&w->lock);
    int err = delivery_send(r->delivery, &m, &result);
    json_decref((json_t *)(uintptr_t)m.incident);
    if (err == 0) {
        log_result(r, id, change, &result);
    }
    pthread_mutex_lock(&w->lock);
    if (err == 0) {
        take_result(r, id, change, change_ms, &result);
    }
    return err == 0;
}

/* Lets the lock go while it stores. */
static void
tell_store(struct receiver *r)
{
    struct webhooks *w = r->owner;
    char *text = knowledge_text(r);
    r->has_news = false;
    pthread_mutex_unlock(&w->lock);
    if (text != NULL) {
        w->out.told(w->out.ctx, r->totals.name, slice_from_str(text));
    }
    free(text);
    pthread_mutex_lock(&w->lock);
}

static void
wait_until(struct webhooks *w, uint64_t at_ns)
{
    struct timespec t = {(time_t)(at_ns / NS_PER_S), (long)(at_ns % NS_PER_S)};
    if (at_ns == UINT64_MAX) {
        pthread_cond_wait(&w->wake, &w->lock);
    } else {
        pthread_cond_timedwait(&w->wake, &w->lock, &t);
    }
}

static void *
run(void *arg)
{
    struct receiver *r = arg;
    struct webhooks *w = r->owner;
    pthread_mutex_lock(&w->lock);
    while (!w->ends) {
        enum announce_change change = ANNOUNCE_NOTHING;
        uint64_t wake_ns = UINT64_MAX;
        struct incident *inc = next_due(r, &change, &wake_ns);
        uint64_t at_ns = may_send_at(r);
        if (r->has_news) {
            tell_store(r);
        } else if (inc == NULL) {
            wait_until(w, wake_ns);
        } else if (at_ns > now_monotonic_ns()) {
            wait_until(w, MIN(at_ns, wake_ns));
        } else if (!send_one(r, inc, change)) {
            break;
        }
    }
    if (r->has_news) {
        tell_store(r);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

void
webhooks_start(struct webhooks *w)
{
    w->is_started = true;
    for (unsigned i = 0; i < w->count; i++) {
        int err = pthread_create(&w->receiver[i].thread, NULL, run, &w->receiver[i]);
        assert(err == 0);
    }
}

bool
webhooks_totals(struct webhooks *w, unsigned i, struct webhook_totals *ret_totals)
{
    if (i >= w->count) {
        return false;
    }
    pthread_mutex_lock(&w->lock);
    *ret_totals = w->receiver[i].totals;
    pthread_mutex_unlock(&w->lock);
    return true;
}

void
webhooks_free(struct webhooks **webhooks)
{
    struct webhooks *w = TAKE(*webhooks);
    if (w == NULL) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->ends = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->count; i++) {
        struct receiver *r = &w->receiver[i];
        if (w->is_started) {
            delivery_cancel(r->delivery);
            pthread_join(r->thread, NULL);
        }
        delivery_free(&r->delivery);
        json_decref(r->restored);
    }
    for (unsigned i = 0; i < WEBHOOKS_INCIDENTS_MAX; i++) {
        free(w->incident[i].json);
    }
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
