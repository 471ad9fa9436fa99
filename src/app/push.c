/* SPDX-License-Identifier: Apache-2.0 */
#include "app/push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/webhook.h"
#include "io/log.h"

#define TOLD "told:" /* and the receiver's name: the key of what it was told */

struct push {
    struct store *store;
    struct webhooks *webhooks;
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

int
push_new(const json_t *configuration, struct store *store, struct diag *diag,
         struct push **ret_push)
{
    const json_t *list = json_object_get(configuration, "webhooks");
    size_t i;
    const json_t *o;
    if (json_array_size(list) == 0) {
        *ret_push = NULL;
        return 0;
    }
    struct push *p = check_alloc(1, sizeof(*p));
    const struct webhooks_config config = {text_of(configuration, "instance"),
                                           text_of(configuration, "console_url")};
    const struct webhooks_out out = {p, on_told};
    p->store = store;
    p->webhooks = webhooks_new(&config, &out);
    json_array_foreach(list, i, o)
    {
        int err = add_webhook(p, o, diag);
        if (err < 0) {
            push_free(&p);
            return err;
        }
    }
    *ret_push = p;
    return 0;
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
    if (p != NULL && webhooks_restore(p->webhooks, name, record->state.blob) < 0) {
        log_warn("export", "told_unreadable", "what a receiver was told is not known any more",
                 LOG_STR("webhook", name));
    }
    return true;
}

void
push_start(struct push *p)
{
    if (p != NULL) {
        webhooks_start(p->webhooks);
    }
}

void
push_record(struct push *p, const struct stored *record)
{
    if (p != NULL && record->kind == STORED_INCIDENT) {
        webhooks_incident(p->webhooks, record->incident.id, record->incident.json);
    }
}

void
push_facts(struct push *p, void (*fact)(void *ctx, const char *name, json_t *value), void *ctx)
{
    struct webhook_totals t;
    json_t *all = json_object();
    for (unsigned i = 0; p != NULL && webhooks_totals(p->webhooks, i, &t); i++) {
        json_object_set_new(
            all, t.name,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:s}", "kind", webhook_kind_name(t.kind),
                      "sent", (json_int_t)t.sent, "failed", (json_int_t)t.failed, "dropped",
                      (json_int_t)t.dropped, "merged", (json_int_t)t.merged, "queued",
                      (int)t.queued, "status", (int)t.status, "error", t.error));
    }
    if (json_object_size(all) > 0) {
        fact(ctx, "webhooks", all);
    }
    json_decref(all);
}

void
push_free(struct push **push)
{
    struct push *p = TAKE(*push);
    if (p != NULL) {
        webhooks_free(&p->webhooks);
        free(p);
    }
}
