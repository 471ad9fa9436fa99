/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ini.h>
#include <stdlib.h>

#include "app/config.h"
#include "app/nearest.h"

/* The names of what else may stand in a file. */
static const char *const sections[] = {"slowburn", "limits",  "postgres", "http",
                                       "advisor",  "webhook", "objective"};
static const char *const listener_keys[] = {"listen", "upstream"};
static const char *const login_keys[] = {"dsn"};

static int
unknown_key(struct diag *diag, const char *section, const char *key, const char *const *known,
            size_t known_count)
{
    struct nearest n = nearest_to(key);
    for (size_t i = 0; i < known_count; i++) {
        nearest_try(&n, known[i]);
    }
    for (unsigned s = 0; known_count == 0 && s < SETTING_COUNT; s++) {
        nearest_try(&n, config_setting_name(s));
    }
    return nearest_unknown(diag, "key", &n, section);
}

static int
unknown_section(struct diag *diag, const char *section)
{
    struct nearest n = nearest_to(section);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        nearest_try(&n, sections[i]);
    }
    return nearest_unknown(diag, "section", &n, NULL);
}

static int
add_listener(struct config *c, enum protocol protocol, const char *name, struct diag *diag,
             struct config_listener **ret_listener)
{
    for (unsigned i = 0; name[0] != '\0' && i < c->listener_count; i++) {
        if (c->listeners[i].protocol == protocol && strcmp(c->listeners[i].name, name) == 0) {
            *ret_listener = &c->listeners[i];
            return 0;
        }
    }
    if (c->listener_count == CONFIG_LISTENERS_MAX) {
        return diag_set(diag, -ENOSPC, "more than %d listeners", CONFIG_LISTENERS_MAX);
    }
    struct config_listener *l = &c->listeners[c->listener_count++];
    *l = (struct config_listener){.protocol = protocol};
    snprintf(l->name, sizeof(l->name), "%s", name);
    *ret_listener = l;
    return 0;
}

/* Parts of one login's DSN are joined with a blank, because a line of the file is short. */
static int
add_login(struct config *c, const char *name, struct slice dsn, struct diag *diag)
{
    struct config_login *login = NULL;
    for (unsigned i = 0; name[0] != '\0' && i < c->login_count; i++) {
        if (strcmp(c->logins[i].name, name) == 0) {
            login = &c->logins[i];
        }
    }
    if (login == NULL) {
        if (c->login_count == CONFIG_LOGINS_MAX) {
            return diag_set(diag, -ENOSPC, "more than %d logins", CONFIG_LOGINS_MAX);
        }
        login = &c->logins[c->login_count++];
        *login = (struct config_login){0};
        snprintf(login->name, sizeof(login->name), "%s", name);
    }
    size_t used = strlen(login->dsn);
    if (used + dsn.len + 2 > sizeof(login->dsn)) {
        return diag_set(diag, -EINVAL, "a dsn is longer than %zu bytes", sizeof(login->dsn) - 1);
    }
    snprintf(login->dsn + used, sizeof(login->dsn) - used, "%s%.*s", used > 0 ? " " : "",
             SLICE_ARG(dsn));
    return 0;
}

static int
add_webhook(struct config *c, const char *name, struct diag *diag, struct config_webhook **ret_hook)
{
    for (unsigned i = 0; i < c->webhook_count; i++) {
        if (strcmp(c->webhooks[i].name, name) == 0) {
            *ret_hook = &c->webhooks[i];
            return 0;
        }
    }
    if (c->webhook_count == CONFIG_WEBHOOKS_MAX) {
        return diag_set(diag, -ENOSPC, "more than %d webhooks", CONFIG_WEBHOOKS_MAX);
    }
    struct config_webhook *w = &c->webhooks[c->webhook_count++];
    *w = (struct config_webhook){0};
    snprintf(w->name, sizeof(w->name), "%s", name);
    *ret_hook = w;
    return 0;
}

static int
add_objective(struct config *c, const char *name, struct diag *diag,
              struct objective_setting **ret_objective)
{
    struct objectives *all = &c->objectives;
    for (unsigned i = 0; i < all->count; i++) {
        if (strcmp(all->of[i].name, name) == 0) {
            *ret_objective = &all->of[i];
            return 0;
        }
    }
    if (all->count == OBJECTIVES_MAX) {
        return diag_set(diag, -ENOSPC, "more than %d objectives", OBJECTIVES_MAX);
    }
    objective_setting_init(&all->of[all->count], name);
    *ret_objective = &all->of[all->count++];
    return 0;
}

struct reading {
    struct config *config;
    struct slice rest; /* of the file */
    struct diag *diag;
    unsigned line;
    int result;
};

