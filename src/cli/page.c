/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/page.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/document.h"
#include "cli/page_tables.h"
#include "cli/text.h"

enum {
    PAGE_WIDTH = 112,     /* what it is made for */
    PAGE_NARROW = 60,     /* and the least */
    KIND_WIDTH = 20,      /* "Why": rank and kind */
    EVIDENCE_COLUMN = 92, /* "Why": where the evidence begins, where there is room */
    EVIDENCE_WIDTH = 18,
};

#define TRAFFIC_TIMES 1.5 /* more or less of it is said */

static bool
is_finished(const json_t *incident)
{
    const char *state = document_text(incident, "state", "");
    return strcmp(state, "recovered") == 0 || strcmp(state, "closed") == 0;
}

/* "open 3 m 20 s, since 14:02:11, getting worse" */
static void
print_state(FILE *out, const json_t *incident, double now)
{
    const char *state = document_text(incident, "state", "open");
    const char *onset = document_text(incident, "onset_at", "");
    double opened = text_parse_time(document_text(incident, "opened_at", ""));
    double until = now;
    if (is_finished(incident)) {
        double ended = text_parse_time(document_text(incident, "closed_at", ""));
        until = ended > 0 ? ended : text_parse_time(document_text(incident, "updated_at", ""));
    }
    fprintf(out, "%s", state);
    if (opened > 0 && until >= opened) {
        fprintf(out, is_finished(incident) ? " after %s" : " %s", text_span(until - opened).s);
    }
    if (onset[0] != '\0') {
        fprintf(out, ", since %s", text_clock(onset, now).s);
    }
    const char *trend = document_text(incident, "trend", "");
    if (trend[0] != '\0' && !is_finished(incident)) {
        fprintf(out, ", %s", trend);
    }
}

static void
print_headline(FILE *out, const json_t *incident, double now, size_t page_width)
{
    char left[256];
    snprintf(left, sizeof(left), "INCIDENT %.0f   %s", document_number(incident, "id", 0),
             document_text(incident, "headline", document_text(incident, "subject", "?")));
    fputs(left, out);
    size_t width = text_width(left);
    if (page_width < PAGE_WIDTH) {
        fputs("\n  ", out);
    } else {
        fprintf(out, "%*s", width < 56 ? (int)(57 - width) : 3, "");
    }
    print_state(out, incident, now);
    fputc('\n', out);
}

static bool
is_another(double before, double now)
{
    return now > TRAFFIC_TIMES * before || before > TRAFFIC_TIMES * now;
}

/* Where it is more of it than before, or another share of all. */
static void
print_traffic_before(FILE *out, const json_t *traffic)
{
    double route = document_number(traffic, "route_per_min_before", 0);
    double all = document_number(traffic, "all_per_min_before", 0);
    bool known = route > 0 && all > 0;
    if (known && (is_another(route, document_number(traffic, "route_per_min", 0)) ||
                  is_another(all, document_number(traffic, "all_per_min", 0)))) {
        fprintf(out, "  Before: %s requests/min of %s\n", text_count(route).s, text_count(all).s);
    }
}

static void
print_latency(FILE *out, const json_t *incident)
{
    const json_t *latency = json_object_get(incident, "latency");
    const json_t *errors = json_object_get(incident, "errors");
    const json_t *traffic = json_object_get(incident, "traffic");
    const json_t *load = json_object_get(incident, "database_load");
    double before = document_number(json_object_get(latency, "before"), "p95_ms", NAN);
    double now = document_number(json_object_get(latency, "now"), "p95_ms", NAN);
    fputs("  ", out);
    if (!isnan(before) && !isnan(now)) {
        fprintf(out, "p95 %s → %s", text_duration_ms(before).s, text_duration_ms(now).s);
    }
    double after = document_number(json_object_get(latency, "after"), "p95_ms", NAN);
    if (!isnan(after)) {
        fprintf(out, " → %s", text_duration_ms(after).s);
    }
    if (json_is_true(json_object_get(errors, "all_ok"))) {
        fputs(", all 200 OK", out);
    } else if (errors != NULL) {
        fprintf(out, ", %s failed", text_count(document_number(errors, "now", 0)).s);
    }
    if (traffic != NULL) {
        fprintf(out, "     %s requests/min of %s",
                text_count(document_number(traffic, "route_per_min", 0)).s,
                text_count(document_number(traffic, "all_per_min", 0)).s);
    }
    if (load != NULL) {
        fprintf(out, "     database load %.1f → %.1f", document_number(load, "before", 0),
                document_number(load, "now", 0));
    }
    fputc('\n', out);
    print_traffic_before(out, traffic);
}

