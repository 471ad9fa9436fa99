/* SPDX-License-Identifier: Apache-2.0 */
#include "app/bypass.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "app/datadir.h"
#include "app/listeners_file.h"
#include "cli/cli.h"

const char *const bypass_usage = "[-c FILE | --data DIR] [--json]";
const char *const bypass_help =
    "Prints for each listener what clients set to reach its upstream without slowburn: as\n"
    "DATABASE_URL, DB_HOST and DB_PORT, libpq's and JDBC's forms; for HTTP nginx's and HAProxy's.\n"
    "Works whether slowburn runs or not.\n"
    "  -c FILE      the listeners of this configuration\n"
    "  --data DIR   those of the slowburn that runs, or ran, with this data directory\n"
    "  --json       as a list of objects";

/* One way of writing an upstream down: a name for it, and the text. */
struct form {
    const char *name;
    const char *key; /* in JSON */
    char text[700];
};

struct forms {
    struct form list[6];
    unsigned count;
};

PRINTF_LIKE(4, 5)
static void
add(struct forms *f, const char *name, const char *key, const char *fmt, ...)
{
    struct form *to = &f->list[f->count++];
    va_list ap;
    to->name = name;
    to->key = key;
    va_start(ap, fmt);
    vsnprintf(to->text, sizeof(to->text), fmt, ap);
    va_end(ap);
}

/* A unix socket: libpq wants its directory and the number that ends its name. */
static void
unix_forms(const struct config_listener *l, struct forms *f)
{
    const char *path = l->upstream.host;
    const char *number = strstr(path, "/.s.PGSQL.");
    f->count = 0;
    if (l->protocol == PROTOCOL_HTTP) {
        add(f, "nginx", "nginx", "server unix:%s;", path);
        add(f, "proxy_pass", "proxy_pass", "http://unix:%s:", path);
        add(f, "HAProxy", "haproxy", "server upstream unix@%s", path);
        return;
    }
    if (number == NULL) {
        add(f, "socket", "socket", "%s", path);
        return;
    }
    int dir = (int)(number - path);
    number += strlen("/.s.PGSQL.");
    add(f, "DATABASE_URL", "database_url",
        "postgresql:///DATABASE?user=USER&password=PASSWORD&host=%.*s&port=%s", dir, path, number);
    add(f, "DB_HOST, DB_PORT", "env", "DB_HOST=%.*s DB_PORT=%s", dir, path, number);
    add(f, "PGHOST, PGPORT", "libpq_env", "PGHOST=%.*s PGPORT=%s", dir, path, number);
    add(f, "libpq", "libpq", "host=%.*s port=%s", dir, path, number);
}

static void
forms_of(const struct config_listener *l, struct forms *f)
{
    const struct address *a = &l->upstream;
    if (a->is_unix) {
        unix_forms(l, f);
        return;
    }
    bool is_v6 = strchr(a->host, ':') != NULL;
    char host[300];
    snprintf(host, sizeof(host), "%s%s%s", is_v6 ? "[" : "", a->host, is_v6 ? "]" : "");
    f->count = 0;
    if (l->protocol == PROTOCOL_HTTP) {
        add(f, "nginx", "nginx", "server %s:%u;", host, a->port);
        add(f, "proxy_pass", "proxy_pass", "http://%s:%u", host, a->port);
        add(f, "HAProxy", "haproxy", "server upstream %s:%u", host, a->port);
        add(f, "base URL", "url", "http://%s:%u/", host, a->port);
        return;
    }
    add(f, "DATABASE_URL", "database_url", "postgresql://USER:PASSWORD@%s:%u/DATABASE", host,
        a->port);
    add(f, "DB_HOST, DB_PORT", "env", "DB_HOST=%s DB_PORT=%u", a->host, a->port);
    add(f, "PGHOST, PGPORT", "libpq_env", "PGHOST=%s PGPORT=%u", a->host, a->port);
    add(f, "libpq", "libpq", "host=%s port=%u", a->host, a->port);
    add(f, "JDBC", "jdbc", "jdbc:postgresql://%s:%u/DATABASE", host, a->port);
}

