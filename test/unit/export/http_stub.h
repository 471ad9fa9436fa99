/* SPDX-License-Identifier: Apache-2.0
 * test/unit/export/http_stub.h - a receiver on a free loopback port that answers what it was told
 * to, and keeps what it was sent. One connection for each request. */
#ifndef UNIT_HTTP_STUB_H
#define UNIT_HTTP_STUB_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

#define STUB_REQUESTS_MAX 64
#define STUB_BYTES_MAX    (256 * 1024)

struct http_stub {
    int fd;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int ends[2];
    const char *reply[STUB_REQUESTS_MAX]; /* NULL: 200; "": it closes without one; "hang": none */
    unsigned reply_count;
    char *request[STUB_REQUESTS_MAX];
    size_t request_len[STUB_REQUESTS_MAX];
    unsigned count;
};

static inline void
http_stub_read(int fd, char text[STUB_BYTES_MAX], size_t *ret_len)
{
    size_t len = 0, whole = SIZE_MAX;
    ssize_t n;
    while (len < whole && len < STUB_BYTES_MAX - 1 &&
           (n = read(fd, text + len, STUB_BYTES_MAX - 1 - len)) > 0) {
        len += (size_t)n;
        text[len] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strcasestr(text, "content-length:");
        if (end != NULL && length != NULL) {
            whole = (size_t)(end - text) + 4 + strtoul(length + 15, NULL, 10);
        }
    }
    *ret_len = len;
}

static inline void *
http_stub_run(void *arg)
{
    struct http_stub *s = arg;
    for (;;) {
        struct pollfd p[2] = {{s->fd, POLLIN, 0}, {s->ends[0], POLLIN, 0}};
        poll(p, 2, -1);
        if (p[1].revents != 0) {
            return NULL;
        }
        int fd = accept(s->fd, NULL, NULL);
        char *text = check_alloc(1, STUB_BYTES_MAX);
        size_t len = 0;
        http_stub_read(fd, text, &len);
        pthread_mutex_lock(&s->lock);
        assert_true(s->count < STUB_REQUESTS_MAX);
        const char *reply = s->count < s->reply_count ? s->reply[s->count] : NULL;
        s->request_len[s->count] = len;
        s->request[s->count++] = text;
        pthread_cond_broadcast(&s->wake);
        pthread_mutex_unlock(&s->lock);
        reply = reply == NULL
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                    : reply;
        if (strcmp(reply, "hang") == 0) {
            poll(&p[1], 1, -1);
        } else if (write(fd, reply, strlen(reply)) < 0) {
            perror("the stub's reply");
        }
        close(fd);
    }
}

static inline void
http_stub_start(struct http_stub *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/hook", ntohs(a.sin_port));
    assert_int_equal(pipe(s->ends), 0);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    assert_int_equal(pthread_create(&s->thread, NULL, http_stub_run, s), 0);
    setenv("no_proxy", "127.0.0.1", 1);
}

/* Until so many requests have come. */
static inline void
http_stub_wait(struct http_stub *s, unsigned count)
{
    pthread_mutex_lock(&s->lock);
    while (s->count < count) {
        pthread_cond_wait(&s->wake, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

static inline const char *
http_stub_body(struct http_stub *s, unsigned i)
{
    return strstr(s->request[i], "\r\n\r\n") + 4;
}

static inline void
http_stub_stop(struct http_stub *s)
{
    assert_int_equal(write(s->ends[1], "x", 1), 1);
    pthread_join(s->thread, NULL);
    for (unsigned i = 0; i < s->count; i++) {
        free(s->request[i]);
    }
    close(s->fd);
    close(s->ends[0]);
    close(s->ends[1]);
}

#endif
