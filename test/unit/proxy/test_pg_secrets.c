/* SPDX-License-Identifier: Apache-2.0
 * Secrets from auth_query: a server that trusts auth_user is played, message by message, and what
 * it says is cut into pieces of every length. */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "proxy/pg/pg_held.h"
#include "proxy/pg/pg_secrets.h"
#include "proxy/security.h"

#define SECRET                                                                                     \
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="     \
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define LOGINS 400

static struct {
    struct driver_env env;
    struct security *security;
    struct pg_secrets *secrets;
    const struct errand_ops *ops; /* of the connection; NULL: there is none */
    void *ctx;
    struct buf heard; /* by the server */
    unsigned opened;
    unsigned resumed;
    bool is_full; /* no more errands */
    struct driver_session s;
    struct pg_auth *logins[LOGINS];
    unsigned login_count;
    uint64_t now_ns;
} t;

static struct errand *
errand_open(void *core_ctx, uint16_t listener, const struct errand_ops *ops, void *ctx)
{
    assert_int_equal(listener, 3);
    assert_null(t.ops);
    if (t.is_full) {
        return NULL;
    }
    t.ops = ops;
    t.ctx = ctx;
    t.opened++;
    return (struct errand *)&t;
}

static void
errand_write(struct errand *e, struct slice bytes)
{
    assert_int_equal(buf_append(&t.heard, bytes), 0);
}

static const struct tls *
errand_tls(const struct errand *e)
{
    return NULL;
}

static void
errand_close(struct errand **e)
{
    if (*e != NULL) {
        t.ops = NULL;
    }
    *e = NULL;
}

static void
resume(struct driver_session *s)
{
    assert_ptr_equal(s, &t.s);
    t.resumed++;
}

static const struct driver_core core = {errand_open, errand_write, errand_tls, errand_close,
                                        resume};

static struct credentials *
file(void)
{
    return security_credentials(t.security);
}

static int
setup(void **state)
{
    static const char users[] = "\"asker\" \"asks\"\n\"filed\" \"" SECRET "\"\n";
    struct listener_settings settings = {0};
    struct diag diag = {0};
    char path[] = "/tmp/slowburn-secrets-XXXXXX";
    int fd = mkstemp(path);
    memset(&t, 0, sizeof(t));
    assert_int_equal(write(fd, users, strlen(users)), (ssize_t)strlen(users));
    close(fd);
    static const struct driver_ops ops = {.protocol = PROTOCOL_POSTGRES, .alpn = "postgresql"};
    int err = listener_settings_set(&settings, "auth_file", slice_from_str(path), &diag);
    err |= listener_settings_set(&settings, "auth_query", SLICE_LIT("select $1"), &diag);
    err |= listener_settings_set(&settings, "auth_user", SLICE_LIT("asker"), &diag);
    err |= listener_settings_set(&settings, "auth_dbname", SLICE_LIT("shop"), &diag);
    err |= listener_settings_set(&settings, "server_tls", SLICE_LIT("disable"), &diag);
    err |= security_new(&settings, &ops, SLICE_NONE, &diag, &t.security);
    unlink(path);
    assert_int_equal(err, 0);
    t.env = (struct driver_env){.core = &core, .hash_key = {1, 2}};
    t.s = (struct driver_session){.listener = 3, .security = t.security};
    t.secrets = pg_secrets_new(&t.env);
    t.now_ns = 1000 * NS_PER_S;
    buf_init(&t.heard, 1 << 20);
    return 0;
}

static int
teardown(void **state)
{
    for (unsigned i = 0; i < t.login_count; i++) {
        pg_auth_free(&t.logins[i]);
    }
    pg_secrets_free(&t.secrets);
    security_free(&t.security);
    buf_fini(&t.heard);
    return 0;
}

static struct pg_auth *
log_in(const char *user)
{
    struct credentials *c = file();
    assert_true(t.login_count < LOGINS);
    struct pg_auth *auth = pg_auth_new(slice_from_str(user), &t.env.hash_key);
    t.logins[t.login_count++] = auth;
    pg_secrets_get(t.secrets, &t.s, slice_from_str(user), &c, auth, t.now_ns);
    return auth;
}

/* What a login does when its server asks for something: "waits", "asks" (the client), or the
 * SQLSTATE that it is refused with. */
