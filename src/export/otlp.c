/* SPDX-License-Identifier: Apache-2.0 */
#include "export/otlp.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/clock.h"
#include "export/post.h"
#include "export/retry.h"
#include "io/log.h"
#include "io/now.h"
#include "io/private_file.h"

#define HEADER_LEN    4096u
#define HEADERS_MAX   8u
#define REQUEST_EXTRA 4096u /* what otlp_encode_request adds, at most */
#define GZIP_WINDOW   (15 + 16)

struct queue {
    struct buf waiting; /* items */
    uint64_t waiting_count;
    uint64_t since_ns; /* of the oldest one; 0: none waits */
    struct otlp_totals totals;
    /* the thread's own */
    struct buf batch; /* compressed; empty: nothing is on its way */
    uint64_t batch_count;
    uint64_t next_ns; /* of the next try */
    struct retry retry;
};

struct otlp {
    char url[1024];
    char headers_file[1024];
    char ca_file[1024];
    char service[256];
    char instance[256];
    const json_t *servers;
    uint64_t second_ns;
    uint64_t end_ns;
    struct post *post;
    pthread_t thread;
    pthread_mutex_t lock; /* all below, but what is the thread's own */
    pthread_cond_t wake;
    bool ends;
    char error[128];
    struct queue queue[OTLP_SIGNAL_COUNT];
};

/* ---- what comes in ---- */

/* Under the lock: room for one more item, or none. What was appended is taken back when there was
 * not enough. */
static void
keep(struct otlp *o, struct queue *q, size_t before, unsigned count)
{
    if (buf_overflowed(&q->waiting)) {
        q->waiting.len = before;
        q->waiting.overflowed = false;
        q->totals.dropped += MAX(count, 1u);
        return;
    }
    q->waiting_count += count;
    if (count > 0 && q->since_ns == 0) {
        q->since_ns = now_monotonic_ns();
        pthread_cond_signal(&o->wake);
    }
    if (q->waiting.len >= OTLP_BATCH_BYTES) {
        pthread_cond_signal(&o->wake);
    }
}

void
otlp_trace(struct otlp *o, uint64_t start_wall_ns, struct slice json)
{
    struct queue *q = &o->queue[OTLP_TRACES];
    json_t *trace = json_loadb((const char *)json.ptr, json.len, 0, NULL);
    pthread_mutex_lock(&o->lock);
    size_t before = q->waiting.len;
    unsigned count = otlp_encode_trace(trace, start_wall_ns, o->servers, &q->waiting);
    keep(o, q, before, count);
    pthread_mutex_unlock(&o->lock);
    json_decref(trace);
}

void
otlp_metrics(struct otlp *o, uint64_t wall_ns, struct slice metrics, struct slice status)
{
    struct queue *q = &o->queue[OTLP_METRICS];
    json_t *m = json_loadb((const char *)metrics.ptr, metrics.len, 0, NULL);
    json_t *s = json_loadb((const char *)status.ptr, status.len, 0, NULL);
    pthread_mutex_lock(&o->lock);
    buf_reset(&q->waiting);
    q->waiting_count = 0;
    unsigned count = otlp_encode_metrics(m, s, wall_ns, &q->waiting);
    keep(o, q, 0, count);
    pthread_mutex_unlock(&o->lock);
    json_decref(m);
    json_decref(s);
}

void
otlp_log(struct otlp *o, uint32_t incident, const char *kind, struct slice text,
         uint64_t at_wall_ns, uint64_t wall_ns)
{
    struct queue *q = &o->queue[OTLP_LOGS];
    pthread_mutex_lock(&o->lock);
    size_t before = q->waiting.len;
    unsigned count = otlp_encode_log(incident, kind, text, at_wall_ns, wall_ns, &q->waiting);
    keep(o, q, before, count);
    pthread_mutex_unlock(&o->lock);
}

/* ---- the thread; under the lock where it says so ---- */

static uint64_t
lasts_ns(const struct otlp *o, uint64_t wait_ns)
{
    return o->second_ns == NS_PER_S ? wait_ns : wait_ns / NS_PER_US * o->second_ns / NS_PER_MS;
}

/* 0 or -E2BIG. */
static int
compress_into(struct slice text, struct buf *b)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return -E2BIG;
    }
    size_t room = deflateBound(&z, text.len);
    uint8_t *out = check_alloc(1, room);
    z.next_in = (uint8_t *)(uintptr_t)text.ptr;
    z.avail_in = (uInt)text.len;
    z.next_out = out;
    z.avail_out = (uInt)room;
    int r =
        deflate(&z, Z_FINISH) == Z_STREAM_END ? buf_append(b, slice_of(out, z.total_out)) : -E2BIG;
    deflateEnd(&z);
    free(out);
    return r;
}

