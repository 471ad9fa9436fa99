/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_lookup.h"

#include <stdlib.h>
#include <string.h>

#include "io/log.h"
#include "io/tls.h"
#include "proto/pg/pg_encode.h"
#include "proxy/pg/pg_held.h"
#include "proxy/pg/pg_logon.h"
#include "proxy/security.h"

#define USER_MAX 63

enum state {
    STATE_LOGIN,
    STATE_GREETED, /* logged in, not ready yet */
    STATE_ASKED,
    STATE_GOODBYE,
};

struct pg_lookup {
    const struct driver_core *core;
    const struct pg_lookup_ops *ops;
    void *ctx;
    struct errand *errand;
    struct security *security; /* for what is configured */
    struct credentials *credentials;
    enum state state;
    struct slice user; /* that is asked for */
    unsigned rows;
    size_t secret_len; /* 0: none */
    uint8_t secret[PG_HELD_MAX];
    struct pg_scram scram;
    struct pg_logon logon;
    struct pg_held held;
};

void
pg_lookup_free(struct pg_lookup **lookup)
{
    struct pg_lookup *l = TAKE(*lookup);
    if (l != NULL) {
        l->core->errand_close(&l->errand);
        credentials_free(&l->credentials);
        explicit_bzero(l, sizeof(*l));
        free(l);
    }
}

static struct slice
text_of(const struct pg_lookup *l, enum listener_setting setting)
{
    return slice_from_str(security_text(l->security, setting));
}

/* The last thing that is done: `ended` frees it. */
static void
fail(struct pg_lookup *l, const char *sqlstate, const char *reason, struct slice server_code)
{
    char code[6];
    log_warn("proxy", "auth_query_failed", "a user's secret cannot be looked up",
             LOG_STR("reason", reason),
             LOG_STR("sqlstate", slice_to_str(server_code, code, sizeof(code))));
    l->core->errand_close(&l->errand);
    l->ops->ended(l->ctx, sqlstate, reason);
}

/* The SQLSTATE of an ErrorResponse. */
static struct slice
code_of(struct slice body)
{
    struct slice field;
    while (slice_split(&body, 0, &field) && field.len > 0) {
        if (field.ptr[0] == 'C' && field.len == 6) {
            return slice_sub(field, 1, 5);
        }
    }
    return SLICE_NONE;
}

static bool
is_of_class(struct slice code, const char *class)
{
    return code.len == 5 && memcmp(code.ptr, class, 2) == 0;
}

static void
on_error(struct pg_lookup *l, struct slice body)
{
    struct slice code = code_of(body);
    if (is_of_class(code, "53")) {
        fail(l, "53300", "auth_query: the server has no connection or memory left", code);
    } else if (is_of_class(code, "57")) {
        fail(l, "57P03", "auth_query: the server is starting up or shutting down", code);
    } else if (l->state < STATE_ASKED) {
        fail(l, "F0000", "auth_query: the server does not let auth_user in", code);
    } else {
        fail(l, "F0000", "auth_query: the server cannot run it", code);
    }
}

static void
ask_next(struct pg_lookup *l)
{
    uint8_t bytes[LISTENER_TEXT_MAX + USER_MAX + PG_ENCODE_CLIENT_EXTRA];
    l->rows = 0;
    l->secret_len = 0;
    if (!l->ops->next(l->ctx, &l->user)) {
        l->state = STATE_GOODBYE;
        l->core->errand_write(l->errand, SLICE_LIT("X\0\0\0\x04"));
        return;
    }
    assert(l->user.len <= USER_MAX);
    l->state = STATE_ASKED;
    size_t len = pg_encode_statement(bytes, text_of(l, LISTENER_auth_query), l->user);
    l->core->errand_write(l->errand, slice_of(bytes, len));
}

/* Takes one column of a DataRow. False: there is none. */
static bool
take_column(struct slice *row, struct slice *ret_value)
{
    uint32_t len = row->len < 4 ? 0 : pg_held_u32(row->ptr);
    if (row->len < 4 || (len != UINT32_MAX && len > row->len - 4)) {
        return false;
    }
    *ret_value = len == UINT32_MAX ? SLICE_NONE : slice_sub(*row, 4, len);
    *row = slice_sub(*row, 4 + ret_value->len, row->len);
    return true;
}

static bool
on_row(struct pg_lookup *l, struct slice body)
{
    struct slice name, secret, row = slice_sub(body, MIN(body.len, (size_t)2), body.len);
    if (l->state != STATE_ASKED || !take_column(&row, &name) || !take_column(&row, &secret)) {
        fail(l, "F0000", "auth_query: its result is not a name and a secret", SLICE_NONE);
        return false;
    }
    if (++l->rows > 1 || !slice_eq(name, l->user)) {
        fail(l, "F0000", "auth_query: it gives other users' secrets", SLICE_NONE);
        return false;
    }
    l->secret_len = secret.len;
    if (secret.len > 0) {
        memcpy(l->secret, secret.ptr, secret.len);
    }
    return true;
}

