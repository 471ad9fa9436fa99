/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/security.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "io/log.h"

struct security {
    struct listener_settings settings;
    struct listener_choice choice;
    char host[256];
    const struct driver_ops *ops;
    atomic_flag has_refused;
    pthread_mutex_t mutex; /* guards those below */
    struct tls_context *client_context;
    struct tls_context *server_context;
    struct credentials *credentials;
};

static const char *
file_of(const struct security *s, enum listener_setting setting)
{
    const char *text = s->settings.text[setting];
    return text[0] == '\0' ? NULL : text;
}

/* *ret_context is left alone where none is wanted. */
static int
load_client_context(const struct security *s, struct diag *diag, struct tls_context **ret_context)
{
    struct tls_settings t = {
        .is_server = true,
        .cert_file = file_of(s, LISTENER_tls_cert),
        .key_file = file_of(s, LISTENER_tls_key),
        .ca_file = file_of(s, LISTENER_tls_client_ca),
        .alpn = s->ops->alpn,
    };
    if (s->choice.client_tls == CLIENT_TLS_DISABLE) {
        return 0;
    }
    if (t.ca_file != NULL) {
        t.verify = s->choice.client_tls >= CLIENT_TLS_VERIFY_CA ? TLS_VERIFY_CA : TLS_VERIFY_GIVEN;
    }
    return tls_context_new(&t, diag, ret_context);
}

/* As libpq does it, `require` verifies the certificate when it is told by which CA. */
static int
load_server_context(const struct security *s, struct diag *diag, struct tls_context **ret_context)
{
    struct tls_settings t = {
        .cert_file = file_of(s, LISTENER_server_tls_cert),
        .key_file = file_of(s, LISTENER_server_tls_key),
        .ca_file = file_of(s, LISTENER_server_tls_ca),
        .host = s->host,
        .alpn = s->ops->tls_at_once ? s->ops->alpn : NULL,
    };
    if (s->choice.server_tls == SERVER_TLS_DISABLE) {
        return 0;
    }
    if (s->choice.server_tls == SERVER_TLS_VERIFY_FULL) {
        t.verify = TLS_VERIFY_NAME;
    } else if (s->choice.server_tls == SERVER_TLS_VERIFY_CA ||
               (s->choice.server_tls == SERVER_TLS_REQUIRE && t.ca_file != NULL)) {
        t.verify = TLS_VERIFY_CA;
    }
    if (t.verify != TLS_VERIFY_NONE && t.ca_file == NULL) {
        t.ca_file = "system"; /* PostgreSQL's listeners must name one */
    }
    return tls_context_new(&t, diag, ret_context);
}

static int
load_credentials(const struct security *s, struct diag *diag, struct credentials **ret_credentials)
{
    const char *path = file_of(s, LISTENER_auth_file);
    const char *user = file_of(s, LISTENER_auth_user);
    struct credentials *c = NULL;
    if (path == NULL) {
        return 0;
    }
    int err = credentials_new(path, diag, &c);
    if (err == 0 && user != NULL) {
        struct credential *found = credentials_find(c, slice_from_str(user));
        if (found == NULL || credentials_kind(found) == CREDENTIAL_SCRAM) {
            err = diag_set(diag, -EINVAL, "auth_user needs its password, or md5, in the auth_file");
        }
    }
    if (err != 0) {
        credentials_free(&c);
        return err;
    }
    *ret_credentials = c;
    return 0;
}

int
security_new(const struct listener_settings *settings, const struct driver_ops *ops,
             struct slice host, struct diag *diag, struct security **ret_security)
{
    struct security *s = check_alloc(1, sizeof(*s));
    pthread_mutex_init(&s->mutex, NULL);
    s->settings = *settings;
    slice_to_str(host, s->host, sizeof(s->host));
    s->ops = ops;
    int err = listener_settings_check(settings, ops->protocol, diag, &s->choice);
    err = err != 0 ? err : load_client_context(s, diag, &s->client_context);
    err = err != 0 ? err : load_server_context(s, diag, &s->server_context);
    err = err != 0 ? err : load_credentials(s, diag, &s->credentials);
    if (err != 0) {
        security_free(&s);
        return err;
    }
    *ret_security = s;
    return 0;
}

void
security_free(struct security **security)
{
    struct security *s = TAKE(*security);
    if (s == NULL) {
        return;
    }
    tls_context_free(&s->client_context);
    tls_context_free(&s->server_context);
    credentials_free(&s->credentials);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

static void
replace(struct security *s, struct tls_context **place, struct tls_context *context)
{
    pthread_mutex_lock(&s->mutex);
    struct tls_context *old = *place;
    *place = context;
    pthread_mutex_unlock(&s->mutex);
    tls_context_free(&old);
}

static void
reload_one(struct security *s, const char *listener, struct tls_context **place,
           int (*load)(const struct security *, struct diag *, struct tls_context **))
{
    struct diag diag = {0};
    struct tls_context *context = NULL;
    if (load(s, &diag, &context) != 0) {
        log_error("proxy", "tls_reload_failed",
                  "the certificates of a listener cannot be used, those before stay",
                  LOG_STR("listener", listener), LOG_STR("reason", diag.message));
    } else if (context != NULL) {
        replace(s, place, context);
    }
}

static void
reload_credentials(struct security *s, const char *listener)
{
    struct diag diag = {0};
    char text[1024];
    struct credentials *credentials = NULL;
    if (load_credentials(s, &diag, &credentials) != 0) {
        log_error("proxy", "auth_reload_failed",
                  "the auth_file of a listener cannot be used, what was read before stays",
                  LOG_STR("listener", listener),
                  LOG_STR("reason", diag_format(&diag, text, sizeof(text))));
        return;
    }
    pthread_mutex_lock(&s->mutex);
    struct credentials *old = s->credentials;
    s->credentials = credentials;
    pthread_mutex_unlock(&s->mutex);
    credentials_free(&old);
}

void
security_reload(struct security *security, const char *listener)
{
    reload_one(security, listener, &security->client_context, load_client_context);
    reload_one(security, listener, &security->server_context, load_server_context);
    reload_credentials(security, listener);
}

const struct listener_choice *
security_choice(const struct security *security)
{
    return &security->choice;
}

const char *
security_text(const struct security *security, enum listener_setting setting)
{
    return security->settings.text[setting];
}

static struct tls_context *
take(struct security *s, struct tls_context *const *place)
{
    pthread_mutex_lock(&s->mutex);
    struct tls_context *context = *place == NULL ? NULL : tls_context_ref(*place);
    pthread_mutex_unlock(&s->mutex);
    return context;
}

struct tls_context *
security_client_context(struct security *security)
{
    return take(security, &security->client_context);
}

struct tls_context *
security_server_context(struct security *security)
{
    return take(security, &security->server_context);
}

struct credentials *
security_credentials(struct security *s)
{
    pthread_mutex_lock(&s->mutex);
    struct credentials *credentials =
        s->credentials == NULL ? NULL : credentials_ref(s->credentials);
    pthread_mutex_unlock(&s->mutex);
    return credentials;
}

bool
security_is_first_refusal(struct security *security)
{
    return !atomic_flag_test_and_set(&security->has_refused);
}
