/* SPDX-License-Identifier: Apache-2.0
 * model/security.h - what the user may say of a listener's TLS (model/listener_setting.tbl).
 *
 * Texts as configured, and what they come to. Reads no file. Plain data; any thread. */
#ifndef MODEL_SECURITY_H
#define MODEL_SECURITY_H

#include "base/diag.h"
#include "base/slice.h"

#define SECURITY_TEXT_MAX 512

enum security_setting {
#define LISTENER_SETTING(name, words, initial, doc) SECURITY_##name,
#include "model/listener_setting.tbl"
#undef LISTENER_SETTING
    SECURITY_SETTING_COUNT
};

/* As configured; an empty text is the default. */
struct security_settings {
    char text[SECURITY_SETTING_COUNT][SECURITY_TEXT_MAX];
};

/* In the order of the table's words. */
enum client_tls {
    CLIENT_TLS_DISABLE,
    CLIENT_TLS_ALLOW,
    CLIENT_TLS_REQUIRE,
    CLIENT_TLS_VERIFY_CA,
    CLIENT_TLS_VERIFY_FULL,
};

enum server_tls {
    SERVER_TLS_FOLLOW,
    SERVER_TLS_DISABLE,
    SERVER_TLS_PREFER,
    SERVER_TLS_REQUIRE,
    SERVER_TLS_VERIFY_CA,
    SERVER_TLS_VERIFY_FULL,
};

struct security_choice {
    enum client_tls client_tls;
    enum server_tls server_tls;
};

const char *security_setting_name(enum security_setting setting);

/* 0; -ENOENT: no such key, without a diag; -EINVAL with one. */
MUST_CHECK int security_settings_set(struct security_settings *settings, const char *key,
                                     struct slice value, struct diag *diag);

/* What only shows when all is given. 0 or -EINVAL with a diag. */
MUST_CHECK int security_settings_check(const struct security_settings *settings, struct diag *diag,
                                       struct security_choice *ret_choice);

#endif
