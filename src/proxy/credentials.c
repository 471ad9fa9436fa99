/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/credentials.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "io/digest.h"
#include "io/private_file.h"
#include "io/saslprep.h"

#define CREDENTIALS_MAGIC   0xc4edea71u
#define NAME_MAX_LEN        63   /* more PostgreSQL does not tell apart */
#define PASSWORD_ITERATIONS 4096 /* PostgreSQL's own default */
#define PASSWORD_SALT_LEN   16
#define MD5_DIGITS          (CREDENTIALS_MD5_LEN - 3)

struct credential {
    struct slice name; /* into the file's text, as the one below */
    struct slice text;
    unsigned line;
    enum credential_kind kind;
    struct pg_scram_secret secret; /* CREDENTIAL_SCRAM */
    /* CREDENTIAL_PASSWORD, once they were needed; guarded by the mutex. */
    bool has_keys;
    struct pg_scram_salt salt;
    struct pg_scram_keys keys;
};

struct credentials {
    unsigned magic;
    _Atomic unsigned references;
    pthread_mutex_t mutex;
    char *text; /* of the file, unquoted where it stands */
    size_t text_len;
    struct credential *list; /* sorted by name */
    unsigned count;
    unsigned room;
};

const struct pg_scram_hash credentials_hash = {
    .sha256 = digest_sha256,
    .hmac = digest_hmac_sha256,
    .pbkdf2 = digest_pbkdf2_sha256,
};

