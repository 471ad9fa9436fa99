/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "app/objectives_json.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/now.h"

enum setting_type {
    TYPE_NUMBER,
    TYPE_TEXT,
    TYPE_LEVEL,
    TYPE_FORMAT,
    TYPE_LOOP,
    TYPE_MODE,
    TYPE_OFFSET
};

struct setting_info {
    const char *name;
    const char *section;
    enum setting_type type;
    const char *initial; /* as the user would write it */
    int64_t min;
    int64_t max;
    bool reloads;
    const char *doc;
};

/* Numbers stand in the table bare, texts in quotes; both become text here. */
#define INITIAL_NUMBER(v) #v
#define INITIAL_TEXT(v)   v
#define INITIAL_LEVEL(v)  v
#define INITIAL_FORMAT(v) v
#define INITIAL_LOOP(v)   v
#define INITIAL_MODE(v)   v
#define INITIAL_OFFSET(v) v

static const struct setting_info infos[] = {
#define SETTING(name, section, type, initial, min, max, reload, doc)                               \
    {#name, #section, TYPE_##type, INITIAL_##type(initial), min, max, reload, doc},
#include "model/setting.tbl"
#undef SETTING
};

static bool
read_mode(struct slice text, uint64_t *ret_number)
{
    *ret_number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7') {
            return false;
        }
        *ret_number = *ret_number * 8 + (uint64_t)(text.ptr[i] - '0');
    }
    return text.len > 0 && text.len <= 4 && *ret_number <= 0777;
}

/* Of this host now, where nobody says another. */
static int64_t
host_offset_min(void)
{
    time_t now = now_wall_s();
    struct tm tm;
    tzset();
    return localtime_r(&now, &tm) == NULL ? 0 : tm.tm_gmtoff / 60;
}

static bool
read_offset(struct slice text, const struct setting_info *info, int64_t *ret_minutes)
{
    bool is_west = text.len > 0 && text.ptr[0] == '-';
    bool has_sign = is_west || (text.len > 0 && text.ptr[0] == '+');
    uint64_t minutes;
    if (slice_eq(text, SLICE_LIT("host"))) {
        *ret_minutes = host_offset_min();
        return true;
    }
    if (slice_to_u64(slice_sub(text, has_sign, text.len), &minutes) < 0 ||
        minutes > (uint64_t)info->max) {
        return false;
    }
    *ret_minutes = is_west ? -(int64_t)minutes : (int64_t)minutes;
    return true;
}

int
config_set(struct config *c, enum setting s, struct slice text, struct diag *diag)
{
    const struct setting_info *info = &infos[s];
    struct config_value *v = &c->values[s];
    uint64_t number = 0;
    enum log_level level;
    enum log_format format;
    enum loop_kind loop;
    int64_t offset = 0;
    switch (info->type) {
    case TYPE_NUMBER:
        if (slice_to_u64(text, &number) < 0 || number > INT64_MAX || (int64_t)number < info->min ||
            (int64_t)number > info->max) {
            return diag_set(diag, -EINVAL, "%s is a number from %lld to %lld, not \"%.*s\"",
                            info->name, (long long)info->min, (long long)info->max,
                            (int)MIN(text.len, 40), text.ptr);
        }
        break;
    case TYPE_LEVEL:
        if (log_level_from_str(text, &level) < 0) {
            return diag_set(diag, -EINVAL, "%s is %s, not \"%.*s\"", info->name, info->doc,
                            (int)MIN(text.len, 40), text.ptr);
        }
        number = level;
        break;
    case TYPE_FORMAT:
        if (log_format_from_str(text, &format) < 0) {
            return diag_set(diag, -EINVAL, "%s is text or json, not \"%.*s\"", info->name,
                            (int)MIN(text.len, 40), text.ptr);
        }
        number = format;
        break;
    case TYPE_LOOP:
        if (loop_kind_from_str(text, &loop) < 0) {
            return diag_set(diag, -EINVAL, "%s is auto, io_uring or epoll, not \"%.*s\"",
                            info->name, (int)MIN(text.len, 40), text.ptr);
        }
        number = loop;
        break;
    case TYPE_MODE:
        if (!read_mode(text, &number)) {
            return diag_set(diag, -EINVAL, "%s is an octal number up to 0777, not \"%.*s\"",
                            info->name, (int)MIN(text.len, 40), text.ptr);
        }
        break;
    case TYPE_OFFSET:
        if (!read_offset(text, info, &offset)) {
            return diag_set(diag, -EINVAL,
                            "%s is a number of minutes from %lld to %lld, or host, not \"%.*s\"",
                            info->name, (long long)info->min, (long long)info->max,
                            (int)MIN(text.len, 40), text.ptr);
        }
        break;
    case TYPE_TEXT:
        if (text.len > (size_t)info->max) {
            return diag_set(diag, -EINVAL, "%s is longer than %lld bytes", info->name,
                            (long long)info->max);
        }
        break;
    }
    v->number = info->type == TYPE_OFFSET ? offset : (int64_t)number;
    slice_to_str(text, v->text, sizeof(v->text));
    return 0;
}

struct config *
config_new(void)
{
    struct config *c = check_alloc(1, sizeof(*c));
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        int r = config_set(c, s, slice_from_str(infos[s].initial), NULL);
        assert(r == 0);
    }
    return c;
}

