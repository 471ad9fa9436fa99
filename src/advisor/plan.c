/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "advisor/parse.h"
#include "advisor/quote.h"
#include "base/hash.h"
#include "proto/sql/sql_fingerprint.h"

static const char *
text_of(const json_t *node, const char *key)
{
    const char *s = json_string_value(json_object_get(node, key));
    return s == NULL ? "" : s;
}

static double
number_of(const json_t *node, const char *key)
{
    return json_number_value(json_object_get(node, key));
}

static const json_t *
root_of(const json_t *explain)
{
    return json_object_get(json_array_get(explain, 0), "Plan");
}

/* The condition without literals. */
static const char *
stripped(const char *text, char *dst, size_t size)
{
    static struct sql_fingerprint f;
    struct sql_statement s;
    if (!sql_fingerprint_once(&f, slice_from_str(text), (uint8_t *)dst, size - 1, &s)) {
        s.text.len = 0;
    }
    dst[s.text.len] = '\0';
    return dst;
}

static const char *const conditions[] = {"Index Cond", "Recheck Cond", "Hash Cond",
                                         "Merge Cond", "Join Filter",  "Filter"};
#define SORT_KEY "Sort Key"

/* --- Nodes and shape ------------------------------------------------------------------------ */

struct writer {
    json_t *nodes; /* NULL: only the shape is wanted */
    size_t condition_bytes;
    uint64_t shape;
};

static void
add_shape(struct writer *w, const char *text)
{
    w->shape = hash_combine(w->shape, hash_bytes(slice_from_str(text)));
}

/* `to` is NULL where the node is not wanted. */
static void
put_condition(struct writer *w, json_t *to, const char *what, const char *text)
{
    char condition[400];
    char line[480];
    stripped(text, condition, sizeof(condition));
    w->condition_bytes += strlen(condition);
    if (to != NULL && w->condition_bytes <= PLAN_CONDITIONS_BYTES) {
        snprintf(line, sizeof(line), "%s: %s", what, condition);
        json_array_append_new(to, json_string(line));
    }
    if (strcmp(what, SORT_KEY) != 0) {
        add_shape(w, condition);
    }
}

static json_t *
put_conditions(struct writer *w, const json_t *node)
{
    json_t *list = w->nodes != NULL ? json_array() : NULL;
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
        const char *text = text_of(node, conditions[i]);
        if (text[0] != '\0') {
            put_condition(w, list, conditions[i], text);
        }
    }
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(node, SORT_KEY), i, key)
    {
        put_condition(w, list, SORT_KEY, json_string_value(key));
    }
    return list;
}

/* How often a child runs for each run of its parent: the inner side of a nested loop for each row
 * of the outer one, unless its rows are kept. */
static double
times_of(const json_t *parent, const json_t *child)
{
    const char *type = text_of(child, "Node Type");
    bool is_inner = strcmp(text_of(parent, "Node Type"), "Nested Loop") == 0 &&
                    strcmp(text_of(child, "Parent Relationship"), "Inner") == 0;
    if (!is_inner || strcmp(type, "Materialize") == 0 || strcmp(type, "Memoize") == 0) {
        return 1;
    }
    return MAX(number_of(json_array_get(json_object_get(parent, "Plans"), 0), "Plan Rows"), 1.0);
}

/* Of the node without its children, for all the times that it runs. A LIMIT stops its children
 * early, so that they cost more than itself: then nothing is left for it. */
static double
own_cost(const json_t *node, double times)
{
    double cost = number_of(node, "Total Cost");
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        cost -= times_of(node, child) * number_of(child, "Total Cost");
    }
    return times * MAX(cost, 0.0);
}

static void
put_node(struct writer *w, const json_t *node, unsigned depth, double times, json_t *list)
{
    char table[160];
    const char *index = text_of(node, "Index Name");
    const char *relation = text_of(node, "Relation Name");
    if (w->nodes == NULL || json_array_size(w->nodes) == PLAN_NODES_MAX) {
        json_decref(list);
        return;
    }
    snprintf(table, sizeof(table), "%.64s%s%.64s", text_of(node, "Schema"),
             text_of(node, "Schema")[0] == '\0' ? "" : ".", relation);
    json_array_append_new(
        w->nodes, json_pack("{s:i, s:s, s:s?, s:s?, s:f, s:f, s:f, s:o}", "depth",
                            (int)MIN(depth, (unsigned)PLAN_NODES_MAX), "node",
                            text_of(node, "Node Type"), "table", relation[0] == '\0' ? NULL : table,
                            "index", index[0] == '\0' ? NULL : index, "cost",
                            number_of(node, "Total Cost"), "own_cost", own_cost(node, times),
                            "rows", number_of(node, "Plan Rows"), "conditions", list));
}

