/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_head.h"

#define METHOD_LEN_MAX 32

static const char *const method_names[] = {
    [METHOD_OTHER] = "OTHER",   [METHOD_GET] = "GET",         [METHOD_HEAD] = "HEAD",
    [METHOD_POST] = "POST",     [METHOD_PUT] = "PUT",         [METHOD_PATCH] = "PATCH",
    [METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS",
};

const char *
http_method_name(enum http_method method)
{
    return (size_t)method < ARRAY_LEN(method_names) ? method_names[method] : "OTHER";
}

/* 1 for what may stand in a token. */
static const uint8_t token_chars[256] = {
    ['0' ... '9'] = 1, ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1, ['!'] = 1, ['#'] = 1, ['$'] = 1,
    ['%'] = 1,         ['&'] = 1,         ['\''] = 1,        ['*'] = 1, ['+'] = 1, ['-'] = 1,
    ['.'] = 1,         ['^'] = 1,         ['_'] = 1,         ['`'] = 1, ['|'] = 1, ['~'] = 1,
};

/* 1 for the bytes of a line that need a look: its end, and what no line may hold. */
static const uint8_t controls[256] = {[0 ... 8] = 1, [10 ... 31] = 1, [0x7f] = 1};

bool
http_is_token_char(uint8_t c)
{
    return token_chars[c] != 0;
}

bool
http_name_eq_loosely(struct slice name, struct slice wanted)
{
    for (size_t i = 0; name.len == wanted.len && i < name.len; i++) {
        uint8_t c = name.ptr[i];
        c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        if (c != wanted.ptr[i]) {
            return false;
        }
    }
    return name.len == wanted.len;
}

void
http_head_init(struct http_head *h, enum http_side side, uint32_t len_max)
{
    assert(len_max <= HTTP_HEAD_MAX);
    *h = (struct http_head){.side = side, .len_max = len_max};
}

static enum dec
fail_as(struct http_head *h, enum dec answer, uint16_t refusal, const char *reason)
{
    h->error = (struct dec_error){reason, h->line_at};
    h->refusal = refusal;
    return answer;
}

static enum dec
fail(struct http_head *h, enum dec answer, const char *reason)
{
    return fail_as(h, answer, answer == DEC_LIMIT ? 431 : 400, reason);
}

static bool
is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!http_is_token_char(s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

static struct slice
trim_blanks(struct slice s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
        s = slice_sub(s, 1, s.len);
    }
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}

/* "HTTP/1.0" and "HTTP/1.1"; a later minor version is to be read as 1.1. */
static bool
parse_version(struct http_head *h, struct slice s)
{
    if (s.len != 8 || !slice_eq(slice_sub(s, 0, 7), SLICE_LIT("HTTP/1.")) || s.ptr[7] < '0' ||
        s.ptr[7] > '9') {
        return false;
    }
    h->minor = s.ptr[7] == '0' ? 0 : 1;
    return true;
}

/* Host and port as they stand in an absolute target, or SLICE_NONE. */
static struct slice
authority_of(struct slice target)
{
    size_t scheme = slice_starts_with_ci(target, SLICE_LIT("http://"))    ? 7
                    : slice_starts_with_ci(target, SLICE_LIT("https://")) ? 8
                                                                          : 0;
    if (scheme == 0) {
        return SLICE_NONE;
    }
    struct slice rest = slice_sub(target, scheme, target.len);
    rest = slice_sub(rest, 0, slice_find(rest, '/'));
    return slice_sub(rest, 0, slice_find(rest, '?'));
}

/* A fragment is the client's own business: who stands behind may cut it off, or not. */
static bool
is_target(const struct http_head *h, struct slice target)
{
    if (target.len == 0 || slice_find(target, '#') < target.len ||
        slice_find(target, '\t') < target.len) {
        return false;
    }
    return target.ptr[0] == '/' || authority_of(target).len > 0 ||
           (slice_eq(target, SLICE_LIT("*")) && h->method_id == METHOD_OPTIONS);
}

static enum dec
bad_version(struct http_head *h, struct slice s)
{
    if (s.len == 8 && slice_eq(slice_sub(s, 0, 5), SLICE_LIT("HTTP/")) && s.ptr[5] >= '0' &&
        s.ptr[5] <= '9' && s.ptr[5] != '1' && s.ptr[6] == '.') {
        return fail_as(h, DEC_BAD, 505, "the version is not HTTP/1.0 or HTTP/1.1");
    }
    return fail(h, DEC_BAD, "the request line does not end in HTTP/1.0 or HTTP/1.1");
}

static enum dec
parse_request_line(struct http_head *h, struct slice line)
{
    size_t method_len = slice_find(line, ' ');
    struct slice method = slice_sub(line, 0, method_len);
    struct slice rest = slice_sub(line, method_len + 1, line.len);
    size_t target_len = slice_find(rest, ' ');
    struct slice target = slice_sub(rest, 0, target_len);
    if (method_len == line.len || target_len == rest.len) {
        return fail(h, DEC_BAD, "the request line has not three parts");
    }
    if (!is_token(method) || method.len > METHOD_LEN_MAX) {
        return fail(h, DEC_BAD, "the method is not a token");
    }
    for (size_t i = METHOD_GET; i < ARRAY_LEN(method_names); i++) {
        if (slice_eq(method, slice_from_str(method_names[i]))) {
            h->method_id = (enum http_method)i;
        }
    }
    if (slice_eq(method, SLICE_LIT("CONNECT"))) {
        return fail_as(h, DEC_BAD, 405, "CONNECT is for forward proxies");
    }
    if (!is_target(h, target)) {
        return fail(h, DEC_BAD, "the request target has no known form");
    }
    if (!parse_version(h, slice_sub(rest, target_len + 1, rest.len))) {
        return bad_version(h, slice_sub(rest, target_len + 1, rest.len));
    }
    h->method = (struct http_span){h->line_at, (uint32_t)method.len};
    h->target = (struct http_span){h->line_at + (uint32_t)method.len + 1, (uint32_t)target.len};
    return DEC_OK;
}

static enum dec
parse_status_line(struct http_head *h, struct slice line)
{
    uint64_t status = 0;
    if (!parse_version(h, slice_sub(line, 0, 8)) || line.len < 12 || line.ptr[8] != ' ' ||
        (line.len > 12 && line.ptr[12] != ' ')) {
        return fail(h, DEC_BAD, "the status line is not HTTP/1.1, a blank and a status");
    }
    if (slice_to_u64(slice_sub(line, 9, 3), &status) != 0 || status < 100) {
        return fail(h, DEC_BAD, "the status is not a number from 100 to 999");
    }
    h->status = (uint16_t)status;
    return DEC_OK;
}

static enum dec
take_length(struct http_head *h, struct slice value)
{
    uint64_t n = 0;
    if (h->has_length) {
        return fail(h, DEC_BAD, "Content-Length is given twice");
    }
    if (slice_to_u64(value, &n) != 0 || n > INT64_MAX) {
        return fail(h, DEC_BAD, "Content-Length is not a number");
    }
    h->has_length = true;
    h->content_length = n;
    return DEC_OK;
}

static enum dec
take_coding(struct http_head *h, struct slice value)
{
    struct slice rest = value;
    struct slice piece;
    if (h->has_coding) {
        return fail(h, DEC_BAD, "Transfer-Encoding is given twice");
    }
    h->has_coding = true;
    while (slice_split(&rest, ',', &piece)) {
        piece = trim_blanks(piece);
        if (h->chunked) {
            return fail(h, DEC_BAD, "a transfer coding follows chunked");
        }
        if (!is_token(slice_sub(piece, 0, slice_find(piece, ';')))) {
            return fail(h, DEC_BAD, "a transfer coding is not a token");
        }
        h->chunked = slice_eq_ci(piece, SLICE_LIT("chunked"));
    }
    if (!h->chunked && h->side == HTTP_REQUEST) {
        return fail(h, DEC_BAD, "a request's Transfer-Encoding does not end in chunked");
    }
    /* Who does not know a coding may not see the chunks either. */
    if (h->side == HTTP_REQUEST && !slice_eq_ci(value, SLICE_LIT("chunked"))) {
        return fail_as(h, DEC_BAD, 501, "a request with a transfer coding besides chunked");
    }
    h->coded = !h->chunked;
    return DEC_OK;
}

/* A field that is named there is taken out by whoever forwards the message: these must stay. */
static bool
is_for_everybody(struct slice name)
{
    return slice_eq_ci(name, SLICE_LIT("content-length")) ||
           slice_eq_ci(name, SLICE_LIT("transfer-encoding")) ||
           slice_eq_ci(name, SLICE_LIT("host"));
}

static enum dec
take_connection(struct http_head *h, struct slice value)
{
    struct slice rest = value;
    struct slice piece;
    while (slice_split(&rest, ',', &piece)) {
        piece = trim_blanks(piece);
        h->wants_close |= slice_eq_ci(piece, SLICE_LIT("close"));
        h->wants_keep |= slice_eq_ci(piece, SLICE_LIT("keep-alive"));
        h->connection_upgrade |= slice_eq_ci(piece, SLICE_LIT("upgrade"));
        if (h->side == HTTP_REQUEST && is_for_everybody(piece)) {
            return fail(h, DEC_BAD, "Connection names a field that frames the message");
        }
    }
    return DEC_OK;
}

static enum dec
take_host(struct http_head *h, struct slice value, uint32_t value_at)
{
    if (h->side == HTTP_RESPONSE) {
        return DEC_OK;
    }
    if (h->has_host) {
        return fail(h, DEC_BAD, "Host is given twice");
    }
    h->has_host = true;
    h->host = (struct http_span){value_at, (uint32_t)value.len};
    for (size_t i = 0; i < value.len; i++) {
        if (strchr(" \t,/?#@\\\"<>", value.ptr[i]) != NULL) {
            return fail(h, DEC_BAD, "Host is not a host");
        }
    }
    return DEC_OK;
}

static enum dec
take_expect(struct http_head *h, struct slice value)
{
    bool is_known = slice_eq_ci(value, SLICE_LIT("100-continue"));
    if (h->side == HTTP_REQUEST && (!is_known || h->has_expect)) {
        return fail_as(h, DEC_BAD, 417, "an expectation other than 100-continue");
    }
    h->has_expect = true;
    h->expects_100 = is_known;
    return DEC_OK;
}

/* The fields that decide where a message ends and what becomes of its connection. */
static enum dec
take_field(struct http_head *h, struct slice name, struct slice value, uint32_t value_at)
{
    if (slice_eq_ci(name, SLICE_LIT("content-length"))) {
        return take_length(h, value);
    }
    if (slice_eq_ci(name, SLICE_LIT("transfer-encoding"))) {
        return take_coding(h, value);
    }
    if (slice_eq_ci(name, SLICE_LIT("connection"))) {
        return take_connection(h, value);
    }
    if (slice_eq_ci(name, SLICE_LIT("host"))) {
        return take_host(h, value, value_at);
    }
    if (slice_eq_ci(name, SLICE_LIT("expect"))) {
        return take_expect(h, value);
    }
    if (slice_eq_ci(name, SLICE_LIT("upgrade"))) {
        h->has_upgrade = value.len > 0;
    }
    return DEC_OK;
}

/* In CGI's variables, and for who reads those, `_` and `-` are the same. */
static bool
frames_with_underscores(struct slice name)
{
    return http_name_eq_loosely(name, SLICE_LIT("content-length")) ||
           http_name_eq_loosely(name, SLICE_LIT("transfer-encoding"));
}

/* What decides where the message ends is spelt so that nobody can misread it. */
static enum dec
check_framing(struct http_head *h, struct slice name, struct slice raw)
{
    if (!frames_with_underscores(name)) {
        return DEC_OK;
    }
    if (slice_find(name, '_') < name.len && h->side == HTTP_REQUEST) {
        return fail(h, DEC_BAD, "a field that frames the message has `_` in its name");
    }
    if (slice_find(raw, '\t') < raw.len) {
        return fail(h, DEC_BAD, "a tab beside Content-Length or Transfer-Encoding");
    }
    return DEC_OK;
}

static enum dec
parse_field(struct http_head *h, struct slice line)
{
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
        return fail(h, DEC_BAD, "a header line begins with a blank");
    }
    size_t colon = slice_find(line, ':');
    struct slice name = slice_sub(line, 0, colon);
    if (colon == line.len || !is_token(name)) {
        return fail(h, DEC_BAD, "a header line is not a name, a colon and a value");
    }
    if (h->field_count == HTTP_FIELDS_MAX) {
        return fail(h, DEC_LIMIT, "too many header fields");
    }
    struct slice raw = slice_sub(line, colon + 1, line.len);
    struct slice value = trim_blanks(raw);
    uint32_t value_at = h->line_at + (uint32_t)colon + 1;
    if (value.len > 0) {
        value_at += (uint32_t)(value.ptr - raw.ptr);
    }
    h->fields[h->field_count++] = (struct http_field){
        .name = {h->line_at, (uint32_t)name.len},
        .value = {value_at, (uint32_t)value.len},
    };
    enum dec answer = check_framing(h, name, raw);
    return answer == DEC_OK ? take_field(h, name, value, value_at) : answer;
}

