/* SPDX-License-Identifier: Apache-2.0
 * `slowburn top`: the screen, the keys, and when to ask again. */
#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/cli.h"
#include "cli/colour.h"
#include "cli/document.h"
#include "cli/page.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/top_view.h"
#include "cli/verbs.h"
#include "cli/waterfall.h"
#include "io/now.h"

enum {
    WINDOW_S = 300, /* what the figures are of */
    LOAD_S = 3600,  /* and what the chart of the load is of */
    TICK_MS = 1000,
    HEIGHT_MAX = 512,
    ONCE_WIDTH = 80,
    ONCE_HEIGHT = 24,
    KEY_ESCAPE = 27,
};

struct top {
    struct options options;
    struct top_view view;
    bool utf8;
    bool colour;
    bool filtering;   /* keys go into the filter */
    char *expanded;   /* text that covers the table; NULL: the table */
    size_t scroll;    /* lines of it above the screen */
    char status[128]; /* said once, in the last line */
};

static double
wall_now(void)
{
    return (double)now_wall_ns() / 1e9;
}

/* ---- documents ---- */

static int
fetch(struct top *t, const char *path, json_t **document)
{
    json_t *fresh = NULL;
    int r = document_get(&t->options, "top", path, &fresh);
    if (r == CLI_OK) {
        json_decref(*document);
        *document = fresh;
    }
    return r;
}

static int
fetch_overview(struct top *t, unsigned seconds, json_t **document)
{
    char path[96];
    double now = wall_now();
    snprintf(path, sizeof(path), "overview?from=%.0f&to=%.0f", now - seconds, now);
    return fetch(t, path, document);
}

static int
refresh_documents(struct top *t)
{
    int r = fetch_overview(t, WINDOW_S, &t->view.overview);
    if (r == CLI_OK && t->view.page == TOP_LOAD) {
        r = fetch_overview(t, LOAD_S, &t->view.hour);
    }
    r = r == CLI_OK ? fetch(t, "incidents", &t->view.incidents) : r;
    return r == CLI_OK ? fetch(t, "traces", &t->view.traces) : r;
}

/* While the screen is ours, nothing else may write on it. Answers the descriptor to give back. */
static int
quieten(void)
{
    int kept = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    fflush(stderr);
    if (kept >= 0 && nowhere >= 0) {
        dup2(nowhere, STDERR_FILENO);
    }
    if (nowhere >= 0) {
        close(nowhere);
    }
    return kept;
}

static void
unquieten(int kept)
{
    if (kept >= 0) {
        dup2(kept, STDERR_FILENO);
        close(kept);
    }
}

/* ---- --once and --json ---- */

static void
print_once(struct top *t)
{
    static struct top_line lines[ONCE_HEIGHT];
    t->view.selected = SIZE_MAX; /* nothing is selected where nothing can be */
    size_t count = top_view_lines(&t->view, wall_now(), ONCE_WIDTH, ONCE_HEIGHT, lines);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(lines[i].text);
        while (len > 0 && lines[i].text[len - 1] == ' ') {
            len--;
        }
        printf("%.*s\n", (int)len, lines[i].text);
    }
}

static void
print_json(const struct top *t)
{
    json_t *all = json_pack("{s:O, s:O, s:O}", "overview", t->view.overview, "incidents",
                            t->view.incidents, "traces", t->view.traces);
    document_print(all);
    json_decref(all);
}

/* ---- drawing ---- */

static attr_t
attribute(const struct top *t, enum top_look look)
{
    switch (look) {
    case TOP_HEAD:
        return A_BOLD;
    case TOP_DIM:
        return A_DIM;
    case TOP_SELECTED:
        return A_REVERSE;
    case TOP_GOOD:
        return t->colour ? (attr_t)COLOR_PAIR(1) : A_NORMAL;
    case TOP_BAD:
        return t->colour ? A_BOLD | (attr_t)COLOR_PAIR(2) : A_BOLD;
    default:
        return A_NORMAL;
    }
}

static void
draw_text(const struct top *t, int row, const char *text, enum top_look look)
{
    char ascii[TOP_LINE_MAX];
    if (!t->utf8) {
        text_ascii(text, ascii, sizeof(ascii));
        text = ascii;
    }
    attrset(attribute(t, look));
    mvaddnstr(row, 0, text, -1);
    if (look == TOP_SELECTED) {
        hline(' ' | A_REVERSE, COLS);
    }
    attrset(A_NORMAL);
}

static void
draw_expanded(struct top *t)
{
    const char *line = t->expanded;
    for (size_t i = 0; i < t->scroll && *line != '\0'; i++) {
        const char *end = strchr(line, '\n');
        line = end == NULL ? line + strlen(line) : end + 1;
    }
    for (int row = 0; row < LINES - 1 && *line != '\0'; row++) {
        char text[TOP_LINE_MAX];
        size_t len = strcspn(line, "\n");
        snprintf(text, sizeof(text), "%.*s", (int)MIN(len, sizeof(text) - 1), line);
        draw_text(t, row, text, TOP_PLAIN);
        line += len + (line[len] == '\n');
    }
}

