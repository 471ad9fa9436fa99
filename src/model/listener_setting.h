/* SPDX-License-Identifier: Apache-2.0
 * model/listener_setting.h - what the user may say of a listener besides its addresses: TLS,
 * logins, and what an HTTP one tells its upstream (model/listener_setting.tbl).
 *
 * Texts as configured, and what they come to. Reads no file. Plain data; any thread. */
#ifndef MODEL_LISTENER_SETTING_H
#define MODEL_LISTENER_SETTING_H

#include "base/diag.h"
#include "base/slice.h"
#include "model/event.h"

#define LISTENER_TEXT_MAX 512

enum listener_setting {
#define LISTENER_SETTING(name, where, words, initial, doc) LISTENER_##name,
#include "model/listener_setting.tbl"
#undef LISTENER_SETTING
    LISTENER_SETTING_COUNT
};

/* As configured; an empty text is the default. */
struct listener_settings {
    char text[LISTENER_SETTING_COUNT][LISTENER_TEXT_MAX];
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

enum forwarded {
    FORWARDED_OFF,
    FORWARDED_APPEND,
    FORWARDED_REPLACE,
};

struct listener_choice {
    enum client_tls client_tls;
    enum server_tls server_tls;
    enum forwarded forwarded;
    bool request_id;
    bool server_timing;
};

const char *listener_setting_name(enum listener_setting setting);
/* May it stand in a section of that protocol? */
bool listener_setting_is_for(enum listener_setting setting, enum protocol protocol);

/* 0; -ENOENT: no such key, without a diag; -EINVAL with one. */
MUST_CHECK int listener_settings_set(struct listener_settings *settings, const char *key,
                                     struct slice value, struct diag *diag);

/* What only shows when all is given. 0 or -EINVAL with a diag. */
MUST_CHECK int listener_settings_check(const struct listener_settings *settings,
                                       enum protocol protocol, struct diag *diag,
                                       struct listener_choice *ret_choice);

#endif