/* What is known to people, and what keeps others from hearing of it. */
static void
print_handling(FILE *out, const json_t *incident, double now)
{
    const char *until = document_text(incident, "muted_until", "");
    bool is_open = !is_finished(incident);
    double merged = document_number(incident, "merged_into", NAN);
    size_t i;
    const json_t *entry;
    if (!isnan(merged)) {
        fprintf(out, "  Merged: it is part of incident %.0f\n", merged);
    }
    if (until[0] != '\0') {
        fprintf(out, "  Muted until %s\n", text_clock(until, now).s);
    } else if (is_open && json_is_null(json_object_get(incident, "announced_at"))) {
        fputs("  Not announced yet: it may pass by itself\n", out);
    }
    json_array_foreach(json_object_get(incident, "timeline"), i, entry)
    {
        if (strcmp(document_text(entry, "kind", ""), "annotation") == 0) {
            fprintf(out, "  Noted %s: %s\n", text_clock(document_text(entry, "at", ""), now).s,
                    document_text(entry, "text", ""));
        }
    }
}

/* " (it names this; that near by chance: 2 %)" */
static void
print_chance(FILE *out, const json_t *deploy)
{
    const char *overlap = document_text(deploy, "overlap", "");
    const char *why = strcmp(overlap, "affects") == 0         ? "it names this; "
                      : strcmp(overlap, "new-statement") == 0 ? "a statement is new since; "
                                                              : "";
    char chance[64];
    if (document_deploy_chance(deploy, chance)[0] != '\0') {
        fprintf(out, " (%s%s)", why, chance);
    }
}

static void
print_deploy(FILE *out, const json_t *incident)
{
    const json_t *deploy = json_object_get(incident, "deploy");
    const json_t *load = json_object_get(incident, "database_load");
    if (json_is_object(deploy)) {
        double after = document_number(deploy, "onset_after_s", NAN);
        bool inferred = strcmp(document_text(deploy, "basis", ""), "inferred") == 0;
        fputs("  First seen ", out);
        if (!isnan(after)) {
            fprintf(out, "%s after ", text_span(after).s);
        } else {
            fputs("with ", out);
        }
        fprintf(out, inferred ? "an unmarked deploy (%s)" : "deploy %s",
                document_text(deploy, "name", "?"));
        print_chance(out, deploy);
    } else {
        fputs("  No deploy found", out);
    }
    double full = document_number(load, "full_in_s", NAN);
    if (!isnan(full) && !is_finished(incident)) {
        fprintf(out, "\n  At this pace the database is full in about %s", text_span(full).s);
    }
    fputs("\n\n", out);
}

/* "Told by drift: not what is normal at this time of the week; began 13:02 to 13:40" */
static void
print_monitor(FILE *out, const json_t *incident, double now)
{
    const json_t *monitor = json_object_get(incident, "monitor");
    if (!json_is_true(json_object_get(monitor, "opened"))) {
        return;
    }
    const char *from = document_text(monitor, "onset_from", "");
    const char *to = document_text(monitor, "onset_to", "");
    bool learning = json_is_true(json_object_get(monitor, "learning"));
    fprintf(out, "  Told by %s: not what %s", document_text(monitor, "lane", "?"),
            learning ? "it was before (what is normal is still being learned)"
                     : "is normal at this time of the week");
    if (from[0] != '\0' && to[0] != '\0') {
        fprintf(out, "; began %s", text_clock(from, now).s);
        fprintf(out, " to %s", text_clock(to, now).s);
    }
    fputc('\n', out);
}

