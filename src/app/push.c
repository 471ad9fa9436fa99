/* SPDX-License-Identifier: Apache-2.0 */
#include "app/push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "export/otlp.h"
#include "export/webhook.h"
#include "io/log.h"
#include "io/now.h"

#define TOLD "told:" /* and the receiver's name: the key of what it was told */

struct push {
    struct store *store;
    struct webhooks *webhooks; /* NULL: none */
    struct otlp *otlp;         /* NULL: none */
    json_t *servers;
    uint64_t metrics_every_ns, metrics_at_ns;
    bool has_started; /* what the store kept was told before */
};

static const char *
text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

/* On the receiver's thread. */
static void
on_told(void *ctx, const char *name, struct slice blob)
{
    struct push *p = ctx;
    char key[sizeof(TOLD) + WEBHOOK_NAME_MAX];
    snprintf(key, sizeof(key), TOLD "%s", name);
    struct stored record = {.kind = STORED_STATE,
                            .state = {slice_from_str(key), blob, .is_urgent = true}};
    store_put(p->store, &record);
}

/* Everything was checked when the configuration was read. */
static int
add_webhook(struct push *p, const json_t *o, struct diag *diag)
{
    struct webhook_settings settings = {0};
    for (unsigned s = 0; s < WEBHOOK_SETTING_COUNT; s++) {
        const char *name = webhook_setting_name((enum webhook_setting)s);
        struct slice value = slice_from_str(text_of(o, name));
        int err = value.len == 0 ? 0 : webhook_settings_set(&settings, name, value, diag);
        if (err < 0) {
            return err;
        }
    }
    int err = webhooks_add(p->webhooks, text_of(o, "name"), &settings);
    return err < 0 ? diag_set(diag, err, "the webhook %s cannot be set up: %s", text_of(o, "name"),
                              strerror(-err))
                   : 0;
}

static int
start_webhooks(struct push *p, const json_t *configuration, struct diag *diag)
{
    const json_t *list = json_object_get(configuration, "webhooks");
    const struct webhooks_config config = {text_of(configuration, "instance"),
                                           text_of(configuration, "console_url")};
    const struct webhooks_out out = {p, on_told};
    int err = 0;
    size_t i;
    const json_t *o;
    if (json_array_size(list) > 0) {
        p->webhooks = webhooks_new(&config, &out);
    }
    json_array_foreach(list, i, o)
    {
        err = err < 0 ? err : add_webhook(p, o, diag);
    }
    return err;
}

static int
start_otlp(struct push *p, const json_t *configuration, struct diag *diag)
{
    const json_t *o = json_object_get(configuration, "otlp");
    if (o == NULL) {
        return 0;
    }
    p->servers = json_incref(json_object_get(o, "servers"));
    const struct otlp_config config = {
        .url = text_of(o, "url"),
        .headers_file = text_of(o, "headers_file"),
        .ca_file = text_of(o, "ca_file"),
        .resource = {text_of(o, "service"), text_of(configuration, "instance")},
        .servers = p->servers,
    };
    p->metrics_every_ns = (uint64_t)json_integer_value(json_object_get(o, "metrics_s")) * NS_PER_S;
    p->metrics_at_ns = now_monotonic_ns() + p->metrics_every_ns;
    int err = otlp_new(&config, &p->otlp);
    return err < 0 ? diag_set(diag, err, "OTLP cannot be set up: %s", strerror(-err)) : 0;
}

int
push_new(const json_t *configuration, struct store *store, struct diag *diag,
         struct push **ret_push)
{
    struct push *p = check_alloc(1, sizeof(*p));
    p->store = store;
    int err = start_webhooks(p, configuration, diag);
    err = err < 0 ? err : start_otlp(p, configuration, diag);
    if (err < 0 || (p->webhooks == NULL && p->otlp == NULL)) {
        push_free(&p);
    }
    if (err == 0) {
        *ret_push = p;
    }
    return err;
}

