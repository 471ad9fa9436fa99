/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/statement.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/hash.h"
#include "model/event.h"

void
statement_table_init(struct statement_table *t, size_t count_max)
{
    memset(t, 0, sizeof(*t));
    map_init(&t->by_fingerprint, count_max);
}

void
statement_table_fini(struct statement_table *t)
{
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&t->by_fingerprint, &at)) != NULL) {
        struct statement *s = slot->value;
        free(s->text);
        free(s->plan);
        free(s);
    }
    map_fini(&t->by_fingerprint);
}

struct statement *
statement_get(const struct statement_table *t, uint64_t fingerprint)
{
    return map_get(&t->by_fingerprint, fingerprint);
}

const char *
statement_bare_name(const char *qualified)
{
    const char *bare = qualified;
    bool quoted = false;
    for (const char *c = qualified; *c != '\0'; c++) {
        quoted = *c == '"' ? !quoted : quoted;
        bare = *c == '.' && !quoted ? c + 1 : bare;
    }
    return bare;
}

void
statement_plain_name(const char *qualified, char dst[STATEMENT_NAME_LEN])
{
    const char *from = statement_bare_name(qualified);
    size_t n = 0;
    if (*from != '"') {
        slice_to_str(slice_from_str(from), dst, STATEMENT_NAME_LEN);
        return;
    }
    for (from++; *from != '\0' && n + 1 < STATEMENT_NAME_LEN; from++) {
        if (*from == '"' && *++from != '"') { /* a doubled one is a quote of the name */
            break;
        }
        dst[n++] = *from;
    }
    dst[n] = '\0';
}

bool
statement_names_have(const struct statement_names *names, const char *name)
{
    char plain[STATEMENT_NAME_LEN], other[STATEMENT_NAME_LEN];
    statement_plain_name(name, plain);
    for (unsigned i = 0; i < names->count; i++) {
        statement_plain_name(names->name[i], other);
        if (strcmp(plain, other) == 0) {
            return true;
        }
    }
    return false;
}

void
statement_names_add(struct statement_names *names, struct slice name)
{
    char text[STATEMENT_NAME_LEN];
    slice_to_str(name, text, sizeof(text));
    if (text[0] == '\0' || names->count == STATEMENT_NAMES_MAX) {
        return;
    }
    for (unsigned i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], text) == 0) {
            return;
        }
    }
    memcpy(names->name[names->count++], text, sizeof(text));
}

void
statement_names_read(const json_t *list, struct statement_names *names)
{
    size_t i;
    json_t *item;
    names->count = 0;
    json_array_foreach(list, i, item)
    {
        statement_names_add(names, slice_from_str(json_string_value(item)));
    }
}

bool
statement_is_exempt(const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_TRANSACTION:
    case STATEMENT_SESSION:
    case STATEMENT_DDL:
    case STATEMENT_UTILITY:
        return true;
    default:
        return false;
    }
}

bool
statement_has_plan(const struct statement *s)
{
    return s->kind == STATEMENT_SELECT || s->kind == STATEMENT_UPDATE ||
           s->kind == STATEMENT_DELETE;
}

/* ---- the words of a text: identifiers (unquoted), operators and punctuation, one at a time */

struct words {
    struct slice rest;
    char word[STATEMENT_NAME_LEN];
    bool is_name;
    bool is_quoted;
};

static bool
is_name_byte(uint8_t c)
{
    return isalnum(c) || c == '_' || c == '$' || c >= 0x80;
}

static void
word_put(struct words *w, size_t *len, uint8_t c)
{
    if (*len + 1 < sizeof(w->word)) {
        w->word[(*len)++] = (char)c;
        w->word[*len] = '\0';
    }
}

