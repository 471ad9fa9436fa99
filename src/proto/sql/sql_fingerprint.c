/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_fingerprint.h"

#include "base/prng.h"
#include "proto/sql/sql_keyword.h"

/* Stored fingerprints depend on these; never change them. */
#define HASH_SEED     0x736c6f776275726eu /* "slowburn" */
#define HASH_MULTIPLY 0x9e3779b97f4a7c15u

/* What a token is to the one behind it. */
enum token_class {
    CLASS_START,
    CLASS_WORD,
    CLASS_KEYWORD,
    CLASS_QUOTED,
    CLASS_VALUE,
    CLASS_OPERATOR,
    CLASS_STAR,
    CLASS_OPEN,    /* ( */
    CLASS_BRACKET, /* [ */
    CLASS_CLOSE,   /* ) ] */
    CLASS_COMMA,
    CLASS_DOT,
    CLASS_CAST,
    CLASS_COLON,
    CLASS_OTHER,
};

enum row_state {
    ROWS_NONE,
    ROWS_FIRST,      /* inside VALUES ( */
    ROWS_BEHIND,     /* right behind a row */
    ROWS_COMMA,      /* and a comma */
    ROWS_SUPPRESSED, /* inside a row that is folded away */
};

enum name_state {
    NAME_NONE,
    NAME_NEXT,
    NAME_OR_ALL,       /* DEALLOCATE [PREPARE] name | ALL, CLOSE name | ALL */
    NAME_OR_SAVEPOINT, /* RELEASE [SAVEPOINT] name */
    NAME_BEHIND_TO,    /* ROLLBACK ... TO [SAVEPOINT] name */
    NAME_FETCH,        /* FETCH [direction] [FROM | IN] name */
};

static uint64_t
mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * HASH_MULTIPLY;
    return hash ^ (hash >> 32);
}

/* bytes: readable and zero up to the next multiple of 8. */
static uint64_t
hash_word(enum token_class class, const uint8_t *bytes, size_t len)
{
    uint64_t h = mix(class, len);
    for (size_t i = 0; i < len; i += 8) {
        uint64_t v;
        memcpy(&v, bytes + i, sizeof(v));
        h = mix(h, v);
    }
    return h;
}

static struct sql_list *
top_list(struct sql_fingerprint *f)
{
    return f->list_count == 0 ? NULL : &f->lists[f->list_count - 1];
}

/* --- Output --------------------------------------------------------------------------------- */

static bool
is_operand(unsigned class)
{
    return class == CLASS_WORD || class == CLASS_KEYWORD || class == CLASS_QUOTED ||
           class == CLASS_VALUE || class == CLASS_CLOSE;
}

/* Whether the text has a blank between two tokens. It must read back as the same two. */
static bool
wants_blank(unsigned last, unsigned class)
{
    if (last == CLASS_START || last == CLASS_OPEN || last == CLASS_BRACKET) {
        return false;
    }
    if (class == CLASS_COMMA || class == CLASS_CLOSE) {
        return false;
    }
    if (class == CLASS_CAST || class == CLASS_DOT || class == CLASS_BRACKET) {
        return !is_operand(last);
    }
    if (last == CLASS_CAST) {
        return !(class == CLASS_WORD || class == CLASS_KEYWORD || class == CLASS_QUOTED);
    }
    if (last == CLASS_DOT) {
        return !(class == CLASS_STAR || (class <= CLASS_VALUE && is_operand(class)));
    }
    return !(class == CLASS_OPEN && last == CLASS_WORD);
}

static void
put_text(struct sql_fingerprint *f, enum token_class class, const uint8_t *ptr, size_t len)
{
    size_t blank = wants_blank(f->last_class, class) ? 1 : 0;
    if (f->text_cut || len + blank > f->text_size - f->text_len) {
        f->text_cut = true;
        return;
    }
    if (blank != 0) {
        f->text[f->text_len++] = ' ';
    }
    memcpy(f->text + f->text_len, ptr, len);
    f->text_len += (uint32_t)len;
}

static void
emit(struct sql_fingerprint *f, enum token_class class, const void *ptr, size_t len, uint64_t hash)
{
    if (f->row_state != ROWS_SUPPRESSED) {
        struct sql_list *list = top_list(f);
        f->hash = mix(f->hash, hash);
        if (list != NULL) {
            list->element_hash = mix(list->element_hash, hash);
        }
        if (f->text != NULL) {
            put_text(f, class, ptr, len);
        }
        f->has_tokens = true;
    }
    f->last_class = (uint8_t) class;
}

