/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_shape.h"

#define BIT(class)  (1u << SQL_CLASS_##class)
#define EVERY       (BIT(COUNT) - 1)
#define OPERANDS    (BIT(WORD) | BIT(KEYWORD) | BIT(QUOTED) | BIT(VALUE) | BIT(CLOSE))
#define NEVER_AFTER (BIT(START) | BIT(OPEN) | BIT(BRACKET))
/* Behind what the others take a blank. */
#define USUALLY (EVERY & ~(NEVER_AFTER | BIT(CAST) | BIT(DOT)))

const uint16_t sql_shape_blanks[SQL_CLASS_COUNT] = {
    [SQL_CLASS_WORD] = USUALLY,
    [SQL_CLASS_KEYWORD] = USUALLY,
    [SQL_CLASS_QUOTED] = USUALLY,
    [SQL_CLASS_VALUE] = USUALLY | BIT(CAST),
    [SQL_CLASS_OPERATOR] = USUALLY | BIT(CAST) | BIT(DOT),
    [SQL_CLASS_STAR] = USUALLY | BIT(CAST),
    [SQL_CLASS_OPEN] = (USUALLY | BIT(CAST) | BIT(DOT)) & ~BIT(WORD),
    [SQL_CLASS_BRACKET] = EVERY & ~(NEVER_AFTER | OPERANDS),
    [SQL_CLASS_DOT] = EVERY & ~(NEVER_AFTER | OPERANDS),
    [SQL_CLASS_CAST] = EVERY & ~(NEVER_AFTER | OPERANDS),
    [SQL_CLASS_COLON] = USUALLY | BIT(CAST) | BIT(DOT),
    [SQL_CLASS_OTHER] = USUALLY | BIT(CAST) | BIT(DOT),
};

static struct sql_mark
mark(const struct sql_shape *s)
{
    return (struct sql_mark){s->hash, s->text_len, s->last_class, s->text_cut};
}

static void
roll_back(struct sql_shape *s, const struct sql_mark *m)
{
    s->hash = m->hash;
    s->text_len = m->text_len;
    s->last_class = m->last_class;
    s->text_cut = m->text_cut;
}

void
sql_shape_begin(struct sql_shape *s)
{
    s->hash = SQL_HASH_SEED;
    s->text_len = 0;
    s->depth = 0;
    s->last_class = SQL_CLASS_START;
    s->rows = SQL_ROWS_NONE;
    s->list_count = 0;
    s->text_cut = false;
}

void
sql_shape_operator(struct sql_shape *s, enum sql_class class, const uint8_t *ptr, size_t len)
{
    uint8_t padded[32] = {0};
    memcpy(padded, ptr, len);
    sql_shape_put(s, class, ptr, len, sql_shape_hash(class, padded, len));
}

/* An element of the innermost list is complete: it goes when it looks like the one before. */
static void
end_element(struct sql_shape *s)
{
    struct sql_list *list = sql_shape_list(s);
    if (list->has_last && s->hash == list->last_hash) {
        roll_back(s, &list->mark);
        return;
    }
    list->total_hash = sql_shape_mix(list->total_hash, s->hash);
    list->last_hash = s->hash;
    list->has_last = true;
    list->mark = mark(s);
}

static void
begin_list(struct sql_shape *s, bool is_array)
{
    if (s->list_count < SQL_LISTS_MAX) {
        s->lists[s->list_count++] =
            (struct sql_list){.outer_hash = s->hash, .depth = s->depth, .is_array = is_array};
        s->hash = SQL_HASH_SEED;
    }
}

static void
end_list(struct sql_shape *s)
{
    end_element(s);
    struct sql_list *list = sql_shape_list(s);
    s->hash = sql_shape_mix(list->outer_hash, list->total_hash);
    s->list_count--;
}

void
sql_shape_is_query(struct sql_shape *s)
{
    if (sql_shape_in_list(s) && s->last_class == SQL_CLASS_OPEN) {
        s->list_count--;
        s->hash = s->lists[s->list_count].outer_hash;
    }
}

void
sql_shape_comma(struct sql_shape *s)
{
    bool in_list = s->rows != SQL_ROWS_SUPPRESSED && sql_shape_in_list(s);
    if (in_list) {
        end_element(s);
    }
    sql_shape_put1(s, SQL_CLASS_COMMA, ',');
    if (in_list) {
        s->hash = SQL_HASH_SEED;
    }
    if (s->rows == SQL_ROWS_BEHIND) {
        s->rows = s->depth == s->row_depth && !in_list ? SQL_ROWS_COMMA : SQL_ROWS_NONE;
    }
}

void
sql_shape_open(struct sql_shape *s, uint8_t byte, enum sql_opens behind)
{
    unsigned last_class = s->last_class;
    if (s->rows == SQL_ROWS_COMMA) {
        roll_back(s, &s->row_mark);
        s->rows = SQL_ROWS_SUPPRESSED;
    }
    bool in_array = byte == '[' && sql_shape_in_list(s) && sql_shape_list(s)->is_array &&
                    (last_class == SQL_CLASS_BRACKET || last_class == SQL_CLASS_COMMA);
    sql_shape_put1(s, byte == '(' ? SQL_CLASS_OPEN : SQL_CLASS_BRACKET, byte);
    s->depth++;
    if (s->rows == SQL_ROWS_SUPPRESSED) {
        return;
    }
    if (behind == SQL_OPENS_ROW && s->rows == SQL_ROWS_NONE) {
        s->rows = SQL_ROWS_FIRST;
        s->row_depth = s->depth - 1;
    } else if (behind == SQL_OPENS_LIST) {
        begin_list(s, false);
    } else if (in_array || behind == SQL_OPENS_ARRAY) {
        begin_list(s, true);
    }
}

void
sql_shape_close(struct sql_shape *s, uint8_t byte)
{
    bool suppressed = s->rows == SQL_ROWS_SUPPRESSED;
    if (!suppressed && sql_shape_in_list(s)) {
        end_list(s);
    }
    s->depth -= s->depth > 0 ? 1 : 0;
    sql_shape_put1(s, SQL_CLASS_CLOSE, byte);
    if ((suppressed || s->rows == SQL_ROWS_FIRST) && s->depth == s->row_depth) {
        s->rows = SQL_ROWS_BEHIND;
        s->row_mark = suppressed ? s->row_mark : mark(s);
    }
}

void
sql_shape_end(struct sql_shape *s, bool truncated)
{
    if (truncated && s->rows == SQL_ROWS_COMMA) {
        roll_back(s, &s->row_mark);
    }
    /* Cut in the middle: what is not complete does not count, or each cut would be a shape. */
    for (unsigned i = 0; truncated && i < s->list_count; i++) {
        struct sql_list *list = &s->lists[i];
        if (list->has_last) {
            roll_back(s, &list->mark);
            s->hash = sql_shape_mix(list->outer_hash, list->total_hash);
            s->list_count = (uint8_t)i;
        }
    }
    while (s->list_count > 0) {
        if (truncated) {
            s->list_count--;
            s->hash = sql_shape_mix(s->lists[s->list_count].outer_hash, s->hash);
        } else {
            end_list(s);
        }
    }
}
