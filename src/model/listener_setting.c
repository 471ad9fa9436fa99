/* SPDX-License-Identifier: Apache-2.0 */
#include "model/listener_setting.h"

#include <errno.h>
#include <string.h>

enum where {
    POSTGRES = 1u << PROTOCOL_POSTGRES,
    HTTP = 1u << PROTOCOL_HTTP,
    BOTH = POSTGRES | HTTP,
};

static const struct {
    const char *name;
    enum where where;
    const char *words;
    const char *initial;
} infos[] = {
#define LISTENER_SETTING(name, where, words, initial, doc) {#name, where, words, initial},
#include "model/listener_setting.tbl"
#undef LISTENER_SETTING
};

const char *
listener_setting_name(enum listener_setting setting)
{
    return infos[setting].name;
}

bool
listener_setting_is_for(enum listener_setting setting, enum protocol protocol)
{
    return (infos[setting].where & 1u << protocol) != 0;
}

/* The place of a word among those that there are; -1. */
static int
place_of(enum listener_setting s, struct slice text)
{
    struct slice words = slice_from_str(infos[s].words), word;
    for (int i = 0; slice_split(&words, '|', &word); i++) {
        if (slice_eq(word, text)) {
            return i;
        }
    }
    return -1;
}

int
listener_settings_set(struct listener_settings *settings, const char *key, struct slice value,
                      struct diag *diag)
{
    for (unsigned s = 0; s < LISTENER_SETTING_COUNT; s++) {
        if (strcmp(infos[s].name, key) != 0) {
            continue;
        }
        if (infos[s].words[0] != '\0' && place_of(s, value) < 0) {
            return diag_set(diag, -EINVAL, "%s is one of %s, not \"%.*s\"", key, infos[s].words,
                            (int)MIN(value.len, 40), value.ptr);
        }
        if (value.len >= LISTENER_TEXT_MAX) {
            return diag_set(diag, -EINVAL, "%s is longer than %d bytes", key,
                            LISTENER_TEXT_MAX - 1);
        }
        slice_to_str(value, settings->text[s], LISTENER_TEXT_MAX);
        return 0;
    }
    return -ENOENT;
}

static bool
has(const struct listener_settings *settings, enum listener_setting s)
{
    return settings->text[s][0] != '\0';
}

/* The word that was given, or the first one. */
static int
choice_of(const struct listener_settings *settings, enum listener_setting s)
{
    return MAX(place_of(s, slice_from_str(settings->text[s])), 0);
}

static int
needs(const struct listener_settings *settings, enum listener_setting s, enum listener_setting what,
      struct diag *diag)
{
    if (has(settings, what)) {
        return 0;
    }
    return diag_set(diag, -EINVAL, "%s%s%s needs %s", infos[s].name,
                    infos[s].words[0] == '\0' ? "" : " = ",
                    infos[s].words[0] == '\0' ? "" : settings->text[s], infos[what].name);
}

/* What speaks HTTP speaks TLS from the first byte on, or it does not: there is nothing to ask, and
 * nothing to fall back from. */
static int
choose_http_upstream(const struct listener_settings *settings, struct diag *diag,
                     struct listener_choice *c)
{
    if (!has(settings, LISTENER_server_tls)) {
        c->server_tls =
            has(settings, LISTENER_server_tls_ca) ? SERVER_TLS_VERIFY_FULL : SERVER_TLS_DISABLE;
    }
    if (c->server_tls == SERVER_TLS_FOLLOW || c->server_tls == SERVER_TLS_PREFER) {
        return diag_set(diag, -EINVAL, "server_tls = %s is for PostgreSQL",
                        settings->text[LISTENER_server_tls]);
    }
    return 0;
}

int
listener_settings_check(const struct listener_settings *settings, enum protocol protocol,
                        struct diag *diag, struct listener_choice *ret_choice)
{
    struct listener_choice c = {
        .client_tls = has(settings, LISTENER_tls_cert) ? CLIENT_TLS_ALLOW : CLIENT_TLS_DISABLE,
        .server_tls = (enum server_tls)choice_of(settings, LISTENER_server_tls),
        .forwarded = (enum forwarded)choice_of(settings, LISTENER_forwarded),
        .request_id = choice_of(settings, LISTENER_request_id) > 0,
        .server_timing = choice_of(settings, LISTENER_server_timing) > 0,
    };
    if (has(settings, LISTENER_client_tls)) {
        c.client_tls = (enum client_tls)choice_of(settings, LISTENER_client_tls);
    }
    int err = 0;
    if (c.client_tls != CLIENT_TLS_DISABLE) {
        err = needs(settings, LISTENER_client_tls, LISTENER_tls_cert, diag);
    }
    if (c.client_tls >= CLIENT_TLS_VERIFY_CA) {
        err |= needs(settings, LISTENER_client_tls, LISTENER_tls_client_ca, diag);
    }
    if (protocol == PROTOCOL_HTTP) {
        err |= choose_http_upstream(settings, diag, &c);
    } else if (c.server_tls >= SERVER_TLS_VERIFY_CA) {
        err |= needs(settings, LISTENER_server_tls, LISTENER_server_tls_ca, diag);
    }
    if (has(settings, LISTENER_tls_key)) {
        err |= needs(settings, LISTENER_tls_key, LISTENER_tls_cert, diag);
    }
    if (has(settings, LISTENER_server_tls_key)) {
        err |= needs(settings, LISTENER_server_tls_key, LISTENER_server_tls_cert, diag);
    }
    if (has(settings, LISTENER_auth_query)) {
        err |= needs(settings, LISTENER_auth_query, LISTENER_auth_user, diag);
        err |= needs(settings, LISTENER_auth_query, LISTENER_auth_file, diag);
    }
    if (has(settings, LISTENER_auth_user)) {
        err |= needs(settings, LISTENER_auth_user, LISTENER_auth_query, diag);
    }
    if (has(settings, LISTENER_auth_dbname)) {
        err |= needs(settings, LISTENER_auth_dbname, LISTENER_auth_query, diag);
    }
    if (err != 0) {
        return -EINVAL;
    }
    *ret_choice = c;
    return 0;
}