void
config_free(struct config **config)
{
    struct config *c = TAKE(*config);
    if (c != NULL) {
        free(c->text);
        free(c);
    }
}

int64_t
config_number(const struct config *c, enum setting s)
{
    return c->values[s].number;
}

const char *
config_text(const struct config *c, enum setting s)
{
    return c->values[s].text;
}

const char *
config_setting_name(enum setting s)
{
    return infos[s].name;
}

const char *
config_setting_section(enum setting s)
{
    return infos[s].section;
}

bool
config_setting_reloads(enum setting s)
{
    return infos[s].reloads;
}

bool
config_setting_equal(const struct config *a, const struct config *b, enum setting s)
{
    return infos[s].type == TYPE_TEXT ? strcmp(a->values[s].text, b->values[s].text) == 0
                                      : a->values[s].number == b->values[s].number;
}

/* The message does not say which listener, webhook or objective it is about. */
static int
diag_at_section(struct diag *diag, const char *what, const char *name)
{
    struct diag told = *diag;
    *diag = (struct diag){0};
    return diag_set_hint(diag, -EINVAL, told.hint, "the %s \"%s\": %.400s", what, name,
                         told.message);
}

static int
check_push(const struct config *c, struct diag *diag)
{
    const char *otlp = config_text(c, SETTING_otlp);
#ifndef SLOWBURN_PUSH
    if (c->webhook_count > 0 || otlp[0] != '\0') {
        return diag_set(diag, -ENOTSUP,
                        "this slowburn was built without webhooks and OTLP (-Dpush=disabled)");
    }
#endif
    if (otlp[0] != '\0' && !webhook_is_url(slice_from_str(otlp))) {
        return diag_set(diag, -EINVAL, "otlp does not begin with http:// or https://");
    }
    for (unsigned i = 0; i < c->webhook_count; i++) {
        if (webhook_settings_check(&c->webhooks[i].settings, diag) < 0) {
            return diag_at_section(diag, "webhook", c->webhooks[i].name);
        }
    }
    return 0;
}

static int
check_objectives(const struct config *c, struct diag *diag)
{
    for (unsigned i = 0; i < c->objectives.count; i++) {
        const struct objective_setting *s = &c->objectives.of[i];
        int err = objective_fits_json(s)
                      ? objective_setting_check(s, diag)
                      : diag_set(diag, -EINVAL, "its name or its route is not UTF-8");
        if (err < 0) {
            return diag_at_section(diag, "objective", c->objectives.of[i].name);
        }
    }
    return 0;
}

int
config_check(const struct config *c, struct diag *diag)
{
    if (c->listener_count == 0) {
        return diag_set_hint(diag, -EINVAL, "as in --postgres 6432=127.0.0.1:5432",
                             "there is no listener");
    }
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct config_listener *l = &c->listeners[i];
        if (!l->has_listen || !l->has_upstream) {
            return diag_set(diag, -EINVAL, "the listener \"%s\" has no %s", l->name,
                            l->has_listen ? "upstream" : "listen");
        }
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(c->listeners[j].listen.text, l->listen.text) == 0) {
                return diag_set(diag, -EINVAL, "two listeners on %s", l->listen.text);
            }
        }
        struct listener_choice choice;
        if (listener_settings_check(&l->settings, l->protocol, diag, &choice) < 0) {
            return diag_at_section(diag, "listener", l->name);
        }
        if (l->protocol == PROTOCOL_HTTP && choice.client_tls == CLIENT_TLS_VERIFY_FULL) {
            return diag_set(diag, -EINVAL, "client_tls = verify-full is for PostgreSQL's users");
        }
        if (strcmp(l->listen.text, l->upstream.text) == 0) {
            return diag_set(diag, -EINVAL, "the listener %s is its own upstream", l->listen.text);
        }
    }
    int err = check_push(c, diag);
    err = err < 0 ? err : check_objectives(c, diag);
    if (err < 0) {
        return err;
    }
    int64_t ring = config_number(c, SETTING_ring_bytes);
    if ((ring & (ring - 1)) != 0) {
        return diag_set(diag, -EINVAL, "ring_bytes is a power of two, not %lld", (long long)ring);
    }
    const char *admin = config_text(c, SETTING_admin);
    struct address address;
    if (strcmp(admin, "off") != 0 && address_parse(slice_from_str(admin), diag, &address) < 0) {
        return -EINVAL;
    }
    if (strcmp(admin, "off") != 0 && address.is_unix) {
        return diag_set_hint(diag, -EINVAL, "admin = off leaves DATA/admin.sock",
                             "the admin API listens on host:port, not on %s", address.text);
    }
    return 0;
}

void
config_print_settings(FILE *out)
{
    const char *section = "";
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        const struct setting_info *i = &infos[s];
        if (strcmp(section, i->section) != 0) {
            section = i->section;
            fprintf(out, "\n[%s]\n", section);
        }
        fprintf(out, "  %s = %s%s\n      %s\n", i->name, i->initial[0] == '\0' ? "..." : i->initial,
                i->reloads ? "   (SIGHUP)" : "", i->doc);
    }
}
