/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "model/json_text.h"

enum about {
    ABOUT_PLAN,
    ABOUT_SURVEY,
    ABOUT_DESCRIBE,
    ABOUT_TABLES,
    ABOUT_INDEX,
    ABOUT_COLUMN,
    ABOUT_WAITS,
};

struct open_question {
    uint32_t id; /* 0: free */
    enum about about;
    uint64_t key; /* fingerprint, index of the thing, or hash of the database */
    uint64_t asked_ns;
};

struct advice {
    uint32_t (*ask)(void *ctx, const char *question);
    void *ctx;
    struct open_question open[ADVICE_OPEN_MAX];
    struct advice_plan plan[ADVICE_PLANS_MAX];
    struct advice_plan survey;
    void (*on_plan)(void *ctx, uint64_t fingerprint, const json_t *answer);
    void *on_plan_ctx;
    struct tables tables;
    struct advice_index index[ADVICE_INDEXES_MAX];
    unsigned index_count;
    struct advice_column column[ADVICE_COLUMNS_MAX];
    unsigned column_count;
    struct waiting waiting;
    uint64_t tables_ns, waits_ns;
    uint64_t uses; /* counts look-ups: the plan that was not wanted for longest gives way */
};

struct advice *
advice_new(uint32_t (*ask)(void *ctx, const char *question), void *ctx)
{
    struct advice *a = check_alloc(1, sizeof(*a));
    a->ask = ask;
    a->ctx = ctx;
    a->waiting.sums.server_cpu = -1;
    return a;
}

void
advice_on_plan(struct advice *a,
               void (*on_plan)(void *ctx, uint64_t fingerprint, const json_t *answer), void *ctx)
{
    a->on_plan = on_plan;
    a->on_plan_ctx = ctx;
}

void
advice_free(struct advice **advice)
{
    if (*advice == NULL) {
        return;
    }
    for (unsigned i = 0; i < ADVICE_PLANS_MAX; i++) {
        json_decref((*advice)->plan[i].samples);
    }
    json_decref((*advice)->survey.samples);
    free(*advice);
    *advice = NULL;
}

/* Takes the question. False: it could not be asked now. */
static bool
ask(struct advice *a, enum about about, uint64_t key, json_t *question, uint64_t now_ns)
{
    struct open_question *slot = NULL;
    for (unsigned i = 0; i < ADVICE_OPEN_MAX && slot == NULL; i++) {
        slot = a->open[i].id == 0 ? &a->open[i] : NULL;
    }
    char *text = slot == NULL ? NULL : json_dumps(question, JSON_COMPACT);
    json_decref(question);
    if (text == NULL) {
        return false;
    }
    uint32_t id = a->ask == NULL ? 0 : a->ask(a->ctx, text);
    free(text);
    if (id == 0) {
        return false;
    }
    *slot = (struct open_question){id, about, key, now_ns};
    return true;
}

static json_t *
hex_json(uint64_t fingerprint)
{
    char hex[17];
    snprintf(hex, sizeof(hex), "%016" PRIx64, fingerprint);
    return json_string(hex);
}

static void
copy_text(char *dst, size_t size, const json_t *j)
{
    const char *text = json_string_value(j);
    slice_to_str(slice_from_str(text), dst, size);
}

/* ---- plans */

struct advice_plan *
advice_plan(struct advice *a, uint64_t fingerprint)
{
    struct advice_plan *oldest = NULL;
    for (unsigned i = 0; i < ADVICE_PLANS_MAX; i++) {
        struct advice_plan *p = &a->plan[i];
        if (p->fingerprint == fingerprint) {
            p->used = ++a->uses;
            return p;
        }
        if (p->state != ADVICE_ASKED && (oldest == NULL || p->used < oldest->used)) {
            oldest = p;
        }
    }
    if (oldest != NULL) {
        json_decref(oldest->samples);
        memset(oldest, 0, sizeof(*oldest));
        oldest->fingerprint = fingerprint;
        oldest->used = ++a->uses;
    }
    return oldest;
}

