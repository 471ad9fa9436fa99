/* SPDX-License-Identifier: Apache-2.0
 *
 * The verbs that change something in the daemon: ack, close, deploy. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/document.h"
#include "cli/verbs.h"

#define DEPLOY_NAME_MAX 120

static int
act_on_incident(int argc, char **argv, const char *done)
{
    struct options o;
    char path[64];
    json_t *answer = NULL;
    int r = options_parse(argc, argv, "", 1, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    unsigned long id = options_incident_id(argv[0], o.words[0]);
    if (id == 0) {
        return CLI_USAGE;
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
verb_deploy(int argc, char **argv)
{
    struct options o;
    json_t *answer = NULL;
    int r = options_parse(argc, argv, "", 1, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    size_t len = strlen(o.words[0]);
    json_t *body = json_pack("{s:s}", "name", o.words[0]);
    if (len == 0 || len > DEPLOY_NAME_MAX || body == NULL) {
        fprintf(stderr, "slowburn deploy: a name has 1 to %d bytes of UTF-8\n", DEPLOY_NAME_MAX);
        json_decref(body);
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