/* Under the lock: everything that waits becomes the batch. */
static void
take_batch(struct otlp *o, struct queue *q)
{
    const struct otlp_resource resource = {o->service, o->instance};
    AUTO_BUF struct buf items = q->waiting;
    AUTO_BUF struct buf request;
    buf_init(&request, OTLP_WAITING_MAX + REQUEST_EXTRA);
    q->batch_count = q->waiting_count;
    buf_init(&q->waiting, OTLP_WAITING_MAX);
    q->waiting_count = 0;
    q->since_ns = 0;
    pthread_mutex_unlock(&o->lock);
    bool good = otlp_encode_request(&resource, buf_slice(&items), &request) == 0 &&
                compress_into(buf_slice(&request), &q->batch) == 0;
    pthread_mutex_lock(&o->lock);
    if (!good) {
        buf_reset(&q->batch);
        q->totals.dropped += q->batch_count;
        q->batch_count = 0;
    }
}

struct headers {
    char text[HEADERS_MAX + 1][HEADER_LEN]; /* the last one: to see that there are too many */
};

/* Lines of the file go behind what is there. All of them or none: half a token is no token. */
static int
read_headers(const struct otlp *o, struct headers *h, struct post_request *r, unsigned count,
             struct diag *diag)
{
    __attribute__((cleanup(private_file_close))) FILE *f = NULL;
    unsigned n = 0;
    int err = o->headers_file[0] == '\0'
                  ? 0
                  : private_file_open(o->headers_file, "otlp_headers_file", diag, &f);
    while (f != NULL && err == 0 && fgets(h->text[n], HEADER_LEN, f) != NULL) {
        size_t len = strcspn(h->text[n], "\r\n");
        if (len == HEADER_LEN - 1 || (len > 0 && n == HEADERS_MAX)) {
            err = diag_set(diag, -E2BIG,
                           "the otlp_headers_file has more than %u lines, or a longer one "
                           "than %u bytes",
                           HEADERS_MAX, HEADER_LEN - 2);
        } else if (len > 0) {
            h->text[n][len] = '\0';
            r->header[count++] = h->text[n++];
        }
    }
    return err;
}

/* Without the lock. RETRY_LATER with *ret_wait_ns, or what became of it; -1: it was cancelled. */
static int
send_batch(struct otlp *o, enum otlp_signal signal, const struct queue *q,
           struct post_answer *ret_answer, char error[128])
{
    char url[1100];
    struct diag diag = {0};
    struct headers headers;
    struct post_request r = {.url = url, .ca_file = o->ca_file, .body = buf_slice(&q->batch)};
    r.header[0] = "Content-Type: application/x-protobuf";
    r.header[1] = "Content-Encoding: gzip";
    snprintf(url, sizeof(url), "%s/v1/%s", o->url, otlp_signal_name(signal));
    *ret_answer = (struct post_answer){0};
    int unread = read_headers(o, &headers, &r, 2, &diag);
    int cancelled = unread < 0 ? 0 : post_send(o->post, &r, ret_answer);
    explicit_bzero(&headers, sizeof(headers));
    if (unread < 0) {
        snprintf(error, 128, "%.120s", diag.message);
        return RETRY_LATER;
    }
    if (cancelled < 0) {
        return -1;
    }
    enum retry_verdict verdict = retry_of_otlp(ret_answer->status);
    if (verdict == RETRY_DONE) {
        error[0] = '\0';
    } else if (ret_answer->error != NULL) {
        snprintf(error, 128, "%.120s", ret_answer->error);
    } else {
        snprintf(error, 128, "HTTP status %u", ret_answer->status);
    }
    return (int)verdict;
}

static void
log_failure(const struct otlp *o, enum otlp_signal signal, int verdict, const char *error)
{
    bool again = verdict == RETRY_LATER;
    log_warn("export", again ? "otlp_failed" : "otlp_refused",
             again ? "a batch could not be sent; it is tried again"
                   : "a batch was refused, and is dropped",
             LOG_STR("signal", otlp_signal_name(signal)), LOG_STR("reason", error));
}

/* Under the lock, which it lets go while it sends. false: it was cancelled. */
static bool
try_batch(struct otlp *o, enum otlp_signal signal)
{
    struct queue *q = &o->queue[signal];
    struct post_answer answer;
    char error[128] = "";
    pthread_mutex_unlock(&o->lock);
    int verdict = send_batch(o, signal, q, &answer, error);
    if (verdict == RETRY_LATER || verdict == RETRY_NEVER) {
        log_failure(o, signal, verdict, error);
    }
    pthread_mutex_lock(&o->lock);
    if (verdict < 0) {
        return false;
    }
    snprintf(o->error, sizeof(o->error), "%s", error);
    if (verdict == RETRY_DONE) {
        uint64_t refused = MIN(otlp_rejected(answer.body), q->batch_count);
        q->totals.sent += q->batch_count - refused;
        q->totals.dropped += refused;
        retry_succeeded(&q->retry);
    } else {
        q->totals.failed++;
        q->next_ns =
            now_monotonic_ns() + lasts_ns(o, retry_wait_ns(&q->retry, answer.retry_after_ns));
        q->totals.dropped += verdict == RETRY_NEVER ? q->batch_count : 0;
    }
    if (verdict != RETRY_LATER) {
        buf_reset(&q->batch);
        q->batch_count = 0;
    }
    return true;
}

