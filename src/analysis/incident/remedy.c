/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/remedy.h"

#include <ctype.h>
#include <stdio.h>

enum framework
remedy_framework(const char *text)
{
    struct slice s = slice_from_str(text);
    if (slice_starts_with_ci(s, SLICE_LIT("select * from \""))) {
        return FRAMEWORK_LARAVEL;
    }
    if (!slice_starts_with_ci(s, SLICE_LIT("select \""))) {
        return FRAMEWORK_UNKNOWN;
    }
    struct slice rest = slice_sub(s, 8, s.len);
    size_t end = slice_find(rest, '"');
    struct slice after = slice_sub(rest, end, 4);
    if (slice_eq(after, SLICE_LIT("\".* "))) {
        return FRAMEWORK_RAILS;
    }
    if (slice_eq(slice_sub(after, 0, 3), SLICE_LIT("\".\""))) {
        return FRAMEWORK_DJANGO;
    }
    /* select "value" from "settings" ... limit 1 */
    struct slice tail = slice_sub(rest, end + 1, rest.len);
    if (slice_starts_with_ci(tail, SLICE_LIT(" from \"")) || slice_eq(after, SLICE_LIT("\", \""))) {
        return FRAMEWORK_LARAVEL;
    }
    return FRAMEWORK_UNKNOWN;
}

static bool
ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

static void
singular(const char *plural, char *dst, size_t size)
{
    slice_to_str(slice_from_str(plural), dst, size);
    size_t n = strlen(dst);
    if (ends_with(dst, "ies")) {
        memcpy(dst + n - 3, "y", 2);
    } else if (ends_with(dst, "sses") || ends_with(dst, "xes") || ends_with(dst, "ches") ||
               ends_with(dst, "shes")) {
        dst[n - 2] = '\0';
    } else if (ends_with(dst, "s") && !ends_with(dst, "ss")) {
        dst[n - 1] = '\0';
    }
}

/* order_lines -> OrderLine */
static void
model_name(const char *table, char *dst, size_t size)
{
    char one[STATEMENT_NAME_LEN];
    singular(table, one, sizeof(one));
    size_t n = 0;
    bool up = true;
    for (const char *c = one; *c != '\0' && n + 1 < size; c++) {
        if (*c == '_') {
            up = true;
        } else {
            dst[n++] = (char)(up ? toupper((unsigned char)*c) : *c);
            up = false;
        }
    }
    dst[n] = '\0';
}

/* The relation, as the parent's model would call it: items; or user, for users by id. */
static bool
relation_name(const struct finding *f, char *dst, size_t size)
{
    bool to_one = f->columns.count == 1 && strcmp(f->columns.name[0], "id") == 0 &&
                  ends_with(f->parent_column, "_id");
    if (to_one) {
        slice_to_str(slice_of(f->parent_column, strlen(f->parent_column) - 3), dst, size);
    } else {
        slice_to_str(slice_from_str(f->tables.name[0]), dst, size);
    }
    return to_one;
}

static void
eager_text(const struct finding *f, enum framework framework, char *dst, size_t size)
{
    char model[STATEMENT_NAME_LEN], relation[STATEMENT_NAME_LEN];
    const char *child = f->tables.count > 0 ? f->tables.name[0] : "the rows";
    if (f->parent_table[0] == '\0' || f->tables.count == 0) {
        snprintf(dst, size, "load %.60s for all rows in one query%s%.60s%s", child,
                 f->columns.count > 0 ? " (WHERE " : "",
                 f->columns.count > 0 ? f->columns.name[0] : "",
                 f->columns.count > 0 ? " IN (...))" : "");
        return;
    }
    model_name(f->parent_table, model, sizeof(model));
    bool to_one = relation_name(f, relation, sizeof(relation));
    switch (framework) {
    case FRAMEWORK_LARAVEL:
        snprintf(dst, size, "%.60s::with('%.60s')", model, relation);
        break;
    case FRAMEWORK_RAILS:
        snprintf(dst, size, "%.60s.includes(:%.60s)", model, relation);
        break;
    case FRAMEWORK_DJANGO:
        snprintf(dst, size, "%.60s.objects.%s('%.60s')", model,
                 to_one ? "select_related" : "prefetch_related", relation);
        break;
    case FRAMEWORK_UNKNOWN:
        snprintf(dst, size, "load %.50s for all %.50s in one query (WHERE %.50s IN (...))", child,
                 f->parent_table, f->columns.count > 0 ? f->columns.name[0] : "key");
    }
}

const char *
remedy_text(const struct finding *f, const struct statement *s, char *dst, size_t size)
{
    enum framework framework = remedy_framework(s->text);
    switch (f->kind) {
    case FINDING_MISSING_INDEX:
        if (f->ddl[0] != '\0') {
            snprintf(dst, size, "%.300s", f->ddl);
        } else {
            snprintf(dst, size, "CREATE INDEX CONCURRENTLY ON %.60s (%.60s)",
                     f->tables.count > 0 ? f->tables.name[0] : "?",
                     f->columns.count > 0 ? f->columns.name[0] : "?");
        }
        break;
    case FINDING_REPEATED_QUERY:
        eager_text(f, framework, dst, size);
        break;
    case FINDING_CACHEABLE:
        snprintf(dst, size, "%s %.90s",
                 framework == FRAMEWORK_LARAVEL  ? "Cache::remember for"
                 : framework == FRAMEWORK_DJANGO ? "cache.get_or_set for"
                 : framework == FRAMEWORK_RAILS  ? "Rails.cache.fetch for"
                                                 : "keep in the application's cache:",
                 s->label);
        break;
    default:
        snprintf(dst, size, "look at %.90s", s->label);
    }
    return dst;
}

const char *
remedy_note(const struct finding *f, double calls, char *dst, size_t size)
{
    dst[0] = '\0';
    if (f->kind == FINDING_MISSING_INDEX && f->size_bytes > 0) {
        bool concurrent = strstr(f->ddl, "CONCURRENTLY") != NULL;
        snprintf(dst, size, "about %.0f s to build, %.0f MB, %s", MAX(1.0, f->build_ms / 1000),
                 MAX(1.0, f->size_bytes / 1e6), concurrent ? "no write lock" : "blocks writes");
    } else if (f->kind == FINDING_REPEATED_QUERY) {
        snprintf(dst, size, "1 query instead of %.0f", calls);
    } else if (f->kind == FINDING_CACHEABLE) {
        snprintf(dst, size, "a cache would hit %.0f %%", 100 * f->hit_rate);
    }
    return dst;
}