static void
emit_value(struct sql_fingerprint *f)
{
    emit(f, CLASS_VALUE, "?", 1, mix(CLASS_VALUE, '?'));
    f->last_keyword = KEYWORD_NONE;
}

/* Operators and punctuation: at most SQL_OPERATOR_MAX bytes. */
static void
emit_sign(struct sql_fingerprint *f, enum token_class class, const uint8_t *ptr, size_t len)
{
    if (len == 1) { /* the same hash, sooner */
        emit(f, class, ptr, 1, mix(mix(class, 1), ptr[0]));
    } else {
        uint8_t padded[SQL_OPERATOR_MAX + 8] = {0};
        memcpy(padded, ptr, len);
        emit(f, class, ptr, len, hash_word(class, padded, len));
    }
    f->last_keyword = KEYWORD_NONE;
}

static struct sql_mark
mark(struct sql_fingerprint *f)
{
    struct sql_list *list = top_list(f);
    return (struct sql_mark){f->hash, list == NULL ? 0 : list->element_hash, f->text_len,
                             f->last_class, f->text_cut};
}

static void
roll_back(struct sql_fingerprint *f, const struct sql_mark *m)
{
    struct sql_list *list = top_list(f);
    if (list != NULL) {
        list->element_hash = m->element_hash;
    }
    f->hash = m->hash;
    f->text_len = m->text_len;
    f->last_class = m->last_class;
    f->text_cut = m->text_cut;
}

/* --- Values --------------------------------------------------------------------------------- */

static bool
tells_values(const struct sql_fingerprint *f)
{
    return f->command != SQL_COMMAND_PREPARE || f->has_inner;
}

static void
value_bytes(struct sql_fingerprint *f, struct slice bytes)
{
    if (f->handler.on_value_bytes != NULL && bytes.len > 0 && tells_values(f)) {
        f->handler.on_value_bytes(f->handler.ctx, bytes);
    }
}

static void
value_end(struct sql_fingerprint *f, enum sql_value_kind kind, unsigned param)
{
    if (f->handler.on_value_end != NULL && tells_values(f)) {
        f->handler.on_value_end(f->handler.ctx, kind, param);
    }
}

/* --- Lists and rows ------------------------------------------------------------------------- */

/* An element of the innermost list is complete: it goes when it looks like the one before. */
static void
end_element(struct sql_fingerprint *f)
{
    struct sql_list *list = top_list(f);
    if (list->has_last && list->element_hash == list->last_hash) {
        roll_back(f, &list->mark);
    } else {
        list->total_hash = mix(list->total_hash, list->element_hash);
        list->last_hash = list->element_hash;
        list->has_last = true;
        list->mark = mark(f);
    }
    list->element_hash = 0;
}

static void
begin_list(struct sql_fingerprint *f, bool is_array)
{
    if (f->list_count < SQL_LISTS_MAX) {
        f->lists[f->list_count++] = (struct sql_list){.depth = f->depth, .is_array = is_array};
    }
}

static void
end_list(struct sql_fingerprint *f)
{
    struct sql_list *list = top_list(f);
    if (!list->is_query) {
        end_element(f);
    }
    uint64_t hash = list->is_query ? list->element_hash : list->total_hash;
    f->list_count--;
    list = top_list(f);
    if (list != NULL) {
        list->element_hash = mix(list->element_hash, hash);
    }
}

static void
read_comma(struct sql_fingerprint *f)
{
    struct sql_list *list = top_list(f);
    bool in_list = f->row_state != ROWS_SUPPRESSED && list != NULL && list->depth == f->depth &&
                   !list->is_query;
    if (in_list) {
        end_element(f);
    }
    emit_sign(f, CLASS_COMMA, (const uint8_t *)",", 1);
    if (in_list) {
        list->element_hash = 0;
    }
    bool next_row = f->row_state == ROWS_BEHIND && f->depth == f->row_depth && !in_list;
    if (next_row) {
        f->row_state = ROWS_COMMA;
    } else if (f->row_state == ROWS_BEHIND) {
        f->row_state = ROWS_NONE;
    }
}

