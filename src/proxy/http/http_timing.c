/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/http_timing.h"

#include <errno.h>
#include <stdio.h>

#include "proxy/security.h"
#include "proxy/server_timing.h"

void
http_timing_open(struct exchange *x, const struct driver_session *s)
{
    struct server_timing_key key;
    if (s->security == NULL || !security_choice(s->security)->server_timing) {
        return;
    }
    memcpy(key.trace_id, x->event.trace_id, sizeof(key.trace_id));
    memcpy(key.span_id, x->event.span_id, sizeof(key.span_id));
    if (server_timing_open(x->env->server_timing, &key, &x->timing) == -ENOSPC) {
        x->env->counters[COUNTER_server_timing_full]++;
    }
}

void
http_timing_add(struct exchange *x, struct http_edit *edit)
{
    struct server_timing_sum sum;
    char text[128];
    if (!server_timing_take(x->env->server_timing, x->timing, &sum)) {
        return;
    }
    uint64_t tenths = (sum.took_ns + 50000) / 100000;
    int len = snprintf(text, sizeof(text), "db;dur=%llu.%u;desc=\"%u %s",
                       (unsigned long long)(tenths / 10), (unsigned)(tenths % 10), sum.ended,
                       sum.ended == 1 ? "query" : "queries");
    if (sum.under_way > 0) {
        len += snprintf(text + len, sizeof(text) - (size_t)len, ", %u under way", sum.under_way);
    }
    text[len++] = '"';
    int full = http_edit_add(edit, "Server-Timing",
                             &(struct slice){(const uint8_t *)text, (size_t)len}, 1);
    assert(full == 0); /* nothing else is added to a response */
}
