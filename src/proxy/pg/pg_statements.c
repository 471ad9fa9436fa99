/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/pg/pg_session.h"

static void
put(struct pg_session *p, struct pg_statement **s)
{
    pg_statement_put(&p->worker->execs, s);
}

struct pg_statement *
pg_statements_find(struct pg_session *p, uint64_t name)
{
    return name == pg_session_unnamed() ? p->unnamed : pg_names_get(&p->statements, name);
}

static void
set(struct pg_session *p, uint64_t name, struct pg_statement *statement)
{
    if (name == pg_session_unnamed()) {
        p->unnamed = statement;
    } else if (statement == NULL) {
        pg_names_remove(&p->statements, name);
    } else {
        int r = pg_names_put(&p->statements, PG_STATEMENTS_MAX, name, statement);
        assert(r == 0); /* the name is in the table already */
    }
}

bool
pg_statements_add(struct pg_session *p, struct pg_statement *statement)
{
    statement->shadowed = pg_statements_find(p, statement->name);
    if (statement->name == pg_session_unnamed()) {
        p->unnamed = statement;
        return true;
    }
    if (pg_names_put(&p->statements, PG_STATEMENTS_MAX, statement->name, statement) < 0) {
        put(p, &statement);
        return false;
    }
    return true;
}

/* Takes the statement out of its name's chain; the chain's reference is the caller's then. */
static bool
unlink_from_chain(struct pg_session *p, struct pg_statement *statement)
{
    struct pg_statement *current = pg_statements_find(p, statement->name);
    if (current == statement) {
        set(p, statement->name, statement->shadowed);
        statement->shadowed = NULL;
        return true;
    }
    for (; current != NULL; current = current->shadowed) {
        if (current->shadowed == statement) {
            current->shadowed = statement->shadowed;
            statement->shadowed = NULL;
            return true;
        }
    }
    return false;
}

void
pg_statements_undo(struct pg_session *p, struct pg_statement *statement)
{
    if (!statement->confirmed && unlink_from_chain(p, statement)) {
        put(p, &statement);
    }
}

void
pg_statements_confirm(struct pg_session *p, struct pg_statement *statement)
{
    statement->confirmed = true;
    struct pg_statement *old = TAKE(statement->shadowed);
    while (old != NULL) {
        struct pg_statement *older = TAKE(old->shadowed);
        put(p, &old);
        old = older;
    }
}

void
pg_statements_close(struct pg_session *p, struct pg_statement *statement, uint64_t now_ns)
{
    if (unlink_from_chain(p, statement)) {
        pg_emit_unused(p, statement, now_ns);
        put(p, &statement);
    }
}

void
pg_statements_close_all(struct pg_session *p, uint64_t now_ns)
{
    struct pg_statement *kept[64];
    unsigned kept_count = 0;
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&p->statements.map, &at)) != NULL) {
        struct pg_statement *statement = slot->value;
        /* One that was sent behind this in a pipeline is not meant. */
        if (!statement->confirmed && kept_count < ARRAY_LEN(kept)) {
            kept[kept_count++] = statement;
            continue;
        }
        while (statement != NULL) {
            struct pg_statement *older = TAKE(statement->shadowed);
            pg_emit_unused(p, statement, now_ns);
            put(p, &statement);
            statement = older;
        }
    }
    pg_names_fini(&p->statements);
    for (unsigned i = 0; i < kept_count; i++) {
        int r = pg_names_put(&p->statements, PG_STATEMENTS_MAX, kept[i]->name, kept[i]);
        assert(r == 0);
    }
}

void
pg_portals_close(struct pg_session *p, uint64_t name)
{
    if (name == pg_session_unnamed()) {
        pg_exec_put(&p->worker->execs, p->unnamed_portal);
        p->unnamed_portal = 0;
        return;
    }
    struct pg_exec *e = pg_names_remove(&p->portals, name);
    if (e != NULL) {
        pg_exec_put(&p->worker->execs, e->index);
    }
}

void
pg_portals_set(struct pg_session *p, uint64_t name, struct pg_exec *e)
{
    pg_portals_close(p, name);
    e->refs++;
    if (name == pg_session_unnamed()) {
        p->unnamed_portal = e->index;
    } else if (pg_names_put(&p->portals, PG_PORTALS_MAX, name, e) < 0) {
        e->refs--;
    }
}

struct pg_exec *
pg_portals_find(struct pg_session *p, uint64_t name)
{
    return name == pg_session_unnamed() ? pg_exec_at(&p->worker->execs, p->unnamed_portal)
                                        : pg_names_get(&p->portals, name);
}

void
pg_portals_close_all(struct pg_session *p)
{
    size_t at = 0;
    struct map_slot *slot;
    pg_portals_close(p, pg_session_unnamed());
    while ((slot = map_next(&p->portals.map, &at)) != NULL) {
        pg_exec_put(&p->worker->execs, ((struct pg_exec *)slot->value)->index);
    }
    pg_names_fini(&p->portals);
}
