/* SPDX-License-Identifier: Apache-2.0
 * app/config.h - what the user asked for: slowburn.conf and the options of `slowburn run`.
 *
 * Plain data, a few hundred KiB: allocate it. Options win over the file; listeners and logins of
 * both are put together. Every error names the file, the line and the key, with the closest known
 * name as a hint. An unknown key is an error. The settings are those of model/setting.tbl. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include <stdio.h>

#include "app/address.h"
#include "base/diag.h"
#include "model/event.h"
#include "model/listener_setting.h"
#include "model/objective_setting.h"
#include "model/webhook_setting.h"

#define CONFIG_LISTENERS_MAX 16
#define CONFIG_LOGINS_MAX    16
#define CONFIG_WEBHOOKS_MAX  8
#define CONFIG_TEXT_MAX      1024
#define CONFIG_NAME_MAX      64
#define CONFIG_FILE_MAX      (1024 * 1024)

enum setting {
#define SETTING(name, section, type, initial, min, max, reload, doc) SETTING_##name,
#include "model/setting.tbl"
#undef SETTING
    SETTING_COUNT
};

struct config_listener {
    char name[CONFIG_NAME_MAX]; /* of its section; "" when it came from an option */
    enum protocol protocol;
    bool has_listen;
    bool has_upstream;
    struct address listen;
    struct address upstream;
    struct listener_settings settings;
};

struct config_login {
    char name[CONFIG_NAME_MAX];
    char dsn[CONFIG_TEXT_MAX];
};

struct config_webhook {
    char name[CONFIG_NAME_MAX];
    struct webhook_settings settings;
};

struct config_value {
    int64_t number;
    char text[CONFIG_TEXT_MAX];
    unsigned line; /* where the file gave it; 0: it did not */
};

struct config {
    char file[CONFIG_TEXT_MAX]; /* "" when there is none */
    char *text;                 /* what stood in it; NULL: to be read */
    struct config_value values[SETTING_COUNT];
    struct config_listener listeners[CONFIG_LISTENERS_MAX];
    unsigned listener_count;
    struct config_login logins[CONFIG_LOGINS_MAX];
    unsigned login_count;
    struct config_webhook webhooks[CONFIG_WEBHOOKS_MAX];
    unsigned webhook_count;
    struct objectives objectives;
};

struct config *config_new(void); /* with the defaults */
void config_free(struct config **config);

/* Reads the file into it, or what is its `text` already. 0 or -errno with a diag. */
MUST_CHECK int config_read(struct config *c, const char *path, struct diag *diag);

/* argv[0] is the verb; reads the file of -c first. 0; 1: --help was asked for; -EINVAL. */
MUST_CHECK int config_from_options(struct config *c, int argc, char **argv, struct diag *diag);

/* What only shows when all is read: listeners without an upstream, two on one address, none. */
MUST_CHECK int config_check(const struct config *c, struct diag *diag);

int64_t config_number(const struct config *c, enum setting s);
const char *config_text(const struct config *c, enum setting s);

/* As the user would write it. 0 or -EINVAL with a diag. */
MUST_CHECK int config_set(struct config *c, enum setting s, struct slice text, struct diag *diag);

const char *config_setting_name(enum setting s);
const char *config_setting_section(enum setting s);
bool config_setting_reloads(enum setting s);

/* True when both mean the same; for what changed at a reload. */
bool config_setting_equal(const struct config *a, const struct config *b, enum setting s);

/* The table as `--help` and `check-config --help` print it. */
void config_print_settings(FILE *out);

#endif