static const char *
state_of(struct pg_auth *auth)
{
    struct driver_out out = {0};
    size_t used;
    struct slice request = SLICE_LIT("R\0\0\0\x08\0\0\0\0");
    if (pg_auth_server(auth, &t.s, request, &out, &used) == PG_AUTH_REFUSED) {
        return pg_auth_sqlstate(auth);
    }
    return used == 0 ? "waits" : "asks";
}

static void
say(struct buf *to, char type, struct slice body)
{
    uint32_t len = (uint32_t)body.len + 4;
    uint8_t head[] = {(uint8_t)type, 0, 0, (uint8_t)(len >> 8), (uint8_t)len};
    assert_int_equal(buf_append(to, slice_of(head, sizeof(head))), 0);
    assert_int_equal(buf_append(to, body), 0);
}

static void
column(struct buf *to, const char *text)
{
    uint32_t len = text == NULL ? UINT32_MAX : (uint32_t)strlen(text);
    uint8_t head[] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                      (uint8_t)len};
    assert_int_equal(buf_append(to, slice_of(head, sizeof(head))), 0);
    assert_int_equal(buf_append(to, slice_from_str(text == NULL ? "" : text)), 0);
}

static void
row(struct buf *to, const char *name, const char *secret)
{
    struct buf body;
    buf_init(&body, 4096);
    assert_int_equal(buf_append(&body, SLICE_LIT("\0\x02")), 0);
    column(&body, name);
    column(&body, secret);
    say(to, 'D', buf_slice(&body));
    buf_fini(&body);
}

/* Says it in pieces, as long as it is listened to. */
static void
tell(struct buf *what, size_t cut)
{
    struct slice rest = buf_slice(what);
    while (rest.len > 0 && t.ops != NULL) {
        t.ops->data(t.ctx, slice_sub(rest, 0, cut));
        rest = slice_sub(rest, MIN(cut, rest.len), rest.len);
    }
    buf_reset(what);
}

static void
greet(size_t cut)
{
    struct buf b;
    buf_init(&b, 8192);
    t.ops->connected(t.ctx);
    say(&b, 'R', SLICE_LIT("\0\0\0\0"));
    say(&b, 'S', SLICE_LIT("server_version\00015\0"));
    char longer[3000] = "";
    say(&b, 'N', slice_of(longer, sizeof(longer)));
    say(&b, 'K', SLICE_LIT("\0\0\0\1\0\0\0\1"));
    say(&b, 'Z', SLICE_LIT("I"));
    tell(&b, cut);
    buf_fini(&b);
}

/* Rows: name and secret in turn; the last name is NULL. */
static void
answer(size_t cut, const char *const *rows)
{
    struct buf b;
    buf_init(&b, 8192);
    say(&b, '1', SLICE_NONE);
    say(&b, '2', SLICE_NONE);
    for (; rows[0] != NULL; rows += 2) {
        row(&b, rows[0], rows[1]);
    }
    say(&b, 'C', SLICE_LIT("SELECT 1\0"));
    say(&b, 'Z', SLICE_LIT("I"));
    tell(&b, cut);
    buf_fini(&b);
}

#define ROWS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ROWS   ((const char *const[]){NULL})

static void
hang_up(void)
{
    const struct errand_ops *ops = TAKE(t.ops);
    ops->ended(t.ctx, 0);
}

static void
who_is_in_the_file_is_not_asked_for(void **state)
{
    assert_string_equal(state_of(log_in("filed")), "asks");
    assert_int_equal(t.opened, 0);
}

static void
what_was_asked_for_is_kept_for_a_while(void **state)
{
    static const char startup[] = "\0\x03\0\0user\0asker\0database\0shop\0application_name\0"
                                  "slowburn\0";
    for (size_t cut = 1; cut < 40; cut++) {
        teardown(state);
        setup(state);
        struct pg_auth *first = log_in("anna"), *second = log_in("anna"), *other = log_in("otto");
        assert_int_equal(t.opened, 1);
        greet(cut);
        assert_true(t.heard.len > sizeof(startup) + 4);
        assert_memory_equal(t.heard.data + 4, startup, sizeof(startup));
        assert_string_equal(state_of(first), "waits");
        answer(cut, ROWS("anna", SECRET));
        assert_int_equal(t.resumed, 2);
        assert_string_equal(state_of(first), "asks");
        assert_string_equal(state_of(second), "asks");
        assert_string_equal(state_of(other), "waits");
        answer(cut, ROWS("otto", NULL)); /* no password */
        assert_string_equal(state_of(other), "asks");
        assert_memory_equal(t.heard.data + t.heard.len - 5, "X\0\0\0\x04", 5);
        hang_up();
        assert_string_equal(state_of(log_in("anna")), "asks");
        assert_string_equal(state_of(log_in("otto")), "asks");
        assert_int_equal(t.opened, 1);
        t.now_ns += PG_SECRETS_NS;
        assert_string_equal(state_of(log_in("anna")), "waits");
        assert_int_equal(t.opened, 2);
    }
}

