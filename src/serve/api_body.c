/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/api_body.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "model/stored.h"

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

/* Printable, not blank, and no longer; jansson has seen to its being UTF-8. */
static bool
is_text(const json_t *value, size_t len_max)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    bool is_blank = true;
    if (text == NULL || len > len_max) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (is_control((const uint8_t *)text + i, len - i)) {
            return false;
        }
        is_blank = is_blank && text[i] == ' ';
    }
    return !is_blank;
}

/* Such a text of a member, that fits. */
static bool
read_text(const json_t *value, const char *key, size_t len_max, char *dst, size_t size)
{
    const json_t *member = json_object_get(value, key);
    if (!is_text(member, MIN(len_max, size - 1))) {
        return false;
    }
    memcpy(dst, json_string_value(member), json_string_length(member) + 1);
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

/* A fingerprint in the form in which it is compared. */
static void
lower_fingerprint(char *text)
{
    bool is_hex = strlen(text) == 16;
    for (unsigned i = 0; is_hex && i < 16; i++) {
        is_hex = slice_hex_digit((uint8_t)text[i]) >= 0;
    }
    for (unsigned i = 0; is_hex && i < 16; i++) {
        text[i] = "0123456789abcdef"[slice_hex_digit((uint8_t)text[i])];
    }
}

/* Behind the name, each on a line of its own: none has a line's end. */
static int
read_affects(const json_t *value, struct serve_command *command, struct diag *diag)
{
    const json_t *list = json_object_get(value, "affects"), *one;
    char name[SERVE_ROUTE_MAX];
    size_t i, at = strlen(command->text);
    if (list != NULL && !json_is_array(list)) {
        return diag_set(diag, -EINVAL, "affects must be a list of routes and fingerprints");
    }
    if (json_array_size(list) > DEPLOY_AFFECTS_MAX) {
        return diag_set(diag, -EINVAL, "affects has %zu names; a deploy has at most %u",
                        json_array_size(list), DEPLOY_AFFECTS_MAX);
    }
    json_array_foreach(list, i, one)
    {
        if (!is_text(one, sizeof(name) - 1)) {
            return diag_set(diag, -EINVAL,
                            "affects[%zu] must be a route or a fingerprint of 1 to %d printable "
                            "bytes",
                            i, SERVE_ROUTE_MAX - 1);
        }
        snprintf(name, sizeof(name), "%s", json_string_value(one));
        lower_fingerprint(name);
        int len = snprintf(command->text + at, sizeof(command->text) - at, "\n%s", name);
        at += (size_t)len;
        if (at >= sizeof(command->text)) { /* of no body that is as short as it may be */
            return diag_set(diag, -EINVAL, "affects[%zu] is one too many: all are too long", i);
        }
    }
    return 0;
}

static int
read_deploy(const json_t *value, struct serve_command *command, struct diag *diag)
{
    if (!read_text(value, "name", SERVE_NAME_MAX - 1, command->text, sizeof(command->text))) {
        return diag_set(diag, -EINVAL,
                        "the body must be {\"name\": \"...\"} with 1 to 127 printable bytes");
    }
    return read_affects(value, command, diag);
}

int
api_body_read(struct slice body, struct serve_command *command, struct diag *diag)
{
    int err = 0;
    json_t *value = json_loadb((const char *)body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    switch (command->kind) {
    case SERVE_DEPLOY:
        err = read_deploy(value, command, diag);
        break;
    case SERVE_ANNOTATE:
        if (!read_text(value, "text", ANNOTATION_LEN_MAX, command->text, sizeof(command->text))) {
            err = diag_set(diag, -EINVAL,
                           "the body must be {\"text\": \"...\"} with 1 to 240 printable bytes");
        }
        break;
    case SERVE_MUTE:
        if (!read_mute(value, command)) {
            err = diag_set(diag, -EINVAL,
                           "the body must have one of incident, route and fingerprint (16 "
                           "hexadecimal digits), and seconds from 0 to 2592000 (30 days)");
        }
        break;
    default:
        break;
    }
    json_decref(value);
    return err;
}
