/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "proto/http/http_writer.h"

#define LINGER_NS  (1 * NS_PER_S)
#define EVENT_NS   (1 * NS_PER_S)  /* between two events */
#define COMMENT_NS (15 * NS_PER_S) /* a silent stream is given one, which finds a dead client */
#define UNACKED_MS 30000

/* All that the console needs is its own; nothing may be loaded from, sent to or put around it. */
#define CONTENT_POLICY                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

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

bool
connection_is_idle(const struct connection *c)
{
    return c->state == CONNECTION_READ && c->in_len == 0;
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
    case CONNECTION_STREAM:
        return c->event_at < c->event_len ? POLLIN | POLLOUT : POLLIN;
    case CONNECTION_WAIT:
    case CONNECTION_GONE:
        break;
    }
    return 0;
}

static void write_out(struct connection *c, struct connection_env *env, uint64_t now_ns);

static struct slice
body_of(const struct connection *c)
{
    if (c->is_head) {
        return SLICE_NONE;
    }
    return c->out_asset != NULL  ? c->out_asset->bytes
           : c->out_text != NULL ? serve_text_slice(c->out_text)
                                 : SLICE_NONE;
}

static void
write_asset_fields(struct http_writer *w, const struct console_asset *asset)
{
    http_writer_field(w, "Content-Encoding", SLICE_LIT("gzip"));
    http_writer_field(w, "Cache-Control", SLICE_LIT("no-cache"));
    http_writer_field(w, "ETag", slice_from_str(asset->etag));
    http_writer_field(w, "Content-Security-Policy", SLICE_LIT(CONTENT_POLICY));
    http_writer_field(w, "Referrer-Policy", SLICE_LIT("no-referrer"));
    http_writer_field(w, "Cross-Origin-Opener-Policy", SLICE_LIT("same-origin"));
}

/* Everything up to the length, by what the reply says. */
static void
write_fields(struct http_writer *w, const struct api_reply *reply)
{
    http_writer_status(w, reply->status);
    http_writer_field(w, "Content-Type",
                      slice_from_str(reply->type == NULL ? "application/json" : reply->type));
    http_writer_field(w, "X-Content-Type-Options", SLICE_LIT("nosniff"));
    if (reply->asset != NULL) {
        write_asset_fields(w, reply->asset);
    } else {
        http_writer_field(w, "Cache-Control", SLICE_LIT("no-store"));
    }
    if (reply->allow != NULL) {
        http_writer_field(w, "Allow", slice_from_str(reply->allow));
    }
    if (reply->status == 401) {
        http_writer_field(w, "WWW-Authenticate", SLICE_LIT("Bearer"));
    }
    if (reply->status == 503) {
        http_writer_field(w, "Retry-After", SLICE_LIT("1"));
    }
}