static void
draw(struct top *t)
{
    static struct top_line lines[HEIGHT_MAX];
    erase();
    if (t->expanded != NULL) {
        draw_expanded(t);
    } else {
        size_t count = top_view_lines(&t->view, wall_now(), (size_t)COLS,
                                      (size_t)MIN(LINES, HEIGHT_MAX), lines);
        for (size_t i = 0; i < count; i++) {
            draw_text(t, (int)i, lines[i].text, lines[i].look);
        }
    }
    char foot[160];
    if (t->filtering) {
        snprintf(foot, sizeof(foot), "filter: %s_", t->view.filter);
    } else if (t->status[0] != '\0') {
        snprintf(foot, sizeof(foot), "%s", t->status);
    } else if (t->expanded != NULL) {
        snprintf(foot, sizeof(foot), "up/down scroll  y copy  Esc back  q quit");
    } else {
        snprintf(foot, sizeof(foot),
                 "1-5 page  up/down  Enter expand  s sort  / filter  space pause  y copy  q quit");
    }
    draw_text(t, LINES - 1, foot, TOP_DIM);
    refresh();
}

/* ---- keys ---- */

static json_t *
selected_row(struct top *t)
{
    json_t *rows = top_view_rows(&t->view);
    size_t count = json_array_size(rows);
    t->view.selected = MIN(t->view.selected, count == 0 ? 0 : count - 1);
    json_t *row = json_incref(json_array_get(rows, t->view.selected));
    json_decref(rows);
    return row;
}

/* As a query string wants it: everything but letters and digits in hexadecimal. */
static void
encode(const char *text, char *dst, size_t size)
{
    size_t n = 0;
    for (; *text != '\0' && n + 4 < size; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        n += (size_t)snprintf(dst + n, size - n, plain ? "%c" : "%%%02x", c);
    }
    dst[n] = '\0';
}

/* A route with its statements, or a statement with its routes, over the last five minutes. */
static void
write_detail(struct top *t, const json_t *row, FILE *out)
{
    bool is_route = t->view.page == TOP_ROUTES;
    const char *key = document_text(row, is_route ? "route" : "fingerprint", "");
    char name[1024], path[1200];
    double now = wall_now();
    json_t *detail = NULL;
    json_t *part;
    size_t i;
    encode(key, name, sizeof(name));
    snprintf(path, sizeof(path), "%s=%s&from=%.0f&to=%.0f",
             is_route ? "route?name" : "query?fingerprint", name, now - WINDOW_S, now);
    fprintf(out, "%s\n\n", document_text(row, is_route ? "route" : "statement", "?"));
    if (fetch(t, path, &detail) != CLI_OK) {
        fputs("nothing is known of it in the last minutes\n", out);
        return;
    }
    fprintf(out, "%10s%8s%9s   %s\n", "calls", "share", "mean ms",
            is_route ? "its queries" : "who calls it");
    json_array_foreach(json_object_get(detail, is_route ? "statements" : "routes"), i, part)
    {
        double calls = document_number(part, "calls", 0);
        fprintf(out, "%10s%6.1f %%%9.1f   %s\n", text_count(calls).s,
                100 * document_number(part, "share", 0),
                calls > 0 ? document_number(part, "total_ms", 0) / calls : 0,
                document_text(part, is_route ? "short" : "route", "?"));
    }
    json_decref(detail);
}

static void
write_trace(struct top *t, const json_t *row, FILE *out)
{
    char path[64];
    json_t *trace = NULL;
    snprintf(path, sizeof(path), "traces/%.40s", document_text(row, "trace_id", ""));
    if (fetch(t, path, &trace) == CLI_OK) {
        waterfall_print(out, trace, wall_now(), false);
    } else {
        fputs("this trace is not kept any more\n", out);
    }
    json_decref(trace);
}

static char *
folded(const char *text, size_t width)
{
    char *result = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&result, &len);
    if (out != NULL) {
        text_fold(out, text, width);
        fclose(out);
    }
    return result;
}

static void
expand(struct top *t)
{
    json_t *row = selected_row(t);
    char *text = NULL;
    size_t len = 0;
    FILE *out = row == NULL ? NULL : open_memstream(&text, &len);
    if (out == NULL) {
        json_decref(row);
        return;
    }
    if (t->view.page == TOP_INCIDENTS) {
        page_print(out, row, wall_now(), (size_t)COLS);
    } else if (t->view.page == TOP_TRACES) {
        write_trace(t, row, out);
    } else {
        write_detail(t, row, out);
    }
    fclose(out);
    json_decref(row);
    t->expanded = text == NULL ? NULL : folded(text, (size_t)COLS);
    t->scroll = 0;
    free(text);
}

