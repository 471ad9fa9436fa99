/* SPDX-License-Identifier: Apache-2.0 */
#include "io/log.h"
#include "proxy/http/http_session.h"
#include "proxy/http/http_timing.h"
#include "proxy/security.h"

/* The response is complete; who has said so ends the connection, and so does a client that was
 * told not to send its body: whether it does so all the same, two readers may see differently. */
static void
response_ended(struct http_session *h, uint64_t now_ns, struct driver_out *out)
{
    http_session_finish(h, now_ns);
    out->close = h->is_last || h->awaits_continue;
}

/* The response's head is complete and right; what may not be answered at all is said by its
 * reason. */
static const char *
head_is_right(const struct http_session *h, const struct http_head *head)
{
    if (head->status == 101 && !h->exchange->asks_upgrade) {
        return "it switches to a protocol that nobody asked for";
    }
    return NULL;
}

static void
take_route(const struct driver_session *s, struct exchange *x, const struct http_head *head,
           struct slice bytes)
{
    const char *name = s->security == NULL ? "" : security_text(s->security, LISTENER_route_header);
    if (name[0] != '\0') {
        exchange_set_route(x, http_head_value(head, bytes, slice_from_str(name)));
    }
}

static void
response_begun(struct driver_session *s, const struct http_head *head, struct slice bytes,
               uint64_t now_ns, struct driver_out *out)
{
    struct http_session *h = s->state;
    struct exchange *x = h->exchange;
    h->awaits_continue &= head->status != 100;
    if (http_status_is_interim(head->status)) {
        x->event.first_byte_ns = 0;
        return;
    }
    x->event.status = head->status;
    take_route(s, x, head, bytes);
    http_body_init_response(&h->response_body, head, x->is_head);
    h->is_last |= !http_head_keeps_alive(head);
    if (h->response_body.framing == HTTP_BODY_TUNNEL) {
        h->tunnel = true;
        s->passive_client = true;
        s->passive_upstream = true;
        http_session_finish(h, now_ns);
        return;
    }
    exchange_response_head(x, head, bytes);
    if (h->response_body.framing == HTTP_BODY_NONE) {
        response_ended(h, now_ns, out);
    } else {
        h->in_response_body = true;
    }
}

/* As it came, with what slowburn adds to it. is_whole: it lies in the chunk in hand. */
static void
pass_head_on(struct http_worker *w, struct exchange *x, const struct http_head *head,
             struct slice bytes, bool is_whole, struct driver_out *out)
{
    struct http_edit edit;
    bool may_be_changed = x->timing != 0 && head->status >= 200;
    if (is_whole && !may_be_changed) {
        return;
    }
    http_edit_init(&edit);
    if (may_be_changed) {
        http_timing_add(x, &edit);
    }
    if (is_whole && http_edit_is_empty(&edit)) {
        return;
    }
    out->drop = true;
    out->to_client = http_edit_apply(&edit, head, bytes, w->insert);
}

static size_t
head_bytes(struct http_worker *w, struct driver_session *s, struct slice chunk, uint64_t now_ns,
           struct driver_out *out)
{
    struct http_session *h = s->state;
    struct exchange *x = h->exchange;
    const struct http_head *head;
    struct slice bytes;
    size_t used;
    bool is_whole = h->response_head.len == 0;
    if (x->event.first_byte_ns == 0) {
        x->event.first_byte_ns = now_ns;
    }
    enum dec answer =
        held_feed(&h->response_head, &w->scratch, HTTP_RESPONSE, chunk, &used, &head, &bytes);
    const char *reason = answer == DEC_BAD || answer == DEC_LIMIT ? head->error.reason
                         : answer == DEC_OK                       ? head_is_right(h, head)
                                                                  : NULL;
    if (reason != NULL) {
        http_answer_broken(w, s, 502, "bad_response", reason, out);
        http_session_finish(h, now_ns);
        return chunk.len;
    }
    x->event.bytes_out += used;
    if (answer == DEC_MORE) {
        out->drop = true;
        return used;
    }
    pass_head_on(w, x, head, bytes, is_whole, out);
    response_begun(s, head, bytes, now_ns, out);
    held_reset(&h->response_head);
    return used;
}

static size_t
body_bytes(struct http_worker *w, struct driver_session *s, struct slice chunk, uint64_t now_ns,
           struct driver_out *out)
{
    struct http_session *h = s->state;
    struct slice payload;
    size_t used;
    enum dec answer = http_body_decode(&h->response_body, chunk, &used, &payload);
    if (answer == DEC_BAD || answer == DEC_LIMIT) {
        http_answer_broken(w, s, 502, "bad_response", h->response_body.error.reason, out);
        http_session_finish(h, now_ns);
        return chunk.len;
    }
    h->exchange->event.bytes_out += used;
    exchange_response_body(h->exchange, payload);
    if (answer == DEC_OK) {
        response_ended(h, now_ns, out);
    }
    return used;
}

/* An upstream that says why it hangs up, or one whose response is longer than it said: whatever it
 * is, it must not become the answer to the next request. */
static void
unasked(struct driver_session *s, struct driver_out *out)
{
    log_info("http", "unasked_response", "the upstream sent bytes that answer no request",
             LOG_U64("listener", s->listener), LOG_U64("upstream", s->upstream));
    out->drop = true;
    out->close = true;
}

size_t
http_server_bytes(void *worker, struct driver_session *s, struct slice chunk, uint64_t now_ns,
                  struct driver_out *out)
{
    struct http_session *h = s->state;
    h->moved_ns = now_ns;
    if (h->tunnel) {
        return chunk.len;
    }
    if (h->refused) {
        out->drop = true;
        return chunk.len;
    }
    if (h->exchange == NULL) {
        unasked(s, out);
        return chunk.len;
    }
    return h->in_response_body ? body_bytes(worker, s, chunk, now_ns, out)
                               : head_bytes(worker, s, chunk, now_ns, out);
}
