/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/api.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/http/http_path.h"
#include "serve/access.h"
#include "serve/api_body.h"
#include "serve/params.h"

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
        api_error(404, "there is no such incident, trace or mute", ret_reply);
        break;
    case -ENODATA:
        api_error(404, "nothing of this name is known in this time", ret_reply);
        break;
    case -EALREADY:
        api_error(409, "that was done before", ret_reply);
        break;
    case -ENOSPC:
        api_error(409, "there are as many as there may be", ret_reply);
        break;
    case -EINVAL:
        api_error(400, "the analyzer does not accept this", ret_reply);
        break;
    case -ETIMEDOUT:
        api_error(504, "the analyzer did not answer in time; it may still do what was asked",
                  ret_reply);
        break;
    case -EAGAIN:
        api_error(503, "too many requests are waiting; try again", ret_reply);
        break;
    default:
        api_error(500, "the analyzer could not do this", ret_reply);
    }
    serve_text_free(text);
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

/* The incident, or NULL with a reply that says why. */
static json_t *
find_incident(const struct serve_source *source, uint64_t id, struct api_reply *ret_reply)
{
    reply_document(source, SERVE_INCIDENTS, ret_reply);
    if (ret_reply->status != 200) {
        return NULL;
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
    }
    return found;
}

static void
reply_incident(const struct serve_source *source, uint64_t id, struct api_reply *ret_reply)
{
    json_t *incident = find_incident(source, id, ret_reply);
    if (incident != NULL) {
        reply_json(200, incident, ret_reply);
    }
}