static bool
on_authentication(struct pg_lookup *l, struct slice body)
{
    const struct tls *tls = l->core->errand_tls(l->errand);
    struct tls_binding binding = tls == NULL ? (struct tls_binding){0} : tls_binding(tls);
    if (l->state != STATE_LOGIN || body.len < 4) {
        fail(l, "08P01", "auth_query: the server does not keep to the order of a login",
             SLICE_NONE);
        return false;
    }
    switch (pg_logon_next(&l->logon, body, &binding, tls != NULL)) {
    case PG_LOGON_ANSWER:
        if (l->logon.len > 0) {
            l->core->errand_write(l->errand, slice_of(l->logon.message, l->logon.len));
        }
        return true;
    case PG_LOGON_DONE:
        l->state = STATE_GREETED;
        return true;
    case PG_LOGON_REFUSED:
        break;
    }
    fail(l, "F0000", l->logon.reason, SLICE_NONE);
    return false;
}

static void
on_ready(struct pg_lookup *l)
{
    if (l->state == STATE_ASKED) {
        l->ops->answer(l->ctx, slice_of(l->secret_len == 0 ? NULL : l->secret, l->secret_len));
        explicit_bzero(l->secret, sizeof(l->secret));
    }
    ask_next(l);
}

/* False: it has ended. */
static bool
on_message(struct pg_lookup *l, char type, struct slice body)
{
    switch (type) {
    case 'R':
        return on_authentication(l, body);
    case 'D':
        return on_row(l, body);
    case 'E':
        on_error(l, body);
        return false;
    case 'Z':
        if (l->state == STATE_GREETED || l->state == STATE_ASKED) {
            on_ready(l);
        }
        return true;
    default:
        return true;
    }
}

static void
on_connected(void *ctx)
{
    struct pg_lookup *l = ctx;
    uint8_t bytes[2 * LISTENER_TEXT_MAX + PG_ENCODE_CLIENT_EXTRA];
    struct slice database = text_of(l, LISTENER_auth_dbname);
    size_t len = pg_encode_startup(bytes, text_of(l, LISTENER_auth_user),
                                   database.len > 0 ? database : SLICE_LIT("postgres"));
    l->core->errand_write(l->errand, slice_of(bytes, len));
}

/* Of a message that is too long: to go on without it would be to guess. */
static bool
is_needed(struct slice head)
{
    return head.ptr[0] == 'R' || head.ptr[0] == 'D' || head.ptr[0] == 'E' ||
           pg_held_u32(head.ptr + 1) < 4;
}

static void
on_data(void *ctx, struct slice bytes)
{
    struct pg_lookup *l = ctx;
    while (bytes.len > 0) {
        struct slice piece;
        size_t used;
        enum pg_held_step step = pg_held_next(&l->held, PG_HELD_ALL, bytes, &used, &piece);
        bytes = slice_sub(bytes, used, bytes.len);
        if (step == PG_HELD_PASS && piece.ptr == l->held.message && is_needed(piece)) {
            fail(l, "F0000", "auth_query: the server says something that is too long", SLICE_NONE);
            return;
        }
        if (step == PG_HELD_WHOLE &&
            !on_message(l, (char)piece.ptr[0], slice_sub(piece, PG_HEAD_LEN, piece.len))) {
            return;
        }
    }
}

static void
on_ended(void *ctx, int err)
{
    struct pg_lookup *l = ctx;
    l->errand = NULL;
    if (err != 0) {
        fail(l, "08006", "auth_query: the database server cannot be reached", SLICE_NONE);
    } else if (l->state == STATE_GOODBYE) {
        l->ops->ended(l->ctx, NULL, NULL);
    } else {
        fail(l, "08006", "auth_query: the database server does not answer", SLICE_NONE);
    }
}

static const struct errand_ops errand_ops = {on_connected, on_data, on_ended};

struct pg_lookup *
pg_lookup_new(const struct driver_env *env, uint16_t listener, struct security *security,
              struct credentials *credentials, const struct pg_lookup_ops *ops, void *ctx)
{
    struct pg_lookup *l = check_alloc(1, sizeof(*l));
    l->core = env->core;
    l->ops = ops;
    l->ctx = ctx;
    l->security = security;
    l->credentials = credentials_ref(credentials);
    l->logon.credentials = l->credentials;
    l->logon.credential = credentials_find(l->credentials, text_of(l, LISTENER_auth_user));
    l->logon.scram = &l->scram;
    l->errand = env->core->errand_open(env->core_ctx, listener, &errand_ops, l);
    if (l->errand == NULL) {
        pg_lookup_free(&l);
    }
    return l;
}