static void
write_node(struct writer *w, const json_t *node, unsigned depth, double times)
{
    add_shape(w, text_of(node, "Node Type"));
    add_shape(w, text_of(node, "Join Type"));
    add_shape(w, text_of(node, "Index Name"));
    add_shape(w, text_of(node, "Relation Name"));
    put_node(w, node, depth, times, put_conditions(w, node));
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        write_node(w, child, depth + 1, times * times_of(node, child));
    }
}

json_t *
plan_nodes(const json_t *explain)
{
    struct writer w = {.nodes = json_array()};
    write_node(&w, root_of(explain), 0, 1);
    return w.nodes;
}

/* --- Columns -------------------------------------------------------------------------------- */

/* The column of a plain or cast reference; *ret_alias is its table's. NULL: something else. */
static const char *
column_of(const json_t *expr, const char **ret_alias)
{
    const json_t *cast;
    while ((cast = json_object_get(expr, "TypeCast")) != NULL) {
        expr = json_object_get(cast, "arg");
    }
    const json_t *fields = json_object_get(json_object_get(expr, "ColumnRef"), "fields");
    if (json_array_size(fields) != 2) {
        return NULL;
    }
    *ret_alias = parse_string(json_array_get(fields, 0));
    return parse_string(json_array_get(fields, 1));
}

static struct plan_scan *
scan_of(struct plan *p, const char *alias)
{
    for (unsigned i = 0; i < p->scan_count; i++) {
        if (strcmp(p->scan[i].alias, alias) == 0) {
            return &p->scan[i];
        }
    }
    return NULL;
}

static void
note(struct plan *p, const char *alias, const char *column, const char *kind, const char *op,
     bool to_column)
{
    struct plan_scan *s = scan_of(p, alias);
    bool is_equal = strcmp(op, "=") == 0 && strcmp(kind, "AEXPR_OP_ALL") != 0;
    bool is_range = strcmp(op, "<") == 0 || strcmp(op, ">") == 0 || strcmp(op, "<=") == 0 ||
                    strcmp(op, ">=") == 0 || strcmp(kind, "AEXPR_BETWEEN") == 0;
    if (s == NULL) {
        return;
    }
    if (is_equal) {
        names_add(to_column ? &s->join : &s->equal, column);
    } else if (is_range && !to_column) {
        names_add(&s->range, column);
    }
}

static void
note_comparison(struct plan *p, const json_t *expr)
{
    const char *left_alias = NULL;
    const char *right_alias = NULL;
    const char *left = column_of(json_object_get(expr, "lexpr"), &left_alias);
    const char *right = column_of(json_object_get(expr, "rexpr"), &right_alias);
    const char *kind = text_of(expr, "kind");
    const char *op = parse_string(json_array_get(json_object_get(expr, "name"), 0));
    bool both = left != NULL && right != NULL;
    if (both && strcmp(left_alias, right_alias) == 0) {
        return;
    }
    if (left != NULL) {
        note(p, left_alias, left, kind, op, both);
    }
    if (right != NULL && strcmp(kind, "AEXPR_OP") == 0) {
        note(p, right_alias, right, kind, op, both);
    }
}

/* Only what all rows must fulfil: an OR helps no index of one list of columns. */
static void
note_condition(struct plan *p, const json_t *expr)
{
    const json_t *boolean = json_object_get(expr, "BoolExpr");
    const json_t *null_test = json_object_get(expr, "NullTest");
    const char *alias;
    if (boolean != NULL && strcmp(text_of(boolean, "boolop"), "AND_EXPR") == 0) {
        size_t i;
        json_t *arg;
        json_array_foreach(json_object_get(boolean, "args"), i, arg)
        {
            note_condition(p, arg);
        }
    } else if (json_object_get(expr, "A_Expr") != NULL) {
        note_comparison(p, json_object_get(expr, "A_Expr"));
    } else if (null_test != NULL && strcmp(text_of(null_test, "nulltesttype"), "IS_NULL") == 0) {
        const char *column = column_of(json_object_get(null_test, "arg"), &alias);
        if (column != NULL) {
            note(p, alias, column, "AEXPR_OP", "=", false);
        }
    }
}

static json_t *
parse_piece(const char *before, const char *piece)
{
    char text[4096];
    const char *reason;
    if ((size_t)snprintf(text, sizeof(text), "%s%s", before, piece) >= sizeof(text)) {
        return NULL;
    }
    /* "(hashed SubPlan 1)" is no SQL: blank it to a number. */
    for (char *at = strstr(text, "hashed SubPlan "); at != NULL;
         at = strstr(at, "hashed SubPlan ")) {
        memset(at, ' ', strlen("hashed SubPlan "));
    }
    for (char *at = strstr(text, "SubPlan "); at != NULL; at = strstr(at, "SubPlan ")) {
        memset(at, ' ', strlen("SubPlan "));
    }
    return parse_tree(text, &reason);
}