static void
read_open(struct sql_fingerprint *f, uint8_t c)
{
    unsigned keyword = f->last_keyword;
    unsigned last_class = f->last_class;
    enum token_class class = c == '(' ? CLASS_OPEN : CLASS_BRACKET;
    if (f->row_state == ROWS_COMMA) {
        roll_back(f, &f->row_mark);
        f->row_state = ROWS_SUPPRESSED;
    }
    emit_sign(f, class, &c, 1);
    f->depth++;
    if (f->row_state == ROWS_SUPPRESSED) {
        return;
    }
    struct sql_list *list = top_list(f);
    bool is_inner_array = c == '[' && list != NULL && list->is_array &&
                          list->depth + 1 == f->depth &&
                          (last_class == CLASS_BRACKET || last_class == CLASS_COMMA);
    if (c == '(' && keyword == KEYWORD_VALUES && f->row_state == ROWS_NONE) {
        f->row_state = ROWS_FIRST;
        f->row_depth = f->depth - 1;
    } else if (c == '(' && keyword == KEYWORD_IN) {
        begin_list(f, false);
    } else if (is_inner_array || (c == '[' && keyword == KEYWORD_ARRAY)) {
        begin_list(f, true);
    }
}

static void
read_close(struct sql_fingerprint *f, uint8_t c)
{
    struct sql_list *list = top_list(f);
    bool suppressed = f->row_state == ROWS_SUPPRESSED;
    if (!suppressed && list != NULL && list->depth == f->depth) {
        end_list(f);
    }
    f->depth -= f->depth > 0 ? 1 : 0;
    emit_sign(f, CLASS_CLOSE, &c, 1);
    if ((suppressed || f->row_state == ROWS_FIRST) && f->depth == f->row_depth) {
        f->row_state = ROWS_BEHIND;
        f->row_mark = suppressed ? f->row_mark : mark(f);
    }
}

/* --- The end of a statement ----------------------------------------------------------------- */

static void
close_lists(struct sql_fingerprint *f)
{
    if (!f->truncated) {
        while (f->list_count > 0) {
            end_list(f);
        }
        return;
    }
    /* Cut in the middle: what is not complete does not count, or each cut would be a shape. */
    if (f->row_state == ROWS_COMMA) {
        roll_back(f, &f->row_mark);
    }
    for (unsigned i = 0; i < f->list_count; i++) {
        if (f->lists[i].has_last) {
            f->list_count = (uint8_t)(i + 1);
            roll_back(f, &f->lists[i].mark);
            return;
        }
    }
}

static uint64_t
finished_hash(uint64_t hash)
{
    uint64_t fingerprint = prng_mix(hash);
    return fingerprint == 0 ? 1 : fingerprint;
}

static struct slice
comment_inside(const struct sql_fingerprint *f, unsigned at)
{
    struct slice c = slice_of(f->comment[at], f->comment_len[at]);
    if (!f->comment_cut[at] && c.len >= 2 && memcmp(c.ptr + c.len - 2, "*/", 2) == 0) {
        c.len -= 2;
    }
    return slice_trim(c);
}

static void
begin_statement(struct sql_fingerprint *f)
{
    f->hash = HASH_SEED;
    f->text_len = 0;
    f->text_cut = false;
    f->depth = 0;
    f->begin_depth = 0;
    f->name_len = 0;
    f->list_count = 0;
    f->last_class = CLASS_START;
    f->last_keyword = KEYWORD_NONE;
    f->first_keyword = KEYWORD_NONE;
    f->row_state = ROWS_NONE;
    f->name_state = NAME_NONE;
    f->kind = STATEMENT_OTHER;
    f->command = SQL_COMMAND_NONE;
    f->has_words = false;
    f->awaits_kind = false;
    f->cte_writes = false;
    f->in_routine = false;
    f->has_tokens = false;
    f->has_inner = false;
    f->ended = false;
}

