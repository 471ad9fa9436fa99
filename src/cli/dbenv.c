/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dbenv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advisor/dsn.h"
#include "base/slice.h"

#define LINE_MAX_BYTES  4096
#define DOTENV_LINES    2000
#define DEFAULT_PG_PORT "5432"

static const char *const urls[] = {"DATABASE_URL", "DB_URL"};
static const char *const pairs[][2] = {{"DB_HOST", "DB_PORT"}, {"PGHOST", "PGPORT"}};

/* The value of `KEY=value` in a line of .env, its quotes and a remark behind it taken off. */
static bool
read_line(char *line, const char *key, char *dst, size_t size)
{
    char *at = line + strspn(line, " \t");
    at += strncmp(at, "export ", 7) == 0 ? 7 : 0;
    size_t len = strlen(key);
    if (strncmp(at, key, len) != 0) {
        return false;
    }
    at += len + strspn(at + len, " \t");
    if (*at != '=') {
        return false;
    }
    at += 1 + strspn(at + 1, " \t");
    char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
    size_t n = quote != '\0' ? strcspn(at, (char[]){quote, '\n', '\0'}) : strcspn(at, " \t\r\n#");
    slice_to_str(slice_of(at, n), dst, size);
    return true;
}

static bool
from_dotenv(const char *key, char *dst, size_t size)
{
    char line[LINE_MAX_BYTES];
    FILE *f = fopen(".env", "re");
    bool found = false;
    for (unsigned i = 0; f != NULL && i < DOTENV_LINES && fgets(line, sizeof(line), f); i++) {
        found = read_line(line, key, dst, size) || found; /* the last one counts */
    }
    if (f != NULL) {
        fclose(f);
    }
    return found;
}

/* From the environment, then from .env. False: not set, or empty. */
static bool
look_up(const char *key, char *dst, size_t size, bool *ret_dotenv)
{
    const char *value = getenv(key);
    *ret_dotenv = value == NULL;
    if (value != NULL) {
        snprintf(dst, size, "%s", value);
    } else if (!from_dotenv(key, dst, size)) {
        return false;
    }
    return dst[0] != '\0';
}

static void
set_upstream(struct dbenv *f, const char *host, const char *port)
{
    f->is_socket = host[0] == '/';
    bool is_v6 = !f->is_socket && strchr(host, ':') != NULL;
    snprintf(f->upstream, sizeof(f->upstream), "%s%s%s%s:%s", f->is_socket ? "unix:" : "",
             is_v6 ? "[" : "", host, is_v6 ? "]" : "", port[0] != '\0' ? port : DEFAULT_PG_PORT);
}

/* "user:password@host:port" up to the path. */
static struct slice
authority_of(const char *url)
{
    static const char *const schemes[] = {"postgres://", "postgresql://", "pgsql://"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (strncasecmp(url, schemes[i], len) == 0) {
            return slice_of(url + len, strcspn(url + len, "/?#"));
        }
    }
    return SLICE_NONE;
}

/* Where host and port begin in the authority: behind the last '@'. */
static struct slice
server_of(struct slice authority)
{
    size_t at = 0;
    for (size_t i = 0; i < authority.len; i++) {
        at = authority.ptr[i] == '@' ? i + 1 : at;
    }
    return slice_sub(authority, at, authority.len);
}

bool
dbenv_parse_url(const char *url, char host[256], char port[8])
{
    struct slice server = server_of(authority_of(url));
    size_t end = server.len > 0 && server.ptr[0] == '[' ? slice_find(server, ']') + 1
                                                        : slice_find(server, ':');
    struct slice name = slice_sub(server, 0, end);
    if (name.len > 1 && name.ptr[0] == '[') {
        name = slice_sub(name, 1, name.len - 2);
    }
    if (name.len == 0 || name.len > 255) {
        return false;
    }
    slice_to_str(name, host, 256);
    slice_to_str(slice_sub(server, end + 1, server.len), port, 8);
    return true;
}

char *
dbenv_replace_url(const char *url, uint16_t port)
{
    struct slice server = server_of(authority_of(url));
    size_t size = strlen(url) + 32;
    char *made = check_alloc(1, size);
    if (server.len == 0) {
        snprintf(made, size, "%s", url);
        return made;
    }
    size_t before = (size_t)((const char *)server.ptr - url);
    snprintf(made, size, "%.*s127.0.0.1:%u%s", (int)before, url, port, url + before + server.len);
    return made;
}

bool
dbenv_find(struct dbenv *ret_found)
{
    char value[LINE_MAX_BYTES], host[256], port[8];
    bool dotenv, dotenv_port;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        if (look_up(urls[i], value, sizeof(value), &dotenv) && dbenv_parse_url(value, host, port)) {
            set_upstream(ret_found, host, port);
            snprintf(ret_found->source, sizeof(ret_found->source), "%s%s", urls[i],
                     dotenv ? " in .env" : "");
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (look_up(pairs[i][0], host, sizeof(host), &dotenv)) {
            if (!look_up(pairs[i][1], port, sizeof(port), &dotenv_port)) {
                port[0] = '\0';
            }
            set_upstream(ret_found, host, port);
            snprintf(ret_found->source, sizeof(ret_found->source), "%s%s", pairs[i][0],
                     dotenv ? " in .env" : "");
            return true;
        }
    }
    return false;
}

/* libpq knows the scheme by two of its names, and none of what frameworks put behind a '?'. */
static char *
login_of_url(const char *url)
{
    size_t scheme = strcspn(url, ":");
    size_t size = strlen(url) + sizeof("postgresql");
    char *made = check_alloc(1, size);
    snprintf(made, size, "postgresql%s", url + scheme);
    made[strcspn(made, "?#")] = '\0';
    return made;
}

char *
dbenv_login(void)
{
    char value[LINE_MAX_BYTES], host[256], port[8];
    bool dotenv;
    AUTO_BUF struct buf b;
    buf_init(&b, 4 * LINE_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        if (look_up(urls[i], value, sizeof(value), &dotenv) && dbenv_parse_url(value, host, port)) {
            return login_of_url(value);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        static const char *const login[][2] = {
            {"DB_USERNAME", "user"}, {"DB_PASSWORD", "password"}, {"DB_DATABASE", "dbname"}};
        if (!look_up(pairs[i][0], host, sizeof(host), &dotenv)) {
            continue;
        }
        dsn_put(&b, "host", host);
        dsn_put(&b, "port", look_up(pairs[i][1], port, sizeof(port), &dotenv) ? port : "");
        for (size_t k = 0; pairs[i][0][0] == 'D' && k < ARRAY_LEN(login); k++) {
            dsn_put(&b, login[k][1],
                    look_up(login[k][0], value, sizeof(value), &dotenv) ? value : "");
        }
        return check_strdup(buf_str(&b));
    }
    return NULL;
}

void
dbenv_point_at(uint16_t port)
{
    char value[LINE_MAX_BYTES], text[8];
    bool dotenv;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        if (look_up(urls[i], value, sizeof(value), &dotenv)) {
            char *url = dbenv_replace_url(value, port);
            setenv(urls[i], url, 1);
            free(url);
        }
    }
    snprintf(text, sizeof(text), "%u", port);
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        setenv(pairs[i][0], "127.0.0.1", 1);
        setenv(pairs[i][1], text, 1);
    }
}
