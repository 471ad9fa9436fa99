/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_exec.h"

#include <stdlib.h>

#include "proxy/pg/pg_timing.h"

enum { CHUNK = 64 };

void
pg_execs_init(struct pg_execs *x, struct pg_texts *texts, struct lens *lens,
              struct server_timing *server_timing)
{
    *x = (struct pg_execs){
        .chunks = check_alloc(PG_EXECS_MAX / CHUNK, sizeof(struct pg_exec *)),
        .free = check_alloc(PG_EXECS_MAX, sizeof(uint32_t)),
        .texts = texts,
        .lens = lens,
        .server_timing = server_timing,
    };
}

void
pg_execs_fini(struct pg_execs *x)
{
    for (uint32_t i = 0; x->chunks != NULL && i < PG_EXECS_MAX / CHUNK; i++) {
        free(x->chunks[i]);
    }
    free(x->chunks);
    free(x->free);
    *x = (struct pg_execs){0};
}

struct pg_exec *
pg_exec_at(const struct pg_execs *x, uint32_t index)
{
    return index == 0 ? NULL : &x->chunks[(index - 1) / CHUNK][(index - 1) % CHUNK];
}

struct pg_exec *
pg_exec_new(struct pg_execs *x)
{
    uint32_t index;
    if (x->free_count > 0) {
        index = x->free[--x->free_count];
    } else {
        if (x->made == PG_EXECS_MAX) {
            return NULL;
        }
        struct pg_exec **chunk = &x->chunks[x->made / CHUNK];
        if (*chunk == NULL) {
            *chunk = malloc(CHUNK * sizeof(struct pg_exec));
            if (*chunk == NULL) {
                return NULL;
            }
        }
        index = ++x->made;
    }
    struct pg_exec *e = pg_exec_at(x, index);
    assert(e != NULL);
    memset(e, 0, offsetof(struct pg_exec, values));
    e->index = index;
    e->refs = 1;
    return e;
}

void
pg_exec_put(struct pg_execs *x, uint32_t index)
{
    struct pg_exec *e = pg_exec_at(x, index);
    if (e == NULL || --e->refs > 0) {
        return;
    }
    pg_statement_put(x, &e->statement);
    pg_text_put(x->texts, &e->tags);
    lens_drop(x->lens, &e->lens);
    if (e->timing != 0) {
        pg_timing_abandon(x, e);
    }
    x->free[x->free_count++] = index;
}

struct pg_statement *
pg_statement_new(uint64_t name)
{
    struct pg_statement *s = calloc(1, sizeof(*s));
    if (s != NULL) {
        s->name = name;
        s->refs = 1;
    }
    return s;
}

struct pg_statement *
pg_statement_ref(struct pg_statement *s)
{
    if (s != NULL) {
        s->refs++;
    }
    return s;
}

void
pg_statement_put(struct pg_execs *x, struct pg_statement **s)
{
    struct pg_statement *gone = TAKE(*s);
    if (gone == NULL || --gone->refs > 0) {
        return;
    }
    pg_text_put(x->texts, &gone->text);
    pg_text_put(x->texts, &gone->tags);
    pg_statement_put(x, &gone->target);
    free(gone->types);
    free(gone->columns);
    free(gone);
}

void
pg_statement_set_type(struct pg_statement *s, unsigned index, uint32_t oid)
{
    if (index >= PG_TYPES_MAX) {
        return;
    }
    if (index >= s->type_count) {
        unsigned room = MIN(PG_TYPES_MAX, (index + 8) / 8 * 8);
        uint32_t *types = realloc(s->types, room * sizeof(*types));
        if (types == NULL) {
            return;
        }
        memset(types + s->type_count, 0, (room - s->type_count) * sizeof(*types));
        s->types = types;
        s->type_count = (uint16_t)room;
    }
    if (s->types[index] == 0) {
        s->types[index] = oid;
    }
}

uint32_t
pg_statement_type(const struct pg_statement *s, unsigned index)
{
    return s != NULL && index < s->type_count ? s->types[index] : 0;
}