static void
end_statement(struct sql_fingerprint *f, bool is_last)
{
    unsigned comment = is_last && f->comment_after ? f->comment_at ^ 1u : f->comment_at;
    close_lists(f);
    struct sql_statement s = {
        .fingerprint = finished_hash(f->hash),
        .text = slice_of(f->text, f->text_len),
        .kind = f->kind,
        .command = f->command,
        .name = slice_of(f->name, f->name_len),
        .comment = comment_inside(f, comment),
        .truncated = f->truncated,
        .text_cut = f->text_cut,
        .comment_cut = f->comment_cut[comment],
    };
    if (f->has_inner) {
        s.inner_fingerprint = s.fingerprint;
        s.inner_text = slice_sub(s.text, f->inner_start, s.text.len);
        s.inner_kind = f->kind;
        s.kind = f->outer_kind;
        s.fingerprint = finished_hash(mix(f->outer_hash, f->hash));
    }
    f->statements++;
    if (f->handler.on_statement != NULL) {
        f->handler.on_statement(f->handler.ctx, &s);
    }
    f->comment_len[f->comment_at] = 0;
    f->comment_cut[f->comment_at] = false;
    f->comment_at = f->comment_after ? f->comment_at ^ 1u : f->comment_at;
    f->comment_after = false;
    begin_statement(f);
}

/* --- Words ---------------------------------------------------------------------------------- */

/* Before any token that is not a comment. open: '(' or ',', which rows may wait for. */
static void
begin_token(struct sql_fingerprint *f, uint8_t open)
{
    if (f->string_open) {
        f->string_open = false;
        value_end(f, SQL_VALUE_STRING, 0);
    }
    if (f->sign != 0) {
        uint8_t sign = f->sign;
        f->sign = 0;
        emit_sign(f, CLASS_OPERATOR, &sign, 1);
    }
    if (f->ended) {
        end_statement(f, false);
    }
    if ((f->row_state == ROWS_BEHIND && open != ',') ||
        (f->row_state == ROWS_COMMA && open != '(')) {
        f->row_state = ROWS_NONE;
    }
}

static bool
ends_inside_character(const uint8_t *bytes, size_t len)
{
    size_t back = 1;
    while (back < 4 && back < len && (bytes[len - back] & 0xc0) == 0x80) {
        back++;
    }
    uint8_t lead = bytes[len - back];
    size_t wants = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return wants > back;
}

/* Cuts bytes off when the last ones are a UTF-8 character's beginning. In another encoding they may
 * never be whole: then nothing is gained by cutting. */
static size_t
whole_characters(const uint8_t *bytes, size_t len)
{
    for (size_t cut = 0; cut < 4 && cut < len; cut++) {
        if (!ends_inside_character(bytes, len - cut)) {
            return len - cut;
        }
    }
    return len;
}

static void
take_name(struct sql_fingerprint *f, struct slice name, bool quoted)
{
    f->name_state = NAME_NONE;
    emit_value(f);
    if (f->command == SQL_COMMAND_NONE || f->name_len > 0) {
        return;
    }
    size_t len = 0;
    for (size_t i = 0; i < name.len && len <= SQL_NAME_MAX; i++) {
        f->name[len++] = name.ptr[i];
        i += quoted && name.ptr[i] == '"' ? 1 : 0;
    }
    f->name_len = (uint8_t)(len <= SQL_NAME_MAX ? len : whole_characters(f->name, SQL_NAME_MAX));
}

static bool
is_fetch_direction(struct slice word)
{
    static const char *const words[] = {"next",     "prior",    "first", "last",
                                        "absolute", "relative", "all",   "forward",
                                        "backward", "from",     "in"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (slice_eq(word, slice_from_str(words[i]))) {
            return true;
        }
    }
    return false;
}

/* Whether the word stands where a name is awaited and is that name. */
static bool
word_is_name(struct sql_fingerprint *f, struct slice word, enum sql_keyword keyword)
{
    switch ((enum name_state)f->name_state) {
    case NAME_NONE:
        return false;
    case NAME_NEXT:
        if (f->last_keyword == KEYWORD_PREPARE && keyword == KEYWORD_TRANSACTION) {
            f->name_state = NAME_NONE;
            f->kind = STATEMENT_TRANSACTION;
            f->command = SQL_COMMAND_NONE;
            return false;
        }
        return true;
    case NAME_OR_ALL:
        if (f->last_keyword == KEYWORD_DEALLOCATE && keyword == KEYWORD_PREPARE) {
            return false;
        }
        if (keyword == KEYWORD_ALL) {
            f->command = f->command == SQL_COMMAND_CLOSE ? SQL_COMMAND_CLOSE_ALL
                                                         : SQL_COMMAND_DEALLOCATE_ALL;
            f->name_state = NAME_NONE;
            return false;
        }
        return true;
    case NAME_OR_SAVEPOINT:
        if (keyword == KEYWORD_SAVEPOINT) {
            f->name_state = NAME_NEXT;
            return false;
        }
        return true;
    case NAME_BEHIND_TO:
        if (keyword == KEYWORD_TO) {
            f->name_state = NAME_OR_SAVEPOINT;
            f->command = SQL_COMMAND_ROLLBACK_TO;
        }
        return false;
    case NAME_FETCH:
        return !is_fetch_direction(word);
    }
    return false;
}