static bool
is_setting_key(enum protocol protocol, const char *key)
{
    for (unsigned i = 0; i < LISTENER_SETTING_COUNT; i++) {
        if (listener_setting_is_for((enum listener_setting)i, protocol) &&
            strcmp(listener_setting_name((enum listener_setting)i), key) == 0) {
            return true;
        }
    }
    return false;
}

static int
unknown_listener_key(struct diag *diag, enum protocol protocol, const char *section,
                     const char *key)
{
    const char *known[ARRAY_LEN(listener_keys) + LISTENER_SETTING_COUNT];
    size_t count = ARRAY_LEN(listener_keys);
    memcpy(known, listener_keys, sizeof(listener_keys));
    for (unsigned i = 0; i < LISTENER_SETTING_COUNT; i++) {
        if (listener_setting_is_for((enum listener_setting)i, protocol)) {
            known[count++] = listener_setting_name((enum listener_setting)i);
        }
    }
    return unknown_key(diag, section, key, known, count);
}

/* As the proxy wants them: each with its host. */
static int
fallback_key(struct config_listener *l, struct slice value, struct diag *diag)
{
    char text[LISTENER_TEXT_MAX] = "";
    size_t len = 0;
    struct slice piece;
    while (slice_split(&value, ',', &piece)) {
        struct address a;
        int err = address_parse(piece, diag, &a);
        if (err < 0) {
            return err;
        }
        int n = snprintf(text + len, sizeof(text) - len, "%s%s", len == 0 ? "" : ",", a.text);
        len += (size_t)n;
        if (len >= sizeof(text)) {
            return diag_set(diag, -EINVAL, "upstream_fallback is longer than %d bytes",
                            LISTENER_TEXT_MAX - 1);
        }
    }
    return listener_settings_set(&l->settings, "upstream_fallback", slice_of(text, len), diag);
}

static int
listener_key(struct reading *r, enum protocol protocol, const char *section, const char *name,
             const char *key, struct slice value)
{
    struct config_listener *l = NULL;
    bool is_listen = strcmp(key, "listen") == 0;
    bool is_setting = !is_listen && strcmp(key, "upstream") != 0;
    if (is_setting && !is_setting_key(protocol, key)) {
        return unknown_listener_key(r->diag, protocol, section, key);
    }
    /* A section without a name is one listener too: it gets the protocol's name. */
    int res = add_listener(r->config, protocol, name[0] == '\0' ? section : name, r->diag, &l);
    if (res < 0) {
        return res;
    }
    if (strcmp(key, "upstream_fallback") == 0) {
        return fallback_key(l, value, r->diag);
    }
    if (is_setting) {
        return listener_settings_set(&l->settings, key, value, r->diag);
    }
    bool *has = is_listen ? &l->has_listen : &l->has_upstream;
    if (*has) {
        return diag_set_hint(r->diag, -EINVAL, "give each listener a section of its own name",
                             "%s is given twice in [%s]", key, section);
    }
    *has = true;
    return address_parse(value, r->diag, is_listen ? &l->listen : &l->upstream);
}

static int
webhook_key(struct reading *r, const char *section, const char *name, const char *key,
            struct slice value)
{
    struct config_webhook *w = NULL;
    const char *known[WEBHOOK_SETTING_COUNT];
    /* A section without a name is one receiver too. */
    int err = add_webhook(r->config, name[0] == '\0' ? "webhook" : name, r->diag, &w);
    err = err < 0 ? err : webhook_settings_set(&w->settings, key, value, r->diag);
    if (err != -ENOENT) {
        return err;
    }
    for (unsigned i = 0; i < WEBHOOK_SETTING_COUNT; i++) {
        known[i] = webhook_setting_name((enum webhook_setting)i);
    }
    return unknown_key(r->diag, section, key, known, ARRAY_LEN(known));
}

static int
objective_key(struct reading *r, const char *section, const char *name, const char *key,
              struct slice value)
{
    struct objective_setting *s = NULL;
    const char *known[OBJECTIVE_KEY_COUNT];
    /* A section without a name is one objective too. */
    int err = add_objective(r->config, name[0] == '\0' ? "objective" : name, r->diag, &s);
    err = err < 0 ? err : objective_setting_set(s, key, value, r->diag);
    if (err != -ENOENT) {
        return err;
    }
    for (unsigned i = 0; i < OBJECTIVE_KEY_COUNT; i++) {
        known[i] = objective_key_name((enum objective_key)i);
    }
    return unknown_key(r->diag, section, key, known, ARRAY_LEN(known));
}

