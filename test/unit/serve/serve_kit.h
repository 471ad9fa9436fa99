/* SPDX-License-Identifier: Apache-2.0
 * A server on sockets of its own, with a source that is made up, and a client for it. */
#ifndef TEST_SERVE_KIT_H
#define TEST_SERVE_KIT_H

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/log.h"
#include "serve/board.h"
#include "serve/serve.h"
#include "serve/token.h"
#include "unit/unit.h"

struct fixture {
    char dir[32];
    char socket_path[64];
    struct sockaddr_in tcp;
    struct board *board;
    struct serve *serve;
    atomic_int mode; /* 0: answer at once with `result`, 1: never, 2: the queue is full */
    atomic_int result;
    struct serve_command last;
    struct serve_question asked;
};

static int
take_command(void *ctx, const struct serve_command *command)
{
    struct fixture *f = ctx;
    struct serve_text *text = NULL;
    if (f->mode == 2) {
        return -EAGAIN;
    }
    f->last = *command;
    if (f->mode == 0) {
        if (command->kind == SERVE_DEPLOY) {
            text = serve_text_new(slice_from_str("{\"deploy\":\"taken\"}"));
        }
        serve_answer(f->serve, command->ticket, f->result, &text);
    }
    return 0;
}

static int
take_question(void *ctx, const struct serve_question *question)
{
    struct fixture *f = ctx;
    struct serve_text *text = serve_text_new(slice_from_str("{}"));
    f->asked = *question;
    serve_answer(f->serve, question->ticket, f->result, &text);
    return 0;
}

static uint64_t
version(void *ctx, enum serve_document which)
{
    struct fixture *f = ctx;
    return board_version(f->board, which);
}

static struct serve_text *
postmortem(void *ctx, const json_t *incident)
{
    char text[64];
    (void)ctx;
    snprintf(text, sizeof(text), "# Postmortem %d\n",
             (int)json_integer_value(json_object_get(incident, "id")));
    return serve_text_new(slice_from_str(text));
}

static struct serve_text *
document(void *ctx, enum serve_document which)
{
    struct fixture *f = ctx;
    return board_document(f->board, which);
}

static void
put(struct fixture *f, enum serve_document which, const char *json)
{
    struct serve_text *text = serve_text_new(slice_from_str(json));
    board_put(f->board, which, &text);
}

static void
fixture_start(struct fixture *f, struct serve_config config)
{
    socklen_t len = sizeof(f->tcp);
    struct diag diag = {0};
    memset(f, 0, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/slowburn-serve-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->socket_path, sizeof(f->socket_path), "%s/%s", f->dir, SERVE_SOCKET_NAME);
    f->board = board_new();
    f->tcp = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    config.tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    config.unix_fd = -1;
    config.data_dir = f->dir;
    assert_int_equal(bind(config.tcp_fd, (struct sockaddr *)&f->tcp, sizeof(f->tcp)), 0);
    assert_int_equal(listen(config.tcp_fd, 16), 0);
    assert_int_equal(getsockname(config.tcp_fd, (struct sockaddr *)&f->tcp, &len), 0);
    struct serve_source source = {.ctx = f,
                                  .document = document,
                                  .command = take_command,
                                  .question = take_question,
                                  .version = version,
                                  .postmortem = postmortem};
    assert_int_equal(serve_new(&config, &source, &diag, &f->serve), 0);
}

static void
fixture_stop(struct fixture *f)
{
    char path[128];
    serve_free(&f->serve);
    assert_int_equal(access(f->socket_path, F_OK), -1);
    board_free(&f->board);
    snprintf(path, sizeof(path), "%s/%s", f->dir, SERVE_TOKEN_NAME);
    unlink(path);
    assert_int_equal(rmdir(f->dir), 0);
}

static int
connect_tcp(const struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&f->tcp, sizeof(f->tcp)), 0);
    return fd;
}

static inline int
connect_unix(const struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void
send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until `want` bytes came or the other side closed; 10 s at most. */
static size_t
receive(int fd, char *dst, size_t want)
{
    size_t len = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (len < want && poll(&p, 1, 60000) == 1) {
        ssize_t n = recv(fd, dst + len, want - len, 0);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
    }
    dst[len] = '\0';
    return len;
}

/* One request on a connection of its own, up to the server's close. */
static inline const char *
ask(int fd, const char *text)
{
    static char reply[128 * 1024];
    send_text(fd, text);
    receive(fd, reply, sizeof(reply) - 1);
    close(fd);
    return reply;
}

static void
assert_reply(const char *reply, const char *status, const char *body)
{
    const char *at = strstr(reply, "\r\n\r\n");
    char line[64];
    snprintf(line, sizeof(line), "HTTP/1.1 %s", status);
    if (strncmp(reply, line, strlen(line)) != 0 || at == NULL || strcmp(at + 4, body) != 0) {
        fail_msg("wanted %s and %s, got: %s", line, body, reply);
    }
}

#define TCP_END  "Host: localhost:7433\r\nConnection: close\r\n\r\n"
#define UNIX_END "Host: slowburn\r\nConnection: close\r\n\r\n"

#define NO_TOKEN                                                                                   \
    "{\"error\":\"this needs the unix socket, or Authorization: Bearer with the token file\"}"

#endif