static void
begin_command(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    enum sql_command command = sql_keyword_facts(keyword)->command;
    f->command = (uint8_t)command;
    switch (command) {
    case SQL_COMMAND_PREPARE:
    case SQL_COMMAND_EXECUTE:
    case SQL_COMMAND_DECLARE:
    case SQL_COMMAND_SAVEPOINT:
        f->name_state = NAME_NEXT;
        break;
    case SQL_COMMAND_DEALLOCATE:
    case SQL_COMMAND_CLOSE:
        f->name_state = NAME_OR_ALL;
        break;
    case SQL_COMMAND_RELEASE:
        f->name_state = NAME_OR_SAVEPOINT;
        break;
    case SQL_COMMAND_FETCH:
    case SQL_COMMAND_MOVE:
        f->name_state = NAME_FETCH;
        break;
    default:
        f->name_state = keyword == KEYWORD_ROLLBACK ? NAME_BEHIND_TO : NAME_NONE;
        break;
    }
}

static bool
is_write(enum sql_keyword k)
{
    return k == KEYWORD_INSERT || k == KEYWORD_UPDATE || k == KEYWORD_DELETE || k == KEYWORD_MERGE;
}

static bool
is_query(enum sql_keyword k)
{
    return k == KEYWORD_SELECT || k == KEYWORD_VALUES || k == KEYWORD_TABLE || k == KEYWORD_WITH;
}

/* What the statement is. WITH says nothing yet: its main verb does, and so does a part of it that
 * writes. */
static void
learn_kind(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    if (!f->has_words) {
        f->has_words = true;
        f->first_keyword = (uint8_t)keyword;
        f->kind = sql_keyword_facts(keyword)->kind;
        f->awaits_kind = keyword == KEYWORD_WITH;
        f->kind_depth = f->depth;
        if (!f->has_inner) {
            begin_command(f, keyword);
        }
    } else if (f->awaits_kind && is_write(keyword) && f->depth > f->kind_depth &&
               f->last_class == CLASS_OPEN) {
        f->kind = sql_keyword_facts(keyword)->kind;
        f->cte_writes = true;
    } else if (f->awaits_kind && f->depth == f->kind_depth &&
               (is_write(keyword) || (is_query(keyword) && keyword != KEYWORD_WITH))) {
        f->kind = f->cte_writes ? f->kind : sql_keyword_facts(keyword)->kind;
        f->awaits_kind = false;
    }
}

/* The few words that change how what follows is read. */
static void
learn_grammar(struct sql_fingerprint *f, enum sql_keyword keyword)
{
    enum sql_keyword last = f->last_keyword;
    struct sql_list *list = top_list(f);
    if (list != NULL && list->depth == f->depth && f->last_class == CLASS_OPEN &&
        is_query(keyword)) {
        list->is_query = true;
    }
    if ((keyword == KEYWORD_OF && last == KEYWORD_CURRENT) ||
        (keyword == KEYWORD_EXECUTE &&
         (last == KEYWORD_AS || f->first_keyword == KEYWORD_EXPLAIN))) {
        f->name_state = NAME_NEXT;
    } else if (keyword == KEYWORD_ALL && last == KEYWORD_DISCARD) {
        f->command = SQL_COMMAND_DISCARD_ALL;
    } else if ((keyword == KEYWORD_FUNCTION || keyword == KEYWORD_PROCEDURE) &&
               f->first_keyword == KEYWORD_CREATE &&
               (last == KEYWORD_CREATE || last == KEYWORD_REPLACE)) {
        f->in_routine = true;
    } else if (f->in_routine &&
               (keyword == KEYWORD_BEGIN || (keyword == KEYWORD_CASE && f->begin_depth > 0))) {
        f->begin_depth++;
    } else if (keyword == KEYWORD_END && f->begin_depth > 0) {
        f->begin_depth--;
    }
}

