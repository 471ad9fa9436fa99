/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "proto/http/http_writer.h"

#define LINGER_NS (1 * NS_PER_S)

struct connection *
connection_new(int fd, enum api_peer peer, uint64_t now_ns, const struct connection_env *env)
{
    struct connection *c = check_alloc(1, sizeof(*c));
    c->fd = fd;
    c->peer = peer;
    c->deadline_ns = now_ns + env->idle_timeout_ns;
    http_head_init(&c->head, HTTP_REQUEST, SERVE_HEAD_MAX);
    return c;
}

void
connection_free(struct connection **c_ptr)
{
    struct connection *c = TAKE(*c_ptr);
    if (c == NULL) {
        return;
    }
    close(c->fd);
    serve_text_free(&c->out_text);
    free(c);
}

short
connection_events(const struct connection *c)
{
    switch (c->state) {
    case CONNECTION_READ:
    case CONNECTION_LINGER:
        return POLLIN;
    case CONNECTION_WRITE:
        return POLLOUT;
    case CONNECTION_WAIT:
    case CONNECTION_GONE:
        break;
    }
    return 0;
}

static void write_out(struct connection *c, struct connection_env *env, uint64_t now_ns);

/* Puts an answer's head together and begins to send. */
static void
answer(struct connection *c, struct connection_env *env, struct api_reply *reply, uint64_t now_ns)
{
    struct http_writer w;
    http_writer_init(&w, c->out_head, sizeof(c->out_head));
    http_writer_status(&w, reply->status);
    http_writer_field(&w, "Content-Type", SLICE_LIT("application/json"));
    http_writer_field(&w, "Cache-Control", SLICE_LIT("no-store"));
    http_writer_field(&w, "X-Content-Type-Options", SLICE_LIT("nosniff"));
    if (reply->allow != NULL) {
        http_writer_field(&w, "Allow", slice_from_str(reply->allow));
    }
    if (reply->status == 401) {
        http_writer_field(&w, "WWW-Authenticate", SLICE_LIT("Bearer"));
    }
    if (reply->status == 503) {
        http_writer_field(&w, "Retry-After", SLICE_LIT("1"));
    }
    http_writer_field(&w, "Connection", c->closes ? SLICE_LIT("close") : SLICE_LIT("keep-alive"));
    http_writer_length(&w, serve_text_slice(reply->text).len);
    assert(!w.failed);
    c->out_head_len = (uint32_t)w.len;
    c->out_at = 0;
    c->out_text = TAKE(reply->text);
    c->ticket = 0;
    c->state = CONNECTION_WRITE;
    c->deadline_ns = now_ns + env->slow_timeout_ns;
    env->requests++;
    env->errors += reply->status >= 400;
}

static void
answer_error(struct connection *c, struct connection_env *env, unsigned status, const char *message,
             uint64_t now_ns)
{
    struct api_reply reply;
    api_error(status, message, &reply);
    c->closes = true;
    answer(c, env, &reply, now_ns);
}

static void
dispatch(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    struct api_reply reply;
    struct api_request request = {
        .peer = c->peer,
        .head = &c->head,
        .bytes = slice_of(c->in, c->head.len),
        .body = slice_of(c->payload, c->body_len),
    };
    c->closes = !http_head_keeps_alive(&c->head);
    c->is_head = c->head.method_id == METHOD_HEAD;
    api_request(&request, &env->source, env->has_token ? &env->token : NULL, &reply);
    if (reply.waits) {
        reply.command.ticket = ++env->next_ticket;
        int err = env->source.command(env->source.ctx, &reply.command);
        if (err == 0) {
            c->ticket = reply.command.ticket;
            c->state = CONNECTION_WAIT;
            c->deadline_ns = now_ns + env->command_wait_ns;
            return;
        }
        struct serve_text *none = NULL;
        api_result(err, &none, &reply);
    }
    answer(c, env, &reply, now_ns);
}

