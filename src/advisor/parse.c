/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/parse.h"

#include <errno.h>
#include <pg_query.h>

#include "advisor/quote.h"
#include "proto/sql/sql_lexer.h"

#define TOO_LONG   "the statement is longer than what is planned (16 KiB)"
#define TOO_DEEP   "the statement is nested too deep"
#define NOT_PARSED "the statement is not one that PostgreSQL's grammar knows"
#define NOT_ONE    "the text is not exactly one statement"
#define NOT_KNOWN  "only SELECT, INSERT, UPDATE and DELETE are planned"
#define NO_SELECT  "this write cannot be planned as a SELECT"

static bool
is_shallow(const char *text)
{
    struct sql_lexer lexer;
    struct sql_token t;
    struct slice in = slice_from_str(text);
    unsigned depth = 0;
    sql_lexer_init(&lexer);
    while (sql_lexer_next(&lexer, &in, &t)) {
        uint8_t c = t.kind == SQL_TOKEN_PUNCT ? t.piece.ptr[0] : 0;
        depth += c == '(' || c == '[' ? 1 : 0;
        depth -= (c == ')' || c == ']') && depth > 0 ? 1 : 0;
        if (depth > PARSE_DEPTH_MAX) {
            return false;
        }
    }
    return true;
}

json_t *
parse_tree(const char *text, const char **ret_reason)
{
    if (strlen(text) > PARSE_TEXT_MAX) {
        *ret_reason = TOO_LONG;
        return NULL;
    }
    if (!is_shallow(text)) {
        *ret_reason = TOO_DEEP;
        return NULL;
    }
    PgQueryParseResult r = pg_query_parse(text);
    json_t *tree = NULL;
    if (r.error != NULL) {
        *ret_reason = NOT_PARSED;
    } else {
        tree = json_loads(r.parse_tree, 0, NULL);
        *ret_reason = TOO_DEEP; /* the reader has a limit of its own */
    }
    pg_query_free_parse_result(r);
    if (tree != NULL && json_array_size(json_object_get(tree, "stmts")) != 1) {
        *ret_reason = NOT_ONE;
        json_decref(tree);
        return NULL;
    }
    return tree;
}

const char *
parse_string(const json_t *string_node)
{
    const char *s =
        json_string_value(json_object_get(json_object_get(string_node, "String"), "sval"));
    return s == NULL ? "" : s;
}

static void
table_name(const json_t *range, char *dst, size_t size)
{
    const char *schema = json_string_value(json_object_get(range, "schemaname"));
    const char *table = json_string_value(json_object_get(range, "relname"));
    dst[0] = '\0';
    if (schema != NULL) {
        quote_identifier(schema, dst, size);
        strncat(dst, ".", size - strlen(dst) - 1);
    }
    if (table != NULL) {
        size_t len = strlen(dst);
        quote_identifier(table, dst + len, size - len);
    }
}

/* Names of WITH queries are no tables. A scope of the whole statement is near enough. */
static void
collect_ctes(const json_t *node, struct names *ctes)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_array(node)) {
        json_array_foreach(node, i, value)
        {
            collect_ctes(value, ctes);
        }
        return;
    }
    const char *name = json_string_value(json_object_get(node, "ctename"));
    if (name != NULL) {
        char quoted[NAMES_LEN_MAX];
        quote_identifier(name, quoted, sizeof(quoted));
        names_add(ctes, quoted);
    }
    json_object_foreach((json_t *)(uintptr_t)node, key, value)
    {
        collect_ctes(value, ctes);
    }
}

static const json_t *
without_casts(const json_t *node)
{
    const json_t *cast;
    while ((cast = json_object_get(node, "TypeCast")) != NULL) {
        node = json_object_get(cast, "arg");
    }
    return node;
}

static const json_t *
column_fields(const json_t *node)
{
    return json_object_get(json_object_get(without_casts(node), "ColumnRef"), "fields");
}

struct walk {
    struct parse *parse;
    struct names ctes;
    struct names called;           /* what the text calls each of the tables that it reads */
    char qualifier[NAMES_LEN_MAX]; /* of the first column that is compared: the table asked for */
};

