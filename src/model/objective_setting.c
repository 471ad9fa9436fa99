/* SPDX-License-Identifier: Apache-2.0 */
#include "model/objective_setting.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *initial;
} infos[] = {
#define OBJECTIVE_SETTING(name, initial, doc) {#name, initial},
#include "model/objective_setting.tbl"
#undef OBJECTIVE_SETTING
};

const char *
objective_key_name(enum objective_key key)
{
    return infos[key].name;
}

const char *
indicator_name(enum indicator indicator)
{
    static const char *const names[] = {"availability", "latency"};
    return names[indicator];
}

double
objective_allowed(const struct objective_setting *s, enum indicator indicator)
{
    double good = indicator == INDICATOR_AVAILABILITY ? s->availability
                  : s->latency_ms > 0                 ? s->latency
                                                      : 0;
    return good > 0 ? 1 - good / 100 : 0;
}

static int
number(const char *key, struct slice value, double low, double high, double *ret_number,
       struct diag *diag)
{
    char text[32], *end = NULL;
    slice_to_str(slice_sub(value, 0, sizeof(text) - 1), text, sizeof(text));
    double n = strtod(text, &end);
    bool is_plain = value.len > 0 && value.len < sizeof(text) &&
                    strspn(text, "0123456789.") == value.len && *end == '\0';
    if (!is_plain || !(n >= low && n <= high)) {
        return diag_set(diag, -EINVAL, "%s is a number from %g to %g, not \"%.*s\"", key, low, high,
                        (int)MIN(value.len, 40), value.ptr);
    }
    *ret_number = n;
    return 0;
}

static int
set(struct objective_setting *s, enum objective_key key, struct slice value, struct diag *diag)
{
    const char *name = infos[key].name;
    double days = 0;
    int err = 0;
    switch (key) {
    case OBJECTIVE_route:
        if (value.len >= sizeof(s->route)) {
            return diag_set(diag, -EINVAL, "route is longer than %zu bytes", sizeof(s->route) - 1);
        }
        slice_to_str(value, s->route, sizeof(s->route));
        return 0;
    case OBJECTIVE_availability:
        return number(name, value, 50, 99.9999, &s->availability, diag);
    case OBJECTIVE_latency_ms:
        return number(name, value, 0.1, 600000, &s->latency_ms, diag);
    case OBJECTIVE_latency:
        return number(name, value, 50, 99.9999, &s->latency, diag);
    case OBJECTIVE_days:
        err = number(name, value, 1, OBJECTIVE_DAYS_MAX, &days, diag);
        if (err == 0 && days != floor(days)) {
            return diag_set(diag, -EINVAL, "%s is a whole number, not \"%.*s\"", name,
                            (int)MIN(value.len, 40), value.ptr);
        }
        s->days = err == 0 ? (unsigned)days : s->days;
        return err;
    case OBJECTIVE_KEY_COUNT:
        break;
    }
    return -ENOENT;
}

void
objective_setting_init(struct objective_setting *s, const char *name)
{
    memset(s, 0, sizeof(*s));
    slice_to_str(slice_from_str(name), s->name, sizeof(s->name));
    for (unsigned i = 0; i < OBJECTIVE_KEY_COUNT; i++) {
        if (infos[i].initial[0] != '\0') {
            int err = set(s, (enum objective_key)i, slice_from_str(infos[i].initial), NULL);
            assert(err == 0);
        }
    }
}

int
objective_setting_set(struct objective_setting *s, const char *key, struct slice value,
                      struct diag *diag)
{
    for (unsigned i = 0; i < OBJECTIVE_KEY_COUNT; i++) {
        if (strcmp(infos[i].name, key) != 0) {
            continue;
        }
        if ((s->given & (1u << i)) != 0) {
            return diag_set(diag, -EINVAL, "%s is given twice", key);
        }
        s->given |= 1u << i;
        return set(s, (enum objective_key)i, value, diag);
    }
    return -ENOENT;
}

int
objective_setting_check(const struct objective_setting *s, struct diag *diag)
{
    if (s->availability <= 0 && s->latency_ms <= 0) {
        return diag_set(diag, -EINVAL, "neither availability nor latency_ms is given");
    }
    if (s->latency_ms <= 0 && (s->given & (1u << OBJECTIVE_latency)) != 0) {
        return diag_set(diag, -EINVAL, "latency is given without latency_ms");
    }
    return 0;
}