/* PREPARE name AS: from here on it is the statement inside, as if it stood alone. */
static void
begin_inner(struct sql_fingerprint *f)
{
    f->has_inner = true;
    f->outer_hash = f->hash;
    f->outer_kind = f->kind;
    f->hash = HASH_SEED;
    if (f->text != NULL && !f->text_cut && f->text_len < f->text_size) {
        f->text[f->text_len++] = ' ';
    } else {
        f->text_cut = f->text != NULL;
    }
    f->inner_start = f->text_len;
    f->last_class = CLASS_START;
    f->last_keyword = KEYWORD_NONE;
    f->first_keyword = KEYWORD_NONE;
    f->row_state = ROWS_NONE;
    f->list_count = 0;
    f->kind = STATEMENT_OTHER;
    f->name_state = NAME_NONE;
    f->has_words = false;
}

static bool
is_literal(const struct sql_fingerprint *f, enum sql_keyword keyword)
{
    bool is_one = keyword == KEYWORD_NULL || keyword == KEYWORD_TRUE || keyword == KEYWORD_FALSE;
    return is_one && f->last_keyword != KEYWORD_IS && f->last_keyword != KEYWORD_NOT &&
           f->last_keyword != KEYWORD_SET;
}

static void
read_word(struct sql_fingerprint *f)
{
    begin_token(f, 0);
    memset(f->word + f->word_len, 0, 16);
    struct slice word = slice_of(f->word, f->word_len);
    enum sql_keyword keyword = sql_keyword_find(f->word, f->word_len);
    if (word_is_name(f, word, keyword)) {
        take_name(f, word, false);
        return;
    }
    if (is_literal(f, keyword)) {
        emit_value(f);
        if (keyword != KEYWORD_NULL) {
            value_bytes(f, keyword == KEYWORD_TRUE ? SLICE_LIT("t") : SLICE_LIT("f"));
        }
        value_end(f, keyword == KEYWORD_NULL ? SQL_VALUE_NULL : SQL_VALUE_BOOL, 0);
        return;
    }
    learn_kind(f, keyword);
    learn_grammar(f, keyword);
    enum token_class class = keyword == KEYWORD_NONE ? CLASS_WORD : CLASS_KEYWORD;
    emit(f, class, word.ptr, word.len, hash_word(CLASS_WORD, word.ptr, word.len));
    f->last_keyword = (uint8_t)keyword;
    if (f->command == SQL_COMMAND_PREPARE && keyword == KEYWORD_AS && f->depth == 0 &&
        !f->has_inner) {
        begin_inner(f);
    }
}

static void
read_quoted(struct sql_fingerprint *f, size_t prefix_len)
{
    begin_token(f, 0);
    if (f->word_cut) {
        size_t quotes = 0;
        f->word_len = (uint16_t)whole_characters(f->word, f->word_len);
        while (f->word[f->word_len - 1 - quotes] == '"' && f->word_len - quotes > prefix_len) {
            quotes++;
        }
        f->word_len -= quotes % 2; /* a pair was cut */
    }
    if (f->name_state == NAME_NEXT || f->name_state == NAME_OR_ALL ||
        f->name_state == NAME_OR_SAVEPOINT || f->name_state == NAME_FETCH) {
        take_name(f, slice_of(f->word + prefix_len, f->word_len - prefix_len), true);
        return;
    }
    f->word[f->word_len++] = '"';
    memset(f->word + f->word_len, 0, 8);
    f->has_words = true;
    emit(f, CLASS_QUOTED, f->word, f->word_len, hash_word(CLASS_QUOTED, f->word, f->word_len));
    f->last_keyword = KEYWORD_NONE;
}

static void
gather(struct sql_fingerprint *f, struct slice piece, bool is_word)
{
    size_t room = SQL_WORD_MAX - f->word_len;
    if (piece.len > room) {
        piece.len = room;
        f->word_cut = true;
    }
    uint8_t *restrict to = f->word + f->word_len;
    for (size_t i = 0; i < piece.len; i++) {
        uint8_t c = piece.ptr[i];
        if (is_word) {
            c |= c >= 'A' && c <= 'Z' ? 0x20 : 0;
        } else if (c < ' ' || c == 0x7f) {
            c = ' ';
        }
        to[i] = c;
    }
    f->word_len = (uint16_t)(f->word_len + piece.len);
}

