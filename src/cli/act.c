/* SPDX-License-Identifier: Apache-2.0
 *
 * The verbs that change something in the daemon: ack, annotate, close, expected, mute, unmute,
 * deploy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/document.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "io/now.h"
#include "model/mute.h"

#define DEPLOY_NAME_MAX 120
#define AFFECTS_LEN_MAX 511

/* An incident's number, and as many words as said in all. */
static int
parse_incident(int argc, char **argv, unsigned words, struct options *ret_options,
               unsigned long *ret_id)
{
    int r = options_parse(argc, argv, "", words, words, ret_options);
    if (r != CLI_OK) {
        return r;
    }
    *ret_id = options_incident_id(argv[0], ret_options->words[0]);
    return *ret_id == 0 ? CLI_USAGE : CLI_OK;
}

static int
act_on_incident(int argc, char **argv, const char *done)
{
    struct options o;
    char path[64];
    json_t *answer = NULL;
    unsigned long id = 0;
    int r = parse_incident(argc, argv, 1, &o, &id);
    if (r != CLI_OK) {
        return r;
    }
    snprintf(path, sizeof(path), "incidents/%lu/%s", id, argv[0]);
    r = document_post(&o, argv[0], path, NULL, &answer);
    json_decref(answer);
    if (r == CLI_OK) {
        printf("Incident %lu is %s.\n", id, done);
    }
    return r;
}

int
verb_ack(int argc, char **argv)
{
    return act_on_incident(argc, argv, "acknowledged");
}

int
verb_close(int argc, char **argv)
{
    return act_on_incident(argc, argv, "closed");
}

int
verb_expected(int argc, char **argv)
{
    return act_on_incident(argc, argv, "closed, and expected from here on");
}

int
verb_annotate(int argc, char **argv)
{
    struct options o;
    char path[64];
    json_t *answer = NULL;
    unsigned long id = 0;
    int r = parse_incident(argc, argv, 2, &o, &id);
    if (r != CLI_OK) {
        return r;
    }
    size_t len = strlen(o.words[1]);
    json_t *body = json_pack("{s:s}", "text", o.words[1]);
    if (len == 0 || len > ANNOTATION_LEN_MAX || body == NULL) {
        fprintf(stderr, "slowburn annotate: the text has 1 to %u bytes of UTF-8\n",
                ANNOTATION_LEN_MAX);
        json_decref(body);
        return CLI_USAGE;
    }
    snprintf(path, sizeof(path), "incidents/%lu/annotate", id);
    r = document_post(&o, argv[0], path, body, &answer);
    json_decref(body);
    json_decref(answer);
    if (r == CLI_OK) {
        printf("It is in the timeline of incident %lu.\n", id);
    }
    return r;
}

static int
list_mutes(const struct options *o, const char *verb)
{
    json_t *list = NULL;
    size_t i;
    const json_t *mute;
    double now = (double)now_wall_s();
    int r = document_get(o, verb, "mutes", &list);
    if (r != CLI_OK) {
        return r;
    }
    if (o->json) {
        document_print(list);
    } else if (json_array_size(list) == 0) {
        puts("Nothing is muted.");
    }
    json_array_foreach(list, i, mute)
    {
        if (!o->json) {
            printf("%-11s  %s  until %s\n", document_text(mute, "kind", "?"),
                   document_text(mute, "subject", "?"),
                   text_clock(document_text(mute, "until", ""), now).s);
        }
    }
    json_decref(list);
    return CLI_OK;
}