struct advice_plan *
advice_survey(struct advice *a, uint64_t fingerprint)
{
    struct advice_plan *p = &a->survey;
    bool is_over = p->state == ADVICE_GIVEN || p->state == ADVICE_REFUSED;
    if (fingerprint != 0 && (p->fingerprint != fingerprint || is_over) &&
        p->state != ADVICE_ASKED) {
        json_decref(p->samples);
        *p = (struct advice_plan){.fingerprint = fingerprint};
    }
    return p;
}

static json_t *
params_json(const struct intake_lens_values *v, bool *ret_ok)
{
    json_t *list = json_array();
    struct slice rest = v->params;
    *ret_ok = true;
    for (unsigned i = 0; i < v->event.param_count; i++) {
        int32_t len;
        if (rest.len < sizeof(len)) {
            *ret_ok = false;
            break;
        }
        memcpy(&len, rest.ptr, sizeof(len));
        rest = slice_sub(rest, sizeof(len), rest.len);
        if (len < 0) {
            json_array_append_new(list, json_null());
            continue;
        }
        if ((size_t)len > rest.len) {
            *ret_ok = false;
            break;
        }
        json_t *text = json_stringn((const char *)rest.ptr, (size_t)len);
        *ret_ok = *ret_ok && text != NULL;
        json_array_append_new(list, text != NULL ? text : json_null());
        rest = slice_sub(rest, ((size_t)len + 3) & ~(size_t)3, rest.len);
    }
    return list;
}

static void
take_sample(struct advice_plan *p, const struct intake_lens_values *v)
{
    bool wanted = p->fingerprint != 0 && p->fingerprint == v->event.fingerprint &&
                  p->state == ADVICE_NONE && v->event.format_binary == 0;
    if (!wanted || p->sample_count >= QUESTION_SAMPLES_MAX ||
        v->text.len + v->params.len > ADVICE_SAMPLES_BYTES / QUESTION_SAMPLES_MAX) {
        return;
    }
    bool ok = false;
    json_t *params = params_json(v, &ok);
    json_t *text = json_stringn((const char *)v->text.ptr, v->text.len);
    if (!ok || text == NULL) {
        json_decref(params);
        json_decref(text);
        return;
    }
    if (p->samples == NULL) {
        p->samples = json_array();
    }
    json_t *sample = json_object();
    json_object_set_new(sample, "text", text);
    json_object_set_new(sample, "params", params);
    json_array_append_new(p->samples, sample);
    p->sample_count++;
}

void
advice_sample(struct advice *a, const struct intake_lens_values *v)
{
    take_sample(&a->survey, v);
    for (unsigned i = 0; i < ADVICE_PLANS_MAX; i++) {
        take_sample(&a->plan[i], v);
    }
}

void
advice_ask_plan(struct advice *a, struct advice_plan *p, const struct statement *s,
                const char *database, uint64_t now_ns)
{
    if (p->state == ADVICE_ASKED) {
        return;
    }
    json_t *q = json_object();
    json_object_set_new(q, "ask", json_string(QUESTION_EXPLAIN));
    json_object_set_new(q, "database", json_text(slice_from_str(database)));
    json_object_set_new(q, "fingerprint", hex_json(p->fingerprint));
    json_object_set_new(q, "statement", json_text(slice_from_str(s->text)));
    if (p->samples != NULL) {
        json_object_set(q, "samples", p->samples);
    }
    p->at_ns = now_ns;
    if (ask(a, p == &a->survey ? ABOUT_SURVEY : ABOUT_PLAN, p->fingerprint, q, now_ns)) {
        p->state = ADVICE_ASKED;
    }
}

static void
names_from_json(const json_t *list, struct statement_names *names)
{
    size_t i;
    json_t *item;
    names->count = 0;
    json_array_foreach(list, i, item)
    {
        statement_names_add(names, slice_from_str(json_string_value(item)));
    }
}