static int
by_name(const void *a, const void *b)
{
    const struct credential *x = a, *y = b;
    size_t len = MIN(x->name.len, y->name.len);
    int order = len == 0 ? 0 : memcmp(x->name.ptr, y->name.ptr, len);
    return order != 0 ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

/* Takes one quoted text off *at, and undoes its doubled quotes where it stands. */
static bool
take_quoted(char **at, struct slice *ret_text)
{
    char *from = *at + strspn(*at, " \t"), *to;
    if (*from != '"') {
        return false;
    }
    to = ++from;
    char *start = to;
    while (*from != '\0' && (*from != '"' || from[1] == '"')) {
        from += *from == '"';
        *to++ = *from++;
    }
    if (*from != '"') {
        return false;
    }
    *at = from + 1;
    *ret_text = slice_of(start, (size_t)(to - start));
    return true;
}

static bool
is_md5(struct slice s)
{
    return s.len == CREDENTIALS_MD5_LEN && memcmp(s.ptr, "md5", 3) == 0 &&
           strspn((const char *)s.ptr + 3, "0123456789abcdef") >= CREDENTIALS_MD5_LEN - 3;
}

static int
read_secret(struct credential *c, struct diag *diag)
{
    struct slice scram = SLICE_LIT(PG_SCRAM "$");
    if (slice_eq(slice_sub(c->text, 0, scram.len), scram)) {
        c->kind = CREDENTIAL_SCRAM;
        return pg_scram_secret_parse(c->text, &c->secret) == 0
                   ? 0
                   : diag_set(diag, -EINVAL, "this SCRAM secret is not one of pg_authid");
    }
    if (is_md5(c->text)) {
        c->kind = CREDENTIAL_MD5;
        return 0;
    }
    c->kind = CREDENTIAL_PASSWORD;
    if (c->text.len > CREDENTIALS_PASSWORD_MAX) {
        return diag_set(diag, -EINVAL, "this password is longer than %d bytes",
                        CREDENTIALS_PASSWORD_MAX);
    }
    return 0;
}

/* 1: it holds a user; 0: it does not; -EINVAL. */
static int
read_line(char *line, struct credential *ret_credential, struct diag *diag)
{
    struct credential c = {0};
    line[strcspn(line, "\r")] = '\0';
    line += strspn(line, " \t");
    if (*line == '\0' || *line == ';') {
        return 0;
    }
    if (!take_quoted(&line, &c.name) || !take_quoted(&line, &c.text) ||
        line[strspn(line, " \t")] != '\0') {
        return diag_set(diag, -EINVAL, "a line of it is \"user\" \"secret\", in quotes");
    }
    if (c.name.len == 0 || c.name.len > NAME_MAX_LEN) {
        return diag_set(diag, -EINVAL, "a user's name has 1 to %d bytes", NAME_MAX_LEN);
    }
    int err = read_secret(&c, diag);
    *ret_credential = c;
    return err == 0 ? 1 : err;
}

/* 0 or -E2BIG. */
static int
add(struct credentials *c, const struct credential *one)
{
    if (c->count == CREDENTIALS_MAX) {
        return -E2BIG;
    }
    if (c->count == c->room) {
        unsigned room = MIN(MAX(1u, 2 * c->room), (unsigned)CREDENTIALS_MAX);
        struct credential *list = check_alloc(room, sizeof(*list));
        if (c->list != NULL) {
            memcpy(list, c->list, c->count * sizeof(*list));
            explicit_bzero(c->list, c->count * sizeof(*list));
        }
        free(c->list);
        c->list = list;
        c->room = room;
    }
    c->list[c->count++] = *one;
    return 0;
}

static int
read_lines(struct credentials *c, struct diag *diag, unsigned *ret_line)
{
    char *next = c->text;
    for (*ret_line = 1; next != NULL; ++*ret_line) {
        struct credential one = {0};
        char *line = next;
        next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        int got = read_line(line, &one, diag);
        if (got < 0) {
            return got;
        }
        one.line = *ret_line;
        if (got > 0 && add(c, &one) != 0) {
            return diag_set(diag, -E2BIG, "more than %d users", CREDENTIALS_MAX);
        }
    }
    return 0;
}

static int
check_twice(struct credentials *c, struct diag *diag, unsigned *ret_line)
{
    if (c->count > 1) {
        qsort(c->list, c->count, sizeof(*c->list), by_name);
    }
    for (unsigned i = 1; i < c->count; i++) {
        if (by_name(&c->list[i - 1], &c->list[i]) == 0) {
            *ret_line = MAX(c->list[i - 1].line, c->list[i].line);
            return diag_set(diag, -EINVAL, "this user is given twice");
        }
    }
    return 0;
}

static int
load(struct credentials *c, const char *path, struct diag *diag)
{
    __attribute__((cleanup(private_file_close))) FILE *file = NULL;
    int err = private_file_open(path, "auth_file", diag, &file);
    if (err != 0) {
        return err;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no other copy */
    c->text = check_alloc(1, CREDENTIALS_FILE_MAX + 1);
    c->text_len = fread(c->text, 1, CREDENTIALS_FILE_MAX + 1, file);
    if (ferror(file) || c->text_len > CREDENTIALS_FILE_MAX ||
        memchr(c->text, 0, c->text_len) != NULL) {
        return diag_set(diag, -EINVAL, "the auth_file %s cannot be read, is no text or is too long",
                        path);
    }
    unsigned line = 0;
    err = read_lines(c, diag, &line);
    err = err != 0 ? err : check_twice(c, diag, &line);
    if (err != 0) {
        diag_at(diag, path, line);
    }
    return err;
}

int
credentials_new(const char *path, struct diag *diag, struct credentials **ret_credentials)
{
    struct credentials *c = check_alloc(1, sizeof(*c));
    c->magic = CREDENTIALS_MAGIC;
    c->references = 1;
    pthread_mutex_init(&c->mutex, NULL);
    int err = load(c, path, diag);
    if (err != 0) {
        credentials_free(&c);
        return err;
    }
    *ret_credentials = c;
    return 0;
}

int
credentials_of(struct slice user, struct slice secret, struct diag *diag,
               struct credentials **ret_credentials)
{
    struct credentials *c = check_alloc(1, sizeof(*c));
    c->magic = CREDENTIALS_MAGIC;
    c->references = 1;
    pthread_mutex_init(&c->mutex, NULL);
    /* Each text with a NUL behind it, as those of a file have. */
    c->text_len = user.len + secret.len + 2;
    c->text = check_alloc(1, c->text_len);
    slice_to_str(user, c->text, user.len + 1);
    slice_to_str(secret, c->text + user.len + 1, secret.len + 1);
    struct credential one = {.name = slice_of(c->text, user.len),
                             .text = slice_of(c->text + user.len + 1, secret.len)};
    int err = read_secret(&one, diag);
    if (err == 0) {
        err = add(c, &one);
        *ret_credentials = TAKE(c);
    }
    credentials_free(&c);
    explicit_bzero(&one, sizeof(one));
    return err;
}

struct credentials *
credentials_ref(struct credentials *c)
{
    atomic_fetch_add(&c->references, 1);
    return c;
}

void
credentials_free(struct credentials **credentials)
{
    struct credentials *c = TAKE(*credentials);
    if (c == NULL) {
        return;
    }
    OBJ_CHECK(c, CREDENTIALS_MAGIC);
    if (atomic_fetch_sub(&c->references, 1) > 1) {
        return;
    }
    if (c->text != NULL) {
        explicit_bzero(c->text, c->text_len);
    }
    if (c->list != NULL) {
        explicit_bzero(c->list, c->count * sizeof(*c->list));
    }
    free(c->text);
    free(c->list);
    pthread_mutex_destroy(&c->mutex);
    c->magic = 0;
    free(c);
}

struct credential *
credentials_find(struct credentials *c, struct slice user)
{
    const struct credential wanted = {.name = user};
    struct credential *found =
        c->count == 0 ? NULL : bsearch(&wanted, c->list, c->count, sizeof(*c->list), by_name);
    return found != NULL && found->text.len > 0 ? found : NULL;
}

enum credential_kind
credentials_kind(const struct credential *credential)
{
    return credential->kind;
}

struct slice
credentials_password(const struct credential *credential)
{
    assert(credential->kind == CREDENTIAL_PASSWORD);
    return credential->text;
}

static int
md5_digits(struct slice data, char ret_digits[MD5_DIGITS + 1])
{
    uint8_t hash[DIGEST_MD5_LEN];
    int err = digest_md5(data, hash);
    for (unsigned i = 0; err == 0 && i < sizeof(hash); i++) {
        snprintf(ret_digits + 2 * i, 3, "%02x", hash[i]);
    }
    return err;
}

/* md5(md5(password, user), salt); what is kept as md5 is the inner one. */
int
credentials_md5(const struct credential *c, const uint8_t salt[CREDENTIALS_MD5_SALT_LEN],
                char ret_text[CREDENTIALS_MD5_LEN + 1])
{
    uint8_t both[CREDENTIALS_PASSWORD_MAX + NAME_MAX_LEN];
    char inner[MD5_DIGITS + CREDENTIALS_MD5_SALT_LEN + 1];
    int err = 0;
    if (c->kind == CREDENTIAL_SCRAM) {
        return -EINVAL;
    }
    if (c->kind == CREDENTIAL_MD5) {
        memcpy(inner, c->text.ptr + 3, MD5_DIGITS);
    } else {
        memcpy(both, c->text.ptr, c->text.len);
        memcpy(both + c->text.len, c->name.ptr, c->name.len);
        err = md5_digits(slice_of(both, c->text.len + c->name.len), inner);
    }
    memcpy(inner + MD5_DIGITS, salt, CREDENTIALS_MD5_SALT_LEN);
    memcpy(ret_text, "md5", 3);
    err = err != 0
              ? err
              : md5_digits(slice_of(inner, MD5_DIGITS + CREDENTIALS_MD5_SALT_LEN), ret_text + 3);
    explicit_bzero(both, sizeof(both));
    explicit_bzero(inner, sizeof(inner));
    return err;
}

/* With the mutex held. */
static int
derive(struct credential *c, const struct pg_scram_salt *salt)
{
    if (c->has_keys && c->salt.iterations == salt->iterations && c->salt.len == salt->len &&
        memcmp(c->salt.bytes, salt->bytes, salt->len) == 0) {
        return 0;
    }
    struct pg_scram_keys keys;
    struct slice password;
    uint8_t prepared[CREDENTIALS_PASSWORD_MAX * SASLPREP_GROWTH];
    int err = saslprep(c->text, prepared, sizeof(prepared), &password);
    err = err != 0 ? err : pg_scram_keys_derive(&credentials_hash, password, salt, &keys);
    if (err == 0) {
        c->has_keys = true;
        c->salt = *salt;
        c->keys = keys;
    }
    explicit_bzero(&keys, sizeof(keys));
    explicit_bzero(prepared, sizeof(prepared));
    return err;
}

int
credentials_secret(struct credentials *c, struct credential *credential,
                   struct pg_scram_secret *ret_secret)
{
    struct pg_scram_salt salt = {.iterations = PASSWORD_ITERATIONS, .len = PASSWORD_SALT_LEN};
    if (credential->kind == CREDENTIAL_SCRAM) {
        *ret_secret = credential->secret;
        return 0;
    }
    if (getrandom(salt.bytes, salt.len, 0) != salt.len) {
        return -EIO;
    }
    pthread_mutex_lock(&c->mutex);
    /* With the server's own salt, where it is known, one derivation serves both legs. */
    int err = credential->has_keys ? 0 : derive(credential, &salt);
    err = err != 0 ? err
                   : pg_scram_secret_of(&credentials_hash, &credential->keys, &credential->salt,
                                        ret_secret);
    pthread_mutex_unlock(&c->mutex);
    return err;
}

int
credentials_keys(struct credentials *c, struct credential *credential,
                 const struct pg_scram_salt *salt, struct pg_scram_keys *ret_keys)
{
    if (salt->iterations > CREDENTIALS_ITERATIONS_MAX) {
        return -ERANGE;
    }
    pthread_mutex_lock(&c->mutex);
    int err = derive(credential, salt);
    if (err == 0) {
        *ret_keys = credential->keys;
    }
    pthread_mutex_unlock(&c->mutex);
    return err;
}
