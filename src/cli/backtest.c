/* SPDX-License-Identifier: Apache-2.0
 *
 * The verb that judges history: windows out of files, through the monitor, as fast as they can be
 * read. Needs no daemon. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/monitor/monitor.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "cli/verbs.h"

#define OFFSET_MAX_MIN (14 * 60)
#define COMPLAINTS_MAX 20u /* printed; the rest is counted */

struct backtest {
    struct monitor *monitor;
    struct history *history;
    bool keep_going;
    uint64_t refused;
    int64_t until_s;
};

static const char *
day_text(int64_t s, char dst[32])
{
    time_t t = (time_t)s;
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(dst, 32, "%Y-%m-%d %H:%M", &tm);
    return dst;
}

/* 0, or -EBADMSG when it must stop. */
static int
on_line(struct backtest *b, const char *file, unsigned number, struct slice line)
{
    struct diag diag = {0};
    enum history_kind kind = HISTORY_NOTHING;
    int err = history_line(b->history, line, &diag, &kind);
    if (err != 0) {
        char text[900];
        diag_at(&diag, file, number);
        if (b->refused++ < COMPLAINTS_MAX) {
            fprintf(stderr, "slowburn backtest: %s\n", diag_format(&diag, text, sizeof(text)));
        }
        return b->keep_going ? 0 : err;
    }
    if (kind == HISTORY_READING) {
        const struct reading *r = &b->history->reading;
        monitor_reading(b->monitor, r);
        b->until_s = MAX(b->until_s, r->start_s + r->length_s);
    } else if (kind == HISTORY_DEPLOY) {
        monitor_deploy(b->monitor, &b->history->deploy);
    }
    return 0;
}

static int
read_lines(struct backtest *b, const char *file, FILE *in, char *text)
{
    size_t len = 0;
    unsigned number = 0;
    for (;;) {
        size_t n = fread(text + len, 1, HISTORY_LINE_MAX - len, in);
        bool ends = n == 0;
        len += n;
        size_t from = 0;
        while (from < len) {
            char *end = memchr(text + from, '\n', len - from);
            size_t line_len = end != NULL ? (size_t)(end - text) - from : len - from;
            if (end == NULL && !ends && line_len < HISTORY_LINE_MAX) {
                break;
            }
            int err = on_line(b, file, ++number, slice_of(text + from, line_len));
            if (err != 0) {
                return err;
            }
            from += line_len + (end != NULL ? 1 : 0);
        }
        memmove(text, text + from, len - from);
        len -= from;
        if (ends) {
            return ferror(in) != 0 ? -EIO : 0;
        }
    }
}

static int
read_file(struct backtest *b, const char *file)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(file, "re");
    if (in == NULL) {
        fprintf(stderr, "slowburn backtest: %s: %s\n", file, strerror(errno));
        return -EIO;
    }
    char *text = check_alloc(1, HISTORY_LINE_MAX);
    int err = read_lines(b, is_stdin ? "standard input" : file, in, text);
    if (err == -EIO) {
        fprintf(stderr, "slowburn backtest: %s: %s\n", file, strerror(errno));
    }
    free(text);
    if (!is_stdin) {
        fclose(in);
    }
    return err;
}

/* What is told goes by calls and requests: how many there are is said beside it. */
static void
print_traffic(const struct traffic_share *t)
{
    if (!isfinite(t->per_min) || !isfinite(t->per_min_before)) {
        return;
    }
    printf("      %s calls/min, %s is usual at this time", text_count(t->per_min).s,
           text_count(t->per_min_before).s);
    if (isfinite(t->share) && isfinite(t->share_before)) {
        printf("; %.3g %% of all requests, was %.3g %%", 100 * t->share, 100 * t->share_before);
    }
    printf("\n");
}

static void
print_change(double change_ms, double error_ms, const char *what)
{
    char error[32] = "";
    bool is_known = isfinite(error_ms);
    change_ms = fabs(change_ms) < 0.05 ? 0 : change_ms; /* no -0.0 */
    if (is_known) {
        snprintf(error, sizeof(error), "%.1f", error_ms);
    }
    printf("      %+10.1f %s %-6s %s\n", change_ms, is_known ? "±" : " ", error, what);
}

/* What changed, and whether that is explained. */
static void
print_breakdown(const struct episode *e)
{
    const struct breakdown *b = &e->breakdown;
    if (b->route[0] == '\0') {
        return;
    }
    printf("      %s: %.1f ms a request, was %.1f\n", b->route, b->now_ms, b->before_ms);
    print_change(b->now_ms - b->before_ms, b->change_error_ms, "measured, of which:");
    for (unsigned i = 0; i < b->line_count; i++) {
        const struct breakdown_line *l = &b->line[i];
        print_change(l->now_ms - l->before_ms, l->change_error_ms, l->subject);
    }
    if (b->statement_count > b->line_count) {
        char others[64];
        unsigned n = b->statement_count - b->line_count;
        snprintf(others, sizeof(others), "%u other statement%s", n, n == 1 ? "" : "s");
        print_change(b->others_ms, NAN, others);
    }
    print_change(b->outside_ms, b->outside_error_ms, "outside of its statements");
    if (!breakdown_cannot_tell(b)) {
        return;
    }
    if (e->cause_count == 0) {
        printf("      cannot tell: nothing explains it\n");
    } else {
        printf("      cannot tell: what was found explains %.0f %% of the change\n",
               100 * b->explained);
    }
}