/* The subject as a body, and as words; NULL, and a message, where it is not exactly one. */
static json_t *
mute_body(const struct options *o, const char *verb, unsigned seconds, char *what, size_t size)
{
    if ((o->word_count > 0) + (o->route != NULL) + (o->fingerprint != NULL) != 1) {
        fprintf(stderr, "slowburn %s: one of ID, --route R and --fingerprint F, please\n", verb);
        return NULL;
    }
    json_t *body = json_pack("{s:i}", "seconds", (int)seconds);
    if (o->route != NULL) {
        snprintf(what, size, "Route %s", o->route);
        json_object_set_new(body, "route", json_string(o->route));
    } else if (o->fingerprint != NULL) {
        snprintf(what, size, "Fingerprint %s", o->fingerprint);
        json_object_set_new(body, "fingerprint", json_string(o->fingerprint));
    } else {
        unsigned long id = options_incident_id(verb, o->words[0]);
        if (id == 0) {
            json_decref(body);
            return NULL;
        }
        snprintf(what, size, "Incident %lu", id);
        json_object_set_new(body, "incident", json_integer((json_int_t)id));
    }
    return body;
}

static int
set_mute(const struct options *o, const char *verb, unsigned seconds)
{
    char what[MUTE_SUBJECT_MAX];
    json_t *answer = NULL;
    json_t *body = mute_body(o, verb, seconds, what, sizeof(what));
    if (body == NULL) {
        return CLI_USAGE;
    }
    int r = document_post(o, verb, "mutes", body, &answer);
    json_decref(body);
    json_decref(answer);
    if (r == CLI_OK && seconds > 0) {
        printf("%s is muted for %s.\n", what, text_span(seconds).s);
    } else if (r == CLI_OK) {
        printf("%s is not muted any more.\n", what);
    }
    return r;
}

int
verb_mute(int argc, char **argv)
{
    struct options o;
    int r = options_parse(argc, argv, "route,fingerprint,for,json", 0, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    if (o.word_count == 0 && o.route == NULL && o.fingerprint == NULL && o.seconds == 0) {
        return list_mutes(&o, argv[0]);
    }
    if (o.seconds == 0 || o.seconds > MUTE_SECONDS_MAX) {
        fprintf(stderr, "slowburn mute: for how long? --for 2h, at most 30d\n");
        return CLI_USAGE;
    }
    return set_mute(&o, argv[0], o.seconds);
}

int
verb_unmute(int argc, char **argv)
{
    struct options o;
    int r = options_parse(argc, argv, "route,fingerprint", 0, 1, &o);
    return r != CLI_OK ? r : set_mute(&o, argv[0], 0);
}

/* The body; NULL, and a message that names what is wrong. */
static json_t *
deploy_body(const struct options *o)
{
    const char *name = o->words[0];
    size_t len = strlen(name);
    json_t *body = json_pack("{s:s}", "name", name), *list = json_array();
    if (len == 0 || len > DEPLOY_NAME_MAX || body == NULL) {
        fprintf(stderr, "slowburn deploy: a name has 1 to %d bytes of UTF-8\n", DEPLOY_NAME_MAX);
        json_decref(body);
        json_decref(list);
        return NULL;
    }
    for (unsigned i = 0; i < o->affects_count; i++) {
        const char *one = o->affects[i];
        len = strlen(one);
        if (len == 0 || len > AFFECTS_LEN_MAX ||
            json_array_append_new(list, json_string(one)) != 0) {
            fprintf(stderr,
                    "slowburn deploy: --affects wants a route or a fingerprint, 1 to %d bytes of "
                    "UTF-8, not '%.100s'\n",
                    AFFECTS_LEN_MAX, one);
            json_decref(body);
            json_decref(list);
            return NULL;
        }
    }
    json_object_set_new(body, "affects", list);
    return body;
}

int
verb_deploy(int argc, char **argv)
{
    struct options o;
    json_t *answer = NULL;
    int r = options_parse(argc, argv, "affects", 1, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    json_t *body = deploy_body(&o);
    if (body == NULL) {
        return CLI_USAGE;
    }
    r = document_post(&o, argv[0], "deploys", body, &answer);
    json_decref(body);
    json_decref(answer);
    if (r == CLI_OK) {
        printf("Deploy %s is marked.\n", o.words[0]);
    }
    return r;
}
