/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dev_scans.h"

#include <stdio.h>
#include <stdlib.h>

#include "advisor/scans.h"
#include "cli/cli.h"
#include "cli/document.h"
#include "cli/plans.h"

void
dev_scans_init(struct dev_scans *s, char *login)
{
    *s = (struct dev_scans){login, json_object(), json_array()};
}

void
dev_scans_fini(struct dev_scans *s)
{
    free(s->login);
    json_decref(s->known);
    json_decref(s->waiting);
}

void
dev_scans_add(struct dev_scans *s, json_t *request, double now_s)
{
    json_array_append_new(s->waiting, json_pack("{s:o, s:f}", "request", request, "since", now_s));
}

/* Those of the request's statements that are not known yet become keys of `wanted`; those that were
 * waited for in vain only where late ones are wanted, too. */
static void
add_unknown(const struct dev_scans *s, const json_t *request, bool late, json_t *wanted)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(request, "statements"), i, row)
    {
        const char *fingerprint = document_text(row, "fingerprint", "");
        const json_t *known = json_object_get(s->known, fingerprint);
        if (known == NULL || (late && json_is_false(known))) {
            json_object_set_new(wanted, fingerprint, json_true());
        }
    }
}

/* Does anything about it remain to be found out? What was waited for in vain is late: not waited
 * for again. */
static bool
must_wait(struct dev_scans *s, const json_t *request, bool in_time)
{
    const char *fingerprint;
    json_t *unknown = json_object(), *one;
    add_unknown(s, request, false, unknown);
    bool waits = in_time && json_object_size(unknown) > 0 &&
                 json_object_size(s->known) + json_object_size(unknown) <= DEV_SCANS_MAX;
    json_object_foreach(unknown, fingerprint, one)
    {
        if (!waits && json_object_size(s->known) < DEV_SCANS_MAX) {
            json_object_set_new(s->known, fingerprint, json_false());
        }
    }
    json_decref(unknown);
    return waits;
}

static void
remember(struct dev_scans *s, const json_t *statements)
{
    size_t i;
    const json_t *one;
    json_array_foreach(statements, i, one)
    {
        const json_t *largest = plans_large_scan(json_object_get(one, "scans"));
        json_object_set_new(s->known, document_text(one, "fingerprint", ""),
                            largest == NULL ? json_null() : json_deep_copy(largest));
    }
}

/* The daemon may know a statement before its text. */
static void
drop_untold(json_t *statements)
{
    for (size_t i = json_array_size(statements); i-- > 0;) {
        if (document_text(json_array_get(statements, i), "statement", "")[0] == '\0') {
            json_array_remove(statements, i);
        }
    }
}

/* A short command is over before its last lines are there: then the daemon is, too, and the store
 * at rest has the texts. */
static int
get_queries(const char *data, json_t **ret_queries)
{
    const struct options o = {.data = data};
    return document_try(&o, "queries", ret_queries) == CLI_OK
               ? CLI_OK
               : document_get(&o, "dev", "queries", ret_queries);
}

void
dev_scans_look(struct dev_scans *s, const char *data)
{
    struct diag diag = {0};
    size_t i;
    const json_t *one;
    json_t *wanted = json_object(), *queries = NULL, *statements = NULL;
    json_array_foreach(s->waiting, i, one)
    {
        add_unknown(s, json_object_get(one, "request"), true, wanted);
    }
    bool has_room = json_object_size(s->known) + json_object_size(wanted) <= DEV_SCANS_MAX;
    if (s->login != NULL && has_room && json_object_size(wanted) > 0 &&
        get_queries(data, &queries) == CLI_OK) {
        statements = plans_statements(queries, wanted);
        drop_untold(statements);
    }
    if (json_array_size(statements) > 0) {
        if (scans_find(s->login, statements, &diag) == 0) {
            remember(s, statements);
        } else {
            fprintf(stderr, "slowburn dev: table scans are not looked for: %.200s\n", diag.message);
            free(TAKE(s->login));
        }
    }
    json_decref(statements);
    json_decref(queries);
    json_decref(wanted);
}

static void
tell(const struct dev_scans *s, json_t *request)
{
    size_t i;
    const json_t *row;
    json_t *scans = json_object();
    json_array_foreach(json_object_get(request, "statements"), i, row)
    {
        const char *fingerprint = document_text(row, "fingerprint", "");
        json_t *scan = json_object_get(s->known, fingerprint);
        if (json_is_object(scan)) {
            json_object_set(scans, fingerprint, scan);
        }
    }
    json_object_set_new(request, "scans", scans);
}

json_t *
dev_scans_next(struct dev_scans *s, double now_s)
{
    json_t *first = json_array_get(s->waiting, 0);
    json_t *request = json_object_get(first, "request");
    bool in_time = now_s < document_number(first, "since", 0) + DEV_SCANS_WAIT_S &&
                   json_array_size(s->waiting) <= DEV_SCANS_WAITING;
    if (first == NULL || (s->login != NULL && must_wait(s, request, in_time))) {
        return NULL;
    }
    json_incref(request);
    json_array_remove(s->waiting, 0);
    tell(s, request);
    return request;
}
