/* SPDX-License-Identifier: Apache-2.0
 *
 * The verb that writes what the store keeps as lines of JSON, for `slowburn backtest` and for
 * others. Reads the store itself, also beside a running daemon. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/window/history.h"
#include "analysis/window/reading_maker.h"
#include "base/clock.h"
#include "base/map.h"
#include "cli/cli.h"
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
        struct history_deploy d = {.at_s = (int64_t)(record->deploy.at_wall_ns / NS_PER_S),
                                   .name = record->deploy.name};
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

int
verb_export(int argc, char **argv)
{
    struct options o;
    int r = options_parse(argc, argv, "", 1, 1, &o);
    if (r != CLI_OK) {
        return r;
    }
    if (strcmp(o.words[0], "windows") != 0 || o.data == NULL) {
        fprintf(stderr, "slowburn export: wants 'windows' and --data DIR\n");
        return CLI_USAGE;
    }
    struct exporter e = {0};
    map_init(&e.statement, STATEMENTS_MAX);
    reading_maker_init(&e.maker);
    buf_init(&e.line, HISTORY_LINE_MAX);
    int err = store_windows(o.data, 0, on_record, &e);
    e.failed = fflush(stdout) != 0 || e.failed;
    free_values(&e.statement);
    reading_maker_fini(&e.maker);
    buf_fini(&e.line);
    if (err == -ENOENT) {
        fprintf(stderr, "slowburn export: there is no store in %s\n", o.data);
        return CLI_UNREACHABLE;
    }
    if (err != 0 || e.failed) {
        fprintf(stderr, "slowburn export: %s\n",
                err != 0 ? "the store cannot be read" : "cannot write");
        return CLI_FAILED;
    }
    return CLI_OK;
}