static void
print_text(const struct config *c, bool runs)
{
    bool is_loopback = false;
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct config_listener *l = &c->listeners[i];
        struct forms f;
        forms_of(l, &f);
        printf("%s%s%s: instead of %s\n", l->protocol == PROTOCOL_HTTP ? "http" : "postgres",
               l->name[0] == '\0' ? "" : " ", l->name, l->listen.text);
        for (unsigned k = 0; k < f.count; k++) {
            printf("  %-18s %s\n", f.list[k].name, f.list[k].text);
        }
        putchar('\n');
        is_loopback = is_loopback || strncmp(l->upstream.host, "127.", 4) == 0 ||
                      strcmp(l->upstream.host, "::1") == 0 ||
                      strcmp(l->upstream.host, "localhost") == 0;
    }
    if (is_loopback) {
        printf("Loopback is this machine's own: from another one, use this machine's name.\n");
    }
    printf("The server then sees its clients' own addresses again: pg_hba.conf and firewalls must "
           "let them in.\n");
    printf(runs ? "slowburn runs: sessions through it go on until their clients end them; change "
                  "the clients\nfirst, then stop it.\n"
                : "slowburn does not run: nothing answers on its listeners now.\n");
}

static int
print_json(const struct config *c, bool runs)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct config_listener *l = &c->listeners[i];
        struct forms f;
        forms_of(l, &f);
        json_t *set = json_object();
        for (unsigned k = 0; k < f.count; k++) {
            json_object_set_new(set, f.list[k].key, json_string(f.list[k].text));
        }
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:o}", "protocol",
                                        l->protocol == PROTOCOL_HTTP ? "http" : "postgres", "name",
                                        l->name, "listen", l->listen.text, "upstream",
                                        l->upstream.text, "host", l->upstream.host, "port",
                                        (int)l->upstream.port, "running", runs, "set", set));
    }
    json_dumpf(list, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(list);
    return CLI_OK;
}

struct wish {
    const char *file;
    const char *data;
    bool json;
};

static int
parse(int argc, char **argv, struct wish *w)
{
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0) {
            w->json = true;
        } else if (strcmp(argv[i], "-c") == 0 && has_value) {
            w->file = argv[++i];
        } else if (strcmp(argv[i], "--data") == 0 && has_value) {
            w->data = argv[++i];
        } else {
            fprintf(stderr,
                    "slowburn bypass: '%s' is not understood; see 'slowburn bypass --help'\n",
                    argv[i]);
            return CLI_USAGE;
        }
    }
    return CLI_OK;
}

/* What the words ask for, into c. */
static int
find_listeners(const struct wish *w, struct config *c, char *data, struct diag *diag)
{
    if (w->file != NULL) {
        int r = config_read(c, w->file, diag);
        if (r == 0) {
            r = config_check(c, diag);
        }
        const char *configured = w->data != NULL ? w->data : config_text(c, SETTING_data);
        return r < 0 ? r : datadir_find(configured, diag, data);
    }
    int r = datadir_find(w->data == NULL ? "" : w->data, diag, data);
    if (r < 0) {
        return r;
    }
    r = listeners_file_read(data, c);
    if (r == 0) {
        return 0;
    }
    return diag_set_hint(diag, r, "give the configuration with -c FILE",
                         r == -ENOENT ? "no slowburn has run with the data directory %s"
                                      : "%s/listeners.json cannot be read",
                         data);
}

int
bypass(int argc, char **argv)
{
    struct wish w = {0};
    struct diag diag = {0};
    char data[DATADIR_MAX], text[1100];
    int r = parse(argc, argv, &w);
    if (r != CLI_OK) {
        return r;
    }
    AUTO(config) struct config *c = config_new();
    r = find_listeners(&w, c, data, &diag);
    if (r < 0) {
        fprintf(stderr, "slowburn bypass: %s\n", diag_format(&diag, text, sizeof(text)));
        return r == -ENOENT && w.file == NULL ? CLI_UNREACHABLE : CLI_FAILED;
    }
    bool runs = datadir_is_locked(data, DATADIR_RUN_LOCK);
    if (w.json) {
        return print_json(c, runs);
    }
    print_text(c, runs);
    return CLI_OK;
}