/* Under the lock: when this queue has something to do; UINT64_MAX: when something comes. */
static uint64_t
due_at(const struct otlp *o, const struct queue *q)
{
    if (q->batch.len > 0) {
        return o->ends ? 0 : q->next_ns;
    }
    if (q->since_ns == 0) {
        return UINT64_MAX;
    }
    uint64_t at_ns = q->waiting.len >= OTLP_BATCH_BYTES || o->ends
                         ? 0
                         : q->since_ns + lasts_ns(o, OTLP_BATCH_S * NS_PER_S);
    return o->ends ? 0 : MAX(at_ns, q->next_ns);
}

/* Under the lock. */
static bool
work(struct otlp *o, uint64_t *ret_wake_ns)
{
    *ret_wake_ns = UINT64_MAX;
    for (unsigned i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        struct queue *q = &o->queue[i];
        uint64_t at_ns = due_at(o, q);
        if (at_ns > now_monotonic_ns()) {
            *ret_wake_ns = MIN(*ret_wake_ns, at_ns);
            continue;
        }
        if (q->batch.len == 0) {
            take_batch(o, q);
        }
        if (q->batch.len > 0 && !try_batch(o, (enum otlp_signal)i)) {
            return false;
        }
        *ret_wake_ns = 0; /* the others, and then look again */
    }
    return true;
}

static void *
run(void *arg)
{
    struct otlp *o = arg;
    bool goes_on = true;
    pthread_mutex_lock(&o->lock);
    while (goes_on) {
        uint64_t wake_ns;
        bool last = o->ends;
        goes_on = work(o, &wake_ns) && !last;
        if (goes_on && !o->ends && wake_ns == UINT64_MAX) {
            pthread_cond_wait(&o->wake, &o->lock);
        } else if (goes_on && !o->ends && wake_ns > 0) {
            struct timespec t = {(time_t)(wake_ns / NS_PER_S), (long)(wake_ns % NS_PER_S)};
            pthread_cond_timedwait(&o->wake, &o->lock, &t);
        }
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

int
otlp_new(const struct otlp_config *config, struct otlp **ret_otlp)
{
    struct otlp *o = check_alloc(1, sizeof(*o));
    snprintf(o->url, sizeof(o->url), "%s", config->url);
    for (size_t len = strlen(o->url); len > 0 && o->url[len - 1] == '/'; len--) {
        o->url[len - 1] = '\0';
    }
    snprintf(o->headers_file, sizeof(o->headers_file), "%s", config->headers_file);
    snprintf(o->ca_file, sizeof(o->ca_file), "%s", config->ca_file);
    snprintf(o->service, sizeof(o->service), "%s", config->resource.service);
    snprintf(o->instance, sizeof(o->instance), "%s", config->resource.instance);
    o->servers = config->servers;
    o->second_ns = config->second_ns == 0 ? NS_PER_S : config->second_ns;
    o->end_ns = config->end_ns == 0 ? OTLP_END_S * NS_PER_S : config->end_ns;
    int err = post_new(&o->post);
    if (err < 0) {
        free(o);
        return err;
    }
    for (unsigned i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        buf_init(&o->queue[i].waiting, OTLP_WAITING_MAX);
        buf_init(&o->queue[i].batch, OTLP_WAITING_MAX + REQUEST_EXTRA);
        o->queue[i].retry.prng.state = now_monotonic_ns() + i;
    }
    pthread_mutex_init(&o->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&o->wake, &attr);
    pthread_condattr_destroy(&attr);
    err = pthread_create(&o->thread, NULL, run, o);
    assert(err == 0);
    *ret_otlp = o;
    return 0;
}

struct otlp_totals
otlp_totals(struct otlp *o, enum otlp_signal signal)
{
    struct queue *q = &o->queue[signal];
    pthread_mutex_lock(&o->lock);
    struct otlp_totals t = q->totals;
    t.queued = q->waiting_count + q->batch_count;
    pthread_mutex_unlock(&o->lock);
    return t;
}

void
otlp_error(struct otlp *o, char ret_text[128])
{
    pthread_mutex_lock(&o->lock);
    snprintf(ret_text, 128, "%s", o->error);
    pthread_mutex_unlock(&o->lock);
}

void
otlp_free(struct otlp **otlp)
{
    struct otlp *o = TAKE(*otlp);
    if (o == NULL) {
        return;
    }
    pthread_mutex_lock(&o->lock);
    o->ends = true;
    pthread_cond_signal(&o->wake);
    pthread_mutex_unlock(&o->lock);
    uint64_t end_ns = now_wall_ns() + o->end_ns;
    struct timespec t = {(time_t)(end_ns / NS_PER_S), (long)(end_ns % NS_PER_S)};
    if (pthread_timedjoin_np(o->thread, NULL, &t) != 0) {
        post_cancel(o->post);
        pthread_join(o->thread, NULL);
    }
    for (unsigned i = 0; i < OTLP_SIGNAL_COUNT; i++) {
        buf_fini(&o->queue[i].waiting);
        buf_fini(&o->queue[i].batch);
    }
    post_free(&o->post);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->wake);
    free(o);
}
