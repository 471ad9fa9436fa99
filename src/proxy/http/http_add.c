/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/http_add.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "proxy/security.h"

#define REQUEST_ID_MAX 128
#define HOST_MAX       256

static void
add(struct http_edit *edit, const char *name, struct slice value)
{
    /* What may be added in all is less than the room there is. */
    int full = http_edit_add(edit, name, &value, 1);
    assert(full == 0);
}

static void
add_trace(struct exchange *x, struct prng *prng, const struct http_head *head, struct slice bytes,
          struct http_edit *edit)
{
    struct slice name = SLICE_LIT("traceparent");
    struct trace_context context;
    if (http_head_count(head, bytes, name) == 1 &&
        trace_context_parse(http_head_value(head, bytes, name), &context) == 0) {
        exchange_set_trace(x, &context, &context);
        return;
    }
    uint64_t random[3] = {prng_next(prng) | 1, prng_next(prng), prng_next(prng) | 1};
    char text[TRACE_CONTEXT_LEN + 1];
    memcpy(context.trace_id, random, sizeof(context.trace_id));
    memcpy(context.span_id, &random[2], sizeof(context.span_id));
    context.flags = 1;
    exchange_set_trace(x, NULL, &context);
    http_edit_remove(edit, head, bytes, name);
    add(edit, "traceparent", slice_from_str(trace_context_format(&context, text)));
}

/* Of a client on a unix socket there is none. */
static struct slice
client_address(const struct driver_session *s, char text[INET6_ADDRSTRLEN])
{
    static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nowhere[16];
    if (memcmp(s->client_ip, nowhere, sizeof(nowhere)) == 0) {
        return SLICE_LIT("unknown");
    }
    bool is_v4 = memcmp(s->client_ip, v4_prefix, sizeof(v4_prefix)) == 0;
    inet_ntop(is_v4 ? AF_INET : AF_INET6, s->client_ip + (is_v4 ? sizeof(v4_prefix) : 0), text,
              INET6_ADDRSTRLEN);
    return slice_from_str(text);
}

static void
remove_claims(struct http_edit *edit, const struct http_head *head, struct slice bytes)
{
    for (size_t i = 0; i < head->field_count; i++) {
        struct slice name = http_span_of(bytes, head->fields[i].name);
        if (http_name_eq_loosely(slice_sub(name, 0, 12), SLICE_LIT("x-forwarded-")) ||
            slice_eq_ci(name, SLICE_LIT("forwarded"))) {
            edit->removed[i] = true;
            edit->removes = true;
        }
    }
}

/* Several lines of a list mean the same as one, in their order (RFC 9110, 5.3). */
static void
add_forwarded(enum forwarded how, const struct driver_session *s, const struct http_head *head,
              struct slice bytes, struct http_edit *edit)
{
    char text[INET6_ADDRSTRLEN];
    struct slice host = http_head_value(head, bytes, SLICE_LIT("host"));
    bool replaces = how == FORWARDED_REPLACE;
    if (replaces) {
        remove_claims(edit, head, bytes);
    }
    add(edit, "X-Forwarded-For", client_address(s, text));
    if (replaces || http_head_count(head, bytes, SLICE_LIT("x-forwarded-proto")) == 0) {
        add(edit, "X-Forwarded-Proto",
            s->client_tls != NULL ? SLICE_LIT("https") : SLICE_LIT("http"));
    }
    if ((replaces || http_head_count(head, bytes, SLICE_LIT("x-forwarded-host")) == 0) &&
        host.len > 0 && host.len <= HOST_MAX) {
        add(edit, "X-Forwarded-Host", host);
    }
}

static bool
is_sane_id(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.ptr[i];
        bool is_word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!is_word && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return id.len > 0 && id.len <= REQUEST_ID_MAX;
}

/* An application may read X_Request_Id for it. */
static bool
is_alone(const struct http_head *head, struct slice bytes, struct slice name)
{
    unsigned alike = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        alike += http_name_eq_loosely(http_span_of(bytes, head->fields[i].name), name);
    }
    return alike == 1 && http_head_count(head, bytes, name) == 1;
}

static void
add_request_id(const struct exchange *x, const struct http_head *head, struct slice bytes,
               struct http_edit *edit)
{
    struct slice name = SLICE_LIT("x-request-id");
    char text[2 * sizeof(x->event.trace_id) + 1];
    if (is_alone(head, bytes, name) && is_sane_id(http_head_value(head, bytes, name))) {
        return;
    }
    for (size_t i = 0; i < sizeof(x->event.trace_id); i++) {
        snprintf(text + 2 * i, 3, "%02x", x->event.trace_id[i]);
    }
    http_edit_remove(edit, head, bytes, name);
    add(edit, "X-Request-Id", slice_from_str(text));
}

void
http_add(struct exchange *x, const struct driver_session *s, struct prng *prng,
         const struct http_head *head, struct slice bytes, struct http_edit *edit)
{
    add_trace(x, prng, head, bytes, edit);
    if (s->security == NULL) {
        return;
    }
    const struct listener_choice *choice = security_choice(s->security);
    if (choice->forwarded != FORWARDED_OFF) {
        add_forwarded(choice->forwarded, s, head, bytes, edit);
    }
    if (choice->request_id) {
        add_request_id(x, head, bytes, edit);
    }
}
