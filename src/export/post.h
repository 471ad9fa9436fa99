/* SPDX-License-Identifier: Apache-2.0
 * export/post.h - POSTs bodies over HTTP, one at a time, on the caller's thread (libcurl).
 *
 * post_send waits for the answer, POST_TIMEOUT_S at most; post_cancel, from any other thread, makes
 * it return at once, and for good. Redirects are not followed: what is sent may be secret, and goes
 * nowhere else. A proxy that the environment names (https_proxy, no_proxy) is used. Of the answer
 * POST_ANSWER_MAX bytes are kept, and the rest is read and dropped. Connections stay open between
 * requests. Neither URL nor headers are ever logged or put into an error. */
#ifndef EXPORT_POST_H
#define EXPORT_POST_H

#include "base/check.h"
#include "base/slice.h"

#define POST_TIMEOUT_S   20
#define POST_ANSWER_MAX  (64u * 1024)
#define POST_HEADERS_MAX 16u

struct post_request {
    const char *url;
    const char *ca_file;                  /* NULL or "": the system's */
    const char *header[POST_HEADERS_MAX]; /* "Name: value"; the unused ones are NULL */
    struct slice body;
};

struct post_answer {
    unsigned status;         /* 0: there was none */
    const char *error;       /* why there was none; static; NULL: there was one */
    uint64_t retry_after_ns; /* 0: nothing was said */
    struct slice body;       /* until the next post_send */
};

struct post;

/* 0 or -ENOMEM. */
MUST_CHECK int post_new(struct post **ret_post);
void post_free(struct post **post);

/* 0 with an answer, or -ECANCELED. */
MUST_CHECK int post_send(struct post *post, const struct post_request *request,
                         struct post_answer *ret_answer);

void post_cancel(struct post *post);

#endif