static bool
word_next(struct words *w)
{
    struct slice r = w->rest;
    size_t i = 0, len = 0;
    w->word[0] = '\0';
    w->is_name = w->is_quoted = false;
    while (i < r.len && isspace(r.ptr[i])) {
        i++;
    }
    if (i == r.len) {
        return false;
    }
    uint8_t c = r.ptr[i];
    if (c == '"' || c == '`') {
        w->is_name = w->is_quoted = true;
        for (i++; i < r.len && (r.ptr[i] != c || (i + 1 < r.len && r.ptr[i + 1] == c)); i++) {
            i += r.ptr[i] == c ? 1 : 0; /* doubled: one of the name */
            word_put(w, &len, r.ptr[i]);
        }
        i += i < r.len ? 1 : 0;
    } else if (is_name_byte(c)) {
        w->is_name = true;
        for (; i < r.len && is_name_byte(r.ptr[i]); i++) {
            word_put(w, &len, (uint8_t)tolower(r.ptr[i]));
        }
    } else if (strchr("=<>!~", c) != NULL) {
        for (; i < r.len && strchr("=<>!~*", r.ptr[i]) != NULL && r.ptr[i] != '\0'; i++) {
            word_put(w, &len, r.ptr[i]);
        }
    } else {
        word_put(w, &len, c);
        i++;
    }
    w->rest = slice_sub(r, i, r.len - i);
    return true;
}

static bool
word_is_any(const struct words *w, const char *const *list)
{
    if (w->is_quoted) {
        return false;
    }
    for (; *list != NULL; list++) {
        if (strcmp(w->word, *list) == 0) {
            return true;
        }
    }
    return false;
}

/* As SQL has to write it: quoted where it would not mean the same without. */
static void
put_name(const struct words *w, char *dst, size_t size, size_t *at)
{
    bool plain = w->word[0] != '\0' && !isdigit((unsigned char)w->word[0]);
    for (const char *c = w->word; *c != '\0' && plain; c++) {
        plain = islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_';
    }
    bool quote = w->is_quoted && !plain;
    if (quote && *at + 1 < size) {
        dst[(*at)++] = '"';
    }
    for (const char *c = w->word; *c != '\0' && *at + 2 < size; c++) {
        if (quote && *c == '"') {
            dst[(*at)++] = '"';
        }
        dst[(*at)++] = *c;
    }
    if (quote && *at + 1 < size) {
        dst[(*at)++] = '"';
    }
    dst[*at] = '\0';
}

/* A possibly qualified name, as statement_names keep it. Ends behind the name. */
static bool
word_qualified(struct words *w, char name[STATEMENT_NAME_LEN])
{
    if (!word_next(w) || !w->is_name) {
        return false;
    }
    size_t at = 0;
    put_name(w, name, STATEMENT_NAME_LEN, &at);
    for (;;) {
        struct words ahead = *w;
        if (!word_next(&ahead) || strcmp(ahead.word, ".") != 0 || ahead.is_quoted ||
            !word_next(&ahead) || !ahead.is_name) {
            return true;
        }
        if (at + 1 < STATEMENT_NAME_LEN) {
            name[at++] = '.';
            name[at] = '\0';
        }
        put_name(&ahead, name, STATEMENT_NAME_LEN, &at);
        *w = ahead;
    }
}

static void
read_tables(struct statement *s)
{
    static const char *const from[] = {"from", "join", NULL};
    static const char *const into[] = {"into", "update", NULL};
    static const char *const not_a_table[] = {"select", "lateral", "only", "unnest", "set", NULL};
    struct words w = {.rest = slice_from_str(s->text)};
    bool deletes = s->kind == STATEMENT_DELETE;
    char before[STATEMENT_NAME_LEN] = "";
    while (word_next(&w)) {
        bool writes = word_is_any(&w, into) && strcmp(before, "for") != 0;
        bool reads = word_is_any(&w, from) && strcmp(before, "distinct") != 0;
        slice_to_str(slice_from_str(w.word), before, sizeof(before));
        struct words ahead = w;
        char name[STATEMENT_NAME_LEN];
        if (!(writes || reads) || !word_qualified(&ahead, name) ||
            word_is_any(&ahead, not_a_table)) {
            continue;
        }
        writes = writes || (reads && deletes && s->writes.count == 0);
        statement_names_add(writes ? &s->writes : &s->reads, slice_from_str(name));
        w = ahead;
    }
}