static void
put_folded(FILE *out, const char *text, size_t width)
{
    size_t n;
    for (const char *rest = text; rest[0] != '\0'; rest += n) {
        rest += rest[0] == ' ';
        n = text_fitting(rest, width);
        fprintf(out, "%*s%.*s\n", KIND_WIDTH + 1, "", (int)n, rest);
    }
}

static void
print_cause(FILE *out, const json_t *cause, size_t page_width)
{
    char first[64];
    char detail[1024];
    char evidence[64];
    snprintf(first, sizeof(first), "  %.0f %s", document_number(cause, "rank", 0),
             document_text(cause, "kind", "?"));
    snprintf(detail, sizeof(detail), "%s: %s",
             document_text(cause, "short", document_text(cause, "statement", "?")),
             document_text(cause, "detail", ""));
    const char *basis = document_text(cause, "basis", "");
    const char *grade = document_text(cause, "evidence", "?");
    bool by = strcmp(grade, "proved") == 0 && basis[0] != '\0';
    snprintf(evidence, sizeof(evidence), "%s%s%s", grade, by ? " by " : "", by ? basis : "");
    size_t width = page_column(EVIDENCE_COLUMN, EVIDENCE_WIDTH, page_width) - KIND_WIDTH - 3;
    if (text_width(first) > KIND_WIDTH) { /* the reason stands below it */
        fprintf(out, "%s\n", first);
        first[0] = '\0';
    }
    text_put_left(out, first, KIND_WIDTH);
    size_t n = text_fitting(detail, width);
    char line[sizeof(detail)];
    snprintf(line, sizeof(line), "%.*s", (int)n, detail);
    fputc(' ', out);
    text_put_left(out, line, width);
    fprintf(out, "  %s\n", evidence);
    put_folded(out, detail + n, width);
    const char *advice = document_text(cause, "advice", "");
    if (advice[0] != '\0') {
        snprintf(detail, sizeof(detail), "to do: %s", advice);
        put_folded(out, detail, width);
    }
}

static void
print_victims(FILE *out, const json_t *incident)
{
    size_t i;
    const json_t *victim;
    const json_t *victims = json_object_get(incident, "victims");
    if (json_array_size(victims) == 0) {
        return;
    }
    fputs("  Waiting because of it: ", out);
    json_array_foreach(victims, i, victim)
    {
        fprintf(out, "%s%s (+%s)", i > 0 ? ", " : "", document_text(victim, "subject", "?"),
                text_duration_ms(document_number(victim, "change_ms", 0)).s);
    }
    fputc('\n', out);
}

static void
print_ruled_out(FILE *out, const json_t *incident)
{
    size_t i;
    const json_t *test;
    const json_t *tests = json_object_get(incident, "ruled_out");
    if (json_array_size(tests) == 0) {
        return;
    }
    fputs("  Tested and not the cause: ", out);
    json_array_foreach(tests, i, test)
    {
        fprintf(out, "%s%s (%s)", i > 0 ? ", " : "", document_text(test, "test", "?"),
                document_text(test, "figure", "?"));
    }
    fputc('\n', out);
}

static void
print_cannot_tell(FILE *out, const json_t *incident)
{
    double explained = document_number(incident, "explained", NAN);
    if (json_array_size(json_object_get(incident, "causes")) == 0) {
        fputs("  cannot tell yet: nothing that was tested explains it\n", out);
    } else if (json_is_true(json_object_get(incident, "cannot_tell"))) {
        fprintf(out, "  cannot tell: what was found explains %.0f %% of the change\n",
                100 * explained);
    }
}

