/* SPDX-License-Identifier: Apache-2.0
 *
 * The verb that writes windows as lines of JSON, for `slowburn backtest` and for others. Those of a
 * minute are what the store keeps, which it reads itself, also beside a running daemon; shorter
 * ones only the daemon knows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/window/history.h"
#include "analysis/window/reading_maker.h"
#include "base/map.h"
#include "cli/cli.h"
#include "cli/document.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "store/store.h"

#define STATEMENTS_MAX 65536u

struct exporter {
    struct map statement; /* fingerprint -> its text */
    struct reading_maker maker;
    struct buf line;
    uint64_t lines;
    bool failed;
};

static void
write_line(struct exporter *e)
{
    if (fwrite(e->line.data, 1, e->line.len, stdout) != e->line.len) {
        e->failed = true;
    }
    buf_reset(&e->line);
    e->lines++;
}

static bool
on_record(void *ctx, const struct stored *record)
{
    struct exporter *e = ctx;
    struct reading r;
    if (record->kind == STORED_FINGERPRINT) {
        const struct stored_fingerprint *f = &record->fingerprint;
        char *text = check_alloc(1, f->text.len + 1);
        slice_to_str(f->text, text, f->text.len + 1);
        if (map_get(&e->statement, f->fingerprint) != NULL ||
            map_put(&e->statement, f->fingerprint, text) != 0) {
            free(text);
        }
    } else if (record->kind == STORED_WINDOW) {
        const char *text = map_get(&e->statement, record->window.fingerprint);
        if (reading_make(&e->maker, &record->window, slice_from_str(text), &r) &&
            history_write(&r, &e->line) == 0) {
            write_line(e);
        }
    } else if (record->kind == STORED_DEPLOY) {
        struct history_deploy d;
        history_deploy_make(&record->deploy, &d);
        if (history_write_deploy(&d, &e->line) == 0) {
            write_line(e);
        }
    }
    return !e->failed;
}

static void
free_values(struct map *m)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(m, &at)) != NULL) {
        free(slot->value);
    }
    map_fini(m);
}

static int
export_stored(const char *verb, const char *data)
{
    struct exporter e = {0};
    map_init(&e.statement, STATEMENTS_MAX);
    reading_maker_init(&e.maker);
    buf_init(&e.line, HISTORY_LINE_MAX);
    int err = store_windows(data, 0, on_record, &e);
    e.failed = fflush(stdout) != 0 || e.failed;
    free_values(&e.statement);
    reading_maker_fini(&e.maker);
    buf_fini(&e.line);
    if (err == -ENOENT) {
        fprintf(stderr, "slowburn %s: there is no store in %s\n", verb, data);
        return CLI_UNREACHABLE;
    }
    if (err != 0 || e.failed) {
        fprintf(stderr, "slowburn %s: %s\n", verb,
                err != 0 ? "the store cannot be read" : "cannot write");
        return CLI_FAILED;
    }
    return CLI_OK;
}

static bool
print_lines(const json_t *windows)
{
    size_t i;
    const json_t *line;
    bool failed = false;
    json_array_foreach(windows, i, line)
    {
        failed = failed || json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) != 0 ||
                 putchar('\n') == EOF;
    }
    return !failed && fflush(stdout) == 0;
}

/* Answer by answer; each begins where the one before it ended. What is over since the first is not
 * waited for. */
static int
export_live(const char *verb, const struct options *o)
{
    char path[80];
    uint64_t since_s = 0, left_out = 0;
    for (bool more = true; more;) {
        json_t *doc = NULL;
        snprintf(path, sizeof(path), "windows?len=%u&since=%" PRIu64, o->length, since_s);
        int r = document_get(o, verb, path, &doc);
        if (r != CLI_OK) {
            return r;
        }
        bool printed = print_lines(json_object_get(doc, "windows"));
        uint64_t next_s = (uint64_t)document_number(doc, "next", 0);
        more = json_is_true(json_object_get(doc, "more")) && next_s > since_s;
        left_out += (uint64_t)document_number(doc, "left_out", 0);
        since_s = next_s;
        json_decref(doc);
        if (!printed) {
            fprintf(stderr, "slowburn %s: cannot write\n", verb);
            return CLI_FAILED;
        }
    }
    if (left_out > 0) {
        fprintf(stderr, "slowburn %s: %" PRIu64 " lines were too many for one answer\n", verb,
                left_out);
    }
    return CLI_OK;
}

int
verb_export(int argc, char **argv)
{
    struct options o;
    int r = options_parse(argc, argv, "len", 1, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    bool is_live = o.length == 1 || o.length == 10;
    if (strcmp(o.words[0], "windows") != 0 || (!is_live && o.data == NULL)) {
        fprintf(stderr,
                "slowburn export: wants 'windows', and --data DIR unless --len is 1 or 10\n");
        return CLI_USAGE;
    }
    return is_live ? export_live(argv[0], &o) : export_stored(argv[0], o.data);
}
