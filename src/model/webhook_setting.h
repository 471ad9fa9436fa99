/* SPDX-License-Identifier: Apache-2.0
 * model/webhook_setting.h - what the user may say of a receiver of incidents
 * (model/webhook_setting.tbl), and the kinds of receivers that there are.
 *
 * Texts as configured. Reads no file. Plain data; any thread. */
#ifndef MODEL_WEBHOOK_SETTING_H
#define MODEL_WEBHOOK_SETTING_H

#include "base/diag.h"
#include "base/slice.h"

#define WEBHOOK_TEXT_MAX 512

enum webhook_setting {
#define WEBHOOK_SETTING(name, words, initial, doc) WEBHOOK_##name,
#include "model/webhook_setting.tbl"
#undef WEBHOOK_SETTING
    WEBHOOK_SETTING_COUNT
};

/* In the order of the table's words. */
enum webhook_kind {
    WEBHOOK_KIND_GENERIC,
    WEBHOOK_KIND_ALERTMANAGER,
    WEBHOOK_KIND_SLACK,
    WEBHOOK_KIND_PAGERDUTY,
};

/* As configured; an empty text is the default. */
struct webhook_settings {
    char text[WEBHOOK_SETTING_COUNT][WEBHOOK_TEXT_MAX];
};

const char *webhook_setting_name(enum webhook_setting setting);

/* 0; -ENOENT: no such key, without a diag; -EINVAL with one. */
MUST_CHECK int webhook_settings_set(struct webhook_settings *settings, const char *key,
                                    struct slice value, struct diag *diag);

/* What only shows when all is given. 0 or -EINVAL with a diag. */
MUST_CHECK int webhook_settings_check(const struct webhook_settings *settings, struct diag *diag);

enum webhook_kind webhook_kind_of(const struct webhook_settings *settings);
const char *webhook_kind_name(enum webhook_kind kind);

/* Where it goes, unless a file says so: "" then. */
const char *webhook_url_of(const struct webhook_settings *settings);

/* http:// or https:// and a host. */
bool webhook_is_url(struct slice text);

#endif
