/* SPDX-License-Identifier: Apache-2.0 */
#include "export/delivery.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "export/post.h"
#include "io/digest.h"
#include "io/private_file.h"

#define SECRET_MAX 1024u
#define BODY_MAX   (16u * 1024 * 1024)

struct delivery {
    char name[128];
    char instance[128];
    char console[512];
    enum webhook_kind kind;
    struct webhook_settings settings;
    struct post *post;
};

int
delivery_new(const char *name, const struct webhook_settings *settings, const char *instance,
             const char *console, struct delivery **ret_delivery)
{
    struct delivery *d = check_alloc(1, sizeof(*d));
    snprintf(d->name, sizeof(d->name), "%s", name);
    snprintf(d->instance, sizeof(d->instance), "%s", instance);
    snprintf(d->console, sizeof(d->console), "%s", console);
    d->settings = *settings;
    d->kind = webhook_kind_of(settings);
    int err = post_new(&d->post);
    if (err < 0) {
        delivery_free(&d);
        return err;
    }
    *ret_delivery = d;
    return 0;
}

void
delivery_free(struct delivery **delivery)
{
    struct delivery *d = TAKE(*delivery);
    if (d != NULL) {
        post_free(&d->post);
        free(d);
    }
}

void
delivery_cancel(struct delivery *d)
{
    post_cancel(d->post);
}

/* The first line of a private file, without blanks around it. */
static int
read_line(const char *path, const char *what, char dst[SECRET_MAX], struct diag *diag)
{
    __attribute__((cleanup(private_file_close))) FILE *f = NULL;
    int err = private_file_open(path, what, diag, &f);
    if (err < 0) {
        return err;
    }
    char line[SECRET_MAX] = "";
    if (fgets(line, sizeof(line), f) == NULL || strlen(line) == sizeof(line) - 1) {
        return diag_set(diag, -EINVAL, "the %s %s is empty or too long", what, path);
    }
    slice_to_str(slice_trim(slice_from_str(line)), dst, SECRET_MAX);
    return dst[0] == '\0' ? diag_set(diag, -EINVAL, "the %s %s is empty", what, path) : 0;
}

int
delivery_sign(struct slice secret, int64_t timestamp_s, struct slice body,
              char ret_signature[DELIVERY_SIGNATURE_MAX])
{
    uint8_t hash[DIGEST_SHA256_LEN];
    AUTO_BUF struct buf b;
    buf_init(&b, BODY_MAX + 32);
    (void)buf_printf(&b, "%" PRId64 ".", timestamp_s);
    if (buf_append(&b, body) < 0 || digest_hmac_sha256(secret, buf_slice(&b), hash) < 0) {
        return -EIO;
    }
    char *at = ret_signature + snprintf(ret_signature, DELIVERY_SIGNATURE_MAX, "sha256=");
    for (unsigned i = 0; i < sizeof(hash); i++) {
        at += snprintf(at, 3, "%02x", hash[i]);
    }
    return 0;
}

struct headers {
    struct post_request *request;
    unsigned count;
    char text[6][SECRET_MAX + 64];
};

static void PRINTF_LIKE(2, 3) add_header(struct headers *h, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(h->text[h->count], sizeof(h->text[0]), fmt, args);
    va_end(args);
    h->request->header[h->count] = h->text[h->count];
    h->count++;
}

static int
set_headers(const struct delivery *d, const struct message *m, const char *secret,
            struct headers *h)
{
    char key[MESSAGE_KEY_MAX], signature[DELIVERY_SIGNATURE_MAX];
    add_header(h, "Content-Type: application/json; charset=utf-8");
    if (d->kind == WEBHOOK_KIND_GENERIC) {
        message_key(m->incident, m->instance, key);
        add_header(h, "Slowburn-Delivery: %s/%u", key, m->number);
        add_header(h, "Slowburn-Timestamp: %" PRId64, m->now_s);
        if (secret[0] != '\0') {
            int err = delivery_sign(slice_from_str(secret), m->now_s, h->request->body, signature);
            if (err < 0) {
                return err;
            }
            add_header(h, "Slowburn-Signature: %s", signature);
        }
    } else if (secret[0] != '\0' && d->kind != WEBHOOK_KIND_PAGERDUTY) {
        add_header(h, "Authorization: Bearer %s", secret);
    }
    return 0;
}