static void
on_word(struct sql_fingerprint *f, const struct sql_token *t)
{
    bool is_word = t->kind == SQL_TOKEN_WORD;
    size_t prefix_len = is_word ? 0 : t->kind == SQL_TOKEN_QUOTED ? 1 : 3;
    if (t->begins) {
        f->word_cut = false;
        f->word_len = (uint16_t)prefix_len;
        memcpy(f->word, t->kind == SQL_TOKEN_QUOTED ? "\"" : "u&\"", prefix_len);
    }
    gather(f, t->piece, is_word);
    if (t->ends && is_word) {
        f->word_len =
            (uint16_t)(f->word_cut ? whole_characters(f->word, f->word_len) : f->word_len);
        read_word(f);
    } else if (t->ends) {
        read_quoted(f, prefix_len);
    }
}

/* --- Other tokens --------------------------------------------------------------------------- */

static void
on_string(struct sql_fingerprint *f, const struct sql_token *t)
{
    if (t->begins && !f->string_open) { /* else one that continues the one before */
        begin_token(f, 0);
        f->name_state = f->name_state == NAME_NEXT ? NAME_NONE : f->name_state;
        emit_value(f);
    }
    value_bytes(f, t->piece);
    f->string_open = t->ends;
}

static void
on_number(struct sql_fingerprint *f, const struct sql_token *t)
{
    if (t->begins) {
        bool negative = f->sign == '-';
        f->sign = 0;
        begin_token(f, 0);
        f->name_state = f->name_state == NAME_NEXT ? NAME_NONE : f->name_state;
        emit_value(f);
        if (negative) {
            value_bytes(f, SLICE_LIT("-"));
        }
    }
    value_bytes(f, t->piece);
    if (t->ends) {
        value_end(f, SQL_VALUE_NUMBER, 0);
    }
}

static void
on_param(struct sql_fingerprint *f, const struct sql_token *t)
{
    f->param = t->begins ? 0 : f->param;
    for (size_t i = 0; i < t->piece.len && f->param < 100000; i++) {
        f->param = f->param * 10 + (t->piece.ptr[i] - (uint32_t)'0');
    }
    if (!t->ends) {
        return;
    }
    begin_token(f, 0);
    if (f->name_state != NAME_NONE && f->name_state != NAME_BEHIND_TO) {
        take_name(f, SLICE_NONE, false);
        return;
    }
    emit_value(f);
    value_end(f, SQL_VALUE_PARAM, f->param);
}

static void
on_operator(struct sql_fingerprint *f, const struct sql_token *t)
{
    begin_token(f, 0);
    bool is_sign = t->piece.len == 1 && (t->piece.ptr[0] == '-' || t->piece.ptr[0] == '+');
    bool no_operand_before =
        !is_operand(f->last_class) ||
        (f->last_class == CLASS_KEYWORD && sql_keyword_facts(f->last_keyword)->sign);
    if (is_sign && no_operand_before) {
        f->sign = t->piece.ptr[0];
        return;
    }
    bool is_star = t->piece.len == 1 && t->piece.ptr[0] == '*';
    emit_sign(f, is_star ? CLASS_STAR : CLASS_OPERATOR, t->piece.ptr, t->piece.len);
}

static void
on_punct(struct sql_fingerprint *f, uint8_t c)
{
    if (c == ';' && f->ended) {
        return;
    }
    begin_token(f, c);
    f->name_state = f->name_state == NAME_FETCH ? f->name_state : NAME_NONE;
    switch (c) {
    case '(':
    case '[':
        read_open(f, c);
        break;
    case ')':
    case ']':
        read_close(f, c);
        break;
    case ',':
        read_comma(f);
        break;
    case ';':
        if (f->depth > 0 || f->begin_depth > 0) {
            emit_sign(f, CLASS_OTHER, &c, 1);
        } else {
            f->ended = f->has_tokens;
        }
        break;
    default:
        emit_sign(f, c == '.' ? CLASS_DOT : c == ':' ? CLASS_COLON : CLASS_OTHER, &c, 1);
        break;
    }
}

