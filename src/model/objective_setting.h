/* SPDX-License-Identifier: Apache-2.0
 * model/objective_setting.h - what the user promises of a route, or of all requests together
 * (model/objective_setting.tbl).
 *
 * Plain data; any thread. */
#ifndef MODEL_OBJECTIVE_SETTING_H
#define MODEL_OBJECTIVE_SETTING_H

#include "base/diag.h"
#include "base/slice.h"

#define OBJECTIVES_MAX     16u
#define OBJECTIVE_NAME_MAX 64u
#define OBJECTIVE_DAYS_MAX 30u

enum objective_key {
#define OBJECTIVE_SETTING(name, initial, doc) OBJECTIVE_##name,
#include "model/objective_setting.tbl"
#undef OBJECTIVE_SETTING
    OBJECTIVE_KEY_COUNT
};

struct objective_setting {
    char name[OBJECTIVE_NAME_MAX]; /* of its section */
    char route[256];               /* "": all requests */
    double availability;           /* per cent; 0: not promised */
    double latency_ms;             /* 0: not promised */
    double latency;                /* per cent */
    unsigned days;
    uint32_t given; /* bits of enum objective_key */
};

/* All of a configuration. */
struct objectives {
    struct objective_setting of[OBJECTIVES_MAX];
    unsigned count;
};

/* What is looked at to say whether a request was good: it did not fail, or it was quick enough. */
enum indicator { INDICATOR_AVAILABILITY, INDICATOR_LATENCY, INDICATOR_COUNT };

const char *indicator_name(enum indicator indicator);

/* Share of the requests that may be bad; 0: nothing is promised of it. */
double objective_allowed(const struct objective_setting *s, enum indicator indicator);

const char *objective_key_name(enum objective_key key);

/* The defaults under this name. */
void objective_setting_init(struct objective_setting *s, const char *name);

/* 0; -ENOENT: no such key, without a diag; -EINVAL with one. */
MUST_CHECK int objective_setting_set(struct objective_setting *s, const char *key,
                                     struct slice value, struct diag *diag);

/* What only shows when all is given. 0 or -EINVAL with a diag. */
MUST_CHECK int objective_setting_check(const struct objective_setting *s, struct diag *diag);

#endif