static void
add_column(struct walk *w, const json_t *node)
{
    const json_t *fields = column_fields(node);
    size_t count = json_array_size(fields);
    if (count > 1 && w->parse->columns.count == 0) {
        snprintf(w->qualifier, sizeof(w->qualifier), "%s",
                 parse_string(json_array_get(fields, count - 2)));
    }
    if (count > 0) {
        names_add(&w->parse->columns, parse_string(json_array_get(fields, count - 1)));
    }
}

static void
look_at_comparison(struct walk *w, const json_t *expr)
{
    const json_t *left = json_object_get(expr, "lexpr");
    const json_t *right = json_object_get(expr, "rexpr");
    if (column_fields(left) != NULL && column_fields(right) == NULL) {
        add_column(w, left);
    } else if (column_fields(right) != NULL && column_fields(left) == NULL) {
        add_column(w, right);
    }
}

static void
look_at_table(struct walk *w, const json_t *range)
{
    char name[NAMES_LEN_MAX];
    table_name(range, name, sizeof(name));
    if (names_has(&w->ctes, name)) {
        return;
    }
    unsigned count = w->parse->reads.count;
    names_add(&w->parse->reads, name);
    const char *alias =
        json_string_value(json_object_get(json_object_get(range, "alias"), "aliasname"));
    const char *bare = json_string_value(json_object_get(range, "relname"));
    if (w->parse->reads.count > count) {
        snprintf(w->called.name[count], NAMES_LEN_MAX, "%s",
                 alias != NULL  ? alias
                 : bare != NULL ? bare
                                : "");
    }
}

/* The table whose column is compared comes first: the statement is about it. */
static void
order_reads(struct walk *w)
{
    struct names *reads = &w->parse->reads;
    for (unsigned i = 1; i < reads->count && w->qualifier[0] != '\0'; i++) {
        if (strcmp(w->called.name[i], w->qualifier) == 0) {
            char first[NAMES_LEN_MAX];
            memcpy(first, reads->name[i], sizeof(first));
            memmove(reads->name[1], reads->name[0], i * sizeof(reads->name[0]));
            memcpy(reads->name[0], first, sizeof(first));
            return;
        }
    }
}

static void
look(struct walk *w, const char *key, const json_t *value)
{
    char name[NAMES_LEN_MAX];
    bool writes = strcmp(key, "InsertStmt") == 0 || strcmp(key, "UpdateStmt") == 0 ||
                  strcmp(key, "DeleteStmt") == 0 || strcmp(key, "MergeStmt") == 0;
    if (writes) {
        table_name(json_object_get(value, "relation"), name, sizeof(name));
        names_add(&w->parse->writes, name);
    } else if (strcmp(key, "RangeVar") == 0) {
        look_at_table(w, value);
    } else if (strcmp(key, "A_Expr") == 0) {
        look_at_comparison(w, value);
    } else if (strcmp(key, "NullTest") == 0) {
        add_column(w, json_object_get(value, "arg"));
    }
}

static void
walk(struct walk *w, const json_t *node)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_array(node)) {
        json_array_foreach(node, i, value)
        {
            walk(w, value);
        }
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)node, key, value)
    {
        if (json_is_object(value) || json_is_array(value)) {
            look(w, key, value);
            walk(w, value);
        }
    }
}

static bool
has_write_inside(const json_t *with)
{
    size_t i;
    json_t *cte;
    json_array_foreach(json_object_get(with, "ctes"), i, cte)
    {
        const json_t *query = json_object_get(json_object_get(cte, "CommonTableExpr"), "ctequery");
        if (json_object_get(query, "SelectStmt") == NULL) {
            return true;
        }
    }
    return false;
}

