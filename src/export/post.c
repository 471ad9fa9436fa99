/* SPDX-License-Identifier: Apache-2.0 */
#include "export/post.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"

#define CONNECT_TIMEOUT_S 10
#define WAIT_MS           1000

struct post {
    CURLM *multi;
    CURL *easy;
    /* Written by whoever cancels; read by the sender. */
    _Atomic bool cancelled;
    struct buf answer;
};

/* What does not fit is read all the same: the connection can be used again. */
static size_t
on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct post *p = ctx;
    size_t room = POST_ANSWER_MAX - p->answer.len;
    (void)buf_append(&p->answer, slice_of(data, MIN(count, room)));
    return count;
}

int
post_new(struct post **ret_post)
{
    struct post *p = check_alloc(1, sizeof(*p));
    buf_init(&p->answer, POST_ANSWER_MAX);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        p->multi = curl_multi_init();
        p->easy = curl_easy_init();
    }
    if (p->multi == NULL || p->easy == NULL) {
        post_free(&p);
        return -ENOMEM;
    }
    *ret_post = p;
    return 0;
}

void
post_free(struct post **post)
{
    struct post *p = TAKE(*post);
    if (p == NULL) {
        return;
    }
    curl_easy_cleanup(p->easy);
    curl_multi_cleanup(p->multi);
    buf_fini(&p->answer);
    free(p);
}

void
post_cancel(struct post *p)
{
    atomic_store_explicit(&p->cancelled, true, memory_order_release);
    curl_multi_wakeup(p->multi);
}

/* The connections outlive it, the options do not. */
static void
set_options(struct post *p, const struct post_request *r, struct curl_slist *headers)
{
    CURL *e = p->easy;
    curl_easy_reset(e);
    curl_easy_setopt(e, CURLOPT_URL, r->url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body.ptr);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "slowburn/" SLOWBURN_VERSION);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, p);
    curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)POST_TIMEOUT_S);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT,
                     1L); /* a name server that is silent is not waited for */
    if (r->ca_file != NULL && r->ca_file[0] != '\0') {
        curl_easy_setopt(e, CURLOPT_CAINFO, r->ca_file);
    }
}

/* The result of the transfer; CURLE_ABORTED_BY_CALLBACK: it was cancelled. */
static CURLcode
transfer(struct post *p)
{
    int running = 1, left;
    while (!atomic_load_explicit(&p->cancelled, memory_order_acquire)) {
        if (curl_multi_perform(p->multi, &running) != CURLM_OK) {
            return CURLE_FAILED_INIT;
        }
        const CURLMsg *m = curl_multi_info_read(p->multi, &left);
        if (m != NULL && m->msg == CURLMSG_DONE) {
            return m->data.result;
        }
        if (curl_multi_poll(p->multi, NULL, 0, WAIT_MS, NULL) != CURLM_OK) {
            return CURLE_FAILED_INIT;
        }
    }
    return CURLE_ABORTED_BY_CALLBACK;
}

int
post_send(struct post *p, const struct post_request *r, struct post_answer *ret_answer)
{
    /* No "Expect: 100-continue", which costs a round trip where it is not known. */
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    for (unsigned i = 0; i < POST_HEADERS_MAX && r->header[i] != NULL; i++) {
        headers = curl_slist_append(headers, r->header[i]);
    }
    buf_reset(&p->answer);
    set_options(p, r, headers);
    CURLcode result = CURLE_FAILED_INIT;
    if (curl_multi_add_handle(p->multi, p->easy) == CURLM_OK) {
        result = transfer(p);
        curl_multi_remove_handle(p->multi, p->easy);
    }
    curl_slist_free_all(headers);
    if (result == CURLE_ABORTED_BY_CALLBACK) {
        return -ECANCELED;
    }
    struct post_answer a = {.error = result == CURLE_OK ? NULL : curl_easy_strerror(result)};
    if (result == CURLE_OK) {
        long status = 0;
        curl_off_t wait_s = 0;
        curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &wait_s);
        a.status = (unsigned)status;
        a.retry_after_ns = (uint64_t)MAX(MIN(wait_s, 86400), 0) * NS_PER_S;
        a.body = buf_slice(&p->answer);
    }
    *ret_answer = a;
    return 0;
}
