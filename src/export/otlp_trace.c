/* SPDX-License-Identifier: Apache-2.0
 * The part of otlp_encode.h that is about spans: one for the request, one for each of its rows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "export/member.h"
#include "export/otlp_attribute.h"
#include "export/otlp_encode.h"

enum span_field {
    SPAN_TRACE_ID = 1,
    SPAN_ID = 2,
    SPAN_PARENT = 4,
    SPAN_NAME = 5,
    SPAN_KIND = 6,
    SPAN_START = 7,
    SPAN_END = 8,
    SPAN_ATTRIBUTES = 9,
    SPAN_STATUS = 15,
};

enum span_kind { KIND_INTERNAL = 1, KIND_SERVER = 2, KIND_CLIENT = 3 };

#define STATUS_ERROR 2

struct ids {
    uint8_t trace[16];
    uint8_t span[8];
};

static bool
read_hex(const char *hex, uint8_t *ret_bytes, size_t len)
{
    if (strlen(hex) != 2 * len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        int high = slice_hex_digit((uint8_t)hex[2 * i]);
        int low = slice_hex_digit((uint8_t)hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static uint64_t
moment(uint64_t start_wall_ns, double after_ms)
{
    return start_wall_ns + (uint64_t)(after_ms > 0 ? after_ms * (double)NS_PER_MS : 0);
}

static void
put_error(struct buf *b, const char *type)
{
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "error.type", type);
    size_t at = protobuf_open(b, SPAN_STATUS);
    protobuf_varint(b, 3, STATUS_ERROR);
    protobuf_close(b, at);
}

static void
put_frame(struct buf *b, const struct ids *ids, struct slice span, enum span_kind kind,
          const char *name, uint64_t from_ns, uint64_t to_ns)
{
    protobuf_bytes(b, SPAN_TRACE_ID, slice_of(ids->trace, sizeof(ids->trace)));
    protobuf_bytes(b, SPAN_ID, span);
    protobuf_string(b, SPAN_NAME, name);
    protobuf_varint(b, SPAN_KIND, kind);
    protobuf_fixed64(b, SPAN_START, from_ns);
    protobuf_fixed64(b, SPAN_END, to_ns);
}

/* The route as it is shown begins with the method, which is an attribute of its own. */
static void
put_root(const json_t *trace, const struct ids *ids, uint64_t start_ns, struct buf *b)
{
    const char *method = member_text(trace, "method"), *route = member_text(trace, "route");
    bool is_request = method[0] != '\0';
    const char *basis = member_text(trace, "route_basis");
    size_t prefix = strlen(method);
    char status[16], name[600];
    uint8_t parent[8];
    if (is_request && strncmp(route, method, prefix) == 0 && route[prefix] == ' ') {
        route += prefix + 1;
    }
    snprintf(status, sizeof(status), "%" PRId64,
             (int64_t)json_integer_value(json_object_get(trace, "status")));
    snprintf(name, sizeof(name), "%s%s%.512s", is_request ? method : "database work",
             is_request ? " " : "", is_request ? route : "");
    size_t at = protobuf_open(b, 2); /* ScopeSpans.spans */
    put_frame(b, ids, slice_of(ids->span, sizeof(ids->span)),
              is_request ? KIND_SERVER : KIND_INTERNAL, name, start_ns,
              moment(start_ns, member_number(trace, "duration_ms")));
    if (read_hex(member_text(trace, "parent_span_id"), parent, sizeof(parent))) {
        protobuf_bytes(b, SPAN_PARENT, slice_of(parent, sizeof(parent)));
    }
    if (is_request) {
        otlp_attribute_string(b, SPAN_ATTRIBUTES, "http.request.method", method);
        otlp_attribute_int(b, SPAN_ATTRIBUTES, "http.response.status_code",
                           json_integer_value(json_object_get(trace, "status")));
    }
    otlp_attribute_string(
        b, SPAN_ATTRIBUTES,
        is_request && member_is_route_given(trace) ? "http.route" : "slowburn.route.guess", route);
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "slowburn.route.basis", basis);
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "slowburn.kept", member_text(trace, "kept"));
    otlp_attribute_int(b, SPAN_ATTRIBUTES, "slowburn.queries",
                       json_integer_value(json_object_get(trace, "queries")));
    otlp_attribute_double(b, SPAN_ATTRIBUTES, "slowburn.db.duration_ms",
                          member_number(trace, "db_ms"));
    if (json_is_true(json_object_get(trace, "failed"))) {
        put_error(b, strcmp(status, "0") == 0 ? "_OTHER" : status);
    }
    protobuf_close(b, at);
}

