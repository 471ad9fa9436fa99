/* SPDX-License-Identifier: Apache-2.0 */
#include "model/webhook_setting.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    const char *words;
} infos[] = {
#define WEBHOOK_SETTING(name, words, initial, doc) {#name, words},
#include "model/webhook_setting.tbl"
#undef WEBHOOK_SETTING
};

static const char *const kinds[] = {"generic", "alertmanager", "slack", "pagerduty"};

const char *
webhook_setting_name(enum webhook_setting setting)
{
    return infos[setting].name;
}

static int
kind_from_str(struct slice text)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (slice_eq(text, slice_from_str(kinds[i]))) {
            return (int)i;
        }
    }
    return -1;
}

int
webhook_settings_set(struct webhook_settings *settings, const char *key, struct slice value,
                     struct diag *diag)
{
    for (unsigned s = 0; s < WEBHOOK_SETTING_COUNT; s++) {
        if (strcmp(infos[s].name, key) != 0) {
            continue;
        }
        if (s == WEBHOOK_kind && kind_from_str(value) < 0) {
            return diag_set(diag, -EINVAL, "%s is one of %s, not \"%.*s\"", key, infos[s].words,
                            (int)MIN(value.len, 40), value.ptr);
        }
        if (value.len >= WEBHOOK_TEXT_MAX) {
            return diag_set(diag, -EINVAL, "%s is longer than %d bytes", key, WEBHOOK_TEXT_MAX - 1);
        }
        if (settings->text[s][0] != '\0') {
            return diag_set(diag, -EINVAL, "%s is given twice", key);
        }
        slice_to_str(value, settings->text[s], WEBHOOK_TEXT_MAX);
        return 0;
    }
    return -ENOENT;
}

bool
webhook_is_url(struct slice text)
{
    static const struct slice schemes[] = {SLICE_LIT("http://"), SLICE_LIT("https://")};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (slice_starts_with_ci(text, schemes[i]) && text.len > schemes[i].len) {
            return true;
        }
    }
    return false;
}

static bool
has(const struct webhook_settings *settings, enum webhook_setting s)
{
    return settings->text[s][0] != '\0';
}

enum webhook_kind
webhook_kind_of(const struct webhook_settings *settings)
{
    int kind = kind_from_str(slice_from_str(settings->text[WEBHOOK_kind]));
    return kind < 0 ? WEBHOOK_KIND_GENERIC : (enum webhook_kind)kind;
}

const char *
webhook_kind_name(enum webhook_kind kind)
{
    return kinds[kind];
}

const char *
webhook_url_of(const struct webhook_settings *settings)
{
    enum webhook_kind kind = webhook_kind_of(settings);
    if (has(settings, WEBHOOK_url) || has(settings, WEBHOOK_url_file)) {
        return settings->text[WEBHOOK_url];
    }
    if (kind == WEBHOOK_KIND_PAGERDUTY) {
        return "https://events.pagerduty.com/v2/enqueue";
    }
    return kind == WEBHOOK_KIND_SLACK && has(settings, WEBHOOK_channel)
               ? "https://slack.com/api/chat.postMessage"
               : "";
}

int
webhook_settings_check(const struct webhook_settings *settings, struct diag *diag)
{
    enum webhook_kind kind = webhook_kind_of(settings);
    bool has_secret = has(settings, WEBHOOK_secret_file);
    if (has(settings, WEBHOOK_url) && has(settings, WEBHOOK_url_file)) {
        return diag_set(diag, -EINVAL, "url and url_file are given both");
    }
    if (webhook_url_of(settings)[0] == '\0' && !has(settings, WEBHOOK_url_file)) {
        return diag_set(diag, -EINVAL, "neither url nor url_file is given");
    }
    /* What stands there may be a secret: it is not repeated. */
    if (has(settings, WEBHOOK_url) &&
        !webhook_is_url(slice_from_str(settings->text[WEBHOOK_url]))) {
        return diag_set(diag, -EINVAL, "url does not begin with http:// or https://");
    }
    if (kind == WEBHOOK_KIND_PAGERDUTY && !has_secret) {
        return diag_set(diag, -EINVAL, "kind = pagerduty needs secret_file, with its routing key");
    }
    if (kind != WEBHOOK_KIND_SLACK && has(settings, WEBHOOK_channel)) {
        return diag_set(diag, -EINVAL, "channel is for kind = slack");
    }
    if (kind == WEBHOOK_KIND_SLACK && has_secret != has(settings, WEBHOOK_channel)) {
        return diag_set_hint(diag, -EINVAL, "an incoming webhook is url or url_file alone",
                             "a bot of Slack's needs channel, and secret_file with its token");
    }
    return 0;
}
