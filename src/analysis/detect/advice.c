/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/advice.h"

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
    uint64_t key; /* fingerprint, key of the index or column, or hash of the database */
    uint64_t asked_ns;
};

struct advice {
    uint32_t (*ask)(void *ctx, const char *question);
    void *ctx;
    struct open_question open[ADVICE_OPEN_MAX];
    struct explained explained;
    void (*on_plan)(void *ctx, uint64_t fingerprint, const json_t *answer);
    void *on_plan_ctx;
    struct tables tables;
    struct advice_index index[ADVICE_INDEXES_MAX];
    struct advice_column column[ADVICE_COLUMNS_MAX];
    struct waiting waiting;
    struct databases databases;
    uint64_t tables_ns, waits_ns;
    uint64_t uses; /* counts look-ups: the index or column that was not wanted for longest goes */
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
    explained_fini(&(*advice)->explained);
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

/* ---- plans */

struct advice_plan *
advice_plan(struct advice *a, uint64_t fingerprint)
{
    return explained_plan(&a->explained, fingerprint);
}

struct advice_plan *
advice_survey(struct advice *a, uint64_t fingerprint)
{
    return explained_survey(&a->explained, fingerprint);
}

void
advice_sample(struct advice *a, const struct intake_lens_values *v)
{
    explained_sample(&a->explained, v);
}

void
advice_ask_plan(struct advice *a, struct advice_plan *p, const struct statement *s,
                const char *database, uint64_t now_ns)
{
    if (p->state == ADVICE_ASKED) {
        return;
    }
    enum about about = p == &a->explained.survey ? ABOUT_SURVEY : ABOUT_PLAN;
    p->at_ns = now_ns;
    if (ask(a, about, p->fingerprint, explained_question(p, s, database), now_ns)) {
        p->state = ADVICE_ASKED;
    }
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
    for (; n < count && n < QUESTION_STATEMENTS_MAX && bytes < ADVICE_DESCRIBE_BYTES; n++) {
        json_t *one = json_object();
        json_object_set_new(one, "fingerprint", json_fingerprint(list[n]->fingerprint));
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
        statement_names_read(json_object_get(one, "reads"), &reads);
        statement_names_read(json_object_get(one, "writes"), &writes);
        statement_names_read(json_object_get(one, "columns"), &columns);
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

static struct advice_index *
find_index(struct advice *a, uint64_t key)
{
    for (unsigned i = 0; i < ADVICE_INDEXES_MAX; i++) {
        if (a->index[i].used != 0 && a->index[i].key == key) {
            return &a->index[i];
        }
    }
    return NULL;
}

struct advice_index *
advice_index(struct advice *a, const char *database, const char *schema, const char *table,
             const struct statement_names *columns)
{
    uint64_t key =
        hash_combine(hash_bytes(slice_from_str(database)), hash_bytes(slice_from_str(schema)));
    key = hash_combine(key, hash_bytes(slice_from_str(table)));
    for (unsigned i = 0; i < columns->count; i++) {
        key = hash_combine(key, hash_bytes(slice_from_str(columns->name[i])));
    }
    struct advice_index *x = find_index(a, key);
    if (x == NULL) {
        x = &a->index[0];
        for (unsigned i = 1; i < ADVICE_INDEXES_MAX; i++) {
            x = a->index[i].used < x->used ? &a->index[i] : x;
        }
        *x = (struct advice_index){.key = key, .columns = *columns};
        slice_to_str(slice_from_str(schema), x->schema, sizeof(x->schema));
        slice_to_str(slice_from_str(table), x->table, sizeof(x->table));
    }
    x->used = ++a->uses;
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
    if (ask(a, ABOUT_INDEX, x->key, q, now_ns)) {
        x->state = ADVICE_ASKED;
    }
}

/* x: NULL: it has given way meanwhile. */
static void
answer_index(struct advice_index *x, const json_t *answer, uint64_t now_ns)
{
    if (x == NULL) {
        return;
    }
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

static struct advice_column *
find_column(struct advice *a, uint64_t key)
{
    for (unsigned i = 0; i < ADVICE_COLUMNS_MAX; i++) {
        if (a->column[i].used != 0 && a->column[i].key == key) {
            return &a->column[i];
        }
    }
    return NULL;
}

struct advice_column *
advice_column(struct advice *a, uint32_t table_oid, int16_t attnum, const char *database,
              uint64_t now_ns)
{
    uint64_t key = hash_combine(hash_bytes(slice_from_str(database)),
                                (uint64_t)table_oid << 16 | (uint16_t)attnum);
    struct advice_column *c = find_column(a, key);
    if (c == NULL) {
        c = &a->column[0];
        for (unsigned i = 1; i < ADVICE_COLUMNS_MAX; i++) {
            c = a->column[i].used < c->used ? &a->column[i] : c;
        }
        *c = (struct advice_column){.key = key};
    }
    c->used = ++a->uses;
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
    if (ask(a, ABOUT_COLUMN, c->key, q, now_ns)) {
        c->state = ADVICE_ASKED;
    }
    return c;
}

/* c: as above. */
static void
answer_column(struct advice_column *c, const json_t *answer)
{
    if (c == NULL) {
        return;
    }
    const json_t *one = json_array_get(json_object_get(answer, "columns"), 0);
    json_text_copy(json_object_get(one, "table"), c->table, sizeof(c->table));
    json_text_copy(json_object_get(one, "column"), c->column, sizeof(c->column));
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

const struct databases *
advice_databases(const struct advice *a)
{
    return &a->databases;
}

/* ---- answers */

static struct advice_plan *
plan_of(struct advice *a, const struct open_question *o)
{
    return o->about == ABOUT_SURVEY ? &a->explained.survey : advice_plan(a, o->key);
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
    } else if (o->about == ABOUT_INDEX && find_index(a, o->key) != NULL) {
        find_index(a, o->key)->state = ADVICE_NONE;
    } else if (o->about == ABOUT_COLUMN && find_column(a, o->key) != NULL) {
        find_column(a, o->key)->state = ADVICE_NONE;
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
            explained_answer(p, answer, now_ns);
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
        answer_index(find_index(a, o.key), answer, now_ns);
        break;
    case ABOUT_COLUMN:
        answer_column(find_column(a, o.key), answer);
        break;
    case ABOUT_WAITS:
        waiting_answer(&a->waiting, o.key, answer, now_ns);
        databases_answer(&a->databases, o.key, answer, now_ns);
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
