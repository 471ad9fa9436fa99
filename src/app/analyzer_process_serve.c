/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/analyzer_process_state.h"
#include "base/buf.h"
#include "cli/postmortem.h"
#include "export/prometheus.h"

#define METRICS_BYTES_MAX (8u * 1024 * 1024)

void
analyzer_process_answer(struct analyzer_process *p, uint64_t ticket, int result,
                        struct serve_text **text)
{
    pthread_mutex_lock(&p->lock);
    if (p->serve != NULL) {
        serve_answer(p->serve, ticket, result, text);
    }
    pthread_mutex_unlock(&p->lock);
}

/* On the lookup thread. */
static void
on_looked_up(void *ctx, uint64_t ticket, int result, struct serve_text **text)
{
    analyzer_process_answer(ctx, ticket, result, text);
}

/* ---- on the serve thread ---- */

static struct serve_text *
on_serve_document(void *ctx, enum serve_document which)
{
    static const enum analyzer_document documents[] = {
        [SERVE_INCIDENTS] = ANALYZER_INCIDENTS,
        [SERVE_QUERIES] = ANALYZER_QUERIES,
        [SERVE_REQUESTS] = ANALYZER_REQUESTS,
        [SERVE_STATUS] = ANALYZER_STATUS,
    };
    struct analyzer_process *p = ctx;
    analyzer_read(p->analyzer, documents[which]);
    return board_document(p->board, which);
}

static int
on_serve_question(void *ctx, const struct serve_question *question)
{
    struct analyzer_process *p = ctx;
    return lookup_ask(p->lookup, question);
}

static uint64_t
on_serve_version(void *ctx, enum serve_document which)
{
    struct analyzer_process *p = ctx;
    return board_version(p->board, which);
}

static struct serve_text *
on_serve_postmortem(void *ctx, const json_t *incident)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct serve_text *made = NULL;
    if (out != NULL) {
        postmortem_print(out, incident);
        if (fclose(out) == 0) {
            made = serve_text_new(slice_of(text, len));
        }
        free(text);
    }
    return made;
}

static struct serve_text *
on_serve_metrics(void *ctx, struct slice json, bool openmetrics)
{
    struct analyzer_process *p = ctx;
    AUTO_BUF struct buf text;
    buf_init(&text, METRICS_BYTES_MAX);
    struct serve_text *status_text = board_document(p->board, SERVE_STATUS);
    struct slice s = status_text == NULL ? SLICE_NONE : serve_text_slice(status_text);
    json_t *status = json_loadb((const char *)s.ptr, s.len, 0, NULL);
    json_t *metrics = json_loadb((const char *)json.ptr, json.len, 0, NULL);
    int r = prometheus_write(metrics, status,
                             openmetrics ? PROMETHEUS_OPENMETRICS : PROMETHEUS_TEXT, &text);
    json_decref(metrics);
    json_decref(status);
    serve_text_free(&status_text);
    return r < 0 ? NULL : serve_text_new(buf_slice(&text));
}

static int
on_serve_command(void *ctx, const struct serve_command *c)
{
    static const enum analyzer_command kinds[] = {
        [SERVE_ACK] = ANALYZER_ACK,         [SERVE_CLOSE] = ANALYZER_CLOSE,
        [SERVE_EXPECT] = ANALYZER_EXPECT,   [SERVE_ANNOTATE] = ANALYZER_ANNOTATE,
        [SERVE_MUTE] = ANALYZER_MUTE,       [SERVE_MUTES] = ANALYZER_MUTES,
        [SERVE_DEPLOY] = ANALYZER_DEPLOY,   [SERVE_TRACES] = ANALYZER_TRACES,
        [SERVE_TRACE] = ANALYZER_TRACE,     [SERVE_METRICS] = ANALYZER_METRICS,
        [SERVE_WINDOWS] = ANALYZER_WINDOWS,
    };
    struct analyzer_process *p = ctx;
    bool is_of_seconds = c->kind == SERVE_MUTE || c->kind == SERVE_WINDOWS;
    return analyzer_command(p->analyzer, kinds[c->kind], c->ticket,
                            is_of_seconds ? c->seconds : c->incident, slice_from_str(c->text));
}

int
analyzer_process_start_serve(struct analyzer_process *p, int tcp_fd, struct diag *diag)
{
    const struct serve_config config = {.tcp_fd = tcp_fd, .unix_fd = -1, .data_dir = p->data};
    const struct serve_source source = {.ctx = p,
                                        .document = on_serve_document,
                                        .command = on_serve_command,
                                        .question = on_serve_question,
                                        .version = on_serve_version,
                                        .postmortem = on_serve_postmortem,
                                        .metrics = on_serve_metrics};
    int r = lookup_new(p->data, on_looked_up, p, &p->lookup);
    if (r < 0) {
        return diag_set(diag, r, "no thread for the console: %s", strerror(-r));
    }
    pthread_mutex_lock(&p->lock);
    r = serve_new(&config, &source, diag, &p->serve);
    pthread_mutex_unlock(&p->lock);
    return r;
}
