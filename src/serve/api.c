/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/api.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/http/http_path.h"

static void
reply_json(unsigned status, json_t *value, struct api_reply *ret_reply)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
    *ret_reply = (struct api_reply){
        .status = text == NULL ? 500 : status,
        .text = serve_text_new(slice_from_str(text == NULL ? "{\"error\":\"no memory\"}" : text)),
    };
    free(text);
    json_decref(value);
}

void
api_error(unsigned status, const char *message, struct api_reply *ret_reply)
{
    reply_json(status, json_pack("{s:s}", "error", message), ret_reply);
}

void
api_result(int result, struct serve_text **text, struct api_reply *ret_reply)
{
    switch (result) {
    case 0:
        if (*text != NULL) {
            *ret_reply = (struct api_reply){.status = 200, .text = TAKE(*text)};
        } else {
            reply_json(200, json_pack("{s:b}", "ok", 1), ret_reply);
        }
        break;
    case -ENOENT:
        api_error(404, "there is no such incident", ret_reply);
        break;
    case -EALREADY:
        api_error(409, "that was done before", ret_reply);
        break;
    case -EINVAL:
        api_error(400, "the analyzer does not accept this", ret_reply);
        break;
    case -ETIMEDOUT:
        api_error(504, "the analyzer did not answer in time; it may still do what was asked",
                  ret_reply);
        break;
    case -EAGAIN:
        api_error(503, "too many commands are waiting; try again", ret_reply);
        break;
    default:
        api_error(500, "the analyzer could not do this", ret_reply);
    }
    serve_text_free(text);
}

/* "localhost", "127.0.0.1" or "[::1]", with a port or without. */
static bool
is_loopback_host(struct slice host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct slice name = slice_from_str(names[i]);
        struct slice rest = slice_sub(host, name.len, host.len);
        uint64_t port;
        if (slice_starts_with_ci(host, name) &&
            (rest.len == 0 ||
             (rest.ptr[0] == ':' && slice_to_u64(slice_sub(rest, 1, rest.len), &port) == 0))) {
            return true;
        }
    }
    return false;
}

static bool
has_token(const struct api_request *r, const struct token *token)
{
    struct slice given = http_head_value(r->head, r->bytes, SLICE_LIT("authorization"));
    return token != NULL && slice_starts_with_ci(given, SLICE_LIT("bearer ")) &&
           token_matches(token, slice_trim(slice_sub(given, 7, given.len)));
}

/* False: *ret_reply says why not. */
static bool
is_allowed(const struct api_request *r, const struct token *token, bool changes,
           struct api_reply *ret_reply)
{
    if (r->peer == API_UNIX) {
        return true;
    }
    struct slice host = http_head_value(r->head, r->bytes, SLICE_LIT("host"));
    if (r->peer == API_LOOPBACK && !is_loopback_host(host)) {
        api_error(403, "on TCP the Host must be localhost, 127.0.0.1 or [::1]", ret_reply);
        return false;
    }
    if ((changes || r->peer == API_REMOTE) && !has_token(r, token)) {
        api_error(401, "this needs the unix socket, or Authorization: Bearer with the token file",
                  ret_reply);
        return false;
    }
    return true;
}

static void
reply_document(const struct serve_source *source, enum serve_document which,
               struct api_reply *ret_reply)
{
    struct serve_text *text = source->document(source->ctx, which);
    if (text == NULL) {
        api_error(503, "starting: there is nothing to show yet", ret_reply);
        return;
    }
    *ret_reply = (struct api_reply){.status = 200, .text = text};
}

static void
reply_incident(const struct serve_source *source, uint64_t id, struct api_reply *ret_reply)
{
    reply_document(source, SERVE_INCIDENTS, ret_reply);
    if (ret_reply->status != 200) {
        return;
    }
    AUTO(serve_text) struct serve_text *list_text = TAKE(ret_reply->text);
    struct slice s = serve_text_slice(list_text);
    json_t *list = json_loadb((const char *)s.ptr, s.len, 0, NULL);
    json_t *item;
    json_t *found = NULL;
    size_t i;
    json_array_foreach(list, i, item)
    {
        if ((uint64_t)json_integer_value(json_object_get(item, "id")) == id) {
            found = json_incref(item);
            break;
        }
    }
    json_decref(list);
    if (found == NULL) {
        api_error(404, "there is no such incident", ret_reply);
    } else {
        reply_json(200, found, ret_reply);
    }
}

