/* SPDX-License-Identifier: Apache-2.0
 * test/property/sql_reference.h - the normalized text of one statement, the plain and slow way: all
 * tokens in an array, lists and rows folded by comparing strings. Written from the rules in
 * sql_fingerprint.h, not from the code.
 *
 * It knows what applications send and says so when a text is beyond it: commands with names, E''
 * and other prefixes, dollar quotes, comments, several statements, words over 256 bytes. */
#ifndef PROPERTY_SQL_REFERENCE_H
#define PROPERTY_SQL_REFERENCE_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define REFERENCE_TOKENS 4096

struct reference_token {
    char kind; /* w word, q quoted, v value, o operator, p punctuation, c cast */
    char text[72];
};

struct reference {
    struct reference_token tokens[REFERENCE_TOKENS];
    size_t count;
    char out[64 * 1024];
};

static bool
ref_is_word(unsigned char c)
{
    return isalnum(c) || c == '_' || c == '$' || c >= 0x80;
}

static bool
ref_is(const struct reference_token *t, const char *text)
{
    return t->kind != 'q' && strcmp(t->text, text) == 0;
}

static bool
ref_is_one_of(const struct reference_token *t, const char *words)
{
    char padded[80];
    snprintf(padded, sizeof(padded), " %s ", t->text);
    return t->kind == 'w' && strstr(words, padded) != NULL;
}

static bool
ref_is_operand(const struct reference_token *t)
{
    return t->kind == 'w' || t->kind == 'q' || t->kind == 'v' || ref_is(t, ")") || ref_is(t, "]");
}

/* The words behind which a sign belongs to its number. */
#define REF_SIGN                                                                                   \
    " and between by case default else from having limit not offset on or return returning "       \
    "select "                                                                                      \
    "set then to when where "
#define REF_KEYWORDS                                                                               \
    REF_SIGN "abort all alter analyse analyze array as begin checkpoint close cluster comment "    \
             "commit copy create current deallocate declare delete discard drop end execute "      \
             "explain fetch function grant ilike import in insert is like listen load lock merge " \
             "move notify null of prepare procedure reassign refresh reindex release replace "     \
             "reset revoke rollback savepoint security show start table transaction true false "   \
             "truncate unlisten update vacuum values with "
/* What a reference this plain leaves alone. */
#define REF_BEYOND                                                                                 \
    " prepare execute deallocate savepoint release rollback declare fetch move close current "     \
    "function procedure "

static bool
ref_add(struct reference *r, char kind, const char *text, size_t len)
{
    if (r->count == REFERENCE_TOKENS || len >= sizeof(r->tokens[0].text)) {
        return false;
    }
    struct reference_token *t = &r->tokens[r->count++];
    t->kind = kind;
    memcpy(t->text, text, len);
    t->text[len] = '\0';
    for (size_t i = 0; kind == 'w' && i < len; i++) {
        t->text[i] =
            (char)(t->text[i] >= 'A' && t->text[i] <= 'Z' ? t->text[i] | 0x20 : t->text[i]);
    }
    return true;
}

/* A word, or NULL, TRUE, FALSE as a value. */
static bool
ref_word(struct reference *r, const char *text, size_t len)
{
    if (!ref_add(r, 'w', text, len)) {
        return false;
    }
    struct reference_token *t = &r->tokens[r->count - 1];
    bool behind = r->count > 1 && ref_is_one_of(t - 1, " is not set ");
    if (ref_is_one_of(t, " null true false ") && !behind) {
        t->kind = 'v';
        strcpy(t->text, "?");
    }
    return !ref_is_one_of(t, REF_BEYOND);
}

/* A sign before a number is the number's when nothing else can be meant. */
static void
ref_number(struct reference *r)
{
    struct reference_token *t = r->tokens + r->count;
    bool sign = r->count > 0 && t[-1].kind == 'o' && (ref_is(t - 1, "-") || ref_is(t - 1, "+"));
    if (sign && (r->count == 1 || !ref_is_operand(t - 2) || ref_is_one_of(t - 2, REF_SIGN))) {
        r->count--;
    }
}