static enum dec
finish(struct http_head *h, struct slice bytes)
{
    struct slice authority = authority_of(http_span_of(bytes, h->target));
    if (h->has_length && h->has_coding) {
        return fail(h, DEC_BAD, "both Content-Length and Transfer-Encoding");
    }
    if (h->has_coding && h->minor == 0) {
        return fail(h, DEC_BAD, "Transfer-Encoding in HTTP/1.0");
    }
    if (h->side == HTTP_REQUEST && h->minor == 1 && !h->has_host) {
        return fail(h, DEC_BAD, "no Host in HTTP/1.1");
    }
    if (authority.len > 0 && h->has_host && !slice_eq_ci(authority, http_span_of(bytes, h->host))) {
        return fail(h, DEC_BAD, "Host is not the target's");
    }
    h->upgrade = h->connection_upgrade && h->has_upgrade;
    h->len = h->scanned;
    return DEC_OK;
}

/* One line without its CR LF; DEC_OK only for the empty line that ends the head. */
static enum dec
take_line(struct http_head *h, struct slice bytes, struct slice line)
{
    enum dec answer;
    if (line.len == 0) {
        if (h->has_start) {
            return finish(h, bytes);
        }
        if (h->side == HTTP_RESPONSE || h->start != 0) {
            return fail(h, DEC_BAD, "an empty line where a start line should be");
        }
        h->start = h->scanned;
        return DEC_MORE;
    }
    if (h->has_start) {
        answer = parse_field(h, line);
    } else {
        answer = h->side == HTTP_REQUEST ? parse_request_line(h, line) : parse_status_line(h, line);
        h->has_start = true;
        h->fields_at = h->scanned;
    }
    return answer == DEC_OK ? DEC_MORE : answer;
}