bool
push_restore(struct push *p, const struct stored *record)
{
    struct slice prefix = SLICE_LIT(TOLD);
    char name[WEBHOOK_NAME_MAX];
    if (record->kind == STORED_INCIDENT) {
        push_record(p, record);
    }
    if (record->kind != STORED_STATE || !slice_starts_with_ci(record->state.name, prefix)) {
        return false;
    }
    slice_to_str(slice_sub(record->state.name, prefix.len, record->state.name.len), name,
                 sizeof(name));
    if (p != NULL && p->webhooks != NULL &&
        webhooks_restore(p->webhooks, name, record->state.blob) < 0) {
        log_warn("export", "told_unreadable", "what a receiver was told is not known any more",
                 LOG_STR("webhook", name));
    }
    return true;
}

void
push_start(struct push *p)
{
    if (p == NULL) {
        return;
    }
    p->has_started = true;
    if (p->webhooks != NULL) {
        webhooks_start(p->webhooks);
    }
}

void
push_record(struct push *p, const struct stored *record)
{
    if (p != NULL && p->webhooks != NULL && record->kind == STORED_INCIDENT) {
        webhooks_incident(p->webhooks, record->incident.id, record->incident.json);
    }
    if (p != NULL && p->otlp != NULL && p->has_started && record->kind == STORED_TIMELINE) {
        char kind[64];
        slice_to_str(record->timeline.kind, kind, sizeof(kind));
        otlp_log(p->otlp, record->timeline.incident, kind, record->timeline.text,
                 record->timeline.at_wall_ns, now_wall_ns());
    }
}

bool
push_wants_traces(const struct push *p)
{
    return p != NULL && p->otlp != NULL;
}

void
push_trace(struct push *p, uint64_t start_wall_ns, struct slice json)
{
    otlp_trace(p->otlp, start_wall_ns, json);
}

bool
push_wants_metrics(struct push *p)
{
    uint64_t now_ns = now_monotonic_ns();
    if (p == NULL || p->otlp == NULL || now_ns < p->metrics_at_ns) {
        return false;
    }
    p->metrics_at_ns = now_ns + p->metrics_every_ns;
    return true;
}

void
push_metrics(struct push *p, struct slice metrics, struct slice status)
{
    otlp_metrics(p->otlp, now_wall_ns(), metrics, status);
}

static json_t *
webhooks_fact(const struct push *p)
{
    struct webhook_totals t;
    json_t *all = json_object();
    for (unsigned i = 0; webhooks_totals(p->webhooks, i, &t); i++) {
        json_object_set_new(
            all, t.name,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:s}", "kind", webhook_kind_name(t.kind),
                      "sent", (json_int_t)t.sent, "failed", (json_int_t)t.failed, "dropped",
                      (json_int_t)t.dropped, "merged", (json_int_t)t.merged, "queued",
                      (int)t.queued, "status", (int)t.status, "error", t.error));
    }
    return all;
}

static json_t *
otlp_fact(const struct push *p)
{
    char error[128];
    json_t *all = json_object();
    for (unsigned i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        struct otlp_totals t = otlp_totals(p->otlp, (enum otlp_signal)i);
        json_object_set_new(all, otlp_signal_name((enum otlp_signal)i),
                            json_pack("{s:I, s:I, s:I, s:I}", "sent", (json_int_t)t.sent, "failed",
                                      (json_int_t)t.failed, "dropped", (json_int_t)t.dropped,
                                      "queued", (json_int_t)t.queued));
    }
    otlp_error(p->otlp, error);
    json_object_set_new(all, "error", json_string(error));
    return all;
}

void
push_facts(struct push *p, void (*fact)(void *ctx, const char *name, json_t *value), void *ctx)
{
    if (p != NULL && p->webhooks != NULL) {
        json_t *o = webhooks_fact(p);
        fact(ctx, "webhooks", o);
        json_decref(o);
    }
    if (p != NULL && p->otlp != NULL) {
        json_t *o = otlp_fact(p);
        fact(ctx, "otlp", o);
        json_decref(o);
    }
}

void
push_free(struct push **push)
{
    struct push *p = TAKE(*push);
    if (p != NULL) {
        webhooks_free(&p->webhooks);
        otlp_free(&p->otlp);
        json_decref(p->servers);
        free(p);
    }
}
