/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_secrets.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "io/log.h"
#include "proxy/listener.h"
#include "proxy/pg/pg_lookup.h"
#include "proxy/security.h"

#define USER_MAX 63 /* more PostgreSQL does not tell apart */

/* Of one user: wanted, then known. */
struct secret {
    struct list node; /* of the table's `known` or `wanted`; of none while it is asked for */
    uint64_t key;
    uint64_t at_ns;                  /* when it was asked for */
    struct credentials *credentials; /* NULL: not known yet */
    bool is_doubted;
    struct list waits; /* struct pg_secret_wait */
    size_t user_len;
    char user[USER_MAX];
};

/* Of one listener. */
struct table {
    struct pg_secrets *secrets;
    uint16_t listener;
    struct security *security;
    struct credentials *file; /* that goes with all of this */
    struct map by_user;
    struct list known; /* the oldest first */
    struct list wanted;
    unsigned wanted_count;
    struct secret *asked; /* under way */
    struct pg_lookup *lookup;
};

struct pg_secrets {
    const struct driver_env *env;
    struct table *tables[LISTENERS_MAX];
};

struct pg_secrets *
pg_secrets_new(const struct driver_env *env)
{
    struct pg_secrets *x = check_alloc(1, sizeof(*x));
    x->env = env;
    return x;
}

/* Nobody waits for it. */
static void
forget(struct table *t, struct secret *secret)
{
    map_remove(&t->by_user, secret->key);
    list_remove(&secret->node);
    credentials_free(&secret->credentials);
    free(secret);
}

static void
forget_known(struct table *t)
{
    LIST_FOREACH (it, &t->known) {
        forget(t, LIST_ENTRY(it, struct secret, node));
    }
}

/* Tells everybody who waits; one of the two is given. */
static void
settle(struct table *t, struct secret *secret, const char *sqlstate, const char *reason)
{
    while (!list_is_empty(&secret->waits)) {
        struct pg_secret_wait *wait = LIST_ENTRY(secret->waits.next, struct pg_secret_wait, node);
        list_remove(&wait->node);
        if (sqlstate != NULL) {
            pg_auth_unknown(wait->auth, sqlstate, reason);
        } else {
            struct credentials *credentials = credentials_ref(secret->credentials);
            pg_auth_known(wait->auth, &credentials);
        }
        t->secrets->env->core->resume(wait->s);
    }
}

static void
fail_all(struct table *t, const char *sqlstate, const char *reason)
{
    if (t->asked != NULL) {
        list_append(&t->wanted, &TAKE(t->asked)->node);
        t->wanted_count++;
    }
    /* Not those that are wanted from now on. */
    for (unsigned n = t->wanted_count; n > 0; n--) {
        struct secret *secret = LIST_ENTRY(t->wanted.next, struct secret, node);
        list_remove(&secret->node);
        t->wanted_count--;
        settle(t, secret, sqlstate, reason);
        forget(t, secret);
    }
}

/* Whoever waited for it may have gone. */
static struct secret *
take_wanted(struct table *t)
{
    while (t->wanted_count > 0) {
        struct secret *secret = LIST_ENTRY(t->wanted.next, struct secret, node);
        list_remove(&secret->node);
        t->wanted_count--;
        if (!list_is_empty(&secret->waits)) {
            return secret;
        }
        forget(t, secret);
    }
    return NULL;
}

static bool
on_next(void *ctx, struct slice *ret_user)
{
    struct table *t = ctx;
    t->asked = take_wanted(t);
    if (t->asked == NULL) {
        return false;
    }
    *ret_user = slice_of(t->asked->user, t->asked->user_len);
    return true;
}

static void
on_answer(void *ctx, struct slice text)
{
    struct table *t = ctx;
    struct secret *secret = TAKE(t->asked);
    struct diag diag = {0};
    if (credentials_of(slice_of(secret->user, secret->user_len), text, &diag,
                       &secret->credentials) != 0) {
        log_warn("proxy", "auth_query_secret", "a secret that auth_query gives cannot be used",
                 LOG_STR("reason", diag.message));
        settle(t, secret, "F0000", "auth_query: the secret that it gives cannot be used");
        forget(t, secret);
        return;
    }
    list_append(&t->known, &secret->node);
    settle(t, secret, NULL, NULL);
}

static void start(struct table *t);

static void
on_ended(void *ctx, const char *sqlstate, const char *reason)
{
    struct table *t = ctx;
    pg_lookup_free(&t->lookup);
    if (sqlstate != NULL) {
        fail_all(t, sqlstate, reason);
    }
    if (t->wanted_count > 0 && t->lookup == NULL) {
        start(t);
    }
}

static const struct pg_lookup_ops lookup_ops = {on_next, on_answer, on_ended};