static void
collapse(struct top *t)
{
    free(t->expanded);
    t->expanded = NULL;
}

static void
copy(struct top *t)
{
    json_t *row = selected_row(t);
    terminal_copy(
        t->expanded != NULL
            ? t->expanded
            : document_text(row, "statement",
                            document_text(row, "headline", document_text(row, "route", ""))));
    snprintf(t->status, sizeof(t->status), "copied, if the terminal allows it");
    json_decref(row);
}

static void
filter_key(struct top *t, int key)
{
    size_t len = strlen(t->view.filter);
    if (key == '\n' || key == KEY_ENTER) {
        t->filtering = false;
    } else if (key == KEY_ESCAPE) {
        t->filtering = false;
        t->view.filter[0] = '\0';
    } else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && len > 0) {
        t->view.filter[len - 1] = '\0';
    } else if (key >= ' ' && key < 127 && len + 1 < TOP_FILTER_MAX) {
        t->view.filter[len] = (char)key;
        t->view.filter[len + 1] = '\0';
    }
    t->view.selected = 0;
}

static void
go_to_page(struct top *t, enum top_page page)
{
    collapse(t);
    t->view.page = page;
    t->view.selected = 0;
    if (page == TOP_LOAD && t->view.hour == NULL) {
        (void)fetch_overview(t, LOAD_S, &t->view.hour); /* else it comes with the next round */
    }
}

static void
scroll_by(struct top *t, int by)
{
    size_t *at = t->expanded != NULL ? &t->scroll : &t->view.selected;
    *at = by < 0 ? *at - MIN(*at, (size_t)-by) : *at + (size_t)by;
}

/* False: the end. */
static bool
on_key(struct top *t, int key)
{
    t->status[0] = '\0';
    if (t->filtering) {
        filter_key(t, key);
        return true;
    }
    switch (key) {
    case 'q':
        return false;
    case KEY_ESCAPE:
        collapse(t);
        break;
    case KEY_UP:
    case 'k':
        scroll_by(t, -1);
        break;
    case KEY_DOWN:
    case 'j':
        scroll_by(t, 1);
        break;
    case KEY_PPAGE:
        scroll_by(t, -(LINES / 2));
        break;
    case KEY_NPAGE:
        scroll_by(t, LINES / 2);
        break;
    case '\n':
    case KEY_ENTER:
        if (t->expanded == NULL) {
            expand(t);
        }
        break;
    case 's':
        t->view.sort = (enum top_sort)((t->view.sort + 1) % TOP_SORTS);
        break;
    case '/':
        t->filtering = true;
        break;
    case ' ':
        t->view.paused = !t->view.paused;
        break;
    case 'y':
        copy(t);
        break;
    case '\t':
        go_to_page(t, (enum top_page)((t->view.page + 1) % TOP_PAGES));
        break;
    default:
        if (key >= '1' && key < '1' + TOP_PAGES) {
            go_to_page(t, (enum top_page)(key - '1'));
        }
    }
    return true;
}

static void
run_screen(struct top *t)
{
    initscr();
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    timeout(TICK_MS);
    if (t->colour && has_colors()) {
        start_color();
        use_default_colors();
        init_pair(1, COLOR_GREEN, -1);
        init_pair(2, COLOR_YELLOW, -1);
    }
    double asked = wall_now();
    for (bool goes_on = true; goes_on;) {
        json_decref(selected_row(t)); /* keeps the selection within what there is */
        draw(t);
        int key = getch();
        goes_on = key == ERR || on_key(t, key);
        if (goes_on && !t->view.paused && wall_now() - asked >= TICK_MS / 1000.0) {
            int r = refresh_documents(t);
            t->view.problem = r == CLI_OK ? NULL : "slowburn does not answer; trying again";
            asked = wall_now();
        }
    }
    endwin();
}

int
verb_top(int argc, char **argv)
{
    struct top t = {0};
    int r = options_parse(argc, argv, "json,once", 0, 0, &t.options);
    if (r == CLI_OK) {
        setlocale(LC_CTYPE, ""); /* figures are written as everywhere else */
        t.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
        t.colour = colour_wanted(stdout);
        r = refresh_documents(&t);
    }
    if (r == CLI_OK && t.options.json) {
        print_json(&t);
    } else if (r == CLI_OK && (t.options.once || !terminal_can_draw() || !isatty(STDIN_FILENO))) {
        print_once(&t);
    } else if (r == CLI_OK) {
        int kept = quieten();
        run_screen(&t);
        unquieten(kept);
    }
    collapse(&t);
    top_view_fini(&t.view);
    return r;
}