static void
answer_plan(struct advice_plan *p, const json_t *answer, uint64_t now_ns)
{
    json_decref(p->samples);
    p->samples = NULL;
    p->sample_count = 0;
    p->at_ns = now_ns;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        p->state = ADVICE_REFUSED;
        copy_text(p->reason, sizeof(p->reason), json_object_get(answer, "reason"));
        return;
    }
    p->state = ADVICE_GIVEN;
    const char *basis = json_string_value(json_object_get(answer, "basis"));
    p->by_values = basis != NULL && strcmp(basis, "values") == 0;
    p->cost = json_number_value(json_object_get(json_object_get(answer, "plan"), "cost"));
    const json_t *scan = json_object_get(answer, "scan");
    p->has_scan = json_is_object(scan);
    copy_text(p->scan_table, sizeof(p->scan_table), json_object_get(scan, "table"));
    p->table_rows = json_number_value(json_object_get(scan, "table_rows"));
    p->rows_read = json_number_value(json_object_get(scan, "rows_read"));
    p->rows_returned = json_number_value(json_object_get(scan, "rows_returned"));
    const json_t *index = json_object_get(answer, "index");
    p->has_index = json_is_object(index);
    const char *evidence = json_string_value(json_object_get(index, "evidence"));
    p->proved = evidence != NULL && strcmp(evidence, "proved") == 0;
    copy_text(p->schema, sizeof(p->schema), json_object_get(index, "schema"));
    copy_text(p->table, sizeof(p->table), json_object_get(index, "table"));
    names_from_json(json_object_get(index, "columns"), &p->columns);
    copy_text(p->ddl, sizeof(p->ddl), json_object_get(index, "ddl"));
    p->cost_before = json_number_value(json_object_get(index, "cost_before"));
    p->cost_after = json_number_value(json_object_get(index, "cost_after"));
    p->build_ms = json_number_value(json_object_get(index, "build_ms"));
    p->size_bytes = json_number_value(json_object_get(index, "size_bytes"));
    p->write_us = json_number_value(json_object_get(index, "write_us"));
    copy_text(p->index_reason, sizeof(p->index_reason), json_object_get(answer, "index_reason"));
    copy_text(p->unused_index, sizeof(p->unused_index), json_object_get(answer, "unused_index"));
    copy_text(p->doubt, sizeof(p->doubt), json_object_get(index, "doubt"));
}

/* ---- describe */

void
advice_ask_describe(struct advice *a, struct statement *const *list, unsigned count,
                    const char *database, uint64_t now_ns)
{
    json_t *q = json_object();
    json_t *statements = json_array();
    size_t bytes = 0;
    unsigned n = 0;
    for (; n < count && n < QUESTION_STATEMENTS_MAX && bytes < ADVICE_SAMPLES_BYTES; n++) {
        json_t *one = json_object();
        json_object_set_new(one, "fingerprint", hex_json(list[n]->fingerprint));
        json_object_set_new(one, "statement", json_text(slice_from_str(list[n]->text)));
        json_array_append_new(statements, one);
        bytes += strlen(list[n]->text);
    }
    json_object_set_new(q, "ask", json_string(QUESTION_DESCRIBE));
    json_object_set_new(q, "database", json_text(slice_from_str(database)));
    json_object_set_new(q, "statements", statements);
    if (ask(a, ABOUT_DESCRIBE, 0, q, now_ns)) {
        for (unsigned i = 0; i < n; i++) {
            list[i]->asked = true;
        }
    }
}

static void
answer_describe(const struct statement_table *statements, const json_t *answer)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(answer, "statements"), i, one)
    {
        const char *hex = json_string_value(json_object_get(one, "fingerprint"));
        struct statement *s =
            hex == NULL ? NULL : statement_get(statements, strtoull(hex, NULL, 16));
        if (s == NULL) {
            continue;
        }
        struct statement_names reads, writes, columns;
        names_from_json(json_object_get(one, "reads"), &reads);
        names_from_json(json_object_get(one, "writes"), &writes);
        names_from_json(json_object_get(one, "columns"), &columns);
        statement_describe(s, &reads, &writes, &columns);
    }
}

/* ---- tables */

struct advice_table *
advice_table(struct advice *a, const char *database, const char *name)
{
    return tables_get(&a->tables, database, name);
}

void
advice_ask_tables(struct advice *a, const char *database, uint64_t interval_ns, uint64_t now_ns)
{
    if (a->tables.count == 0 || (a->tables_ns != 0 && now_ns < a->tables_ns + interval_ns)) {
        return;
    }
    json_t *q = json_object();
    json_object_set_new(q, "ask", json_string(QUESTION_TABLES));
    json_object_set_new(q, "database", json_text(slice_from_str(database)));
    json_object_set_new(q, "tables", tables_names(&a->tables, database));
    if (ask(a, ABOUT_TABLES, hash_bytes(slice_from_str(database)), q, now_ns)) {
        a->tables_ns = now_ns;
    }
}

