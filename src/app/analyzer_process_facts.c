/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "app/analyzer_process_state.h"
#include "io/log.h"

void
analyzer_process_fact(void *ctx, const char *name, json_t *value)
{
    struct analyzer_process *p = ctx;
    char *text = json_dumps(value, JSON_COMPACT);
    if (text != NULL && p->analyzer != NULL &&
        analyzer_fact(p->analyzer, name, slice_from_str(text)) < 0) {
        log_debug("analysis", "fact_refused", "the status page has no room", LOG_STR("name", name));
    }
    free(text);
}

static void
tell_store(struct analyzer_process *p)
{
    struct store_totals t = store_totals(p->store);
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "written", (json_int_t)t.written,
                          "replaced", (json_int_t)t.replaced, "dropped", (json_int_t)t.dropped,
                          "pending", (json_int_t)t.pending, "failures", (json_int_t)t.failures,
                          "size_bytes", (json_int_t)t.size_bytes, "error", t.error);
    analyzer_process_fact(p, "store", o);
    json_decref(o);
}

static void
tell_request_log(struct analyzer_process *p)
{
    if (p->requests == NULL) {
        return;
    }
    struct jsonlog_totals t = jsonlog_totals(p->requests);
    json_t *o = json_pack("{s:I, s:I, s:I, s:s}", "lines", (json_int_t)t.lines, "dropped",
                          (json_int_t)t.dropped, "rotated", (json_int_t)t.rotated, "error",
                          t.error == 0 ? "" : strerror(t.error));
    analyzer_process_fact(p, "request_log", o);
    json_decref(o);
}

void
analyzer_process_tell_facts(struct analyzer_process *p)
{
    if (p->serve == NULL) {
        return;
    }
    struct serve_totals t = serve_totals(p->serve);
    json_t *api =
        json_pack("{s:I, s:I, s:I, s:I, s:I}", "requests", (json_int_t)t.requests, "errors",
                  (json_int_t)t.errors, "refused", (json_int_t)t.refused, "consoles",
                  (json_int_t)t.subscribers, "consoles_dropped", (json_int_t)t.subscribers_dropped);
    analyzer_process_fact(p, "api", api);
    json_decref(api);
    tell_store(p);
    tell_request_log(p);
    push_facts(p->push, analyzer_process_fact, p);
}