int
parse_text(const char *text, struct parse *ret_parse, const char **ret_reason)
{
    static const struct {
        const char *node;
        enum statement_kind kind;
    } kinds[] = {{"SelectStmt", STATEMENT_SELECT},
                 {"InsertStmt", STATEMENT_INSERT},
                 {"UpdateStmt", STATEMENT_UPDATE},
                 {"DeleteStmt", STATEMENT_DELETE}};
    json_t *tree = parse_tree(text, ret_reason);
    if (tree == NULL) {
        return -EINVAL;
    }
    const json_t *stmt = json_object_get(json_array_get(json_object_get(tree, "stmts"), 0), "stmt");
    struct parse *p = ret_parse;
    memset(p, 0, sizeof(*p));
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const json_t *body = json_object_get(stmt, kinds[i].node);
        if (body != NULL) {
            p->kind = kinds[i].kind;
            p->writes_in_with = has_write_inside(json_object_get(body, "withClause"));
            const json_t *query =
                json_object_get(json_object_get(body, "selectStmt"), "SelectStmt");
            p->returns_at_once = p->kind == STATEMENT_INSERT &&
                                 (query == NULL || json_object_get(query, "valuesLists") != NULL);
        }
    }
    struct walk w = {.parse = p};
    collect_ctes(stmt, &w.ctes);
    walk(&w, stmt);
    order_reads(&w);
    json_decref(tree);
    if (p->kind == STATEMENT_OTHER) {
        *ret_reason = NOT_KNOWN;
        return -EINVAL;
    }
    return 0;
}

/* --- Texts ---------------------------------------------------------------------------------- */

/* INTERVAL ?, DATE ? and their like only take a literal. */
static const char *
literal_for(struct slice word)
{
    if (slice_eq_ci(word, SLICE_LIT("interval"))) {
        return "'0'";
    }
    if (slice_eq_ci(word, SLICE_LIT("date")) || slice_eq_ci(word, SLICE_LIT("timestamp")) ||
        slice_eq_ci(word, SLICE_LIT("timestamptz"))) {
        return "'2000-01-01'";
    }
    return slice_eq_ci(word, SLICE_LIT("time")) ? "'00:00'" : NULL;
}

void
parse_number_markers(const char *normalized, struct buf *ret_text)
{
    struct sql_lexer lexer;
    struct sql_token t;
    struct slice in = slice_from_str(normalized);
    struct slice word = SLICE_NONE;
    unsigned n = 0;
    const uint8_t *from = in.ptr;
    sql_lexer_init(&lexer);
    /* A normalized text has blanks or punctuation behind its markers, so a marker token comes when
     * its `?` is the last byte that was taken, or one byte of what follows was looked at. */
    for (;;) {
        bool got = sql_lexer_next(&lexer, &in, &t) || sql_lexer_end(&lexer, &t);
        if (!got) {
            break;
        }
        if (t.kind == SQL_TOKEN_WORD && t.begins) {
            word = t.piece;
        } else if (t.kind == SQL_TOKEN_PARAM && t.ends) {
            const uint8_t *mark = in.ptr;
            while (mark > from && *--mark != '?') {
            }
            buf_append(ret_text, slice_of(from, (size_t)(mark - from)));
            const char *literal = literal_for(word);
            if (literal != NULL) {
                buf_append_str(ret_text, literal);
            } else {
                buf_printf(ret_text, "$%u", ++n);
            }
            from = mark + 1;
            word = SLICE_NONE;
        } else if (t.kind != SQL_TOKEN_WORD) {
            word = SLICE_NONE;
        }
    }
    buf_append_str(ret_text, (const char *)from);
}

unsigned
parse_params(const char *text, bool *ret_used, unsigned size)
{
    struct sql_lexer lexer;
    struct sql_token t;
    struct slice in = slice_from_str(text);
    unsigned highest = 0;
    sql_lexer_init(&lexer);
    while (sql_lexer_next(&lexer, &in, &t) || sql_lexer_end(&lexer, &t)) {
        uint64_t n;
        if (t.kind == SQL_TOKEN_PARAM && slice_to_u64(t.piece, &n) == 0 && n < size) {
            ret_used[n] = true;
            highest = MAX(highest, (unsigned)n);
        }
    }
    return highest;
}

/* Where the clauses of a write begin, outside of parentheses; NULL: not there. */
struct clauses {
    const char *verb;
    const char *set;
    const char *from; /* FROM of UPDATE; FROM of DELETE */
    const char *using;
    const char *where;
    const char *returning;
    const char *select;
    const char *end;
};