static void
reply_postmortem(const struct serve_source *source, uint64_t id, struct api_reply *ret_reply)
{
    json_t *incident = find_incident(source, id, ret_reply);
    if (incident == NULL) {
        return;
    }
    struct serve_text *text = source->postmortem(source->ctx, incident);
    json_decref(incident);
    if (text == NULL) {
        api_error(500, "no memory", ret_reply);
    } else {
        *ret_reply =
            (struct api_reply){.status = 200, .type = "text/markdown; charset=utf-8", .text = text};
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

static void
ask_question(enum serve_question_kind kind, struct slice query, struct api_reply *ret_reply)
{
    struct serve_question q = {.kind = kind};
    char hex[17] = "";
    if (params_u64(query, "from", 0, &q.from_s) != 0 || params_u64(query, "to", 0, &q.to_s) != 0) {
        api_error(400, "from and to are seconds since 1970", ret_reply);
        return;
    }
    if (kind == SERVE_ROUTE && params_text(query, "name", q.name, sizeof(q.name)) != 0) {
        api_error(400, "name is the route's, percent-encoded", ret_reply);
        return;
    }
    if (kind == SERVE_QUERY || kind == SERVE_PLANS) {
        char *end = hex;
        int err = params_text(query, "fingerprint", hex, sizeof(hex));
        q.fingerprint = strtoull(hex, &end, 16);
        if (err != 0 || strlen(hex) != 16 || *end != '\0' || slice_hex_digit((uint8_t)*hex) < 0) {
            api_error(400, "fingerprint is 16 hexadecimal digits", ret_reply);
            return;
        }
    }
    *ret_reply = (struct api_reply){.asks = true, .question = q};
}

/* All that are kept, or those of one route. */
static void
ask_traces(struct slice query, struct api_reply *ret_reply)
{
    *ret_reply = (struct api_reply){.waits = true, .command.kind = SERVE_TRACES};
    int err = params_text(query, "route", ret_reply->command.text, SERVE_ROUTE_MAX);
    if (err != 0 && err != -ENOENT) {
        api_error(400, "route is the route's name, percent-encoded", ret_reply);
    }
}

/* Those of the last minutes. */
static void
ask_windows(struct slice query, struct api_reply *ret_reply)
{
    uint64_t length_s = 0, since_s = 0;
    if (params_u64(query, "len", 0, &length_s) != 0 || (length_s != 1 && length_s != 10)) {
        api_error(400, "len is 1 or 10, seconds", ret_reply);
        return;
    }
    if (params_u64(query, "since", 0, &since_s) != 0) {
        api_error(400, "since is seconds since 1970", ret_reply);
        return;
    }
    *ret_reply = (struct api_reply){
        .waits = true, .command = {.kind = SERVE_WINDOWS, .seconds = (uint32_t)length_s}};
    snprintf(ret_reply->command.text, sizeof(ret_reply->command.text), "%" PRIu64, since_s);
}

static void
reply_asset(const struct api_request *r, struct slice path, struct api_reply *ret_reply)
{
    const struct console_asset *asset = console_find(path);
    if (asset == NULL) {
        api_error(404, "this slowburn was built without the console", ret_reply);
        return;
    }
    struct slice known = http_head_value(r->head, r->bytes, SLICE_LIT("if-none-match"));
    bool same = slice_eq(slice_trim(known), slice_from_str(asset->etag));
    *ret_reply =
        (struct api_reply){.status = same ? 304 : 200, .type = asset->type, .asset = asset};
}

enum target_kind {
    TARGET_NONE,
    TARGET_HEALTH,
    TARGET_DOCUMENT,
    TARGET_INCIDENT,
    TARGET_POSTMORTEM,
    TARGET_QUESTION,
    TARGET_TRACES,  /* reads, by a command */
    TARGET_TRACE,   /* so does this */
    TARGET_WINDOWS, /* and this */
    TARGET_METRICS,
    TARGET_EVENTS,
    TARGET_COMMAND,
    TARGET_MUTES, /* read and changed */
    TARGET_FILE,
};

/* One known path. */
struct target {
    enum target_kind kind;
    enum serve_document document;
    enum serve_question_kind question;
    enum serve_command_kind command;
    uint32_t incident;
    struct slice trace;
};

static struct target
parse_incident(struct slice rest)
{
    static const struct {
        const char *verb;
        struct target target;
    } verbs[] = {
        {"ack", {.kind = TARGET_COMMAND, .command = SERVE_ACK}},
        {"close", {.kind = TARGET_COMMAND, .command = SERVE_CLOSE}},
        {"expected", {.kind = TARGET_COMMAND, .command = SERVE_EXPECT}},
        {"annotate", {.kind = TARGET_COMMAND, .command = SERVE_ANNOTATE}},
        {"postmortem", {.kind = TARGET_POSTMORTEM}},
    };
    struct target t = {.kind = TARGET_INCIDENT};
    size_t slash = slice_find(rest, '/');
    uint64_t id;
    if (slice_to_u64(slice_sub(rest, 0, slash), &id) != 0 || id > UINT32_MAX) {
        return (struct target){0};
    }
    if (slash < rest.len) {
        t.kind = TARGET_NONE;
        for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
            if (slice_eq(slice_sub(rest, slash + 1, rest.len), slice_from_str(verbs[i].verb))) {
                t = verbs[i].target;
            }
        }
    }
    t.incident = (uint32_t)id;
    return t;
}

static struct target
parse_trace(struct slice id)
{
    bool is_hex = id.len > 0 && id.len < SERVE_NAME_MAX;
    for (size_t i = 0; i < id.len; i++) {
        is_hex = is_hex && slice_hex_digit(id.ptr[i]) >= 0;
    }
    return (struct target){.kind = is_hex ? TARGET_TRACE : TARGET_NONE, .trace = id};
}

static struct target
parse_target(struct slice path)
{
    static const struct {
        const char *path;
        struct target target;
    } fixed[] = {
        {"/healthz", {.kind = TARGET_HEALTH}},
        {"/api/v1/incidents", {.kind = TARGET_DOCUMENT, .document = SERVE_INCIDENTS}},
        {"/api/v1/queries", {.kind = TARGET_DOCUMENT, .document = SERVE_QUERIES}},
        {"/api/v1/requests", {.kind = TARGET_DOCUMENT, .document = SERVE_REQUESTS}},
        {"/metrics", {.kind = TARGET_METRICS}},
        {"/api/v1/traces", {.kind = TARGET_TRACES}},
        {"/api/v1/windows", {.kind = TARGET_WINDOWS}},
        {"/api/v1/status", {.kind = TARGET_DOCUMENT, .document = SERVE_STATUS}},
        {"/api/v1/overview", {.kind = TARGET_QUESTION, .question = SERVE_OVERVIEW}},
        {"/api/v1/route", {.kind = TARGET_QUESTION, .question = SERVE_ROUTE}},
        {"/api/v1/query", {.kind = TARGET_QUESTION, .question = SERVE_QUERY}},
        {"/api/v1/plans", {.kind = TARGET_QUESTION, .question = SERVE_PLANS}},
        {"/api/v1/events", {.kind = TARGET_EVENTS}},
        {"/api/v1/deploys", {.kind = TARGET_COMMAND, .command = SERVE_DEPLOY}},
        {"/api/v1/mutes", {.kind = TARGET_MUTES, .command = SERVE_MUTE}},
    };
    static const char incident[] = "/api/v1/incidents/";
    static const char trace[] = "/api/v1/traces/";
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        if (slice_eq(path, slice_from_str(fixed[i].path))) {
            return fixed[i].target;
        }
    }
    if (slice_eq(slice_sub(path, 0, sizeof(incident) - 1), slice_from_str(incident))) {
        return parse_incident(slice_sub(path, sizeof(incident) - 1, path.len));
    }
    if (slice_eq(slice_sub(path, 0, sizeof(trace) - 1), slice_from_str(trace))) {
        return parse_trace(slice_sub(path, sizeof(trace) - 1, path.len));
    }
    if (console_is_screen(path) || console_find(path) != NULL) {
        return (struct target){.kind = TARGET_FILE};
    }
    return (struct target){0};
}