static void
reply_health(const struct serve_source *source, struct api_reply *ret_reply)
{
    reply_document(source, SERVE_STATUS, ret_reply);
    if (ret_reply->status == 200) {
        serve_text_free(&ret_reply->text);
        reply_json(200, json_pack("{s:b}", "ok", 1), ret_reply);
    }
}

static bool
is_name(const char *text, size_t len)
{
    bool blank_only = true;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
        blank_only &= c == ' ';
    }
    return len > 0 && len < SERVE_NAME_MAX && !blank_only;
}

static void
command_deploy(struct slice body, struct api_reply *ret_reply)
{
    json_t *value = json_loadb((const char *)body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    json_t *name = json_object_get(value, "name");
    const char *text = json_string_value(name);
    if (text == NULL || !is_name(text, json_string_length(name))) {
        api_error(400, "the body must be {\"name\": \"...\"} with 1 to 127 printable bytes",
                  ret_reply);
    } else {
        *ret_reply = (struct api_reply){.waits = true, .command.kind = SERVE_DEPLOY};
        memcpy(ret_reply->command.name, text, strlen(text) + 1);
    }
    json_decref(value);
}

/* One known path. */
struct target {
    bool known;
    bool is_command;
    bool is_health;
    bool is_incident;
    enum serve_document document;
    enum serve_command_kind command;
    uint64_t incident;
};

static struct target
parse_incident(struct slice rest)
{
    struct target none = {0};
    struct target t = {.known = true};
    size_t slash = slice_find(rest, '/');
    struct slice verb = slice_sub(rest, slash + 1, rest.len);
    if (slice_to_u64(slice_sub(rest, 0, slash), &t.incident) != 0) {
        return none;
    }
    if (slash == rest.len) {
        t.is_incident = true;
        return t;
    }
    t.is_command = true;
    t.command = slice_eq(verb, SLICE_LIT("ack")) ? SERVE_ACK : SERVE_CLOSE;
    return t.command == SERVE_ACK || slice_eq(verb, SLICE_LIT("close")) ? t : none;
}

static struct target
parse_target(struct slice path)
{
    static const struct {
        const char *path;
        struct target target;
    } fixed[] = {
        {"/healthz", {.known = true, .is_health = true}},
        {"/api/v1/incidents", {.known = true, .document = SERVE_INCIDENTS}},
        {"/api/v1/queries", {.known = true, .document = SERVE_QUERIES}},
        {"/api/v1/requests", {.known = true, .document = SERVE_REQUESTS}},
        {"/api/v1/status", {.known = true, .document = SERVE_STATUS}},
        {"/api/v1/deploys", {.known = true, .is_command = true, .command = SERVE_DEPLOY}},
    };
    static const char incident[] = "/api/v1/incidents/";
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        if (slice_eq(path, slice_from_str(fixed[i].path))) {
            return fixed[i].target;
        }
    }
    if (slice_eq(slice_sub(path, 0, sizeof(incident) - 1), slice_from_str(incident))) {
        return parse_incident(slice_sub(path, sizeof(incident) - 1, path.len));
    }
    return (struct target){0};
}

void
api_request(const struct api_request *r, const struct serve_source *source,
            const struct token *token, struct api_reply *ret_reply)
{
    struct target t = parse_target(http_target_path(http_span_of(r->bytes, r->head->target)));
    bool reads = r->head->method_id == METHOD_GET || r->head->method_id == METHOD_HEAD;
    if (!is_allowed(r, token, !reads, ret_reply)) {
        return;
    }
    if (!t.known) {
        api_error(404, "no such path; doc/api.md lists them", ret_reply);
    } else if (t.is_command ? r->head->method_id != METHOD_POST : !reads) {
        api_error(405, "this path does not take that method", ret_reply);
        ret_reply->allow = t.is_command ? "POST" : "GET, HEAD";
    } else if (t.is_health) {
        reply_health(source, ret_reply);
    } else if (t.is_incident) {
        reply_incident(source, t.incident, ret_reply);
    } else if (!t.is_command) {
        reply_document(source, t.document, ret_reply);
    } else if (t.command == SERVE_DEPLOY) {
        command_deploy(r->body, ret_reply);
    } else {
        *ret_reply = (struct api_reply){
            .waits = true,
            .command = {.kind = t.command, .incident = t.incident},
        };
    }
}
