/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_body.h"

enum chunk_state {
    CHUNK_SIZE,       /* digits */
    CHUNK_BLANK,      /* blanks between size and extension */
    CHUNK_EXT,        /* after ';' */
    CHUNK_SIZE_LF,    /* the LF of the size line */
    CHUNK_DATA,       /* payload */
    CHUNK_DATA_CR,    /* the CR behind it */
    CHUNK_DATA_LF,    /* the LF behind it */
    CHUNK_LINE,       /* first byte of a trailer, or the CR of the last line */
    CHUNK_NAME,       /* in a trailer's name */
    CHUNK_VALUE,      /* in its value */
    CHUNK_TRAILER_LF, /* the LF of a trailer */
    CHUNK_LAST_LF,    /* the LF of the last line */
    CHUNK_DONE,
};

#define CHUNK_DIGITS_MAX 16

void
http_body_init_request(struct http_body *b, const struct http_head *request)
{
    *b = (struct http_body){.framing = HTTP_BODY_NONE};
    if (request->chunked) {
        b->framing = HTTP_BODY_CHUNKED;
    } else if (request->has_length && request->content_length > 0) {
        b->framing = HTTP_BODY_LENGTH;
        b->left = request->content_length;
    }
}

void
http_body_init_response(struct http_body *b, const struct http_head *response, bool asked_head)
{
    unsigned status = response->status;
    *b = (struct http_body){.framing = HTTP_BODY_UNTIL_CLOSE};
    if (status == 101) {
        b->framing = HTTP_BODY_TUNNEL;
    } else if (status < 200 || status == 204 || status == 304 || asked_head) {
        b->framing = HTTP_BODY_NONE;
    } else if (response->chunked) {
        b->framing = HTTP_BODY_CHUNKED;
    } else if (response->has_length) {
        b->framing = response->content_length > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
        b->left = response->content_length;
    }
}

static enum dec
fail(struct http_body *b, enum dec answer, const char *reason)
{
    b->error = (struct dec_error){reason, b->offset};
    return answer;
}

static enum dec
go(struct http_body *b, enum chunk_state next)
{
    b->state = (uint8_t)next;
    return next == CHUNK_DONE ? DEC_OK : DEC_MORE;
}

static enum dec
size_byte(struct http_body *b, uint8_t c)
{
    int digit = slice_hex_digit(c);
    if (b->state == CHUNK_SIZE && digit >= 0) {
        if (b->digits == CHUNK_DIGITS_MAX || b->left > (uint64_t)INT64_MAX >> 4) {
            return fail(b, DEC_BAD, "a chunk size that is too large");
        }
        b->digits++;
        b->left = b->left << 4 | (unsigned)digit;
        return DEC_MORE;
    }
    if (b->digits == 0) {
        return fail(b, DEC_BAD, "a chunk without a size");
    }
    if (c == '\r' && b->state == CHUNK_SIZE) {
        return go(b, CHUNK_SIZE_LF);
    }
    if (c == ';') {
        return go(b, CHUNK_EXT);
    }
    if ((c == ' ' || c == '\t') && ++b->line_len <= HTTP_CHUNK_EXT_MAX) {
        return go(b, CHUNK_BLANK);
    }
    return fail(b, DEC_BAD, "a chunk size that is not hexadecimal");
}

static enum dec
text_byte(struct http_body *b, uint8_t c, uint32_t len_max, enum chunk_state after_cr)
{
    if (c == '\r') {
        return go(b, after_cr);
    }
    if ((c < 0x20 && c != '\t') || c == 0x7f) {
        return fail(b, DEC_BAD, "a control character in a chunk extension or trailer");
    }
    if (++b->line_len > len_max) {
        return fail(b, DEC_LIMIT, "a chunk extension or trailers that are too long");
    }
    return DEC_MORE;
}

static bool
is_forbidden(struct slice name)
{
    return http_name_eq_loosely(name, SLICE_LIT("content-length")) ||
           http_name_eq_loosely(name, SLICE_LIT("transfer-encoding")) ||
           http_name_eq_loosely(name, SLICE_LIT("host"));
}