enum dec
http_head_decode(struct http_head *h, struct slice bytes)
{
    size_t end = MIN(bytes.len, h->len_max);
    while (h->scanned < end) {
        bool after_cr = h->scanned > h->line_at && bytes.ptr[h->scanned - 1] == '\r';
        while (!after_cr && h->scanned < end && !controls[bytes.ptr[h->scanned]]) {
            h->scanned++;
        }
        if (h->scanned == end) {
            break;
        }
        uint8_t c = bytes.ptr[h->scanned];
        if (c == '\n' ? !after_cr : after_cr) {
            return fail(h, DEC_BAD, "a bare CR or LF");
        }
        if (c != '\r' && c != '\n') {
            return fail(h, DEC_BAD, "a control character");
        }
        h->scanned++;
        if (c == '\n') {
            enum dec answer =
                take_line(h, bytes, slice_sub(bytes, h->line_at, h->scanned - h->line_at - 2));
            if (answer != DEC_MORE) {
                return answer;
            }
            h->line_at = h->scanned;
        }
    }
    if (h->scanned < h->len_max) {
        return DEC_MORE;
    }
    return h->has_start || h->side == HTTP_RESPONSE
               ? fail(h, DEC_LIMIT, "the head is too long")
               : fail_as(h, DEC_LIMIT, 414, "the request line is too long");
}

struct slice
http_head_value(const struct http_head *h, struct slice bytes, struct slice name)
{
    for (size_t i = 0; i < h->field_count; i++) {
        if (slice_eq_ci(http_span_of(bytes, h->fields[i].name), name)) {
            return http_span_of(bytes, h->fields[i].value);
        }
    }
    return SLICE_NONE;
}

unsigned
http_head_count(const struct http_head *h, struct slice bytes, struct slice name)
{
    unsigned count = 0;
    for (size_t i = 0; i < h->field_count; i++) {
        count += slice_eq_ci(http_span_of(bytes, h->fields[i].name), name);
    }
    return count;
}

bool
http_head_keeps_alive(const struct http_head *h)
{
    return !h->wants_close && (h->minor == 1 || h->wants_keep);
}