/* Columns that stand before a comparison in WHERE (and ON), in the order of the text. */
static void
read_columns(struct statement *s)
{
    static const char *const starts[] = {"where", "having", NULL};
    static const char *const stops[] = {"group", "order", "limit", "returning", "offset", NULL};
    static const char *const compares[] = {"=",  "<",     ">",       "<=", ">=", "in", "like",
                                           "is", "ilike", "between", "<>", "!=", "~",  NULL};
    struct words w = {.rest = slice_from_str(s->text)};
    bool inside = false;
    while (word_next(&w)) {
        if (word_is_any(&w, starts)) {
            inside = true;
        } else if (word_is_any(&w, stops)) {
            inside = false;
        }
        if (!inside || !w.is_name) {
            continue;
        }
        char last[STATEMENT_NAME_LEN];
        slice_to_str(slice_from_str(w.word), last, sizeof(last));
        struct words ahead = w;
        while (word_next(&ahead) && strcmp(ahead.word, ".") == 0 && word_next(&ahead) &&
               ahead.is_name) {
            slice_to_str(slice_from_str(ahead.word), last, sizeof(last));
            w = ahead;
        }
        if (word_is_any(&ahead, compares)) {
            struct words value = ahead;
            bool to_column = word_next(&value) && value.is_quoted;
            if (!to_column && strcmp(last, "not") != 0 && strcmp(last, "and") != 0) {
                statement_names_add(&s->columns, slice_from_str(last));
            }
        }
    }
}

static void
make_label(struct statement *s)
{
    const struct statement_names *tables = s->writes.count > 0 ? &s->writes : &s->reads;
    if (tables->count == 0 || (statement_is_exempt(s))) {
        snprintf(s->label, sizeof(s->label), "%.60s%s", s->text, strlen(s->text) > 60 ? "..." : "");
        return;
    }
    const char *verb = s->kind == STATEMENT_INSERT   ? "insert into "
                       : s->kind == STATEMENT_UPDATE ? "update "
                       : s->kind == STATEMENT_DELETE ? "delete from "
                                                     : "";
    char table[STATEMENT_NAME_LEN];
    statement_plain_name(tables->name[0], table);
    size_t n = (size_t)snprintf(s->label, sizeof(s->label), "%s%.40s", verb, table);
    if (s->kind == STATEMENT_INSERT) {
        return;
    }
    for (unsigned i = 0; i < s->columns.count && i < 3 && n < sizeof(s->label); i++) {
        char column[STATEMENT_NAME_LEN];
        statement_plain_name(s->columns.name[i], column);
        n += (size_t)snprintf(s->label + n, sizeof(s->label) - n, "%s%s", i == 0 ? " by " : ", ",
                              column);
    }
}

struct statement *
statement_add(struct statement_table *t, uint64_t fingerprint, uint32_t database, uint8_t kind,
              struct slice text, uint64_t now_ns)
{
    struct statement *s = statement_get(t, fingerprint);
    if (s != NULL) {
        return s;
    }
    text = slice_sub(text, 0, STATEMENT_TEXT_MAX);
    if (t->text_bytes + text.len > STATEMENT_TEXTS_MAX) {
        t->refused++;
        return NULL;
    }
    s = check_alloc(1, sizeof(*s));
    s->fingerprint = fingerprint;
    s->database = database;
    s->kind = kind;
    s->first_ns = now_ns;
    s->text = check_alloc(1, text.len + 1);
    slice_to_str(text, s->text, text.len + 1);
    if (map_put(&t->by_fingerprint, fingerprint, s) != 0) {
        free(s->text);
        free(s);
        t->refused++;
        return NULL;
    }
    t->text_bytes += text.len;
    read_tables(s);
    read_columns(s);
    make_label(s);
    return s;
}