static void
send_continue(struct connection *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (c->head.expects_100 && !c->continued) {
        /* Best effort: a client that does not get it sends its body a little later. */
        ssize_t n = send(c->fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        c->continued = n == (ssize_t)sizeof(text) - 1;
    }
}

static void
decode_body(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    enum dec got = DEC_MORE;
    do {
        struct slice payload;
        size_t used;
        got = http_body_decode(&c->body, slice_of(c->in + c->body_at, c->in_len - c->body_at),
                               &used, &payload);
        if (payload.len > SERVE_BODY_MAX - c->body_len) {
            answer_error(c, env, 413, "the body is too long", now_ns);
            return;
        }
        if (payload.len > 0) {
            memcpy(c->payload + c->body_len, payload.ptr, payload.len);
        }
        c->body_len += (uint32_t)payload.len;
        c->body_at += (uint32_t)used;
    } while (got == DEC_MORE && c->body_at < c->in_len);
    if (got == DEC_OK) {
        dispatch(c, env, now_ns);
    } else if (got != DEC_MORE) {
        answer_error(c, env, 400, c->body.error.reason, now_ns);
    } else if (c->in_len == sizeof(c->in)) {
        answer_error(c, env, 413, "the body is too long", now_ns);
    } else {
        send_continue(c);
    }
}

/* As far as the bytes go: at most one request, whose answer comes before the next. */
static void
decode(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    if (!c->has_head) {
        enum dec got = http_head_decode(&c->head, slice_of(c->in, c->in_len));
        if (got == DEC_MORE) {
            return;
        }
        if (got != DEC_OK) {
            answer_error(c, env, got == DEC_LIMIT ? 431 : 400, c->head.error.reason, now_ns);
            return;
        }
        c->has_head = true;
        c->body_at = c->head.len;
        http_body_init_request(&c->body, &c->head);
        if (c->head.has_length && c->head.content_length > SERVE_BODY_MAX) {
            answer_error(c, env, 413, "the body is too long", now_ns);
            return;
        }
    }
    decode_body(c, env, now_ns);
}

/* Forgets the request that was answered, keeps what came behind it. */
static void
next_request(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    memmove(c->in, c->in + c->body_at, c->in_len - c->body_at);
    c->in_len -= c->body_at;
    c->body_at = 0;
    c->body_len = 0;
    c->has_head = false;
    c->continued = false;
    c->is_head = false;
    http_head_init(&c->head, HTTP_REQUEST, SERVE_HEAD_MAX);
    c->state = CONNECTION_READ;
    c->deadline_ns = now_ns + (c->in_len > 0 ? env->slow_timeout_ns : env->idle_timeout_ns);
}

static void
write_out(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    struct slice body = c->is_head ? SLICE_NONE : serve_text_slice(c->out_text);
    size_t total = c->out_head_len + body.len;
    while (c->out_at < total) {
        struct slice part = c->out_at < c->out_head_len
                                ? slice_of(c->out_head + c->out_at, c->out_head_len - c->out_at)
                                : slice_sub(body, c->out_at - c->out_head_len, body.len);
        int more = c->out_at < c->out_head_len && body.len > 0 ? MSG_MORE : 0;
        ssize_t n = send(c->fd, part.ptr, part.len, MSG_NOSIGNAL | MSG_DONTWAIT | more);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                c->state = CONNECTION_GONE;
            }
            return;
        }
        c->out_at += (size_t)n;
    }
    serve_text_free(&c->out_text);
    if (c->closes) {
        shutdown(c->fd, SHUT_WR);
        c->state = CONNECTION_LINGER;
        c->deadline_ns = now_ns + LINGER_NS;
    } else {
        next_request(c, env, now_ns);
    }
}

static void
read_in(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            c->state = CONNECTION_GONE;
        }
        return;
    }
    if (c->in_len == 0) {
        c->deadline_ns = now_ns + env->slow_timeout_ns;
    }
    c->in_len += (uint32_t)n;
}

static void
throw_away(struct connection *c)
{
    ssize_t n = recv(c->fd, c->in, sizeof(c->in), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        c->state = CONNECTION_GONE;
    }
}

void
connection_turn(struct connection *c, struct connection_env *env, short revents, uint64_t now_ns)
{
    if (c->state == CONNECTION_LINGER && revents != 0) {
        throw_away(c);
        return;
    }
    if (c->state == CONNECTION_WAIT && (revents & (POLLHUP | POLLERR)) != 0) {
        c->state = CONNECTION_GONE;
        return;
    }
    if (c->state == CONNECTION_READ && revents != 0) {
        read_in(c, env, now_ns);
        if (c->state == CONNECTION_READ) {
            decode(c, env, now_ns);
        }
    }
    /* What came behind a request is answered in the same turn; nothing else would wake us. */
    while (c->state == CONNECTION_WRITE) {
        write_out(c, env, now_ns);
        if (c->state != CONNECTION_READ || c->in_len == 0) {
            break;
        }
        decode(c, env, now_ns);
    }
}

void
connection_answer(struct connection *c, struct connection_env *env, int result,
                  struct serve_text **text, uint64_t now_ns)
{
    struct api_reply reply;
    assert(c->state == CONNECTION_WAIT);
    api_result(result, text, &reply);
    answer(c, env, &reply, now_ns);
    connection_turn(c, env, 0, now_ns);
}

void
connection_tick(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    struct serve_text *none = NULL;
    if (now_ns < c->deadline_ns) {
        return;
    }
    if (c->state == CONNECTION_WAIT) {
        connection_answer(c, env, -ETIMEDOUT, &none, now_ns);
    } else if (c->state == CONNECTION_READ && c->in_len > 0) {
        answer_error(c, env, 408, "the request did not come in time", now_ns);
        connection_turn(c, env, 0, now_ns);
    } else {
        c->state = CONNECTION_GONE;
    }
}