/* ---- indexes */

struct advice_index *
advice_index(struct advice *a, const char *schema, const char *table,
             const struct statement_names *columns)
{
    for (unsigned i = 0; i < a->index_count; i++) {
        struct advice_index *x = &a->index[i];
        bool same = strcmp(x->table, table) == 0 && strcmp(x->schema, schema) == 0 &&
                    x->columns.count == columns->count;
        for (unsigned k = 0; same && k < columns->count; k++) {
            same = strcmp(x->columns.name[k], columns->name[k]) == 0;
        }
        if (same) {
            return x;
        }
    }
    unsigned at = a->index_count < ADVICE_INDEXES_MAX ? a->index_count++ : 0;
    struct advice_index *x = &a->index[at];
    memset(x, 0, sizeof(*x));
    slice_to_str(slice_from_str(schema), x->schema, sizeof(x->schema));
    slice_to_str(slice_from_str(table), x->table, sizeof(x->table));
    x->columns = *columns;
    return x;
}

void
advice_ask_index(struct advice *a, struct advice_index *x, const char *database,
                 uint64_t interval_ns, uint64_t now_ns)
{
    if (x->state == ADVICE_ASKED || (x->asked_ns != 0 && now_ns < x->asked_ns + interval_ns)) {
        return;
    }
    json_t *columns = json_array();
    for (unsigned i = 0; i < x->columns.count; i++) {
        json_array_append_new(columns, json_text(slice_from_str(x->columns.name[i])));
    }
    json_t *q = json_object();
    json_object_set_new(q, "ask", json_string(QUESTION_INDEXES));
    json_object_set_new(q, "database", json_text(slice_from_str(database)));
    json_object_set_new(q, "schema", json_text(slice_from_str(x->schema)));
    json_object_set_new(q, "table", json_text(slice_from_str(x->table)));
    json_object_set_new(q, "columns", columns);
    x->asked_ns = now_ns;
    if (ask(a, ABOUT_INDEX, (uint64_t)(x - a->index), q, now_ns)) {
        x->state = ADVICE_ASKED;
    }
}

static void
answer_index(struct advice_index *x, const json_t *answer, uint64_t now_ns)
{
    if (!json_is_true(json_object_get(answer, "ok"))) {
        x->state = ADVICE_REFUSED;
        return;
    }
    x->state = ADVICE_GIVEN;
    bool covered = json_is_true(json_object_get(answer, "covered"));
    if (!covered) {
        x->uncovered_ns = now_ns;
        x->covered_ns = 0;
    } else if (x->covered_ns == 0) {
        x->covered_ns = now_ns;
    }
    x->covered = covered;
}

/* ---- columns, waits */

struct advice_column *
advice_column(struct advice *a, uint32_t table_oid, int16_t attnum, const char *database,
              uint64_t now_ns)
{
    struct advice_column *c = NULL;
    for (unsigned i = 0; i < a->column_count && c == NULL; i++) {
        if (a->column[i].table_oid == table_oid && a->column[i].attnum == attnum) {
            c = &a->column[i];
        }
    }
    if (c == NULL) {
        c = &a->column[a->column_count < ADVICE_COLUMNS_MAX ? a->column_count++ : 0];
        *c = (struct advice_column){.table_oid = table_oid, .attnum = attnum};
    }
    bool due = c->asked_ns == 0 || now_ns > c->asked_ns + 5 * NS_PER_S;
    if (table_oid == 0 || !due || c->state == ADVICE_ASKED || c->state == ADVICE_GIVEN) {
        return c;
    }
    json_t *one = json_object();
    json_object_set_new(one, "table_oid", json_integer(table_oid));
    json_object_set_new(one, "attnum", json_integer(attnum));
    json_t *list = json_array();
    json_array_append_new(list, one);
    json_t *q = json_object();
    json_object_set_new(q, "ask", json_string(QUESTION_COLUMNS));
    json_object_set_new(q, "database", json_text(slice_from_str(database)));
    json_object_set_new(q, "columns", list);
    c->asked_ns = now_ns;
    if (ask(a, ABOUT_COLUMN, (uint64_t)(c - a->column), q, now_ns)) {
        c->state = ADVICE_ASKED;
    }
    return c;
}

