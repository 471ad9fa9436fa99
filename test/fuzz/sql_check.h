/* SPDX-License-Identifier: Apache-2.0
 * test/fuzz/sql_check.h - what sql_fingerprint promises, for any bytes: the same result in any
 * cuts, a normalized text that is its own normalized text, and no byte beyond a buffer's end.
 * Shared by the fuzz target and the property test. */
#ifndef FUZZ_SQL_CHECK_H
#define FUZZ_SQL_CHECK_H

#include "base/hash.h"
#include "base/prng.h"
#include "proto/sql/sql_fingerprint.h"

#define SQL_CHECK_TEXT (4 * SQL_TEXT_MAX)

/* Everything that is told, as one hash. */
struct sql_told {
    uint64_t hash;
    struct sql_statement statement; /* the last one, its text copied */
    unsigned statements;
    uint8_t text[SQL_CHECK_TEXT];
};

static void
sql_told_bytes(void *ctx, struct slice bytes)
{
    struct sql_told *t = ctx;
    for (size_t i = 0; i < bytes.len; i++) {
        t->hash = hash_combine(t->hash, bytes.ptr[i]);
    }
}

static void
sql_told_end(void *ctx, enum sql_value_kind kind, unsigned param)
{
    struct sql_told *t = ctx;
    t->hash = hash_combine(t->hash, 256 + (uint64_t)kind * 1000000 + param);
}

static void
sql_told_statement(void *ctx, const struct sql_statement *s)
{
    struct sql_told *t = ctx;
    t->statements++;
    t->hash = hash_combine(t->hash, s->fingerprint);
    t->hash = hash_combine(t->hash, hash_bytes(s->text));
    t->hash = hash_combine(t->hash, hash_bytes(s->name));
    t->hash = hash_combine(t->hash, hash_bytes(s->comment));
    t->hash = hash_combine(t->hash, s->inner_fingerprint);
    t->hash = hash_combine(t->hash, (uint64_t)s->kind << 8 | (uint64_t)s->command);
    assert(s->text.len <= SQL_CHECK_TEXT && s->fingerprint != 0);
    if (s->text.len > 0) {
        memcpy(t->text, s->text.ptr, s->text.len);
    }
    t->statement = *s;
    t->statement.text = slice_of(t->text, s->text.len);
}

/* step 0: random cuts. */
static void
sql_tell(struct slice input, size_t step, uint64_t seed, size_t text_size, struct sql_told *ret)
{
    static struct sql_fingerprint f;
    static uint8_t text[SQL_CHECK_TEXT + 8];
    struct prng prng = {seed};
    struct sql_handler handler = {sql_told_bytes, sql_told_end, sql_told_statement, ret};
    ret->hash = 0;
    ret->statements = 0;
    memset(text + text_size, 0xa5, 8);
    memset(&f, 0xee, sizeof(f)); /* nothing may depend on what was there */
    sql_fingerprint_init(&f, &handler, text, text_size);
    for (size_t at = 0, n = 0; at < input.len; at += n) {
        n = step != 0 ? step : prng_below(&prng, 12);
        sql_fingerprint_feed(&f, slice_sub(input, at, n));
    }
    unsigned statements = sql_fingerprint_finish(&f);
    assert(statements == ret->statements);
    for (size_t i = 0; i < 8; i++) {
        assert(text[text_size + i] == 0xa5);
    }
}

static void
sql_check(struct slice input, uint64_t seed)
{
    static struct sql_told whole;
    static struct sql_told other;
    sql_tell(input, SQL_CHECK_TEXT * 8, 0, SQL_CHECK_TEXT, &whole);
    sql_tell(input, 1, 0, SQL_CHECK_TEXT, &other);
    assert(whole.hash == other.hash);
    sql_tell(input, 0, seed, SQL_CHECK_TEXT, &other);
    assert(whole.hash == other.hash);
    sql_tell(input, 0, seed, seed % 64, &other);
    assert(whole.statements == other.statements);
    if (whole.statements == 0 || whole.statement.truncated) {
        return;
    }
    assert(whole.statement.fingerprint == other.statement.fingerprint);
    assert(!whole.statement.text_cut);
    sql_tell(whole.statement.text, SQL_CHECK_TEXT * 8, 0, SQL_CHECK_TEXT, &other);
    if (other.statement.truncated) {
        return;
    }
    assert(other.statements == 1);
    assert(other.statement.fingerprint == whole.statement.fingerprint);
    assert(other.statement.inner_fingerprint == whole.statement.inner_fingerprint);
    assert(other.statement.kind == whole.statement.kind);
    assert(slice_eq(other.statement.text, whole.statement.text));
}

#endif