static enum dec
name_byte(struct http_body *b, uint8_t c)
{
    if (b->state == CHUNK_LINE) {
        b->name_len = 0;
        if (c == '\r') {
            return go(b, CHUNK_LAST_LF);
        }
    }
    if (b->state == CHUNK_NAME && c == ':') {
        return is_forbidden(slice_of(b->name, b->name_len))
                   ? fail(b, DEC_BAD, "a trailer that frames or routes the message")
                   : go(b, CHUNK_VALUE);
    }
    if (!http_is_token_char(c)) {
        return fail(b, DEC_BAD, "a trailer that is not a name, a colon and a value");
    }
    if (++b->line_len > HTTP_TRAILERS_MAX) {
        return fail(b, DEC_LIMIT, "a chunk extension or trailers that are too long");
    }
    if (b->name_len < sizeof(b->name)) {
        b->name[b->name_len++] = c;
    }
    return go(b, CHUNK_NAME);
}

static enum dec
expect(struct http_body *b, uint8_t c, uint8_t want, enum chunk_state next)
{
    return c == want ? go(b, next) : fail(b, DEC_BAD, "a chunk or its line does not end in CR LF");
}

/* Everything but payload, one byte at a time. */
static enum dec
chunk_byte(struct http_body *b, uint8_t c)
{
    switch ((enum chunk_state)b->state) {
    case CHUNK_SIZE:
    case CHUNK_BLANK:
        return size_byte(b, c);
    case CHUNK_EXT:
        return text_byte(b, c, HTTP_CHUNK_EXT_MAX, CHUNK_SIZE_LF);
    case CHUNK_SIZE_LF: {
        bool last = b->left == 0;
        b->digits = 0;
        b->line_len = 0;
        return expect(b, c, '\n', last ? CHUNK_LINE : CHUNK_DATA);
    }
    case CHUNK_DATA_CR:
        return expect(b, c, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        return expect(b, c, '\n', CHUNK_SIZE);
    case CHUNK_LINE:
    case CHUNK_NAME:
        return name_byte(b, c);
    case CHUNK_VALUE:
        return text_byte(b, c, HTTP_TRAILERS_MAX, CHUNK_TRAILER_LF);
    case CHUNK_TRAILER_LF:
        return expect(b, c, '\n', CHUNK_LINE);
    case CHUNK_LAST_LF:
        return expect(b, c, '\n', CHUNK_DONE);
    case CHUNK_DATA:
    case CHUNK_DONE:
        break;
    }
    return DEC_OK;
}

static enum dec
decode_chunked(struct http_body *b, struct slice in, size_t *ret_used, struct slice *ret_data)
{
    size_t at = 0;
    enum dec answer = b->state == CHUNK_DONE ? DEC_OK : DEC_MORE;
    while (answer == DEC_MORE && at < in.len && b->state != CHUNK_DATA) {
        answer = chunk_byte(b, in.ptr[at]);
        if (answer == DEC_OK || answer == DEC_MORE) {
            at++;
            b->offset++;
        }
    }
    if (answer == DEC_MORE && b->state == CHUNK_DATA) {
        *ret_data = slice_sub(in, at, (size_t)MIN(b->left, (uint64_t)in.len));
        b->left -= ret_data->len;
        b->offset += ret_data->len;
        at += ret_data->len;
        if (b->left == 0) {
            b->state = CHUNK_DATA_CR;
        }
    }
    *ret_used = at;
    return answer;
}

enum dec
http_body_decode(struct http_body *b, struct slice in, size_t *ret_used, struct slice *ret_data)
{
    *ret_used = 0;
    *ret_data = SLICE_NONE;
    switch (b->framing) {
    case HTTP_BODY_NONE:
        return DEC_OK;
    case HTTP_BODY_LENGTH:
        *ret_data = slice_sub(in, 0, (size_t)MIN(b->left, (uint64_t)in.len));
        b->left -= ret_data->len;
        break;
    case HTTP_BODY_CHUNKED:
        return decode_chunked(b, in, ret_used, ret_data);
    case HTTP_BODY_UNTIL_CLOSE:
    case HTTP_BODY_TUNNEL:
        *ret_data = in;
        break;
    }
    *ret_used = ret_data->len;
    b->offset += ret_data->len;
    return b->framing == HTTP_BODY_LENGTH && b->left == 0 ? DEC_OK : DEC_MORE;
}

bool
http_body_may_end_at_close(const struct http_body *b)
{
    return b->framing == HTTP_BODY_NONE || b->framing == HTTP_BODY_UNTIL_CLOSE ||
           b->framing == HTTP_BODY_TUNNEL ||
           (b->framing == HTTP_BODY_CHUNKED && b->state == CHUNK_DONE) ||
           (b->framing == HTTP_BODY_LENGTH && b->left == 0);
}
