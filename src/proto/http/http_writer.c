/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_writer.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    uint16_t status;
    const char *text;
} status_texts[] = {
    {100, "Continue"},
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *
http_status_text(unsigned status)
{
    for (size_t i = 0; i < ARRAY_LEN(status_texts); i++) {
        if (status_texts[i].status == status) {
            return status_texts[i].text;
        }
    }
    return "Unknown";
}

void
http_writer_init(struct http_writer *w, void *data, size_t cap)
{
    *w = (struct http_writer){.data = data, .cap = cap};
}

static void
put(struct http_writer *w, struct slice s)
{
    if (w->failed || s.len > w->cap - w->len) {
        w->failed = true;
    } else if (s.len > 0) {
        memcpy(w->data + w->len, s.ptr, s.len);
        w->len += s.len;
    }
}

static bool
has_line_end(struct slice s)
{
    return slice_find(s, '\r') < s.len || slice_find(s, '\n') < s.len;
}

void
http_writer_status(struct http_writer *w, unsigned status)
{
    char line[64];
    int n = snprintf(line, sizeof(line), "HTTP/1.1 %03u %s\r\n", status, http_status_text(status));
    put(w, slice_of(line, (size_t)n));
}

void
http_writer_field(struct http_writer *w, const char *name, struct slice value)
{
    if (has_line_end(slice_from_str(name)) || has_line_end(value)) {
        w->failed = true;
        return;
    }
    put(w, slice_from_str(name));
    put(w, SLICE_LIT(": "));
    put(w, value);
    put(w, SLICE_LIT("\r\n"));
}

void
http_writer_length(struct http_writer *w, uint64_t body_len)
{
    char line[64];
    int n = snprintf(line, sizeof(line), "Content-Length: %" PRIu64 "\r\n\r\n", body_len);
    put(w, slice_of(line, (size_t)n));
}

void
http_writer_body(struct http_writer *w, struct slice body)
{
    http_writer_length(w, body.len);
    put(w, body);
}

void
http_writer_end(struct http_writer *w)
{
    put(w, SLICE_LIT("\r\n"));
}