static void
start(struct table *t)
{
    t->lookup = pg_lookup_new(t->secrets->env, t->listener, t->security, t->file, &lookup_ops, t);
    if (t->lookup == NULL) {
        fail_all(t, "53300", "auth_query: too many connections are being made");
    }
}

void
pg_secrets_free(struct pg_secrets **secrets)
{
    struct pg_secrets *x = TAKE(*secrets);
    for (unsigned i = 0; x != NULL && i < LISTENERS_MAX; i++) {
        struct table *t = x->tables[i];
        if (t == NULL) {
            continue;
        }
        pg_lookup_free(&t->lookup);
        fail_all(t, "57P03", "slowburn is shutting down");
        forget_known(t);
        credentials_free(&t->file);
        map_fini(&t->by_user);
        free(t);
    }
    free(x);
}

/* The listener's, for this auth_file, whose reference is taken. */
static struct table *
table_of(struct pg_secrets *x, const struct driver_session *s, struct credentials **file)
{
    struct table *t = x->tables[s->listener];
    if (t == NULL) {
        t = check_alloc(1, sizeof(*t));
        t->secrets = x;
        t->listener = s->listener;
        t->security = s->security;
        map_init(&t->by_user, PG_SECRETS_MAX + PG_SECRETS_WANTED_MAX + 1);
        list_init(&t->known);
        list_init(&t->wanted);
        x->tables[s->listener] = t;
    }
    if (t->file != *file) {
        forget_known(t);
        credentials_free(&t->file);
        t->file = credentials_ref(*file);
    }
    credentials_free(file);
    return t;
}

static uint64_t
key_of(const struct pg_secrets *x, struct slice user)
{
    return hash_keyed(&x->env->hash_key, user);
}

/* NULL: none, or one that is not good any more, which is forgotten. */
static struct secret *
find(struct table *t, struct slice user, uint64_t now_ns)
{
    struct secret *secret = map_get(&t->by_user, key_of(t->secrets, user));
    if (secret == NULL || secret->credentials == NULL) {
        return secret;
    }
    uint64_t age_ns = now_ns - secret->at_ns;
    if (age_ns >= PG_SECRETS_NS || (secret->is_doubted && age_ns >= PG_SECRETS_AGAIN_NS)) {
        forget(t, secret);
        return NULL;
    }
    return secret;
}

/* NULL: too many are wanted. */
static struct secret *
want(struct table *t, struct slice user, uint64_t now_ns)
{
    if (t->wanted_count == PG_SECRETS_WANTED_MAX) {
        return NULL;
    }
    if (t->by_user.count >= PG_SECRETS_MAX && !list_is_empty(&t->known)) {
        forget(t, LIST_ENTRY(t->known.next, struct secret, node));
    }
    struct secret *secret = check_alloc(1, sizeof(*secret));
    secret->key = key_of(t->secrets, user);
    secret->at_ns = now_ns;
    secret->user_len = user.len;
    memcpy(secret->user, user.ptr, user.len);
    list_init(&secret->waits);
    list_init(&secret->node);
    if (map_put(&t->by_user, secret->key, secret) != 0) {
        free(secret);
        return NULL;
    }
    list_append(&t->wanted, &secret->node);
    t->wanted_count++;
    return secret;
}

void
pg_secrets_get(struct pg_secrets *x, struct driver_session *s, struct slice user,
               struct credentials **file, struct pg_auth *auth, uint64_t now_ns)
{
    user = slice_sub(user, 0, MIN(user.len, (size_t)USER_MAX));
    if (user.len == 0 || credentials_find(*file, user) != NULL ||
        security_text(s->security, LISTENER_auth_query)[0] == '\0') {
        pg_auth_known(auth, file);
        return;
    }
    struct table *t = table_of(x, s, file);
    struct secret *secret = find(t, user, now_ns);
    if (secret == NULL) {
        secret = want(t, user, now_ns);
    }
    if (secret == NULL || !slice_eq(slice_of(secret->user, secret->user_len), user)) {
        pg_auth_unknown(auth, "53300", "auth_query: too many logins wait for it");
        return;
    }
    if (secret->credentials != NULL) {
        struct credentials *credentials = credentials_ref(secret->credentials);
        pg_auth_known(auth, &credentials);
        return;
    }
    struct pg_secret_wait *wait = pg_auth_wait(auth);
    wait->s = s;
    list_append(&secret->waits, &wait->node);
    if (t->lookup == NULL) {
        start(t);
    }
}

void
pg_secrets_doubt(struct pg_secrets *x, const struct driver_session *s, struct slice user)
{
    struct table *t = x->tables[s->listener];
    user = slice_sub(user, 0, MIN(user.len, (size_t)USER_MAX));
    struct secret *secret = t == NULL ? NULL : map_get(&t->by_user, key_of(x, user));
    if (secret != NULL && secret->credentials != NULL) {
        secret->is_doubted = true;
    }
}
