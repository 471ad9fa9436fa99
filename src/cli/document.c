/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/document.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "store/store.h"

#define ANSWER_MAX    (256u * 1024 * 1024)
#define DEFAULT_ADMIN "127.0.0.1:7433"

struct target {
    char socket[512]; /* "" : TCP */
    char host[256];
    char token[160]; /* "" : none known */
};

static size_t
collect(char *data, size_t size, size_t count, void *arg)
{
    struct buf *b = arg;
    return buf_append(b, slice_of(data, size * count)) == 0 ? size * count : 0;
}

static void
read_token(const char *dir, struct target *t)
{
    const char *given = getenv("SLOWBURN_TOKEN");
    if (given != NULL) {
        snprintf(t->token, sizeof(t->token), "%s", given);
        return;
    }
    char path[600];
    snprintf(path, sizeof(path), "%s/token", dir);
    FILE *f = fopen(path, "re");
    if (f != NULL) {
        size_t n = fread(t->token, 1, sizeof(t->token) - 1, f);
        while (n > 0 && (t->token[n - 1] == '\n' || t->token[n - 1] == '\r')) {
            n--;
        }
        t->token[n] = '\0';
        fclose(f);
    }
}

static const char *
default_data(char *path, size_t size)
{
    const char *dir = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (dir != NULL) {
        snprintf(path, size, "%s", dir);
    } else if (geteuid() == 0 || (xdg == NULL && home == NULL)) {
        snprintf(path, size, "/var/lib/slowburn");
    } else if (xdg != NULL) {
        snprintf(path, size, "%s/slowburn", xdg);
    } else {
        snprintf(path, size, "%s/.local/state/slowburn", home);
    }
    return path;
}

static void
resolve(const struct options *o, struct target *t)
{
    char dir[480];
    *t = (struct target){0};
    if (o->data != NULL) {
        snprintf(dir, sizeof(dir), "%s", o->data);
    } else {
        default_data(dir, sizeof(dir));
    }
    read_token(dir, t);
    snprintf(t->host, sizeof(t->host), "%s", o->admin != NULL ? o->admin : DEFAULT_ADMIN);
    if (o->admin == NULL) {
        snprintf(t->socket, sizeof(t->socket), "%s/admin.sock", dir);
        if (access(t->socket, F_OK) != 0 && o->data == NULL) {
            t->socket[0] = '\0';
        }
    }
}

static CURLcode
perform(const struct target *t, const char *path, const char *post, struct buf *answer,
        long *ret_status)
{
    char url[1024];
    char auth[200];
    struct curl_slist *headers = NULL;
    CURL *curl = curl_easy_init();
    if (curl == NULL) {
        return CURLE_FAILED_INIT;
    }
    snprintf(url, sizeof(url), "http://%s/api/v1/%s", t->socket[0] != '\0' ? "localhost" : t->host,
             path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 15L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (t->socket[0] != '\0') {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, t->socket);
    }
    if (t->token[0] != '\0') {
        snprintf(auth, sizeof(auth), "Authorization: Bearer %s", t->token);
        headers = curl_slist_append(headers, auth);
    }
    if (post != NULL) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        headers = curl_slist_append(headers, "Expect:");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode r = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return r;
}

static int
unreachable(const struct target *t, const char *verb, const char *why)
{
    fprintf(stderr,
            "slowburn %s: no daemon answers at %s (%s); name it with --data DIR or "
            "--admin HOST:PORT, or start one with 'slowburn run'\n",
            verb, t->socket[0] != '\0' ? t->socket : t->host, why);
    return CLI_UNREACHABLE;
}

int
document_try(const struct options *o, const char *path, json_t **ret_document)
{
    struct target t;
    AUTO_BUF struct buf answer;
    buf_init(&answer, ANSWER_MAX);
    long status = 0;
    resolve(o, &t);
    if (perform(&t, path, NULL, &answer, &status) != CURLE_OK || status / 100 != 2) {
        return CLI_UNREACHABLE;
    }
    *ret_document = json_loadb((const char *)answer.data, answer.len, JSON_DECODE_ANY, NULL);
    return *ret_document == NULL ? CLI_FAILED : CLI_OK;
}

static int
take_answer(const char *verb, struct buf *answer, long status, json_t **ret_document)
{
    json_error_t error;
    json_t *doc = json_loadb((const char *)answer->data, answer->len, JSON_DECODE_ANY, &error);
    if (status / 100 != 2) {
        fprintf(stderr, "slowburn %s: the daemon refused: %s (HTTP %ld)\n", verb,
                document_text(doc, "error", "no reason given"), status);
        json_decref(doc);
        return CLI_FAILED;
    }
    if (doc == NULL) {
        fprintf(stderr, "slowburn %s: the daemon's answer is not JSON (%s)\n", verb, error.text);
        return CLI_FAILED;
    }
    *ret_document = doc;
    return CLI_OK;
}

static int
ask(const struct options *o, const char *verb, const char *path, const char *post,
    json_t **ret_document)
{
    struct target t;
    AUTO_BUF struct buf answer;
    buf_init(&answer, ANSWER_MAX);
    long status = 0;
    resolve(o, &t);
    CURLcode r = perform(&t, path, post, &answer, &status);
    if (r == CURLE_COULDNT_CONNECT && o->data != NULL && o->admin == NULL && post == NULL) {
        return store_document(o->data, path, ret_document) == 0
                   ? CLI_OK
                   : unreachable(&t, verb, "and there is no store that has it");
    }
    if (r != CURLE_OK) {
        return unreachable(&t, verb, curl_easy_strerror(r));
    }
    return take_answer(verb, &answer, status, ret_document);
}

int
document_get(const struct options *o, const char *verb, const char *path, json_t **ret_document)
{
    return ask(o, verb, path, NULL, ret_document);
}

int
document_post(const struct options *o, const char *verb, const char *path, const json_t *body,
              json_t **ret_document)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    int r = ask(o, verb, path, text == NULL ? "" : text, ret_document);
    free(text);
    return r;
}

const char *
document_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s == NULL ? otherwise : s;
}

double
document_number(const json_t *object, const char *key, double otherwise)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : otherwise;
}

const char *
document_route_basis(const json_t *incident)
{
    const char *basis = document_text(incident, "route_basis", "");
    return strcmp(basis, "path") == 0 ? "The route is inferred from its requests' paths"
           : strcmp(basis, "queries") == 0
               ? "The route is guessed from its queries: no request was seen for them"
               : "";
}

const char *
document_deploy_chance(const json_t *deploy, char dst[64])
{
    const json_t *chance = json_object_get(deploy, "chance");
    double percent = 100 * json_number_value(chance);
    dst[0] = '\0';
    if (chance == NULL || strcmp(document_text(deploy, "basis", ""), "inferred") == 0) {
        return dst;
    }
    if (!json_is_number(chance)) {
        snprintf(dst, 64, "by chance: unknown, fewer than 10 deploys so far");
    } else if (percent < 0.5) {
        snprintf(dst, 64, "that near by chance: less than 1 %%");
    } else {
        snprintf(dst, 64, "that near by chance: %.0f %%", percent);
    }
    return dst;
}

void
document_print(const json_t *document)
{
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
}