static void
answer_column(struct advice_column *c, const json_t *answer)
{
    const json_t *one = json_array_get(json_object_get(answer, "columns"), 0);
    copy_text(c->table, sizeof(c->table), json_object_get(one, "table"));
    copy_text(c->column, sizeof(c->column), json_object_get(one, "column"));
    c->state = c->column[0] != '\0' ? ADVICE_GIVEN : ADVICE_REFUSED;
}

void
advice_ask_waits(struct advice *a, const char *database, uint64_t interval_ns, uint64_t now_ns)
{
    if (a->waits_ns != 0 && now_ns < a->waits_ns + interval_ns) {
        return;
    }
    json_t *q = json_object();
    json_object_set_new(q, "ask", json_string(QUESTION_WAITS));
    json_object_set_new(q, "database", json_text(slice_from_str(database)));
    if (ask(a, ABOUT_WAITS, hash_bytes(slice_from_str(database)), q, now_ns)) {
        a->waits_ns = now_ns;
    }
}

struct tables *
advice_tables(struct advice *a)
{
    return &a->tables;
}

struct waiting *
advice_waiting(struct advice *a)
{
    return &a->waiting;
}

/* ---- answers */

static struct advice_plan *
plan_of(struct advice *a, const struct open_question *o)
{
    return o->about == ABOUT_SURVEY ? &a->survey : advice_plan(a, o->key);
}

static void
give_up(struct advice *a, const struct open_question *o)
{
    if (o->about == ABOUT_PLAN || o->about == ABOUT_SURVEY) {
        struct advice_plan *p = plan_of(a, o);
        if (p != NULL && p->state == ADVICE_ASKED) {
            p->state = ADVICE_REFUSED;
            snprintf(p->reason, sizeof(p->reason), "the advisor did not answer");
        }
    } else if (o->about == ABOUT_INDEX && a->index[o->key].state == ADVICE_ASKED) {
        a->index[o->key].state = ADVICE_NONE;
    } else if (o->about == ABOUT_COLUMN && a->column[o->key].state == ADVICE_ASKED) {
        a->column[o->key].state = ADVICE_NONE;
    }
}

bool
advice_answer(struct advice *a, uint32_t id, struct slice text,
              const struct statement_table *statements, uint64_t now_ns)
{
    struct open_question o = {0};
    for (unsigned i = 0; i < ADVICE_OPEN_MAX && id != 0; i++) {
        if (a->open[i].id == id) {
            o = a->open[i];
            a->open[i].id = 0;
            break;
        }
    }
    if (o.id == 0) {
        return false;
    }
    json_t *answer = json_loadb((const char *)text.ptr, text.len, 0, NULL);
    if (!json_is_object(answer)) {
        give_up(a, &o);
        json_decref(answer);
        return true;
    }
    switch (o.about) {
    case ABOUT_PLAN:
    case ABOUT_SURVEY: {
        struct advice_plan *p = plan_of(a, &o);
        if (p != NULL && p->state == ADVICE_ASKED) {
            answer_plan(p, answer, now_ns);
            if (a->on_plan != NULL && p->state == ADVICE_GIVEN) {
                a->on_plan(a->on_plan_ctx, p->fingerprint, answer);
            }
        }
        break;
    }
    case ABOUT_DESCRIBE:
        answer_describe(statements, answer);
        break;
    case ABOUT_TABLES:
        tables_answer(&a->tables, o.key, answer, now_ns);
        break;
    case ABOUT_INDEX:
        answer_index(&a->index[o.key], answer, now_ns);
        break;
    case ABOUT_COLUMN:
        answer_column(&a->column[o.key], answer);
        break;
    case ABOUT_WAITS:
        waiting_answer(&a->waiting, o.key, answer, now_ns);
        break;
    }
    json_decref(answer);
    return true;
}

void
advice_expire(struct advice *a, uint64_t now_ns)
{
    for (unsigned i = 0; i < ADVICE_OPEN_MAX; i++) {
        if (a->open[i].id != 0 && now_ns > a->open[i].asked_ns + ADVICE_GIVE_UP_NS) {
            give_up(a, &a->open[i]);
            a->open[i].id = 0;
        }
    }
}
