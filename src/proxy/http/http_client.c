/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/http_add.h"
#include "proxy/http/http_session.h"
#include "proxy/http/http_timing.h"
#include "proxy/security.h"

#define REQUEST_ID_MASK    0xffffffffffffull
#define TLS_HANDSHAKE_BYTE 0x16

/* The head is complete. Returns how much of the chunk is done with: head_used bytes of it belong
 * to the head, whose beginning may have come before. */
static size_t
request_begun(struct http_worker *w, struct driver_session *s, const struct http_head *head,
              struct slice bytes, size_t head_used, struct driver_out *out)
{
    struct http_session *h = s->state;
    struct http_edit edit;
    uint64_t id = (uint64_t)w->env->worker << 48 | (w->next_request++ & REQUEST_ID_MASK);
    http_edit_init(&edit);
    h->exchange = exchange_new(w->env, s, id, h->head_start_ns, head, bytes);
    out->drop = true;
    if (h->exchange == NULL) {
        http_answer(w, s, 503, "slowburn: no memory for this request\n", out);
        return head_used;
    }
    http_add(h->exchange, s, &w->prng, head, bytes, &edit);
    http_timing_open(h->exchange, s);
    if (http_edit_is_empty(&edit) && head_used == head->len) {
        out->drop = false;
    } else {
        out->to_upstream = http_edit_apply(&edit, head, bytes, w->insert);
    }
    h->requests++;
    s->logged_in = true;
    http_body_init_request(&h->request_body, head);
    h->in_request_body = h->request_body.framing != HTTP_BODY_NONE;
    h->awaits_continue = h->in_request_body && head->expects_100 && head->minor > 0;
    h->is_last = !http_head_keeps_alive(head);
    h->exchange->asks_upgrade = head->upgrade;
    held_reset(&h->request_head);
    out->connect = true;
    return head_used;
}

static size_t
head_bytes(struct http_worker *w, struct driver_session *s, struct slice chunk, uint64_t now_ns,
           struct driver_out *out)
{
    struct http_session *h = s->state;
    const struct http_head *head;
    struct slice bytes;
    size_t used;
    if (h->request_head.len == 0) {
        h->head_start_ns = now_ns;
        http_session_announce(w, s, now_ns);
    }
    switch (held_feed(&h->request_head, &w->scratch, HTTP_REQUEST, chunk, &used, &head, &bytes)) {
    case DEC_OK:
        return request_begun(w, s, head, bytes, used, out);
    case DEC_MORE:
        out->drop = true;
        break;
    default:
        http_answer_refusal(w, s, head->refusal, head->error.reason, out);
        break;
    }
    return chunk.len;
}

static size_t
body_bytes(struct http_worker *w, struct driver_session *s, struct slice chunk,
           struct driver_out *out)
{
    struct http_session *h = s->state;
    struct slice payload;
    size_t used;
    enum dec answer = http_body_decode(&h->request_body, chunk, &used, &payload);
    if (answer == DEC_BAD || answer == DEC_LIMIT) {
        /* Its head is with the upstream already; all that can be done is to let it go no further.
         */
        http_answer_refusal(w, s, 400, h->request_body.error.reason, out);
        return chunk.len;
    }
    h->awaits_continue = false;
    if (h->exchange != NULL) {
        http_values_body(&h->exchange->values, payload);
        h->exchange->event.bytes_in += used;
    }
    h->in_request_body = answer == DEC_MORE;
    return used;
}

/* Who begins with a handshake speaks TLS from here on. Who does not and must is told so. False:
 * `out` says what becomes of the client. */
static bool
begins(struct http_worker *w, struct driver_session *s, struct slice chunk, struct driver_out *out)
{
    static const uint8_t nowhere[sizeof(s->client_ip)];
    struct http_session *h = s->state;
    enum client_tls wanted =
        s->security == NULL ? CLIENT_TLS_DISABLE : security_choice(s->security)->client_tls;
    if (s->client_tls == NULL && wanted != CLIENT_TLS_DISABLE) {
        if (chunk.ptr[0] == TLS_HANDSHAKE_BYTE) {
            out->start_tls_client = true;
            return false;
        }
        bool is_local = memcmp(s->client_ip, nowhere, sizeof(nowhere)) == 0;
        if (wanted >= CLIENT_TLS_REQUIRE && !is_local) {
            http_answer_refusal(w, s, 400, "this address speaks https only", out);
            return false;
        }
    }
    h->has_begun = true;
    return true;
}

size_t
http_client_bytes(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
                  struct driver_out *out)
{
    struct http_session *h = s->state;
    h->moved_ns = now_ns;
    if (h->refused) {
        out->drop = true;
        return chunk.len;
    }
    if (h->tunnel) {
        return chunk.len;
    }
    if (!h->has_begun && !begins(worker, s, chunk, out)) {
        return out->start_tls_client ? 0 : chunk.len;
    }
    if (h->in_request_body) {
        return body_bytes(worker, s, chunk, out);
    }
    if (h->exchange != NULL) {
        return 0;
    }
    return head_bytes(worker, s, chunk, now_ns, out);
}