void
statement_describe(struct statement *s, const struct statement_names *reads,
                   const struct statement_names *writes, const struct statement_names *columns)
{
    if (reads->count == 0 && writes->count == 0) {
        return; /* it could not say more than the words do */
    }
    s->source = STATEMENT_BY_PARSER;
    s->reads = *reads;
    s->writes = *writes;
    if (columns->count > 0) {
        s->columns = *columns;
    }
    make_label(s);
}

/* Names of nodes are letters and blanks; what else may come is not told. */
static void
put_node(struct buf *b, const char *name, bool is_first)
{
    if (buf_slice(b).len + strlen(name) + 3 > STATEMENT_PLAN_LEN) {
        return;
    }
    buf_append_str(b, is_first ? " " : ", ");
    for (const char *c = name; *c != '\0'; c++) {
        if (isalnum((unsigned char)*c) || *c == ' ') {
            buf_append_byte(b, (uint8_t)*c);
        }
    }
}

void
statement_set_plan(struct statement *s, const json_t *plan)
{
    const char *shape = json_string_value(json_object_get(plan, "shape"));
    AUTO_BUF struct buf b;
    buf_init(&b, STATEMENT_PLAN_LEN + 1);
    size_t i;
    json_t *node;
    if (shape == NULL || strlen(shape) != 16) {
        return;
    }
    buf_append_str(&b, shape);
    json_array_foreach(json_object_get(plan, "nodes"), i, node)
    {
        const char *name = json_string_value(json_object_get(node, "node"));
        put_node(&b, name == NULL ? "" : name, i == 0);
    }
    free(s->plan);
    s->plan = check_alloc(1, STATEMENT_PLAN_LEN + 1);
    slice_to_str(buf_slice(&b), s->plan, STATEMENT_PLAN_LEN + 1);
    s->plan_hash = hash_bytes(slice_from_str(s->plan));
    s->plan_rows = json_number_value(json_object_get(plan, "rows_read"));
}

void
statement_label(struct slice text, char dst[STATEMENT_LABEL_LEN])
{
    static const struct {
        const char *word;
        enum statement_kind kind;
    } kinds[] = {{"insert", STATEMENT_INSERT},
                 {"update", STATEMENT_UPDATE},
                 {"delete", STATEMENT_DELETE},
                 {"select", STATEMENT_SELECT},
                 {"with", STATEMENT_SELECT}};
    char copy[STATEMENT_TEXT_MAX + 1];
    struct statement s = {.text = slice_to_str(text, copy, sizeof(copy))};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (slice_starts_with_ci(text, slice_from_str(kinds[i].word))) {
            s.kind = (uint8_t)kinds[i].kind;
        }
    }
    read_tables(&s);
    read_columns(&s);
    make_label(&s);
    memcpy(dst, s.label, sizeof(s.label));
}

void
statement_summary(const struct statement *st, char dst[STATEMENT_SUMMARY_LEN])
{
    static const char *const kinds[] = {[STATEMENT_OTHER] = "OTHER",
                                        [STATEMENT_SELECT] = "SELECT",
                                        [STATEMENT_INSERT] = "INSERT",
                                        [STATEMENT_UPDATE] = "UPDATE",
                                        [STATEMENT_DELETE] = "DELETE",
                                        [STATEMENT_DDL] = "DDL",
                                        [STATEMENT_TRANSACTION] = "TRANSACTION",
                                        [STATEMENT_SESSION] = "SESSION",
                                        [STATEMENT_COPY] = "COPY",
                                        [STATEMENT_UTILITY] = "UTILITY"};
    if (st == NULL) {
        snprintf(dst, STATEMENT_SUMMARY_LEN, "other");
        return;
    }
    const struct statement_names *names = st->writes.count > 0 ? &st->writes : &st->reads;
    const char *kind = st->kind < ARRAY_LEN(kinds) ? kinds[st->kind] : "OTHER";
    char table[STATEMENT_NAME_LEN] = "";
    if (names->count > 0) {
        statement_plain_name(names->name[0], table);
    }
    snprintf(dst, STATEMENT_SUMMARY_LEN, "%s%s%s", kind, table[0] != '\0' ? " " : "", table);
}