static bool
ref_tokens(struct reference *r, const unsigned char *s)
{
    while (*s != 0) {
        const unsigned char *from = s;
        bool ok = true;
        if (*s <= ' ' || *s == 0x7f) {
            s++;
        } else if (isdigit(*s) || (*s == '.' && isdigit(s[1]))) {
            while (isdigit(*s) || *s == '.') {
                s++;
            }
            ref_number(r);
            ok = !ref_is_word(*s) && ref_add(r, 'v', "?", 1);
        } else if (*s == '$') {
            s++;
            while (isdigit(*s)) {
                s++;
            }
            ok = s > from + 1 && s < from + 7 && ref_add(r, 'v', "?", 1);
        } else if (ref_is_word(*s)) {
            while (ref_is_word(*s)) {
                s++;
            }
            ok = *s != '\'' && *s != '&' && ref_word(r, (const char *)from, (size_t)(s - from));
        } else if (*s == '"') {
            do {
                s += s[1] == '"' && s > from && false ? 2 : 1;
            } while (*s >= ' ' && *s != '"' && *s != 0x7f);
            ok = *s == '"' && s[1] != '"';
            s += ok ? 1 : 0;
            ok = ok && ref_add(r, 'q', (const char *)from, (size_t)(s - from));
        } else if (*s == '\'') {
            for (s++; *s != 0 && (*s != '\'' || s[1] == '\''); s++) {
                s += *s == '\'' ? 1 : 0;
            }
            ok = *s == '\'' && !(r->count > 0 && r->tokens[r->count - 1].kind == 's');
            s += ok ? 1 : 0;
            ok = ok && ref_add(r, 's', "?", 1);
        } else if (*s == ':' && s[1] == ':') {
            s += 2;
            ok = ref_add(r, 'c', "::", 2);
        } else if (strchr("()[],.", *s) != NULL) {
            s++;
            ok = ref_add(r, 'p', (const char *)from, 1);
        } else if (strchr("+-*/<>=~!@#%^&|", *s) != NULL) {
            while (*s != 0 && strchr("+-*/<>=~!@#%^&|?`", *s) != NULL) {
                s++;
            }
            size_t len = (size_t)(s - from);
            ok = len < 4 && memchr(from, '?', len) == NULL && memchr(from, '`', len) == NULL &&
                 (len == 1 || (s[-1] != '-' && s[-1] != '+')) &&
                 (len == 1 || (memcmp(from, "--", 2) != 0 && memcmp(from, "/*", 2) != 0 &&
                               memcmp(s - 2, "--", 2) != 0 && memcmp(s - 2, "/*", 2) != 0)) &&
                 ref_add(r, 'o', (const char *)from, len);
        } else {
            ok = false; /* `;`, `?`, `:name`, ... */
        }
        if (!ok) {
            return false;
        }
    }
    for (size_t i = 0; i < r->count; i++) {
        r->tokens[i].kind = r->tokens[i].kind == 's' ? 'v' : r->tokens[i].kind;
    }
    return true;
}

static size_t
ref_closing(const struct reference *r, size_t open)
{
    unsigned depth = 0;
    for (size_t i = open; i < r->count; i++) {
        depth += ref_is(&r->tokens[i], "(") || ref_is(&r->tokens[i], "[");
        depth -= ref_is(&r->tokens[i], ")") || ref_is(&r->tokens[i], "]");
        if (depth == 0) {
            return i;
        }
    }
    return 0;
}

static bool
ref_same(const struct reference *r, size_t a, size_t b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct reference_token *x = &r->tokens[a + i];
        const struct reference_token *y = &r->tokens[b + i];
        if ((x->kind == 'q') != (y->kind == 'q') || strcmp(x->text, y->text) != 0) {
            return false;
        }
    }
    return true;
}

static void
ref_remove(struct reference *r, size_t from, size_t to)
{
    memmove(r->tokens + from, r->tokens + to, (r->count - to) * sizeof(r->tokens[0]));
    r->count -= to - from;
}