const char *
api_form_type(enum api_form form)
{
    static const char *const types[] = {
        [API_METRICS] = "text/plain; version=0.0.4; charset=utf-8",
        [API_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8"};
    return types[form];
}

/* Who names OpenMetrics gets it; Prometheus prefers it wherever it does. */
static void
ask_metrics(const struct api_request *r, struct api_reply *ret_reply)
{
    static const char name[] = "application/openmetrics-text";
    struct slice accept = http_head_value(r->head, r->bytes, SLICE_LIT("accept"));
    struct slice kind;
    bool is_open = false;
    while (slice_split(&accept, ',', &kind)) {
        is_open = is_open || slice_starts_with_ci(slice_trim(kind), slice_from_str(name));
    }
    *ret_reply = (struct api_reply){.waits = true,
                                    .command.kind = SERVE_METRICS,
                                    .form = is_open ? API_OPENMETRICS : API_METRICS};
}

static bool
is_reading(const struct api_request *r)
{
    return r->head->method_id == METHOD_GET || r->head->method_id == METHOD_HEAD;
}

/* NULL: the path takes the request's method; else those that it takes. */
static const char *
allowed_instead(const struct api_request *r, const struct target *t)
{
    bool posts = r->head->method_id == METHOD_POST;
    switch (t->kind) {
    case TARGET_COMMAND:
        return posts ? NULL : "POST";
    case TARGET_MUTES:
        return posts || is_reading(r) ? NULL : "GET, HEAD, POST";
    default:
        return is_reading(r) ? NULL : "GET, HEAD";
    }
}

/* Does the source have what this asks for? */
static bool
is_offered(const struct target *t, const struct serve_source *source)
{
    switch (t->kind) {
    case TARGET_NONE:
        return false;
    case TARGET_QUESTION:
        return source->question != NULL;
    case TARGET_EVENTS:
        return source->version != NULL;
    case TARGET_POSTMORTEM:
        return source->postmortem != NULL;
    case TARGET_METRICS:
        return source->metrics != NULL;
    default:
        return true;
    }
}

static void
reply_command(const struct api_request *r, const struct target *t, struct api_reply *ret_reply)
{
    struct serve_command command = {.kind = t->command, .incident = t->incident};
    struct diag diag = {0};
    if (api_body_read(r->body, &command, &diag) != 0) {
        api_error(400, diag.message, ret_reply);
    } else {
        *ret_reply = (struct api_reply){.waits = true, .command = command};
    }
}

static void
reply_to(const struct api_request *r, const struct serve_source *source, const struct target *t,
         struct api_reply *ret_reply)
{
    struct slice target = http_span_of(r->bytes, r->head->target);
    bool reads = is_reading(r);
    switch (t->kind) {
    case TARGET_NONE:
        break;
    case TARGET_HEALTH:
        reply_health(source, ret_reply);
        break;
    case TARGET_DOCUMENT:
        reply_document(source, t->document, ret_reply);
        break;
    case TARGET_INCIDENT:
        reply_incident(source, t->incident, ret_reply);
        break;
    case TARGET_POSTMORTEM:
        reply_postmortem(source, t->incident, ret_reply);
        break;
    case TARGET_QUESTION:
        ask_question(t->question, http_target_query(target), ret_reply);
        break;
    case TARGET_TRACES:
        ask_traces(http_target_query(target), ret_reply);
        break;
    case TARGET_TRACE:
        *ret_reply = (struct api_reply){.waits = true, .command.kind = SERVE_TRACE};
        slice_to_str(t->trace, ret_reply->command.text, sizeof(ret_reply->command.text));
        break;
    case TARGET_WINDOWS:
        ask_windows(http_target_query(target), ret_reply);
        break;
    case TARGET_METRICS:
        ask_metrics(r, ret_reply);
        break;
    case TARGET_EVENTS:
        *ret_reply =
            (struct api_reply){.status = 200, .type = "text/event-stream", .streams = true};
        break;
    case TARGET_MUTES:
        if (reads) {
            *ret_reply = (struct api_reply){.waits = true, .command.kind = SERVE_MUTES};
            break;
        }
        reply_command(r, t, ret_reply);
        break;
    case TARGET_COMMAND:
        reply_command(r, t, ret_reply);
        break;
    case TARGET_FILE:
        reply_asset(r, http_target_path(target), ret_reply);
        break;
    }
}

void
api_request(const struct api_request *r, const struct serve_source *source,
            const struct token *token, struct api_reply *ret_reply)
{
    struct target t = parse_target(http_target_path(http_span_of(r->bytes, r->head->target)));
    enum access_to to = !is_reading(r)          ? ACCESS_CHANGE
                        : t.kind == TARGET_FILE ? ACCESS_FILES
                                                : ACCESS_READ;
    const char *allow = allowed_instead(r, &t);
    const char *why;
    unsigned refusal = access_check(r, token, to, &why);
    if (refusal != 0) {
        api_error(refusal, why, ret_reply);
    } else if (!is_offered(&t, source)) {
        api_error(404, "no such path; doc/api.md lists them", ret_reply);
    } else if (allow != NULL) {
        api_error(405, "this path does not take that method", ret_reply);
        ret_reply->allow = allow;
    } else {
        reply_to(r, source, &t, ret_reply);
    }
}