static int
setting_key(struct reading *r, const char *section, const char *key, struct slice value)
{
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        struct config_value *v = &r->config->values[s];
        if (strcmp(config_setting_name(s), key) != 0 ||
            strcmp(config_setting_section(s), section) != 0) {
            continue;
        }
        if (v->line != 0) {
            return diag_set(r->diag, -EINVAL, "%s is given twice, first in line %u", key, v->line);
        }
        v->line = r->line;
        return config_set(r->config, s, value, r->diag);
    }
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        if (strcmp(config_setting_name(s), key) == 0) {
            char hint[128];
            snprintf(hint, sizeof(hint), "it belongs in [%s]", config_setting_section(s));
            return diag_set_hint(r->diag, -EINVAL, hint, "unknown key \"%s\" in [%s]", key,
                                 section);
        }
    }
    return unknown_key(r->diag, section, key, NULL, 0);
}

static int
file_key(struct reading *r, const char *section, const char *key, struct slice value)
{
    char kind[CONFIG_NAME_MAX], name[CONFIG_NAME_MAX];
    struct slice rest = slice_from_str(section), first;
    if (!slice_split(&rest, ' ', &first) || first.len == 0) {
        return diag_set_hint(r->diag, -EINVAL, "begin with [slowburn]",
                             "the key \"%.60s\" stands before any section", key);
    }
    if (first.len >= sizeof(kind) || rest.len >= sizeof(name)) {
        return diag_set(r->diag, -EINVAL, "the name of a section is longer than %d bytes",
                        CONFIG_NAME_MAX - 1);
    }
    slice_to_str(first, kind, sizeof(kind));
    slice_to_str(slice_trim(rest), name, sizeof(name));
    if (strcmp(kind, "postgres") == 0) {
        return listener_key(r, PROTOCOL_POSTGRES, section, name, key, value);
    }
    if (strcmp(kind, "http") == 0) {
        return listener_key(r, PROTOCOL_HTTP, section, name, key, value);
    }
    if (strcmp(kind, "advisor") == 0) {
        if (strcmp(key, "dsn") != 0) {
            return unknown_key(r->diag, section, key, login_keys, ARRAY_LEN(login_keys));
        }
        return add_login(r->config, name[0] == '\0' ? "advisor" : name, value, r->diag);
    }
    if (strcmp(kind, "webhook") == 0) {
        return webhook_key(r, section, name, key, value);
    }
    if (strcmp(kind, "objective") == 0) {
        return objective_key(r, section, name, key, value);
    }
    if (strcmp(section, "slowburn") == 0 || strcmp(section, "limits") == 0) {
        return setting_key(r, section, key, value);
    }
    return unknown_section(r->diag, section);
}

static int
on_key(void *ctx, const char *section, const char *key, const char *value)
{
    struct reading *r = ctx;
    if (r->result == 0) {
        r->result = file_key(r, section, key, slice_trim(slice_from_str(value)));
        if (r->result < 0) {
            diag_at(r->diag, r->config->file, r->line);
        }
    }
    return r->result == 0;
}

/* inih says no line numbers, so they are counted where it reads. Leading blanks go: no line
 * continues another. */
static char *
read_line(char *to, int size, void *ctx)
{
    struct reading *r = ctx;
    if (r->result < 0 || r->rest.len == 0) {
        return NULL;
    }
    const uint8_t *end = memchr(r->rest.ptr, '\n', r->rest.len);
    size_t whole = end == NULL ? r->rest.len : (size_t)(end - r->rest.ptr) + 1;
    slice_to_str(slice_sub(r->rest, 0, whole), to, (size_t)size);
    r->rest = slice_sub(r->rest, whole, r->rest.len);
    r->line++;
    size_t len = strlen(to);
    if (whole >= (size_t)size) {
        r->result = diag_set_hint(r->diag, -EINVAL, "a dsn may be given in parts: dsn = ... twice",
                                  "the line is longer than %d bytes", size - 2);
        diag_at(r->diag, r->config->file, r->line);
        return NULL;
    }
    size_t blanks = strspn(to, " \t");
    memmove(to, to + blanks, len - blanks + 1);
    return to;
}

/* Kept: one supervisor may have to go back to what another had read. */
static int
load(const char *path, struct diag *diag, char **ret_text)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        int err = -errno;
        return diag_set(diag, err, "%s: %s", path, strerror(-err));
    }
    char *text = check_alloc(1, CONFIG_FILE_MAX + 1);
    size_t len = fread(text, 1, CONFIG_FILE_MAX + 1, file);
    int err = ferror(file) ? -EIO : 0;
    fclose(file);
    if (err == 0 && len > CONFIG_FILE_MAX) {
        err = -EFBIG;
    }
    if (err < 0) {
        free(text);
        return diag_set(diag, err, "%s: %s", path, strerror(-err));
    }
    text[len] = '\0';
    *ret_text = text;
    return 0;
}