static void
on_comment(struct sql_fingerprint *f, const struct sql_token *t)
{
    f->comment_after = f->comment_after || f->ended;
    unsigned at = f->comment_after ? f->comment_at ^ 1u : f->comment_at;
    if (t->begins) {
        f->comment_len[at] = 0;
        f->comment_cut[at] = false;
    }
    size_t len = MIN(t->piece.len, (size_t)(SQL_COMMENT_MAX - f->comment_len[at]));
    memcpy(f->comment[at] + f->comment_len[at], t->piece.ptr, len);
    f->comment_len[at] = (uint16_t)(f->comment_len[at] + len);
    f->comment_cut[at] = f->comment_cut[at] || len < t->piece.len;
}

static void
on_token(struct sql_fingerprint *f, const struct sql_token *t)
{
    switch (t->kind) {
    case SQL_TOKEN_WORD:
    case SQL_TOKEN_QUOTED:
    case SQL_TOKEN_UQUOTED:
        on_word(f, t);
        break;
    case SQL_TOKEN_STRING:
        on_string(f, t);
        break;
    case SQL_TOKEN_NUMBER:
        on_number(f, t);
        break;
    case SQL_TOKEN_PARAM:
        on_param(f, t);
        break;
    case SQL_TOKEN_OPERATOR:
        on_operator(f, t);
        break;
    case SQL_TOKEN_CAST:
        begin_token(f, 0);
        emit_sign(f, CLASS_CAST, t->piece.ptr, t->piece.len);
        break;
    case SQL_TOKEN_PUNCT:
        on_punct(f, t->piece.ptr[0]);
        break;
    case SQL_TOKEN_COMMENT:
        on_comment(f, t);
        break;
    }
}

/* --- The interface -------------------------------------------------------------------------- */

void
sql_fingerprint_init(struct sql_fingerprint *f, const struct sql_handler *handler, uint8_t *text,
                     size_t text_size)
{
    memset(f, 0, offsetof(struct sql_fingerprint, name));
    sql_lexer_init(&f->lexer);
    f->handler = *handler;
    f->text = text_size > 0 ? text : NULL;
    f->text_size = (uint32_t)MIN(text_size, UINT32_MAX);
    begin_statement(f);
}

void
sql_fingerprint_feed(struct sql_fingerprint *f, struct slice bytes)
{
    size_t room = SQL_TEXT_MAX - f->looked_at;
    if (bytes.len > room) {
        bytes.len = room;
        f->truncated = true;
    }
    f->looked_at += (uint32_t)bytes.len;
    struct sql_token t;
    while (sql_lexer_next(&f->lexer, &bytes, &t)) {
        on_token(f, &t);
    }
}

unsigned
sql_fingerprint_finish(struct sql_fingerprint *f)
{
    struct sql_token t;
    while (!f->truncated && sql_lexer_end(&f->lexer, &t)) {
        on_token(f, &t);
    }
    bool ended = f->ended;
    f->ended = false; /* the last one ends below, with a comment that may be behind it */
    begin_token(f, '(');
    if (f->has_tokens || (f->truncated && !ended)) {
        end_statement(f, true);
    }
    return f->statements;
}

struct once {
    struct sql_fingerprint *f;
    struct sql_statement statement;
    bool seen;
};

static void
keep_first(void *ctx, const struct sql_statement *statement)
{
    struct once *o = ctx;
    if (!o->seen) {
        o->statement = *statement;
        o->seen = true;
        o->f->text = NULL; /* the next statement must not write over it */
    }
}

bool
sql_fingerprint_once(struct sql_fingerprint *f, struct slice text, uint8_t *text_buf,
                     size_t text_size, struct sql_statement *ret_statement)
{
    struct once o = {.f = f};
    struct sql_handler handler = {.on_statement = keep_first, .ctx = &o};
    struct sql_token t;
    sql_fingerprint_init(f, &handler, text_buf, text_size);
    f->truncated = text.len > SQL_TEXT_MAX;
    text.len = MIN(text.len, SQL_TEXT_MAX);
    while (!o.seen && sql_lexer_next(&f->lexer, &text, &t)) {
        on_token(f, &t);
    }
    if (!o.seen) {
        sql_fingerprint_finish(f);
    }
    if (o.seen) {
        *ret_statement = o.statement;
    }
    return o.seen;
}
