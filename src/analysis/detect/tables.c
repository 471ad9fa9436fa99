/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/tables.h"

#include <string.h>

#include "base/hash.h"
#include "model/json_text.h"

static bool
is_same_table(const char *a, const char *b)
{
    char x[STATEMENT_NAME_LEN], y[STATEMENT_NAME_LEN];
    statement_plain_name(a, x);
    statement_plain_name(b, y);
    return strcmp(x, y) == 0;
}

struct advice_table *
tables_get(struct tables *t, const char *database, const char *name)
{
    for (unsigned i = 0; i < t->count; i++) {
        if (is_same_table(t->table[i].name, name) && strcmp(t->table[i].database, database) == 0) {
            if (strchr(name, '.') != NULL && strchr(t->table[i].name, '.') == NULL) {
                slice_to_str(slice_from_str(name), t->table[i].name, sizeof(t->table[i].name));
            }
            return &t->table[i];
        }
    }
    if (t->count == TABLES_MAX) {
        return NULL;
    }
    struct advice_table *x = &t->table[t->count++];
    slice_to_str(slice_from_str(name), x->name, sizeof(x->name));
    slice_to_str(slice_from_str(database), x->database, sizeof(x->database));
    return x;
}

json_t *
tables_names(const struct tables *t, const char *database)
{
    json_t *names = json_array();
    for (unsigned i = 0; i < t->count; i++) {
        if (strcmp(t->table[i].database, database) == 0) {
            json_array_append_new(names, json_text(slice_from_str(t->table[i].name)));
        }
    }
    return names;
}

static void
answer_table(struct advice_table *t, const json_t *one, uint64_t now_ns)
{
    double writes = json_number_value(json_object_get(one, "inserted")) +
                    json_number_value(json_object_get(one, "updated")) +
                    json_number_value(json_object_get(one, "deleted"));
    double rows = json_number_value(json_object_get(one, "rows"));
    double scans = json_number_value(json_object_get(one, "seq_scans"));
    if (t->answers == 0) {
        t->first_ns = now_ns;
        t->rows_first = rows;
        t->writes_first = writes;
        t->seq_scans_first = scans;
    } else if (writes > t->writes || writes < t->writes) {
        t->changed_ns = now_ns;
    }
    /* What was read since it was last taken, and not before. */
    double reads = json_number_value(json_object_get(one, "seq_rows")) +
                   json_number_value(json_object_get(one, "index_rows"));
    if (t->answers == 0 || reads < t->reads) {
        t->reads_taken = reads;
        t->taken_ns = now_ns;
    }
    t->reads = reads;
    t->answers++;
    t->last_ns = now_ns;
    t->rows = rows;
    t->writes = writes;
    t->seq_scans = scans;
    t->bytes = json_number_value(json_object_get(one, "bytes"));
    t->state = ADVICE_GIVEN;
}

void
tables_answer(struct tables *t, uint64_t database, const json_t *answer, uint64_t now_ns)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(answer, "tables"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        for (unsigned k = 0; name != NULL && k < t->count; k++) {
            if (is_same_table(t->table[k].name, name) &&
                hash_bytes(slice_from_str(t->table[k].database)) == database) {
                answer_table(&t->table[k], one, now_ns);
            }
        }
    }
}

bool
tables_take_reads(struct advice_table *t, double *ret_rows)
{
    if (t->taken_ns == 0 || t->last_ns <= t->taken_ns) {
        return false;
    }
    *ret_rows = t->reads - t->reads_taken;
    t->reads_taken = t->reads;
    t->taken_ns = t->last_ns;
    return true;
}