static void
find_clauses(const char *text, struct clauses *c)
{
    struct sql_lexer lexer;
    struct sql_token t;
    struct slice in = slice_from_str(text);
    int depth = 0;
    bool after_distinct = false;
    memset(c, 0, sizeof(*c));
    c->end = text + strlen(text);
    sql_lexer_init(&lexer);
    while (sql_lexer_next(&lexer, &in, &t)) {
        uint8_t b = t.kind == SQL_TOKEN_PUNCT ? t.piece.ptr[0] : 0;
        depth += b == '(' || b == '[' ? 1 : b == ')' || b == ']' ? -1 : 0;
        if (b == ';' && depth == 0) {
            c->end = (const char *)t.piece.ptr;
        }
        bool is_distinct = t.kind == SQL_TOKEN_WORD && slice_eq_ci(t.piece, SLICE_LIT("distinct"));
        if (t.kind == SQL_TOKEN_WORD && depth == 0) {
            const struct {
                struct slice word;
                const char **at;
            } words[] = {
                {SLICE_LIT("update"), &c->verb},   {SLICE_LIT("delete"), &c->verb},
                {SLICE_LIT("insert"), &c->verb},   {SLICE_LIT("set"), &c->set},
                {SLICE_LIT("using"), &c->using},   {SLICE_LIT("where"), &c->where},
                {SLICE_LIT("select"), &c->select}, {SLICE_LIT("returning"), &c->returning},
                {SLICE_LIT("from"), &c->from},
            };
            for (size_t i = 0; i < ARRAY_LEN(words); i++) {
                bool skip = i == 8 && after_distinct;
                if (slice_eq_ci(t.piece, words[i].word) && *words[i].at == NULL && !skip) {
                    *words[i].at = (const char *)t.piece.ptr;
                }
            }
        }
        after_distinct = is_distinct;
    }
}

static void
append_range(struct buf *b, const char *from, const char *to)
{
    if (from != NULL && to > from) {
        buf_append(b, slice_of(from, (size_t)(to - from)));
    }
}

static const char *
first_of(const char *a, const char *b)
{
    return a != NULL ? a : b;
}

int
parse_as_select(const char *text, const struct parse *p, struct buf *ret_text,
                const char **ret_reason)
{
    struct clauses c;
    *ret_reason = NO_SELECT;
    if (p->writes_in_with) {
        return -EINVAL;
    }
    if (p->kind == STATEMENT_SELECT) {
        return buf_append_str(ret_text, text);
    }
    find_clauses(text, &c);
    const char *behind = first_of(c.returning, c.end);
    const char *with_end = c.verb;
    if (c.verb == NULL) {
        return -EINVAL;
    }
    append_range(ret_text, text, with_end);
    if (p->kind == STATEMENT_UPDATE && c.set != NULL) {
        const char *set_end = first_of(c.from, first_of(c.where, behind));
        buf_append_str(ret_text, "SELECT 1 FROM ");
        append_range(ret_text, c.verb + strlen("update"), c.set);
        if (c.from != NULL && set_end == c.from) {
            buf_append_str(ret_text, ", ");
            append_range(ret_text, c.from + strlen("from"), first_of(c.where, behind));
        }
        append_range(ret_text, c.where, behind);
    } else if (p->kind == STATEMENT_DELETE && c.from != NULL) {
        const char *target_end = first_of(c.using, first_of(c.where, behind));
        buf_append_str(ret_text, "SELECT 1 FROM ");
        append_range(ret_text, c.from + strlen("from"), target_end);
        if (c.using != NULL) {
            buf_append_str(ret_text, ", ");
            append_range(ret_text, c.using + strlen("using"), first_of(c.where, behind));
        }
        append_range(ret_text, c.where, behind);
    } else if (p->kind == STATEMENT_INSERT && c.select != NULL) {
        append_range(ret_text, c.select, behind);
    } else {
        return -EINVAL;
    }
    /* The cut was made by words; the grammar has the last say. */
    struct parse again;
    if (buf_overflowed(ret_text) || parse_text(buf_str(ret_text), &again, ret_reason) != 0 ||
        again.kind != STATEMENT_SELECT || again.writes.count > 0) {
        *ret_reason = NO_SELECT;
        return -EINVAL;
    }
    return 0;
}
