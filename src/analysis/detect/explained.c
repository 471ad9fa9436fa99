/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/explained.h"

#include <string.h>

#include "model/json_text.h"

void
explained_fini(struct explained *e)
{
    for (unsigned i = 0; i < EXPLAINED_MAX; i++) {
        json_decref(e->plan[i].samples);
    }
    json_decref(e->survey.samples);
}

struct advice_plan *
explained_plan(struct explained *e, uint64_t fingerprint)
{
    struct advice_plan *oldest = NULL;
    for (unsigned i = 0; i < EXPLAINED_MAX; i++) {
        struct advice_plan *p = &e->plan[i];
        if (p->fingerprint == fingerprint) {
            p->used = ++e->uses;
            return p;
        }
        if (p->state != ADVICE_ASKED && (oldest == NULL || p->used < oldest->used)) {
            oldest = p;
        }
    }
    if (oldest != NULL) {
        json_decref(oldest->samples);
        *oldest = (struct advice_plan){.fingerprint = fingerprint, .used = ++e->uses};
    }
    return oldest;
}

struct advice_plan *
explained_survey(struct explained *e, uint64_t fingerprint)
{
    struct advice_plan *p = &e->survey;
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
        v->text.len + v->params.len > EXPLAINED_SAMPLES_BYTES / QUESTION_SAMPLES_MAX) {
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
explained_sample(struct explained *e, const struct intake_lens_values *v)
{
    take_sample(&e->survey, v);
    for (unsigned i = 0; i < EXPLAINED_MAX; i++) {
        take_sample(&e->plan[i], v);
    }
}

json_t *
explained_question(const struct advice_plan *p, const struct statement *s, const char *database)
{
    json_t *q = json_object();
    json_object_set_new(q, "ask", json_string(QUESTION_EXPLAIN));
    json_object_set_new(q, "database", json_text(slice_from_str(database)));
    json_object_set_new(q, "fingerprint", json_fingerprint(p->fingerprint));
    json_object_set_new(q, "statement", json_text(slice_from_str(s->text)));
    if (p->samples != NULL) {
        json_object_set(q, "samples", p->samples);
    }
    return q;
}

void
explained_answer(struct advice_plan *p, const json_t *answer, uint64_t now_ns)
{
    json_decref(p->samples);
    p->samples = NULL;
    p->sample_count = 0;
    p->at_ns = now_ns;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        p->state = ADVICE_REFUSED;
        json_text_copy(json_object_get(answer, "reason"), p->reason, sizeof(p->reason));
        return;
    }
    p->state = ADVICE_GIVEN;
    const char *basis = json_string_value(json_object_get(answer, "basis"));
    p->by_values = basis != NULL && strcmp(basis, "values") == 0;
    p->cost = json_number_value(json_object_get(json_object_get(answer, "plan"), "cost"));
    const json_t *scan = json_object_get(answer, "scan");
    p->has_scan = json_is_object(scan);
    json_text_copy(json_object_get(scan, "table"), p->scan_table, sizeof(p->scan_table));
    p->table_rows = json_number_value(json_object_get(scan, "table_rows"));
    p->rows_read = json_number_value(json_object_get(scan, "rows_read"));
    p->rows_returned = json_number_value(json_object_get(scan, "rows_returned"));
    const json_t *index = json_object_get(answer, "index");
    p->has_index = json_is_object(index);
    const char *evidence = json_string_value(json_object_get(index, "evidence"));
    p->proved = evidence != NULL && strcmp(evidence, "proved") == 0;
    json_text_copy(json_object_get(index, "schema"), p->schema, sizeof(p->schema));
    json_text_copy(json_object_get(index, "table"), p->table, sizeof(p->table));
    statement_names_read(json_object_get(index, "columns"), &p->columns);
    json_text_copy(json_object_get(index, "ddl"), p->ddl, sizeof(p->ddl));
    p->cost_before = json_number_value(json_object_get(index, "cost_before"));
    p->cost_after = json_number_value(json_object_get(index, "cost_after"));
    p->build_ms = json_number_value(json_object_get(index, "build_ms"));
    p->size_bytes = json_number_value(json_object_get(index, "size_bytes"));
    p->write_us = json_number_value(json_object_get(index, "write_us"));
    json_text_copy(json_object_get(answer, "index_reason"), p->index_reason,
                   sizeof(p->index_reason));
    json_text_copy(json_object_get(answer, "unused_index"), p->unused_index,
                   sizeof(p->unused_index));
    json_text_copy(json_object_get(index, "doubt"), p->doubt, sizeof(p->doubt));
}