static void
print_episode(const struct episode *e, int64_t until_s)
{
    char opened[32], onset[32];
    bool is_open = e->state == EPISODE_OPEN;
    int64_t end = is_open ? until_s : e->over_s;
    printf("%4u  %s  %-9s %8s  %s\n", e->id, day_text(e->opened_s, opened),
           episode_state_name(e->state), text_span((double)(end - e->opened_s)).s, e->subject);
    printf("      since %s (give or take %s), told by %s%s\n", day_text(e->onset_s, onset),
           text_span((double)(e->onset_to_s - e->onset_from_s) / 2).s, lane_name(e->lane),
           e->learning ? ", while still learning what is normal" : "");
    if (is_open && e->trend != EPISODE_TREND_UNKNOWN) {
        printf("      %s\n", episode_trend_name(e->trend));
    }
    print_traffic(&e->traffic);
    print_breakdown(e);
    if (e->deploy[0] != '\0') {
        printf("      after deploy %s", e->deploy);
        if (e->chance < 0) {
            printf(" (too few deploys to say how likely that is by chance)\n");
        } else {
            printf(" (by chance there would be one with %.0f %%)\n", 100 * e->chance);
        }
    }
    for (unsigned i = 0; i < e->cause_count; i++) {
        const struct episode_cause *c = &e->cause[i];
        printf("      %u %-16s %s: %s  [%s]\n", i + 1, finding_kind_name(c->kind), c->subject,
               c->detail, finding_evidence_name(c->evidence));
    }
}

static void
print_all(const struct backtest *b)
{
    struct monitor_totals t = monitor_totals(b->monitor);
    unsigned n = monitor_episode_count(b->monitor);
    for (unsigned i = 0; i < n; i++) {
        print_episode(monitor_episode(b->monitor, i), b->until_s);
    }
    printf("%s%s incident%s%s in %s windows of %s series", n > 0 ? "\n" : "",
           text_count((double)t.opened).s, t.opened == 1 ? "" : "s",
           t.opened > n ? ", the last of them above," : "", text_count((double)t.readings).s,
           text_count((double)t.tracks).s);
    if (t.learning > 0) {
        printf("; %s still learning", text_count((double)t.learning).s);
    }
    if (t.frozen > 0) {
        printf("; %s min with far more traffic than usual, not judged by latency",
               text_count((double)t.frozen).s);
    }
    printf(".\n");
    if (t.late > 0) {
        printf("%s windows came behind later ones, and count all the same: is a file there twice,"
               " or in another order?\n",
               text_count((double)t.late).s);
    }
    if (b->refused > 0) {
        printf("%s lines were refused.\n", text_count((double)b->refused).s);
    }
}

static int
parse_options(int argc, char **argv, struct backtest *b, bool *ret_json, int *ret_offset_s)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"keep-going", no_argument, NULL, 'k'},
                                            {"utc-offset", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    int opt;
    optind = 1;
    opterr = 0;
    while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        char *end = NULL;
        long minutes = opt == 'o' ? strtol(optarg, &end, 10) : 0;
        if (opt == 'o' && (end == optarg || *end != '\0' || labs(minutes) > OFFSET_MAX_MIN)) {
            fprintf(stderr, "slowburn backtest: --utc-offset wants minutes, -840 to 840\n");
            return CLI_USAGE;
        }
        if (opt == '?' || opt == ':') {
            fprintf(stderr, "slowburn backtest: unknown option, or one without its value: %s\n",
                    argv[optind - 1]);
            return CLI_USAGE;
        }
        *ret_offset_s = opt == 'o' ? (int)minutes * 60 : *ret_offset_s;
        *ret_json = *ret_json || opt == 'j';
        b->keep_going = b->keep_going || opt == 'k';
    }
    if (optind == argc) {
        fprintf(stderr, "slowburn backtest: name a file of windows, or - for standard input\n");
        return CLI_USAGE;
    }
    return CLI_OK;
}

int
verb_backtest(int argc, char **argv)
{
    struct backtest b = {0};
    struct monitor_config config = {0};
    const struct monitor_out out = {0};
    bool as_json = false;
    int r = parse_options(argc, argv, &b, &as_json, &config.utc_offset_s);
    if (r != CLI_OK) {
        return r;
    }
    b.monitor = monitor_new(&config, &out);
    b.history = check_alloc(1, sizeof(*b.history));
    int err = 0;
    for (int i = optind; i < argc && err == 0; i++) {
        err = read_file(&b, argv[i]);
    }
    if (err == 0) {
        monitor_advance(b.monitor, b.until_s + MONITOR_STEP_S);
        if (as_json) {
            json_t *doc = monitor_json(b.monitor);
            json_object_set_new(doc, "refused_lines", json_integer((json_int_t)b.refused));
            json_dumpf(doc, stdout, JSON_INDENT(1));
            printf("\n");
            json_decref(doc);
        } else {
            print_all(&b);
        }
    }
    monitor_free(&b.monitor);
    free(b.history);
    return err == 0 ? CLI_OK : CLI_FAILED;
}
