/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_path.h"

#define HEX_LEN_MIN       16 /* of hexadecimal without a digit rule */
#define HEX_SHORT_LEN_MIN 8  /* of hexadecimal with both letters and digits */
#define TOKEN_LEN_MIN     20 /* of letters and digits mixed */
#define WORD_LEN_MAX      64
#define DIGITS_RUN_MIN    4
#define EXTENSION_LEN_MAX 5

struct slice
http_target_path(struct slice target)
{
    target = slice_sub(target, 0, slice_find(target, '#'));
    target = slice_sub(target, 0, slice_find(target, '?'));
    if (target.len > 0 && target.ptr[0] != '/' &&
        (slice_starts_with_ci(target, SLICE_LIT("http://")) ||
         slice_starts_with_ci(target, SLICE_LIT("https://")))) {
        size_t host = slice_find(target, '/') + 2;
        target = slice_sub(target, host, target.len);
        target = slice_sub(target, slice_find(target, '/'), target.len);
        return target.len == 0 ? SLICE_LIT("/") : target;
    }
    return target;
}

struct slice
http_target_query(struct slice target)
{
    target = slice_sub(target, 0, slice_find(target, '#'));
    return slice_sub(target, slice_find(target, '?') + 1, target.len);
}

struct shape {
    size_t digits;
    size_t hex_letters;
    size_t letters; /* hexadecimal ones included */
    size_t others;
    size_t run_max;         /* longest run of digits */
    bool has_mark;          /* '@', '%', ',', '=', ':' or a byte that is not ASCII */
    bool has_dashed_number; /* a piece between '-', '_' and the ends that is all digits */
};

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static struct shape
shape_of(struct slice s)
{
    struct shape shape = {0};
    size_t run = 0;
    size_t piece = 0; /* length of the piece up to here */
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool dash = c == '-' || c == '_';
        if (dash) {
            shape.has_dashed_number |= piece > 0 && run == piece;
        }
        run = is_digit(c) ? run + 1 : 0;
        piece = dash ? 0 : piece + 1;
        shape.run_max = MAX(shape.run_max, run);
        if (is_digit(c)) {
            shape.digits++;
        } else if (is_letter(c)) {
            shape.letters++;
            shape.hex_letters += (c | 0x20) <= 'f';
        } else {
            shape.others++;
            shape.has_mark |= c >= 0x80 || strchr("@%,=:", c) != NULL;
        }
    }
    shape.has_dashed_number |= piece > 0 && run == piece;
    return shape;
}

/* Letters, digits and dashes in the places of 8-4-4-4-12. */
static bool
is_uuid(struct slice s)
{
    if (s.len != 36) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
        if (dash ? c != '-' : !hex) {
            return false;
        }
    }
    return true;
}

static bool
is_value(struct slice s)
{
    struct shape shape = shape_of(s);
    if (s.len == 0) {
        return false;
    }
    if (shape.has_mark || s.len > WORD_LEN_MAX || is_uuid(s)) {
        return true;
    }
    if (shape.run_max >= DIGITS_RUN_MIN || (shape.digits > 0 && shape.has_dashed_number)) {
        return true;
    }
    if (shape.digits > 0 && shape.letters == 0) {
        return true; /* 7, -7, 12.5, (7) */
    }
    bool all_hex = shape.others == 0 && shape.letters == shape.hex_letters;
    if (all_hex && (s.len >= HEX_LEN_MIN || (s.len >= HEX_SHORT_LEN_MIN && shape.digits > 1))) {
        return true;
    }
    return s.len >= TOKEN_LEN_MIN && shape.digits > 1 && shape.letters > 0 && shape.others <= 1;
}

bool
http_segment_is_value(struct slice segment, size_t *ret_stem_len)
{
    size_t dot = segment.len;
    while (dot > 0 && segment.len - dot <= EXTENSION_LEN_MAX && segment.ptr[dot - 1] != '.') {
        dot--;
    }
    if (dot > 1 && dot < segment.len && segment.ptr[dot - 1] == '.' &&
        is_letter(segment.ptr[dot]) && is_value(slice_sub(segment, 0, dot - 1))) {
        struct shape shape = shape_of(slice_sub(segment, dot, segment.len));
        *ret_stem_len = shape.others == 0 ? dot - 1 : segment.len;
        return true;
    }
    *ret_stem_len = segment.len;
    return is_value(segment);
}

size_t
http_path_fold(struct slice target, char dst[EVENT_PATH_MAX])
{
    static const char cut[] = "/...";
    struct slice rest = http_target_path(target);
    struct slice segment;
    size_t len = 0;
    bool first = true;
    while (slice_split(&rest, '/', &segment)) {
        size_t stem_len;
        bool value = http_segment_is_value(segment, &stem_len);
        struct slice tail = value ? slice_sub(segment, stem_len, segment.len) : segment;
        size_t need = (first ? 0 : 1) + (value ? 4 : 0) + tail.len;
        if (len + need > EVENT_PATH_MAX - sizeof(cut)) {
            memcpy(dst + len, cut, sizeof(cut) - 1);
            return len + sizeof(cut) - 1;
        }
        if (!first) {
            dst[len++] = '/';
        }
        if (value) {
            memcpy(dst + len, "{id}", 4);
            len += 4;
        }
        if (tail.len > 0) {
            memcpy(dst + len, tail.ptr, tail.len);
            len += tail.len;
        }
        first = false;
    }
    return len;
}
