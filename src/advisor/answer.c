/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advisor/index.h"
#include "advisor/statistics.h"
#include "model/question.h"

#define LIST_MAX 64

static const char *
string_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s == NULL ? "" : s;
}

/* Names as the session sees them; as written where it sees none, or there is no session. */
static void
resolve(struct login *s, struct names *names)
{
    struct names out = {.count = 0};
    char name[NAMES_LEN_MAX];
    for (unsigned i = 0; i < names->count; i++) {
        name[0] = '\0';
        if (s != NULL) {
            statistics_resolve(s, names->name[i], name, sizeof(name));
        }
        names_add(&out, name[0] != '\0' ? name : names->name[i]);
    }
    *names = out;
}

static json_t *
plan_to_json(const json_t *explained, const struct plan *plan)
{
    char shape[17];
    const struct plan_scan *worst = index_worst_scan(plan);
    const struct plan_scan *scan = worst != NULL ? worst : plan->scan_count > 0 ? plan->scan : NULL;
    double read = scan == NULL ? 0 : scan->is_sequential ? scan->table_rows : scan->rows_returned;
    snprintf(shape, sizeof(shape), "%016llx", (unsigned long long)plan->shape);
    const json_t *root = json_object_get(json_array_get(explained, 0), "Plan");
    return json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:o}", "shape", shape, "node",
                     scan == NULL ? string_of(root, "Node Type") : scan->node, "table",
                     scan == NULL ? "" : scan->table, "cost", plan->cost, "rows_read", read,
                     "rows_returned", json_number_value(json_object_get(root, "Plan Rows")),
                     "nodes", plan_nodes(explained));
}

static json_t *
scan_to_json(const struct plan *plan)
{
    const struct plan_scan *s = index_worst_scan(plan);
    if (s == NULL) {
        return json_null();
    }
    return json_pack("{s:s, s:s, s:f, s:f, s:f, s:f}", "schema", s->schema, "table", s->table,
                     "table_rows", s->table_rows, "table_bytes", s->table_bytes, "rows_read",
                     s->table_rows, "rows_returned", s->rows_returned);
}

static json_t *
explained_answer(struct explain *e, const json_t *explained, const char **ret_reason)
{
    struct plan *plan = check_alloc(1, sizeof(*plan));
    const char *no_index = "an INSERT of values reads no table";
    json_t *answer = json_object();
    json_t *index = NULL;
    char unused[INDEX_NAME_LEN] = "";
    if (explained != NULL && plan_read(explained, plan) != 0) {
        *ret_reason = "the plan cannot be read";
        json_decref(answer);
        free(plan);
        return NULL;
    }
    for (unsigned i = 0; i < plan->scan_count; i++) {
        struct plan_scan *s = &plan->scan[i];
        if (statistics_table(e->login, s->schema, s->table, &s->table_rows, &s->table_bytes)) {
            s->table_rows = s->rows_returned;
        }
    }
    resolve(e->login, &e->parse.writes);
    json_object_set_new(answer, "basis", json_string(e->by_values ? "values" : "generic"));
    json_object_set_new(answer, "reads", names_to_json(&plan->tables));
    json_object_set_new(answer, "writes", names_to_json(&e->parse.writes));
    json_object_set_new(answer, "plan",
                        explained == NULL ? json_null() : plan_to_json(explained, plan));
    json_object_set_new(answer, "scan", scan_to_json(plan));
    json_object_set_new(answer, "indexes",
                        explained == NULL ? json_array()
                                          : statistics_indexes(e->login, &plan->tables));
    if (explained != NULL) {
        index = index_advise(e, plan, &no_index, unused);
    }
    if (index == NULL) {
        json_object_set_new(answer, "index_reason", json_string(no_index));
    }
    json_object_set_new(answer, "index", index == NULL ? json_null() : index);
    json_object_set_new(answer, "unused_index",
                        unused[0] == '\0' ? json_null() : json_string(unused));
    free(plan);
    return answer;
}

json_t *
answer_explain(const struct asked *a, const char **ret_reason)
{
    struct explain e;
    json_t *explained = NULL;
    json_t *answer = NULL;
    int err = explain_begin(&e, a->login, a->budget, string_of(a->question, "statement"),
                            json_object_get(a->question, "samples"), &explained);
    if (err == 0) {
        answer = explained_answer(&e, explained, ret_reason);
    } else {
        *ret_reason = e.reason;
    }
    json_decref(explained);
    explain_end(&e);
    return answer;
}

json_t *
answer_describe(const struct asked *a, const char **ret_reason)
{
    json_t *list = json_array();
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(a->question, "statements"), i, one)
    {
        if (i == QUESTION_STATEMENTS_MAX) {
            break;
        }
        const char *reason;
        struct parse *p = check_alloc(1, sizeof(*p));
        AUTO_BUF struct buf text;
        buf_init(&text, 2 * PARSE_TEXT_MAX);
        parse_number_markers(string_of(one, "statement"), &text);
        if (buf_overflowed(&text) || parse_text(buf_str(&text), p, &reason) != 0) {
            memset(p, 0, sizeof(*p));
        }
        resolve(a->login, &p->reads);
        resolve(a->login, &p->writes);
        json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o}", "fingerprint", string_of(one, "fingerprint"),
                            "reads", names_to_json(&p->reads), "writes", names_to_json(&p->writes),
                            "columns", names_to_json(&p->columns)));
        free(p);
    }
    return json_pack("{s:o}", "statements", list);
}

json_t *
answer_tables(const struct asked *a, const char **ret_reason)
{
    const json_t *names = json_object_get(a->question, "tables");
    return json_pack("{s:o}", "tables", statistics_counters(a->login, names));
}

json_t *
answer_indexes(const struct asked *a, const char **ret_reason)
{
    struct names columns = {.count = 0};
    char name[64] = "";
    json_t *column;
    size_t i;
    json_array_foreach(json_object_get(a->question, "columns"), i, column)
    {
        names_add(&columns, json_is_string(column) ? json_string_value(column) : "");
    }
    if (columns.count == 0) {
        *ret_reason = "a question about an index names no column";
        return NULL;
    }
    bool covered =
        statistics_is_indexed(a->login, string_of(a->question, "schema"),
                              string_of(a->question, "table"), &columns, true, name, sizeof(name));
    return json_pack("{s:b, s:s?}", "covered", covered, "index", covered ? name : NULL);
}

json_t *
answer_columns(const struct asked *a, const char **ret_reason)
{
    json_t *list = json_array();
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(a->question, "columns"), i, one)
    {
        json_t *column = i < LIST_MAX
                             ? statistics_attribute(
                                   a->login, json_integer_value(json_object_get(one, "table_oid")),
                                   json_integer_value(json_object_get(one, "attnum")))
                             : NULL;
        json_array_append_new(list, column == NULL ? json_null() : column);
    }
    return json_pack("{s:o}", "columns", list);
}

json_t *
answer_waits(const struct asked *a, const char **ret_reason)
{
    json_t *answer = json_object();
    waits_take(a->login, a->now_ns, answer);
    return answer;
}