static const json_t *
select_of(const json_t *tree)
{
    const json_t *stmt = json_object_get(json_array_get(json_object_get(tree, "stmts"), 0), "stmt");
    return json_object_get(stmt, "SelectStmt");
}

static void
note_order(struct plan *p, const json_t *keys)
{
    struct names columns = {.count = 0};
    const char *first_alias = NULL;
    char alias_text[64] = "";
    char direction[32] = "";
    size_t i;
    json_t *key;
    json_array_foreach(keys, i, key)
    {
        json_t *tree = parse_piece("SELECT 1 FROM x ORDER BY ", json_string_value(key));
        const json_t *by = json_object_get(
            json_array_get(json_object_get(select_of(tree), "sortClause"), 0), "SortBy");
        const char *column = column_of(json_object_get(by, "node"), &first_alias);
        const char *dir = strcmp(text_of(by, "sortby_dir"), "SORTBY_DESC") == 0 ? "desc" : "asc";
        bool fits =
            column != NULL &&
            (i == 0 || (strcmp(first_alias, alias_text) == 0 && strcmp(dir, direction) == 0));
        if (fits) {
            names_add(&columns, column);
            snprintf(alias_text, sizeof(alias_text), "%s", first_alias);
            snprintf(direction, sizeof(direction), "%s", dir);
        }
        json_decref(tree);
        if (!fits) {
            return;
        }
    }
    struct plan_scan *s = scan_of(p, alias_text);
    if (s != NULL && s->order.count == 0) {
        s->order = columns;
    }
}

static void
copy(char *dst, size_t size, const char *src)
{
    snprintf(dst, size, "%s", src);
}

static void
collect_scans(struct plan *p, const json_t *node)
{
    const char *table = text_of(node, "Relation Name");
    const char *type = text_of(node, "Node Type");
    bool reads = strstr(type, "Scan") != NULL;
    if (table[0] != '\0' && reads) {
        char name[QUOTE_QUALIFIED_SIZE];
        names_add(&p->tables, quote_qualified(text_of(node, "Schema"), table, name));
    }
    if (table[0] != '\0' && reads && p->scan_count < PLAN_SCANS_MAX) {
        struct plan_scan *s = &p->scan[p->scan_count++];
        memset(s, 0, sizeof(*s));
        copy(s->node, sizeof(s->node), type);
        copy(s->schema, sizeof(s->schema), text_of(node, "Schema"));
        copy(s->table, sizeof(s->table), table);
        copy(s->alias, sizeof(s->alias), text_of(node, "Alias"));
        s->cost = number_of(node, "Total Cost");
        s->rows_returned = number_of(node, "Plan Rows");
        s->has_filter = json_object_get(node, "Filter") != NULL;
        s->is_sequential = strcmp(type, "Seq Scan") == 0;
    }
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        collect_scans(p, child);
    }
}

static void
collect_columns(struct plan *p, const json_t *node)
{
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
        const char *c = text_of(node, conditions[i]);
        json_t *tree = c[0] == '\0' ? NULL : parse_piece("SELECT 1 FROM x WHERE ", c);
        note_condition(p, json_object_get(select_of(tree), "whereClause"));
        json_decref(tree);
    }
    if (json_array_size(json_object_get(node, SORT_KEY)) > 0) {
        note_order(p, json_object_get(node, SORT_KEY));
    }
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        collect_columns(p, child);
    }
}

int
plan_read(const json_t *explain, struct plan *ret_plan)
{
    const json_t *root = root_of(explain);
    if (!json_is_object(root)) {
        return -EBADMSG;
    }
    memset(ret_plan, 0, sizeof(*ret_plan));
    ret_plan->cost = number_of(root, "Total Cost");
    struct writer w = {.nodes = NULL};
    write_node(&w, root, 0, 1);
    ret_plan->shape = w.shape;
    collect_scans(ret_plan, root);
    collect_columns(ret_plan, root);
    return 0;
}

static double
index_cost(const json_t *node, const char *alias, const char *index, bool below)
{
    bool is_alias = below || strcmp(text_of(node, "Alias"), alias) == 0;
    if (is_alias && strcmp(text_of(node, "Index Name"), index) == 0) {
        return number_of(node, "Total Cost");
    }
    bool is_heap = is_alias && strcmp(text_of(node, "Node Type"), "Bitmap Heap Scan") == 0;
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        double cost = index_cost(child, alias, index, below || is_heap);
        if (cost >= 0) {
            return is_heap ? number_of(node, "Total Cost") : cost;
        }
    }
    return -1;
}

double
plan_index_cost(const json_t *explain, const char *alias, const char *index)
{
    return index_cost(root_of(explain), alias, index, false);
}