/* A bot's message is answered with 200 whatever happened; the body says it. */
static void
read_slack(struct slice body, struct delivery_result *result)
{
    static const char *const passing[] = {"ratelimited", "rate_limited",        "internal_error",
                                          "fatal_error", "service_unavailable", "request_timeout"};
    json_t *o = json_loadb((const char *)body.ptr, body.len, 0, NULL);
    const char *ts = json_string_value(json_object_get(o, "ts"));
    const char *error = json_string_value(json_object_get(o, "error"));
    if (json_is_true(json_object_get(o, "ok"))) {
        snprintf(result->thread, sizeof(result->thread), "%.60s", ts == NULL ? "" : ts);
    } else {
        result->verdict = RETRY_NEVER;
        snprintf(result->error, sizeof(result->error), "Slack says %.80s",
                 error == NULL ? "nothing that can be read" : error);
        for (size_t i = 0; error != NULL && i < ARRAY_LEN(passing); i++) {
            result->verdict = strcmp(error, passing[i]) == 0 ? RETRY_LATER : result->verdict;
        }
    }
    json_decref(o);
}

static int
failed(const struct diag *diag, struct delivery_result *ret_result)
{
    *ret_result = (struct delivery_result){.verdict = RETRY_LATER};
    snprintf(ret_result->error, sizeof(ret_result->error), "%.120s", diag->message);
    return 0;
}

int
delivery_send(struct delivery *d, struct message *m, struct delivery_result *ret_result)
{
    struct diag diag = {0};
    char secret[SECRET_MAX] = "", url[SECRET_MAX];
    const char *secret_file = d->settings.text[WEBHOOK_secret_file];
    const char *url_file = d->settings.text[WEBHOOK_url_file];
    snprintf(url, sizeof(url), "%s", webhook_url_of(&d->settings));
    /* A file that is not as it should be may be so at the next try. */
    if ((secret_file[0] != '\0' && read_line(secret_file, "secret_file", secret, &diag) < 0) ||
        (url_file[0] != '\0' && read_line(url_file, "url_file", url, &diag) < 0)) {
        return failed(&diag, ret_result);
    }
    m->instance = d->instance;
    m->console = d->console;
    m->receiver = d->name;
    m->secret = secret;
    m->channel = d->settings.text[WEBHOOK_channel];
    char *body = message_body(d->kind, m);
    struct post_request request = {
        .url = url, .ca_file = d->settings.text[WEBHOOK_ca_file], .body = slice_from_str(body)};
    struct headers headers = {.request = &request};
    struct post_answer answer;
    int err = set_headers(d, m, secret, &headers);
    if (err < 0) {
        free(body);
        diag_set(&diag, err, "the message cannot be signed");
        return failed(&diag, ret_result);
    }
    err = post_send(d->post, &request, &answer);
    explicit_bzero(body, strlen(body)); /* PagerDuty's key is in it */
    explicit_bzero(&headers, sizeof(headers));
    explicit_bzero(secret, sizeof(secret));
    free(body);
    if (err < 0) {
        return err;
    }
    struct delivery_result result = {.verdict = retry_of_webhook(answer.status),
                                     .status = answer.status,
                                     .retry_after_ns = answer.retry_after_ns};
    if (answer.error != NULL) {
        snprintf(result.error, sizeof(result.error), "%.120s", answer.error);
    } else if (result.verdict != RETRY_DONE) {
        snprintf(result.error, sizeof(result.error), "HTTP status %u", answer.status);
    } else if (d->kind == WEBHOOK_KIND_SLACK && m->channel[0] != '\0') {
        read_slack(answer.body, &result);
    }
    *ret_result = result;
    return 0;
}
