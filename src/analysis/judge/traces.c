/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "analysis/judge/state.h"
#include "analysis/report/trace.h"
#include "base/clock.h"

struct found {
    struct watch *watch;
    const struct sample *sample;
    enum sampler_reason reason;
};

static bool
find(const struct judge *j, const uint8_t trace_id[16], struct found *ret_found)
{
    for (unsigned i = 0; i < j->watch_count; i++) {
        struct found f = {.watch = j->watch[i]};
        f.sample = sampler_find(&f.watch->samples, trace_id, &f.reason);
        if (f.sample != NULL) {
            *ret_found = f;
            return true;
        }
    }
    return false;
}

static bool
read_id(struct slice hex, uint8_t ret_id[16])
{
    if (hex.len != 32) {
        return false;
    }
    for (unsigned i = 0; i < 16; i++) {
        int high = slice_hex_digit(hex.ptr[i * 2]), low = slice_hex_digit(hex.ptr[i * 2 + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        ret_id[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool
is_old(const json_t *document, const char *hex)
{
    const char *id = json_string_value(json_object_get(document, "trace_id"));
    return id != NULL && strcmp(id, hex) == 0;
}

/* Takes the document. */
static int
put_json(json_t *doc, struct buf *ret_json)
{
    char *text = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    int r = text == NULL ? -E2BIG : buf_append_str(ret_json, text);
    free(text);
    return r;
}

static bool
is_of(const json_t *document, struct slice route)
{
    const char *name = json_string_value(json_object_get(document, "route"));
    return route.len == 0 || (name != NULL && slice_eq(slice_from_str(name), route));
}

int
judge_traces(struct judge *j, struct slice route, struct buf *ret_json)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    unsigned from = 0, until = j->watch_count;
    if (route.len > 0) {
        while (from < until && !slice_eq(slice_from_str(j->watch[from]->text), route)) {
            from++;
        }
        until = MIN(until, from + 1);
    }
    json_t *list = report_traces(j->watch + from, until - from, &j->clock);
    size_t i;
    json_t *old;
    json_array_foreach(j->old_traces, i, old)
    {
        if (is_of(old, route)) {
            json_t *summary = json_copy(old);
            json_object_del(summary, "statements");
            json_array_append_new(list, summary);
        }
    }
    return put_json(list, ret_json);
}

static json_t *
trace_json(const struct judge *j, const struct found *f)
{
    return report_trace(f->watch, f->sample, f->reason, &j->statements, &j->clock, judge_name_of,
                        (void *)(uintptr_t)j);
}

int
judge_trace(struct judge *j, struct slice trace_id, struct buf *ret_json)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    char hex[33];
    uint8_t id[16];
    struct found f;
    size_t i;
    json_t *old;
    json_t *doc = NULL;
    slice_to_str(trace_id, hex, sizeof(hex));
    if (!read_id(trace_id, id)) {
        return -ENOENT;
    }
    if (find(j, id, &f)) {
        doc = trace_json(j, &f);
    }
    json_array_foreach(j->old_traces, i, old)
    {
        doc = doc == NULL && is_old(old, hex) ? json_incref(old) : doc;
    }
    if (doc == NULL) {
        return -ENOENT;
    }
    return put_json(doc, ret_json);
}

void
judge_tell_request(const struct judge *j, const struct watch *w, const struct trace *t)
{
    struct sample *s = sample_new(t);
    json_t *o = report_request(w, s, t, j->config.request_detail, &j->statements, &j->clock);
    char *text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(o);
    sample_free(&s);
    if (text != NULL) {
        j->out.request(j->out.ctx, slice_from_str(text));
        free(text);
    }
}

static bool
may_tell(struct judge *j, const struct trace *t)
{
    uint64_t second = t->end_ns / NS_PER_S;
    j->told_count = second == j->told_second ? j->told_count : 0;
    j->told_second = second;
    bool may = j->told_count < JUDGE_TOLD_PER_S;
    j->told_count += may;
    j->traces_untold += !may;
    return may;
}

void
judge_sample(struct judge *j, struct watch *w, const struct trace *t)
{
    struct found f = {.watch = w};
    f.sample = sampler_add(&w->samples, t, &f.reason);
    if (f.sample == NULL || j->out.trace == NULL || !may_tell(j, t)) {
        return;
    }
    json_t *doc = trace_json(j, &f);
    char *text = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    if (text != NULL && sampler_tell(&w->samples, f.sample->trace_id)) {
        j->out.trace(j->out.ctx, judge_wall(j, f.sample->start_ns), slice_from_str(text));
    }
    free(text);
}

/* And tells it, whatever else went untold. */
void
judge_store_example(struct judge *j, const struct incident *inc)
{
    struct found f;
    if (!find(j, inc->example_trace, &f)) {
        return; /* from before a restart: the store has it */
    }
    json_t *doc = trace_json(j, &f);
    char *text = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    if (text == NULL) {
        return;
    }
    struct stored record = {.kind = STORED_TRACE,
                            .trace = {.route = slice_from_str(f.watch->text),
                                      .start_wall_ns = judge_wall(j, f.sample->start_ns),
                                      .duration_ns = f.sample->end_ns - f.sample->start_ns,
                                      .json = slice_from_str(text)}};
    memcpy(record.trace.trace_id, f.sample->trace_id, sizeof(record.trace.trace_id));
    judge_give(j, &record);
    if (j->out.trace != NULL && sampler_tell(&f.watch->samples, f.sample->trace_id)) {
        j->out.trace(j->out.ctx, record.trace.start_wall_ns, record.trace.json);
    }
    free(text);
}

int
judge_restore_trace(struct judge *j, const struct stored_trace *in)
{
    json_t *doc = json_loadb((const char *)in->json.ptr, in->json.len, 0, NULL);
    if (!json_is_object(doc) || json_array_size(j->old_traces) >= JUDGE_OLD_TRACES) {
        json_decref(doc);
        return -EBADMSG;
    }
    json_array_append_new(j->old_traces, doc);
    return 0;
}
