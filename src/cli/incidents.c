/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/document.h"
#include "cli/page.h"
#include "cli/postmortem.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "io/now.h"

static int
print_list(const json_t *incidents, bool as_json, double now)
{
    size_t i;
    const json_t *incident;
    if (as_json) {
        document_print(incidents);
        return CLI_OK;
    }
    if (json_array_size(incidents) == 0) {
        puts("No incidents.");
    }
    json_array_foreach(incidents, i, incident)
    {
        page_print_line(stdout, incident, now);
    }
    return CLI_OK;
}

static json_t *
only(const json_t *incidents, unsigned long id)
{
    size_t i;
    json_t *incident;
    json_array_foreach(incidents, i, incident)
    {
        if (document_number(incident, "id", 0) == (double)id) {
            return json_incref(incident);
        }
    }
    return NULL;
}

/* `verb` is for messages. The caller owns *ret_incident. */
static int
get_one(const struct options *o, const char *verb, const char *word, json_t **ret_incident)
{
    json_t *incidents = NULL;
    unsigned long id = options_incident_id(verb, word);
    if (id == 0) {
        return CLI_USAGE;
    }
    int r = document_get(o, verb, "incidents", &incidents);
    if (r != CLI_OK) {
        return r;
    }
    json_t *incident = only(incidents, id);
    json_decref(incidents);
    if (incident == NULL) {
        fprintf(stderr, "slowburn %s: there is no incident %lu; 'slowburn incidents' lists them\n",
                verb, id);
        return CLI_FAILED;
    }
    *ret_incident = incident;
    return CLI_OK;
}

int
verb_incidents(int argc, char **argv)
{
    struct options o;
    json_t *doc = NULL;
    double now = (double)now_wall_s();
    int r = options_parse(argc, argv, "json", 0, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    if (o.word_count == 0) {
        r = document_get(&o, argv[0], "incidents", &doc);
        if (r == CLI_OK) {
            r = print_list(doc, o.json, now);
        }
        json_decref(doc);
        return r;
    }
    r = get_one(&o, argv[0], o.words[0], &doc);
    if (r == CLI_OK && o.json) {
        json_t *list = json_pack("[O]", doc);
        r = print_list(list, true, now);
        json_decref(list);
    } else if (r == CLI_OK) {
        page_print(stdout, doc, now, terminal_width());
    }
    json_decref(doc);
    return r;
}

int
verb_postmortem(int argc, char **argv)
{
    struct options o;
    json_t *incident = NULL;
    int r = options_parse(argc, argv, "", 1, 1, &o);
    if (r == CLI_OK) {
        r = get_one(&o, argv[0], o.words[0], &incident);
    }
    if (r == CLI_OK) {
        postmortem_print(stdout, incident);
    }
    json_decref(incident);
    return r;
}
