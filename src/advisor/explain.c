/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/question.h"

#define TEXT_OID 25
#define EXPLAIN  "EXPLAIN (FORMAT JSON, VERBOSE) "

static void
clear(struct explain *e)
{
    for (unsigned i = 0; i < e->param_count; i++) {
        free(e->params[i]);
    }
    free(e->params);
    free(e->types);
    e->params = NULL;
    e->types = NULL;
    e->param_count = 0;
    buf_fini(&e->text);
    buf_init(&e->text, 2 * PARSE_TEXT_MAX);
}

void
explain_end(struct explain *e)
{
    path_leave(&e->path);
    clear(e);
    buf_fini(&e->text);
}

/* The server cannot guess the type of a parameter that the SELECT made of a write has lost. */
static int
set_types(struct explain *e, unsigned at_least)
{
    static bool used[EXPLAIN_PARAMS_MAX + 1];
    memset(used, 0, sizeof(used));
    unsigned highest = parse_params(buf_str(&e->text), used, EXPLAIN_PARAMS_MAX + 1);
    e->param_count = MAX(highest, at_least);
    e->types = check_alloc(e->param_count + 1, sizeof(*e->types));
    e->params = check_alloc(e->param_count + 1, sizeof(*e->params));
    for (unsigned i = 0; i < e->param_count; i++) {
        e->types[i] = used[i + 1] ? 0 : TEXT_OID;
    }
    return 0;
}

static int
take_text(struct explain *e, const char *text)
{
    clear(e);
    int err = parse_text(text, &e->parse, &e->reason);
    return err != 0 || e->parse.returns_at_once
               ? err
               : parse_as_select(text, &e->parse, &e->text, &e->reason);
}

static int
take_sample(struct explain *e, const json_t *sample)
{
    const char *text = json_string_value(json_object_get(sample, "text"));
    const json_t *params = json_object_get(sample, "params");
    size_t count = json_array_size(params);
    if (text == NULL || count > EXPLAIN_PARAMS_MAX) {
        e->reason = "a sample is not what it should be";
        return -EINVAL;
    }
    int err = take_text(e, text);
    if (err != 0 || e->parse.returns_at_once) {
        return err;
    }
    set_types(e, (unsigned)count);
    if (e->param_count > count) {
        e->reason = "a sample lacks a value";
        return -EINVAL;
    }
    for (unsigned i = 0; i < count; i++) {
        const char *value = json_string_value(json_array_get(params, i));
        e->params[i] = value == NULL ? NULL : check_strdup(value);
    }
    e->by_values = true;
    return 0;
}

static int
take_generic(struct explain *e, const char *statement)
{
    AUTO_BUF struct buf numbered;
    buf_init(&numbered, 2 * PARSE_TEXT_MAX);
    parse_number_markers(statement, &numbered);
    if (buf_overflowed(&numbered)) {
        e->reason = "the statement is longer than what is planned (16 KiB)";
        return -EINVAL;
    }
    int err = take_text(e, buf_str(&numbered));
    if (err == 0 && !e->parse.returns_at_once) {
        set_types(e, 0);
        e->by_values = false;
    }
    return err;
}

static json_t *
read_result(struct explain *e, PGresult *r)
{
    if (r == NULL) {
        e->reason = e->login->reason;
        return NULL;
    }
    json_t *plan = PQntuples(r) == 1 ? json_loads(PQgetvalue(r, 0, 0), 0, NULL) : NULL;
    e->reason = "the plan cannot be read";
    return plan;
}

static json_t *
run_generic(struct explain *e)
{
    int count = login_prepare(e->login, buf_str(&e->text), (int)e->param_count, e->types);
    if (count < 0) {
        e->reason = e->login->reason;
        return NULL;
    }
    AUTO_BUF struct buf sql;
    buf_init(&sql, 64 + 6 * EXPLAIN_PARAMS_MAX);
    buf_append_str(&sql, EXPLAIN "EXECUTE slowburn");
    for (int i = 0; i < count; i++) {
        buf_append_str(&sql, i == 0 ? "(NULL" : ", NULL");
    }
    buf_append_str(&sql, count > 0 ? ")" : "");
    AUTO_RESULT PGresult *r = login_query(e->login, buf_str(&sql), 0, NULL, NULL);
    return read_result(e, r);
}

/* Once: all samples of a statement are about the same tables. */
static void
enter_path(struct explain *e)
{
    struct names tables = e->parse.reads;
    for (unsigned i = 0; i < e->parse.writes.count; i++) {
        names_add(&tables, e->parse.writes.name[i]);
    }
    path_enter(&e->path, e->login, &tables);
}

json_t *
explain_run(struct explain *e)
{
    if (e->budget->tokens < 1) {
        e->reason = "the limit of statements a minute is used up";
        return NULL;
    }
    e->budget->tokens -= 1;
    e->budget->taken++;
    if (e->path.login == NULL) {
        enter_path(e);
    }
    if (!e->by_values) {
        return run_generic(e);
    }
    AUTO_BUF struct buf sql;
    buf_init(&sql, 3 * PARSE_TEXT_MAX);
    buf_append_str(&sql, EXPLAIN);
    buf_append(&sql, buf_slice(&e->text));
    AUTO_RESULT PGresult *r = login_query(e->login, buf_str(&sql), (int)e->param_count,
                                          (const char *const *)(void *)e->params, e->types);
    return read_result(e, r);
}

struct planned {
    size_t sample;
    double cost;
};

static int
by_cost(const void *a, const void *b)
{
    double x = ((const struct planned *)a)->cost;
    double y = ((const struct planned *)b)->cost;
    return x < y ? -1 : x > y ? 1 : 0;
}

static double
total_cost(const json_t *plan)
{
    return json_number_value(
        json_object_get(json_object_get(json_array_get(plan, 0), "Plan"), "Total Cost"));
}

/* The sample with the median cost: neither the lucky nor the worst case speaks for all. */
static json_t *
plan_samples(struct explain *e, const json_t *samples)
{
    struct planned planned[QUESTION_SAMPLES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < MIN(json_array_size(samples), (size_t)QUESTION_SAMPLES_MAX); i++) {
        json_t *plan = take_sample(e, json_array_get(samples, i)) == 0 && e->text.len > 0
                           ? explain_run(e)
                           : NULL;
        if (plan != NULL) {
            planned[count++] = (struct planned){i, total_cost(plan)};
            json_decref(plan);
        }
    }
    if (count == 0) {
        return NULL;
    }
    qsort(planned, count, sizeof(planned[0]), by_cost);
    int err = take_sample(e, json_array_get(samples, planned[count / 2].sample));
    return err == 0 ? explain_run(e) : NULL;
}

int
explain_begin(struct explain *e, struct login *login, struct explain_budget *budget,
              const char *statement, const json_t *samples, json_t **ret_plan)
{
    memset(e, 0, sizeof(*e));
    e->login = login;
    e->budget = budget;
    buf_init(&e->text, 2 * PARSE_TEXT_MAX);
    json_t *plan = plan_samples(e, samples);
    if (plan != NULL) {
        *ret_plan = plan;
        return 0;
    }
    int err = take_generic(e, statement);
    if (err != 0) {
        return err;
    }
    if (e->parse.returns_at_once) {
        *ret_plan = NULL;
        return 0;
    }
    plan = explain_run(e);
    if (plan == NULL) {
        return -EIO;
    }
    *ret_plan = plan;
    return 0;
}