/* A list may be long; it goes on further in. */
static void
print_folded(FILE *out, const json_t *incident, void (*print)(FILE *, const json_t *), size_t width)
{
    char *text = NULL;
    size_t len = 0;
    FILE *whole = open_memstream(&text, &len);
    if (whole == NULL) {
        print(out, incident);
        return;
    }
    print(whole, incident);
    fclose(whole);
    text_fold(out, text, MIN(width, (size_t)PAGE_WIDTH));
    free(text);
}

static void
print_why(FILE *out, const json_t *incident, size_t page_width)
{
    size_t i;
    const json_t *cause;
    const json_t *causes = json_object_get(incident, "causes");
    fputs("  ", out);
    text_put_left(out, "Why", page_column(EVIDENCE_COLUMN, EVIDENCE_WIDTH, page_width) - 2);
    fputs("evidence\n", out);
    print_cannot_tell(out, incident);
    json_array_foreach(causes, i, cause)
    {
        print_cause(out, cause, page_width);
    }
    print_folded(out, incident, print_victims, page_width);
    print_folded(out, incident, print_ruled_out, page_width);
    fputc('\n', out);
}

static void
print_next(FILE *out, const json_t *incident)
{
    double id = document_number(incident, "id", 0);
    fputs("  Next:  ", out);
    if (!is_finished(incident) && !json_is_string(json_object_get(incident, "acknowledged_at"))) {
        fprintf(out, "slowburn ack %.0f · ", id);
    }
    const char *example = document_text(incident, "example_trace", "");
    if (example[0] != '\0' && strcmp(document_text(incident, "state", ""), "closed") != 0) {
        fprintf(out, "slowburn trace %.10s (a slow example) · ", example);
    }
    fprintf(out, "slowburn postmortem %.0f", id);
    if (!is_finished(incident)) {
        fprintf(out, " · slowburn close %.0f", id);
    }
    fputc('\n', out);
}

static void
print_page(FILE *out, const json_t *incident, double now, size_t width)
{
    size_t i;
    const json_t *note;
    print_headline(out, incident, now, width);
    print_latency(out, incident);
    print_handling(out, incident, now);
    print_monitor(out, incident, now);
    if (document_route_basis(incident)[0] != '\0') {
        fprintf(out, "  %s\n", document_route_basis(incident));
    }
    print_deploy(out, incident);
    page_print_changes(out, incident, width);
    print_why(out, incident, width);
    page_print_actions(out, incident, width);
    json_array_foreach(json_object_get(incident, "notes"), i, note)
    {
        fprintf(out, "  Note: %s\n", json_string_value(note));
    }
    print_next(out, incident);
}

void
page_print(FILE *out, const json_t *incident, double now, size_t width)
{
    char *text = NULL;
    size_t len = 0;
    FILE *whole = width == 0 ? NULL : open_memstream(&text, &len);
    if (whole == NULL) {
        print_page(out, incident, now, SIZE_MAX);
        return;
    }
    width = MAX(width, (size_t)PAGE_NARROW);
    print_page(whole, incident, now, width);
    fclose(whole);
    text_fold(out, text, width);
    free(text);
}

void
page_print_line(FILE *out, const json_t *incident, double now)
{
    const json_t *latency = json_object_get(incident, "latency");
    char id[16];
    snprintf(id, sizeof(id), "%.0f", document_number(incident, "id", 0));
    text_put_right(out, id, 4);
    fputs("  ", out);
    bool is_muted = json_is_string(json_object_get(incident, "muted_until"));
    text_put_left(out, is_muted ? "muted" : document_text(incident, "state", "?"), 10);
    text_put_left(out, text_clock(document_text(incident, "onset_at", ""), now).s, 21);
    text_put_left(out, document_text(incident, "headline", "?"), 44);
    fprintf(out, " p95 %s → %s\n",
            text_duration_ms(document_number(json_object_get(latency, "before"), "p95_ms", 0)).s,
            text_duration_ms(document_number(json_object_get(latency, "now"), "p95_ms", 0)).s);
}
