/* SPDX-License-Identifier: Apache-2.0 */
#include "export/otlp_encode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "export/otlp_attribute.h"

#define SEVERITY_INFO 9
#define SEVERITY_WARN 13

const char *
otlp_signal_name(enum otlp_signal signal)
{
    static const char *const names[] = {"traces", "metrics", "logs"};
    return names[signal];
}

/* Things go wrong with an incident, or they go well. */
static bool
is_warning(const char *kind)
{
    static const char *const bad[] = {"opened", "reopened", "error", "finding", "no-cause"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (strcmp(kind, bad[i]) == 0) {
            return true;
        }
    }
    return false;
}

unsigned
otlp_encode_log(uint32_t incident, const char *kind, struct slice text, uint64_t at_wall_ns,
                uint64_t now_wall_ns, struct buf *b)
{
    char event[96];
    snprintf(event, sizeof(event), "slowburn.incident.%.70s", kind);
    size_t at = protobuf_open(b, 2); /* ScopeLogs.log_records */
    protobuf_fixed64(b, 1, at_wall_ns);
    protobuf_varint(b, 2, is_warning(kind) ? SEVERITY_WARN : SEVERITY_INFO);
    protobuf_string(b, 3, is_warning(kind) ? "WARN" : "INFO");
    size_t body = protobuf_open(b, 5);
    protobuf_bytes(b, 1, text);
    protobuf_close(b, body);
    otlp_attribute_int(b, 6, "slowburn.incident.id", incident);
    otlp_attribute_string(b, 6, "event.name", event); /* for who does not know field 12 */
    protobuf_fixed64(b, 11, now_wall_ns);
    protobuf_string(b, 12, event);
    protobuf_close(b, at);
    return 1;
}

/* All three are built alike: resource_x { resource = 1, scope_x = 2 { scope = 1, items = 2 } }. */
int
otlp_encode_request(const struct otlp_resource *r, struct slice items, struct buf *b)
{
    size_t of_resource = protobuf_open(b, 1);
    size_t resource = protobuf_open(b, 1);
    otlp_attribute_string(b, 1, "service.name", r->service);
    otlp_attribute_string(b, 1, "service.instance.id", r->instance);
    otlp_attribute_string(b, 1, "service.version", SLOWBURN_VERSION);
    protobuf_close(b, resource);
    size_t of_scope = protobuf_open(b, 2);
    size_t scope = protobuf_open(b, 1);
    protobuf_string(b, 1, "slowburn");
    protobuf_string(b, 2, SLOWBURN_VERSION);
    protobuf_close(b, scope);
    (void)buf_append(b, items);
    protobuf_close(b, of_scope);
    protobuf_close(b, of_resource);
    return buf_overflowed(b) ? -E2BIG : 0;
}

/* partial_success = 1 { rejected_x = 1 } */
uint64_t
otlp_rejected(struct slice response)
{
    uint64_t value = 0;
    struct slice partial = SLICE_NONE, bytes;
    if (!protobuf_find(response, 1, &value, &partial) ||
        !protobuf_find(partial, 1, &value, &bytes)) {
        return 0;
    }
    return value;
}