int
config_read(struct config *c, const char *path, struct diag *diag)
{
    if (strlen(path) >= sizeof(c->file)) {
        return diag_set(diag, -ENAMETOOLONG, "the path of the configuration is too long");
    }
    snprintf(c->file, sizeof(c->file), "%s", path);
    int err = c->text == NULL ? load(path, diag, &c->text) : 0;
    if (err < 0) {
        return err;
    }
    struct reading r = {.config = c, .diag = diag, .rest = slice_from_str(c->text)};
    int at = ini_parse_stream(read_line, &r, on_key, &r);
    if (r.result < 0) {
        return r.result;
    }
    if (at != 0) {
        diag_set(diag, -EINVAL, "neither a [section] nor a key = value");
        diag_at(diag, path, at > 0 ? (unsigned)at : 0);
        return -EINVAL;
    }
    return 0;
}

static int
option_listener(struct config *c, enum protocol protocol, const char *option, const char *value,
                struct diag *diag)
{
    struct slice upstream = slice_from_str(value), listen;
    struct config_listener *l = NULL;
    if (!slice_split(&upstream, '=', &listen) || upstream.len == 0) {
        return diag_set_hint(diag, -EINVAL, "write LISTEN=UPSTREAM, as in 6432=127.0.0.1:5432",
                             "%s %s has no upstream", option, value);
    }
    int r = add_listener(c, protocol, "", diag, &l);
    if (r < 0) {
        return r;
    }
    r = address_parse(listen, diag, &l->listen);
    if (r < 0) {
        return r;
    }
    l->has_listen = true;
    l->has_upstream = true;
    return address_parse(upstream, diag, &l->upstream);
}

static int
option_setting(struct config *c, const char *option, const char *value, struct diag *diag)
{
    char key[CONFIG_NAME_MAX];
    snprintf(key, sizeof(key), "%s", option + 2);
    for (char *p = key; *p != '\0'; p++) {
        *p = *p == '-' ? '_' : *p;
    }
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        if (strcmp(config_setting_name(s), key) == 0) {
            return config_set(c, s, slice_from_str(value), diag);
        }
    }
    struct nearest n = nearest_to(option);
    static const char *const others[] = {"--postgres", "--http", "--advisor", "--help"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        nearest_try(&n, others[i]);
    }
    char known[SETTING_COUNT][CONFIG_NAME_MAX];
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        snprintf(known[s], sizeof(known[s]), "--%.60s", config_setting_name(s));
        for (char *p = known[s]; *p != '\0'; p++) {
            *p = *p == '_' ? '-' : *p;
        }
        nearest_try(&n, known[s]);
    }
    return nearest_unknown(diag, "option", &n, NULL);
}

static int
one_option(struct config *c, const char *option, const char *value, struct diag *diag)
{
    if (strcmp(option, "-c") == 0 || strcmp(option, "--config") == 0) {
        return 0; /* was read before */
    }
    if (strcmp(option, "--postgres") == 0) {
        return option_listener(c, PROTOCOL_POSTGRES, option, value, diag);
    }
    if (strcmp(option, "--http") == 0) {
        return option_listener(c, PROTOCOL_HTTP, option, value, diag);
    }
    if (strcmp(option, "--advisor") == 0) {
        return add_login(c, "", slice_from_str(value), diag);
    }
    return option_setting(c, option, value, diag);
}

/* Calls one_option, or reads the files, for each "--name value" and "--name=value". */
static int
walk_options(struct config *c, int argc, char **argv, bool files, struct diag *diag)
{
    for (int i = 1; i < argc; i++) {
        char option[CONFIG_NAME_MAX];
        const char *equals = strchr(argv[i], '=');
        size_t len = equals == NULL ? strlen(argv[i]) : (size_t)(equals - argv[i]);
        slice_to_str(slice_of(argv[i], len), option, sizeof(option));
        if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
            return 1;
        }
        if (option[0] != '-') {
            return diag_set_hint(diag, -EINVAL, "see slowburn run --help",
                                 "\"%.60s\" is not an option", argv[i]);
        }
        const char *value = equals == NULL ? argv[++i] : equals + 1;
        if (value == NULL) {
            return diag_set(diag, -EINVAL, "%s needs a value", option);
        }
        bool is_file = strcmp(option, "-c") == 0 || strcmp(option, "--config") == 0;
        int r = 0;
        if (files && is_file && c->file[0] != '\0') {
            return diag_set(diag, -EINVAL, "%s is given twice", option);
        }
        if (files && is_file) {
            r = config_read(c, value, diag);
        } else if (!files) {
            r = one_option(c, option, value, diag);
        }
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

int
config_from_options(struct config *c, int argc, char **argv, struct diag *diag)
{
    int r = walk_options(c, argc, argv, true, diag);
    return r != 0 ? r : walk_options(c, argc, argv, false, diag);
}