/* From the inside out: the last list opened first. Neighbours that are alike become one. */
static void
ref_fold_list(struct reference *r, size_t open)
{
    size_t last = 0; /* where the element before begins, and its length */
    size_t last_len = 0;
    size_t begin = open + 1;
    while (begin <= ref_closing(r, open)) {
        size_t close = ref_closing(r, open);
        size_t end = begin;
        unsigned depth = 0;
        for (; end < close && (depth > 0 || !ref_is(&r->tokens[end], ",")); end++) {
            depth += ref_is(&r->tokens[end], "(") || ref_is(&r->tokens[end], "[");
            depth -= ref_is(&r->tokens[end], ")") || ref_is(&r->tokens[end], "]");
        }
        if (last != 0 && end - begin == last_len && ref_same(r, last, begin, last_len)) {
            ref_remove(r, begin - 1, end);
            begin--;
            if (ref_is(&r->tokens[begin], ",")) {
                begin++;
                continue;
            }
            return;
        }
        last = begin;
        last_len = end - begin;
        begin = end + 1;
    }
}

/* False: brackets that do not pair, or lists in arrays, which are beyond it. */
static bool
ref_fold(struct reference *r)
{
    for (size_t i = 1; i < r->count; i++) { /* rows behind the first go */
        if (ref_is(&r->tokens[i], "(") && ref_is(&r->tokens[i - 1], "values")) {
            size_t close = ref_closing(r, i);
            for (size_t k = i; k < close; k++) {
                if (ref_is(&r->tokens[k], "values")) {
                    return false; /* rows inside of rows */
                }
            }
            while (close != 0 && close + 2 < r->count && ref_is(&r->tokens[close + 1], ",") &&
                   ref_is(&r->tokens[close + 2], "(")) {
                size_t end = ref_closing(r, close + 2);
                if (end == 0) {
                    return false;
                }
                ref_remove(r, close + 1, end + 1);
            }
        }
    }
    unsigned lists = 0;
    for (size_t i = r->count; i-- > 1;) {
        bool opens = ref_is(&r->tokens[i], "(") || ref_is(&r->tokens[i], "[");
        if (opens && ref_closing(r, i) == 0) {
            return false;
        }
        bool is_in = ref_is(&r->tokens[i], "(") && ref_is(&r->tokens[i - 1], "in");
        bool is_array = ref_is(&r->tokens[i], "[") && ref_is(&r->tokens[i - 1], "array");
        bool is_query =
            i + 1 < r->count && ref_is_one_of(&r->tokens[i + 1], " select values table with ");
        if (ref_is(&r->tokens[i], "[") && i + 1 < r->count && ref_is(&r->tokens[i + 1], "[")) {
            return false;
        }
        if ((is_in && !is_query) || is_array) {
            lists++;
            ref_fold_list(r, i);
        }
    }
    return lists <= 12;
}

static bool
ref_blank(const struct reference_token *a, const struct reference_token *b)
{
    bool name = b->kind == 'w' || b->kind == 'q';
    if (ref_is(a, "(") || ref_is(a, "[") || ref_is(b, ",") || ref_is(b, ")") || ref_is(b, "]")) {
        return false;
    }
    if (ref_is(b, ".") || b->kind == 'c' || ref_is(b, "[")) {
        return !ref_is_operand(a);
    }
    if (a->kind == 'c') {
        return !name;
    }
    if (ref_is(a, ".")) {
        return !(name || b->kind == 'v' || ref_is(b, "*"));
    }
    return !(ref_is(b, "(") && a->kind == 'w' && !ref_is_one_of(a, REF_KEYWORDS));
}

/* The normalized text in r->out; false: beyond it. */
static bool
reference_read(struct reference *r, const char *text)
{
    r->count = 0;
    if (!ref_tokens(r, (const unsigned char *)text) || r->count == 0 || !ref_fold(r)) {
        return false;
    }
    size_t len = 0;
    for (size_t i = 0; i < r->count; i++) {
        bool blank = i > 0 && ref_blank(&r->tokens[i - 1], &r->tokens[i]);
        len += (size_t)snprintf(r->out + len, sizeof(r->out) - len, "%s%s", blank ? " " : "",
                                r->tokens[i].text);
        if (len >= sizeof(r->out)) {
            return false;
        }
    }
    return true;
}

#endif