static void
a_doubted_one_is_asked_for_again_but_not_at_once(void **state)
{
    log_in("anna");
    greet(100);
    answer(100, NO_ROWS);
    hang_up();
    pg_secrets_doubt(t.secrets, &t.s, SLICE_LIT("nobody"));
    pg_secrets_doubt(t.secrets, &t.s, SLICE_LIT("anna"));
    assert_string_equal(state_of(log_in("anna")), "asks");
    t.now_ns += PG_SECRETS_AGAIN_NS;
    assert_string_equal(state_of(log_in("anna")), "waits");
    greet(100);
    answer(100, ROWS("anna", SECRET));
    hang_up();
    t.now_ns += PG_SECRETS_AGAIN_NS;
    assert_string_equal(state_of(log_in("anna")), "asks");
    assert_int_equal(t.opened, 2);
}

static void
another_file_means_that_nothing_is_known(void **state)
{
    log_in("anna");
    greet(100);
    answer(100, ROWS("anna", SECRET));
    hang_up();
    struct credentials *other = NULL;
    struct diag diag = {0};
    assert_int_equal(credentials_of(SLICE_LIT("asker"), SLICE_LIT("x"), &diag, &other), 0);
    struct pg_auth *auth = pg_auth_new(SLICE_LIT("anna"), &t.env.hash_key);
    t.logins[t.login_count++] = auth;
    pg_secrets_get(t.secrets, &t.s, SLICE_LIT("anna"), &other, auth, t.now_ns);
    assert_string_equal(state_of(auth), "waits");
}

static void
whoever_goes_is_not_waited_for(void **state)
{
    log_in("anna");
    log_in("otto");
    pg_auth_free(&t.logins[0]);
    pg_auth_free(&t.logins[1]);
    greet(100);
    assert_memory_equal(t.heard.data + t.heard.len - 5, "X\0\0\0\x04", 5);
    /* One who comes now has a connection of its own, once this one has ended. */
    struct pg_auth *late = log_in("anna");
    assert_int_equal(t.opened, 1);
    hang_up();
    assert_int_equal(t.opened, 2);
    greet(100);
    answer(100, ROWS("anna", SECRET));
    assert_string_equal(state_of(late), "asks");
}

/* A server that says this instead. */
static void
refuses_with(void (*server)(struct buf *b), const char *sqlstate)
{
    struct buf b;
    void *state = NULL;
    for (size_t cut = 1; cut < 30; cut += 7) {
        teardown(&state);
        setup(&state);
        buf_init(&b, 65536);
        struct pg_auth *first = log_in("anna"), *second = log_in("otto");
        greet(100);
        server(&b);
        tell(&b, cut);
        assert_string_equal(state_of(first), sqlstate);
        assert_string_equal(state_of(second), sqlstate);
        assert_null(t.ops);
        assert_string_equal(state_of(log_in("anna")), "waits"); /* nothing was kept */
        buf_fini(&b);
    }
}

static void
says_other_name(struct buf *b)
{
    row(b, "otto", SECRET);
}

static void
says_two_rows(struct buf *b)
{
    row(b, "anna", SECRET);
    row(b, "anna", SECRET);
}

static void
says_one_column(struct buf *b)
{
    say(b, 'D',
        SLICE_LIT("\0\x01\0\0\0\x04"
                  "anna"));
}

static void
says_cut_column(struct buf *b)
{
    say(b, 'D',
        SLICE_LIT("\0\x02\0\0\0\x04"
                  "anna\0\0\0\x09"
                  "a"));
}

static void
says_too_much(struct buf *b)
{
    char longer[2000] = "";
    say(b, 'D', slice_of(longer, sizeof(longer)));
}