/* Puts an answer's head together and begins to send. */
static void
answer(struct connection *c, struct connection_env *env, struct api_reply *reply, uint64_t now_ns)
{
    struct http_writer w;
    http_writer_init(&w, c->out_head, sizeof(c->out_head));
    write_fields(&w, reply);
    c->streams = reply->streams && !c->is_head;
    c->closes |= reply->streams;
    env->subscribers += c->streams;
    http_writer_field(&w, "Connection", c->closes ? SLICE_LIT("close") : SLICE_LIT("keep-alive"));
    c->out_text = TAKE(reply->text);
    c->out_asset = reply->asset;
    if (reply->streams) {
        http_writer_end(&w); /* it is as long as the connection */
    } else {
        struct slice body =
            reply->asset != NULL ? reply->asset->bytes : serve_text_slice(c->out_text);
        http_writer_length(&w, body.len);
    }
    assert(!w.failed);
    c->is_head |= reply->status == 304;
    c->out_head_len = (uint32_t)w.len;
    c->out_at = 0;
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
    if (reply.waits || reply.asks) {
        uint64_t ticket = ++env->next_ticket;
        reply.command.ticket = ticket;
        reply.question.ticket = ticket;
        int err = reply.asks ? env->source.question(env->source.ctx, &reply.question)
                             : env->source.command(env->source.ctx, &reply.command);
        if (err == 0) {
            c->ticket = ticket;
            c->form = reply.form;
            c->state = CONNECTION_WAIT;
            c->deadline_ns = now_ns + env->command_wait_ns;
            return;
        }
        struct serve_text *none = NULL;
        api_result(err, &none, &reply);
    }
    if (reply.streams && env->subscribers >= SERVE_SUBSCRIBERS_MAX) {
        api_error(503, "too many consoles are open", &reply);
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
            answer_error(c, env, c->head.refusal, c->head.error.reason, now_ns);
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

/* Of every document that has another version than was told. False: nothing new. */
static bool
make_event(struct connection *c, const struct connection_env *env)
{
    static const char *const names[SERVE_DOCUMENT_COUNT] = {
        [SERVE_INCIDENTS] = "incidents",
        [SERVE_QUERIES] = "queries",
        [SERVE_REQUESTS] = "requests",
        [SERVE_STATUS] = "status",
    };
    char list[128] = "";
    size_t len = 0;
    for (unsigned i = 0; i < SERVE_DOCUMENT_COUNT; i++) {
        uint64_t version = env->source.version(env->source.ctx, (enum serve_document)i);
        if (version != c->seen[i]) {
            c->seen[i] = version;
            len += (size_t)snprintf(list + len, sizeof(list) - len, "%s\"%s\"", len == 0 ? "" : ",",
                                    names[i]);
        }
    }
    c->event_at = 0;
    c->event_len = (uint32_t)snprintf((char *)c->payload, sizeof(c->payload),
                                      "event: change\ndata: {\"documents\":[%s]}\n\n", list);
    return len > 0;
}

static void
write_event(struct connection *c, uint64_t now_ns)
{
    while (c->event_at < c->event_len) {
        ssize_t n = send(c->fd, c->payload + c->event_at, c->event_len - c->event_at,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                c->state = CONNECTION_GONE;
            }
            return;
        }
        c->event_at += (uint32_t)n;
    }
    c->deadline_ns = UINT64_MAX;
    c->comment_due_ns = now_ns + COMMENT_NS;
}

/* The next event, when it is time for one and the one before it is out. */
static void
stream_on(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    static const char comment[] = ":\n\n";
    if (c->event_at < c->event_len || now_ns < c->event_due_ns) {
        return;
    }
    if (!make_event(c, env)) {
        c->event_len = 0;
        if (now_ns < c->comment_due_ns) {
            return;
        }
        memcpy(c->payload, comment, sizeof(comment) - 1);
        c->event_len = sizeof(comment) - 1;
    }
    c->event_due_ns = now_ns + EVENT_NS;
    c->deadline_ns = now_ns + env->slow_timeout_ns;
    write_event(c, now_ns);
}

static void
begin_stream(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    const int unacked_ms = UNACKED_MS;
    if (c->peer != API_UNIX) { /* a client that is gone without a word; best effort */
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms, sizeof(unacked_ms));
    }
    c->state = CONNECTION_STREAM;
    c->event_due_ns = now_ns;
    c->comment_due_ns = now_ns; /* the client knows at once that it is connected */
    c->deadline_ns = UINT64_MAX;
    stream_on(c, env, now_ns);
}

static void
write_out(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    struct slice body = body_of(c);
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
    c->out_asset = NULL;
    if (c->streams) {
        begin_stream(c, env, now_ns);
    } else if (c->closes) {
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
    if (c->state == CONNECTION_STREAM && revents != 0) {
        throw_away(c); /* a subscriber has nothing more to say; its end is what matters */
        if (c->state == CONNECTION_STREAM) {
            write_event(c, now_ns);
        }
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
    bool is_metrics = c->form != API_JSON && result == 0 && *text != NULL;
    if (is_metrics) {
        struct serve_text *made = env->source.metrics(env->source.ctx, serve_text_slice(*text),
                                                      c->form == API_OPENMETRICS);
        serve_text_free(text);
        *text = made;
        result = made == NULL ? -ENOMEM : 0;
    }
    api_result(result, text, &reply);
    reply.type = is_metrics && result == 0 ? api_form_type(c->form) : NULL;
    answer(c, env, &reply, now_ns);
    connection_turn(c, env, 0, now_ns);
}

void
connection_tick(struct connection *c, struct connection_env *env, uint64_t now_ns)
{
    struct serve_text *none = NULL;
    if (c->state == CONNECTION_STREAM) {
        stream_on(c, env, now_ns);
    }
    if (now_ns < c->deadline_ns) {
        return;
    }
    env->subscribers_dropped += c->streams;
    if (c->state == CONNECTION_WAIT) {
        connection_answer(c, env, -ETIMEDOUT, &none, now_ns);
    } else if (c->state == CONNECTION_READ && c->in_len > 0) {
        answer_error(c, env, 408, "the request did not come in time", now_ns);
        connection_turn(c, env, 0, now_ns);
    } else {
        c->state = CONNECTION_GONE;
    }
}
