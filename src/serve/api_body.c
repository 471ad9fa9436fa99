/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/api_body.h"

#include <jansson.h>
#include <stdio.h>

/* Of valid UTF-8: does a character begin here that a terminal obeys? */
static bool
is_control(const uint8_t *s, size_t left)
{
    if (s[0] < 0x20 || s[0] == 0x7f) {
        return true;
    }
    if (left >= 2 && s[0] == 0xc2) {
        return s[1] < 0xa0; /* U+0080 to U+009F */
    }
    if (left < 3 || s[0] != 0xe2) {
        return false;
    }
    bool marks_80 = s[1] == 0x80 && ((s[2] >= 0x8e && s[2] <= 0x8f) || /* U+200E, U+200F */
                                     (s[2] >= 0xa8 && s[2] <= 0xae));  /* U+2028 to U+202E */
    bool marks_81 = s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9;      /* U+2066 to U+2069 */
    return marks_80 || marks_81;
}

/* Printable text of a member, not blank, that fits; jansson has seen to its being UTF-8. */
static bool
read_text(const json_t *value, const char *key, size_t len_max, char *dst, size_t size)
{
    const json_t *member = json_object_get(value, key);
    const char *text = json_string_value(member);
    size_t len = json_string_length(member);
    bool is_blank = true;
    if (text == NULL || len > len_max || len >= size) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (is_control((const uint8_t *)text + i, len - i)) {
            return false;
        }
        is_blank = is_blank && text[i] == ' ';
    }
    if (is_blank) {
        return false;
    }
    memcpy(dst, text, len + 1);
    return true;
}

static bool
read_fingerprint(const json_t *value, char hex[17])
{
    if (!read_text(value, "fingerprint", 16, hex, 17) || strlen(hex) != 16) {
        return false;
    }
    for (unsigned i = 0; i < 16; i++) {
        int digit = slice_hex_digit((uint8_t)hex[i]);
        if (digit < 0) {
            return false;
        }
        hex[i] = "0123456789abcdef"[digit];
    }
    return true;
}

/* Exactly one subject, and how long. */
static bool
read_mute(const json_t *value, struct serve_command *command)
{
    const json_t *incident = json_object_get(value, "incident");
    const json_t *seconds = json_object_get(value, "seconds");
    json_int_t id = json_integer_value(incident), for_s = json_integer_value(seconds);
    char name[SERVE_ROUTE_MAX];
    unsigned subjects = (incident != NULL) + (json_object_get(value, "route") != NULL) +
                        (json_object_get(value, "fingerprint") != NULL);
    if (subjects != 1 || !json_is_integer(seconds) || for_s < 0 || for_s > MUTE_SECONDS_MAX) {
        return false;
    }
    command->seconds = (uint32_t)for_s;
    if (incident != NULL) {
        snprintf(command->text, sizeof(command->text), "incident %u", (unsigned)id);
        return json_is_integer(incident) && id > 0 && id <= UINT32_MAX;
    }
    if (json_object_get(value, "route") != NULL) {
        bool ok = read_text(value, "route", sizeof(name) - 1, name, sizeof(name));
        snprintf(command->text, sizeof(command->text), "route %s", ok ? name : "");
        return ok;
    }
    bool ok = read_fingerprint(value, name);
    snprintf(command->text, sizeof(command->text), "fingerprint %s", ok ? name : "");
    return ok;
}

const char *
api_body_read(struct slice body, struct serve_command *command)
{
    const char *wrong = NULL;
    json_t *value = json_loadb((const char *)body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    switch (command->kind) {
    case SERVE_DEPLOY:
        if (!read_text(value, "name", SERVE_NAME_MAX - 1, command->text, sizeof(command->text))) {
            wrong = "the body must be {\"name\": \"...\"} with 1 to 127 printable bytes";
        }
        break;
    case SERVE_ANNOTATE:
        if (!read_text(value, "text", ANNOTATION_LEN_MAX, command->text, sizeof(command->text))) {
            wrong = "the body must be {\"text\": \"...\"} with 1 to 240 printable bytes";
        }
        break;
    case SERVE_MUTE:
        if (!read_mute(value, command)) {
            wrong = "the body must have one of incident, route and fingerprint (16 hexadecimal "
                    "digits), and seconds from 0 to 2592000 (30 days)";
        }
        break;
    default:
        break;
    }
    json_decref(value);
    return wrong;
}