static void
says_no_length(struct buf *b)
{
    assert_int_equal(buf_append(b, SLICE_LIT("D\0\0\0\0")), 0);
}

static void
says_error(struct buf *b)
{
    say(b, 'E', SLICE_LIT("SERROR\0C42P01\0Mno\0\0"));
}

static void
says_full(struct buf *b)
{
    say(b, 'E', SLICE_LIT("SFATAL\0C53300\0Mno\0\0"));
}

static void
says_shutdown(struct buf *b)
{
    say(b, 'E', SLICE_LIT("SFATAL\0C57P01\0Mno\0\0"));
}

/* What stands behind it is not the end of an answer without rows. */
static void
says_long_error(struct buf *b)
{
    char longer[2000] = "SERROR";
    say(b, 'E', slice_of(longer, sizeof(longer)));
    say(b, 'Z', SLICE_LIT("I"));
}

static void
says_login_again(struct buf *b)
{
    say(b, 'R', SLICE_LIT("\0\0\0\0"));
}

static void
what_a_server_says_wrong_is_told_to_all_who_wait(void **state)
{
    refuses_with(says_other_name, "F0000");
    refuses_with(says_two_rows, "F0000");
    refuses_with(says_one_column, "F0000");
    refuses_with(says_cut_column, "F0000");
    refuses_with(says_too_much, "F0000");
    refuses_with(says_no_length, "F0000");
    refuses_with(says_error, "F0000");
    refuses_with(says_long_error, "F0000");
    refuses_with(says_full, "53300");
    refuses_with(says_shutdown, "57P03");
    refuses_with(says_login_again, "08P01");
}

static void
a_secret_that_is_none_is_said_so(void **state)
{
    struct pg_auth *first = log_in("anna"), *second = log_in("otto");
    greet(100);
    answer(100, ROWS("anna", "SCRAM-SHA-256$x"));
    assert_string_equal(state_of(first), "F0000");
    assert_string_equal(state_of(second), "waits");
}

static void
a_server_that_is_down_is_said_so(void **state)
{
    struct pg_auth *auth = log_in("anna");
    const struct errand_ops *ops = TAKE(t.ops);
    ops->ended(t.ctx, -ECONNREFUSED);
    assert_string_equal(state_of(auth), "08006");
    auth = log_in("anna");
    hang_up();
    assert_string_equal(state_of(auth), "08006");
    t.is_full = true;
    assert_string_equal(state_of(log_in("anna")), "53300");
}

static void
there_is_a_limit_to_waiting(void **state)
{
    char user[16];
    for (unsigned i = 0; i < PG_SECRETS_WANTED_MAX; i++) {
        snprintf(user, sizeof(user), "user%u", i);
        log_in(user);
    }
    struct pg_auth *last = t.logins[t.login_count - 1];
    assert_string_equal(state_of(log_in("one_more")), "53300");
    assert_string_equal(state_of(log_in("user7")), "waits"); /* it is asked for already */
    assert_string_equal(state_of(last), "waits");
    hang_up();
    assert_string_equal(state_of(last), "08006");
}

static void
there_is_a_limit_to_keeping(void **state)
{
    char user[16];
    for (unsigned i = 0; i < PG_SECRETS_MAX + 10; i++) {
        snprintf(user, sizeof(user), "user%u", i);
        log_in(user);
        greet(1000);
        answer(1000, ROWS(user, SECRET));
        hang_up();
        pg_auth_free(&t.logins[--t.login_count]);
        buf_reset(&t.heard);
    }
    unsigned opened = t.opened;
    assert_string_equal(state_of(log_in("user10")), "asks");
    assert_int_equal(t.opened, opened);
    assert_string_equal(state_of(log_in("user9")), "waits"); /* the oldest have gone */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(who_is_in_the_file_is_not_asked_for),
        T(what_was_asked_for_is_kept_for_a_while),
        T(a_doubted_one_is_asked_for_again_but_not_at_once),
        T(another_file_means_that_nothing_is_known),
        T(whoever_goes_is_not_waited_for),
        T(what_a_server_says_wrong_is_told_to_all_who_wait),
        T(a_secret_that_is_none_is_said_so),
        T(a_server_that_is_down_is_said_so),
        T(there_is_a_limit_to_waiting),
        T(there_is_a_limit_to_keeping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