/* "host:port", "[v6]:port", or a socket's path. */
static void
put_server(const char *server, struct buf *b)
{
    char host[256];
    const char *colon = strrchr(server, ':');
    if (colon == NULL || strchr(server, '/') != NULL) {
        otlp_attribute_string(b, SPAN_ATTRIBUTES, "server.address", server);
        return;
    }
    size_t len = (size_t)(colon - server);
    bool bracketed = len > 2 && server[0] == '[';
    slice_to_str(bracketed ? slice_of(server + 1, len - 2) : slice_of(server, len), host,
                 sizeof(host));
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "server.address", host);
    otlp_attribute_int(b, SPAN_ATTRIBUTES, "server.port", strtol(colon + 1, NULL, 10));
}

static void
put_row(const json_t *row, size_t index, const struct ids *ids, uint64_t start_ns,
        const json_t *servers, struct buf *b)
{
    const char *sqlstate = member_text(row, "sqlstate");
    int64_t calls = json_integer_value(json_object_get(row, "calls"));
    const json_t *upstream = json_object_get(row, "upstream");
    uint64_t span = hash_combine(hash_bytes(slice_of(ids->span, sizeof(ids->span))), index) | 1;
    size_t at = protobuf_open(b, 2);
    put_frame(b, ids, slice_of(&span, sizeof(span)), KIND_CLIENT, member_text(row, "summary"),
              moment(start_ns, member_number(row, "start_ms")),
              moment(start_ns, member_number(row, "end_ms")));
    protobuf_bytes(b, SPAN_PARENT, slice_of(ids->span, sizeof(ids->span)));
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "db.system.name", "postgresql");
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "db.namespace", member_text(row, "database"));
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "db.query.text", member_text(row, "statement"));
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "db.query.summary", member_text(row, "summary"));
    if (json_is_integer(upstream)) {
        const json_t *server = json_array_get(servers, (size_t)json_integer_value(upstream));
        put_server(json_string_value(server) == NULL ? "" : json_string_value(server), b);
    }
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "slowburn.fingerprint",
                          member_text(row, "fingerprint"));
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "slowburn.link.basis", member_text(row, "basis"));
    otlp_attribute_double(b, SPAN_ATTRIBUTES, "slowburn.link.probability",
                          member_number(row, "probability"));
    if (calls > 1) { /* one span for all of them: it is longer than what they took */
        otlp_attribute_int(b, SPAN_ATTRIBUTES, "slowburn.calls", calls);
        otlp_attribute_double(b, SPAN_ATTRIBUTES, "slowburn.calls.duration_ms",
                              member_number(row, "total_ms"));
    }
    otlp_attribute_string(b, SPAN_ATTRIBUTES, "db.response.status_code", sqlstate);
    if (json_integer_value(json_object_get(row, "errors")) > 0) {
        put_error(b, sqlstate[0] != '\0' ? sqlstate : "_OTHER");
    }
    protobuf_close(b, at);
}

unsigned
otlp_encode_trace(const json_t *trace, uint64_t start_wall_ns, const json_t *servers, struct buf *b)
{
    struct ids ids;
    size_t i;
    const json_t *row;
    const json_t *rows = json_object_get(trace, "statements");
    if (!read_hex(member_text(trace, "trace_id"), ids.trace, sizeof(ids.trace)) ||
        !read_hex(member_text(trace, "span_id"), ids.span, sizeof(ids.span))) {
        return 0;
    }
    put_root(trace, &ids, start_wall_ns, b);
    json_array_foreach(rows, i, row)
    {
        put_row(row, i, &ids, start_wall_ns, servers, b);
    }
    return 1 + (unsigned)json_array_size(rows);
}
