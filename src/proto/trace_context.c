/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/trace_context.h"

#include <errno.h>

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
hex_bytes(const uint8_t *text, uint8_t *dst, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        dst[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

int
trace_context_parse(struct slice text, struct trace_context *ret_context)
{
    struct trace_context c;
    uint8_t version;
    if (text.len < TRACE_CONTEXT_LEN || text.ptr[2] != '-' || text.ptr[35] != '-' ||
        text.ptr[52] != '-' || !hex_bytes(text.ptr, &version, 1) ||
        !hex_bytes(text.ptr + 3, c.trace_id, sizeof(c.trace_id)) ||
        !hex_bytes(text.ptr + 36, c.span_id, sizeof(c.span_id)) ||
        !hex_bytes(text.ptr + 53, &c.flags, 1)) {
        return -EINVAL;
    }
    bool goes_on = text.len > TRACE_CONTEXT_LEN;
    if (version == 0xff || (goes_on && (version == 0 || text.ptr[TRACE_CONTEXT_LEN] != '-')) ||
        is_zero(c.trace_id, sizeof(c.trace_id)) || is_zero(c.span_id, sizeof(c.span_id))) {
        return -EINVAL;
    }
    *ret_context = c;
    return 0;
}

static char *
put_hex(char *at, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    return at;
}

char *
trace_context_format(const struct trace_context *context, char dst[TRACE_CONTEXT_LEN + 1])
{
    char *at = dst;
    *at++ = '0';
    *at++ = '0';
    *at++ = '-';
    at = put_hex(at, context->trace_id, sizeof(context->trace_id));
    *at++ = '-';
    at = put_hex(at, context->span_id, sizeof(context->span_id));
    *at++ = '-';
    at = put_hex(at, &context->flags, 1);
    *at = '\0';
    return dst;
}
