/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sql/sql_fingerprint.h"

#include <stdio.h>

#include "unit/unit.h"

/* What a text gives: "normalized|normalized#value,value" */
struct seen {
    char out[8192];
    size_t len;
    char values[8192];
    size_t values_len;
    struct sql_statement last;
    char name[64];
    char comment[SQL_COMMENT_MAX + 1];
    char inner[512];
    unsigned count;
};

static void
put(char *dst, size_t *len, struct slice s)
{
    assert_true(*len + s.len + 1 < 8192);
    memcpy(dst + *len, s.ptr, s.len);
    *len += s.len;
    dst[*len] = '\0';
}

static void
on_bytes(void *ctx, struct slice bytes)
{
    struct seen *s = ctx;
    put(s->values, &s->values_len, bytes);
}

static void
on_end(void *ctx, enum sql_value_kind kind, unsigned param)
{
    struct seen *s = ctx;
    char tail[16];
    if (kind == SQL_VALUE_PARAM) {
        snprintf(tail, sizeof(tail), "$%u;", param);
    } else {
        snprintf(tail, sizeof(tail), ":%c;", "snb0"[kind]);
    }
    put(s->values, &s->values_len, slice_from_str(tail));
}

static void
on_statement(void *ctx, const struct sql_statement *statement)
{
    struct seen *s = ctx;
    if (s->count++ > 0) {
        put(s->out, &s->len, SLICE_LIT("|"));
    }
    put(s->out, &s->len, statement->text);
    s->last = *statement;
    slice_to_str(statement->name, s->name, sizeof(s->name));
    slice_to_str(statement->comment, s->comment, sizeof(s->comment));
    slice_to_str(statement->inner_text, s->inner, sizeof(s->inner));
}

static struct seen seen;

static void
look(struct slice text, size_t step)
{
    static struct sql_fingerprint f;
    static uint8_t buf[8192];
    struct sql_handler handler = {on_bytes, on_end, on_statement, &seen};
    memset(&seen, 0, sizeof(seen));
    sql_fingerprint_init(&f, &handler, buf, sizeof(buf));
    for (size_t at = 0; at < text.len; at += step) {
        sql_fingerprint_feed(&f, slice_sub(text, at, step));
    }
    unsigned count = sql_fingerprint_finish(&f);
    assert_int_equal(count, seen.count);
}

static void
look_str(const char *text)
{
    look(slice_from_str(text), 1 << 20);
}

static const struct {
    const char *text;
    const char *normalized;
    const char *values;
} table[] = {
    {"SELECT 1", "select ?", "1:n;"},
    {"select  * from\n\t\"orders\" where \"orders\".\"user_id\" = $1 limit 20",
     "select * from \"orders\" where \"orders\".\"user_id\" = ? limit ?", "$1;20:n;"},
    {"SELECT * FROM Orders o WHERE o.ID=5", "select * from orders o where o.id = ?", "5:n;"},
    {"SELECT 'it''s', E'a\\'b\\n\\x41\\101\\u00e9', $$do'l$$, $t$a$b$t$, B'01', X'fF', N'n'",
     "select ?, ?, ?, ?, ?, ?, ?", "it's:s;a'b\nAA\xc3\xa9:s;do'l:s;a$b:s;01:s;fF:s;n:s;"},
    {"SELECT E'\\uD83D\\uDE00 \\\\ \\q'", "select ?", "\xf0\x9f\x98\x80 \\ q:s;"},
    {"SELECT 'a'\n  'b', U&'d\\0061t' ", "select ?, ?", "ab:s;d\\0061t:s;"},
    {"SELECT .5, 1.5e-10, 0x1F, 1e5, 42.", "select ?, ?, ?, ?, ?",
     ".5:n;1.5e-10:n;0x1F:n;1e5:n;42.:n;"},
    {"SELECT a-1, -1, a - -1, (-2), b*-3", "select a - ?, ?, a - ?, (?), b * ?",
     "1:n;-1:n;-1:n;-2:n;-3:n;"},
    {"WHERE x=-1 AND y BETWEEN -5 AND +5 LIMIT -0", "where x = ? and y between ? and ? limit ?",
     "-1:n;-5:n;5:n;-0:n;"},
    {"SELECT x::int, :name, y::text, a[1:2], '5'::int",
     "select x::int, ?, y::text, a[? : ?], ?::int", "$0;1:n;2:n;5:s;"},
    {"f(a := 1, b => 2)", "f(a := ?, b => ?)", "1:n;2:n;"},
    {"SELECT d->>'k', d ? 'k', d ?| $1, d @? 'p', d @> '{}'",
     "select d ->> ?, d ? ?, d ?| ?, d @? ?, d @> ?", "k:s;$0;k:s;$1;p:s;{}:s;"},
    {"x=? AND y>=?", "x = ? and y >= ?", "$0;$0;"},
    {"SELECT count(*), t.* FROM t", "select count(*), t.* from t", ""},
    {"a/* x /* nested */ y */b -- end\nc", "a b c", ""},
    {"a--b", "a", ""},
    {"a-/*c*/b", "a - b", ""},
    {"WHERE id IN (1,2, 3)", "where id in (?)", "1:n;2:n;3:n;"},
    {"WHERE id IN ($1)", "where id in (?)", "$1;"},
    {"WHERE id NOT IN ('a'::text, 'b'::text)", "where id not in (?::text)", "a:s;b:s;"},
    {"WHERE (a,b) IN ((1,2),(3,4))", "where (a, b) in ((?, ?))", "1:n;2:n;3:n;4:n;"},
    {"id IN (-1, 2, NULL)", "id in (?)", "-1:n;2:n;:0;"},
    {"id IN (SELECT a, a FROM t)", "id in (select a, a from t)", ""},
    {"id IN (1, b, 2, 3)", "id in (?, b, ?)", "1:n;2:n;3:n;"},
    {"= ANY(ARRAY[1,2,3])", "= any(array[?])", "1:n;2:n;3:n;"},
    {"ARRAY[[1,2],[3,4]]", "array[[?]]", "1:n;2:n;3:n;4:n;"},
    {"INSERT INTO t (a, b) VALUES (1, 'x'), (2, DEFAULT), (3, now()) RETURNING id",
     "insert into t(a, b) values (?, ?) returning id", "1:n;x:s;2:n;3:n;"},
    {"WITH v AS (VALUES (1), (2)), w AS (SELECT 1) SELECT 2",
     "with v as (values (?)), w as (select ?) select ?", "1:n;2:n;1:n;2:n;"},
    {"VALUES (1), x", "values (?), x", "1:n;"},
    {"x IS NULL AND y IS NOT NULL AND z = NULL AND b = TRUE AND NOT false AND c IS TRUE",
     "x is null and y is not null and z = ? and b = ? and not false and c is true", ":0;t:b;"},
    {"INSERT INTO t VALUES (NULL, true)", "insert into t values (?, ?)", ":0;t:b;"},
    {"SAVEPOINT sp_1", "savepoint ?", ""},
    {"ROLLBACK TO SAVEPOINT \"LaRaVeL\"", "rollback to savepoint ?", ""},
    {"ROLLBACK WORK TO a", "rollback work to ?", ""},
    {"RELEASE a", "release ?", ""},
    {"PREPARE TRANSACTION 'x'", "prepare transaction ?", "x:s;"},
    {"DECLARE \"c\" NO SCROLL CURSOR FOR SELECT 1", "declare ? no scroll cursor for select ?",
     "1:n;"},
    {"FETCH FORWARD 100 FROM \"c\"", "fetch forward ? from ?", "100:n;"},
    {"FETCH ALL IN c", "fetch all in ?", ""},
    {"FETCH c", "fetch ?", ""},
    {"CLOSE ALL; CLOSE c", "close all|close ?", ""},
    {"UPDATE t SET a = 1 WHERE CURRENT OF c", "update t set a = ? where current of ?", "1:n;"},
    {"SELECT 1; ;; SELECT 'a;b';", "select ?|select ?", "1:n;a;b:s;"},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN b END; SELECT c; END; X",
     "create function f() returns int begin atomic select case when a then b end ; select c ; "
     "end|x",
     ""},
    {"CREATE RULE r AS ON INSERT TO t DO (SELECT a; SELECT b); X",
     "create rule r as on insert to t do(select a ; select b)|x", ""},
    {"CREATE TRIGGER t AFTER INSERT ON x EXECUTE FUNCTION f()",
     "create trigger t after insert on x execute function f()", ""},
    {"SELECT U&\"d\\0061\", \"a\"\"b\", u & \"c\"", "select u&\"d\\0061\", \"a\"\"b\", u & \"c\"",
     ""},
    {"SELECT $abc, $1abc", "select $ abc, ? abc", "$1;"},
    {"SELECT foo$1, \xc3\x84tz", "select foo$1, \xc3\x84tz", ""},
    {"select 'unterminated", "select ?", "unterminated:s;"},
    {"select \"unterminated", "select \"unterminated\"", ""},
    {"/* only */ -- comments", "", ""},
};

static void
statements_have_their_shape_and_values(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        for (size_t step = 1; step <= 3; step++) {
            look(slice_from_str(table[i].text), step == 3 ? 1 << 20 : step);
            assert_string_equal(seen.out, table[i].normalized);
            assert_string_equal(seen.values, table[i].values);
        }
    }
}

/* Two texts that must, or must not, be the same statement. */
static void
literals_and_binds_meet(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } pairs[] = {
        {"SELECT * FROM t WHERE a = 1 AND b = 'x'", "select * from t where a=$1 and b=$2", true},
        {"SELECT 1 LIMIT 20", "SELECT ? LIMIT :limit", true},
        {"INSERT INTO t VALUES (1, NULL), (2, 'b')", "INSERT INTO t VALUES ($1, $2)", true},
        {"a IN (1)", "a in (1,2,3,4,5)", true},
        {"SELECT a", "SELECT b", false},
        {"SELECT a ? 'b'", "SELECT a > 'b'", false},
        {"a = ARRAY[1, >, 2]", "a = ARRAY[1, 2]", false},
        {"SELECT a.b", "SELECT a, b", false},
        {"SELECT \"a\"", "SELECT a", false},
        {"SELECT (a)", "SELECT a", false},
        {"x IS NULL", "x IS NOT NULL", false},
        {"DEALLOCATE p1", "DEALLOCATE PREPARE p1", false},
        {"DEALLOCATE pdo_stmt_00000001", "DEALLOCATE pdo_stmt_00000002", true},
        {"SELECT abcdefgh", "SELECT abcdefg h", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        look_str(pairs[i].a);
        uint64_t a = seen.last.fingerprint;
        look_str(pairs[i].b);
        assert_int_equal(a == seen.last.fingerprint, pairs[i].same);
        assert_true(a != 0);
    }
}

static void
kinds_follow_the_first_words(void **state)
{
    static const struct {
        const char *text;
        enum statement_kind kind;
    } kinds[] = {
        {"(SELECT 1) UNION SELECT 2", STATEMENT_SELECT},
        {"VALUES (1)", STATEMENT_SELECT},
        {"WITH a AS (SELECT 1) UPDATE t SET x = 1", STATEMENT_UPDATE},
        {"WITH a AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT * FROM a", STATEMENT_INSERT},
        {"WITH a AS (SELECT 1 FOR UPDATE) SELECT * FROM a", STATEMENT_SELECT},
        {"insert into t default values", STATEMENT_INSERT},
        {"DELETE FROM t", STATEMENT_DELETE},
        {"BEGIN", STATEMENT_TRANSACTION},
        {"start transaction read only", STATEMENT_TRANSACTION},
        {"ROLLBACK TO a", STATEMENT_TRANSACTION},
        {"SET x = 1", STATEMENT_SESSION},
        {"DISCARD ALL", STATEMENT_SESSION},
        {"DEALLOCATE a", STATEMENT_SESSION},
        {"COPY t FROM STDIN", STATEMENT_COPY},
        {"EXPLAIN ANALYZE SELECT 1", STATEMENT_UTILITY},
        {"CREATE TABLE t (a int)", STATEMENT_DDL},
        {"CALL p()", STATEMENT_OTHER},
        {"1", STATEMENT_OTHER},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        look_str(kinds[i].text);
        assert_int_equal(seen.last.kind, kinds[i].kind);
    }
}

static void
sql_level_prepare_is_the_statement_inside(void **state)
{
    look_str(
        "PREPARE \"My\"\"Plan\" (int, varchar(10)) AS SELECT * FROM t WHERE a = $1 AND b = 'x'");
    assert_int_equal(seen.last.command, SQL_COMMAND_PREPARE);
    assert_string_equal(seen.name, "My\"Plan");
    assert_string_equal(seen.inner, "select * from t where a = ? and b = ?");
    assert_int_equal(seen.last.inner_kind, STATEMENT_SELECT);
    assert_int_equal(seen.last.kind, STATEMENT_SESSION);
    assert_string_equal(seen.values, "$1;x:s;");
    uint64_t inner = seen.last.inner_fingerprint;
    uint64_t outer = seen.last.fingerprint;
    look_str("SELECT * FROM t WHERE a = 7 AND b = $1");
    assert_true(seen.last.fingerprint == inner);
    assert_true(outer != inner);

    look_str("EXECUTE Plan_1(5, 'x', NULL)");
    assert_int_equal(seen.last.command, SQL_COMMAND_EXECUTE);
    assert_string_equal(seen.name, "plan_1");
    assert_string_equal(seen.values, "5:n;x:s;:0;");
    look_str("DEALLOCATE pdo_stmt_00000001");
    assert_int_equal(seen.last.command, SQL_COMMAND_DEALLOCATE);
    assert_string_equal(seen.name, "pdo_stmt_00000001");
    look_str("DEALLOCATE PREPARE ALL");
    assert_int_equal(seen.last.command, SQL_COMMAND_DEALLOCATE_ALL);
    look_str("DEALLOCATE \"all\"");
    assert_int_equal(seen.last.command, SQL_COMMAND_DEALLOCATE);
    look_str("DISCARD ALL");
    assert_int_equal(seen.last.command, SQL_COMMAND_DISCARD_ALL);
    look_str("DISCARD PLANS");
    assert_int_equal(seen.last.command, SQL_COMMAND_NONE);
    look_str("ROLLBACK TO SAVEPOINT s1");
    assert_int_equal(seen.last.command, SQL_COMMAND_ROLLBACK_TO);
    assert_string_equal(seen.name, "s1");
}

static void
the_last_comment_is_kept(void **state)
{
    look_str("/* a */ SELECT 1 /*traceparent='x'*/");
    assert_string_equal(seen.comment, "traceparent='x'");
    look_str("SELECT 1 /* a */ ;");
    assert_string_equal(seen.comment, "a");
    look_str("SELECT 1; /* behind */");
    assert_string_equal(seen.comment, "behind");
    look_str("SELECT 1 /* one */; /* two */ SELECT 2");
    assert_string_equal(seen.comment, "two");
    look_str("SELECT 1 /* one */; SELECT 2");
    assert_string_equal(seen.comment, "");
    look_str("SELECT 1 /* one *//*traceparent='x'*/;");
    assert_string_equal(seen.comment, "traceparent='x'");
    look_str("SELECT 1 /*traceparent='x'*/ -- a remark");
    assert_string_equal(seen.comment, "traceparent='x'");
}

static void
too_long_a_text_is_flagged_and_its_shape_stays(void **state)
{
    static char text[200000];
    uint64_t last = 0;
    for (unsigned rows = 20000; rows < 20010; rows++) {
        size_t len = (size_t)snprintf(text, sizeof(text), "SELECT * FROM t WHERE id IN (");
        for (unsigned i = 0; i < rows; i++) {
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%u,", i);
        }
        len += (size_t)snprintf(text + len, sizeof(text) - len, "1) AND x");
        struct seen before = seen;
        static struct sql_fingerprint f;
        uint8_t buf[256];
        struct sql_statement s;
        assert_true(sql_fingerprint_once(&f, slice_of(text, len), buf, sizeof(buf), &s));
        assert_true(s.truncated);
        assert_false(s.text_cut);
        assert_true(last == 0 || last == s.fingerprint);
        assert_memory_equal(s.text.ptr, "select * from t where id in (?", s.text.len);
        last = s.fingerprint;
        seen = before;
    }
}

/* In no buffer is a byte written behind its end. */
static void
a_text_buffer_of_any_size_is_kept_to(void **state)
{
    static const char text[] =
        "SELECT 'a' \"q\", b.c, \"t\".\"u\", (1), count(*) FROM t WHERE x IN "
        "(1,2) AND y = 'z' \"w\",e, null, true, a->>'b' ; select 1";
    static struct sql_fingerprint f;
    for (size_t size = 1; size < 160; size++) {
        uint8_t buf[192];
        struct sql_statement s;
        memset(buf, 0xa5, sizeof(buf));
        assert_true(sql_fingerprint_once(&f, slice_from_str(text), buf, size, &s));
        for (size_t i = size; i < sizeof(buf); i++) {
            assert_int_equal(buf[i], 0xa5);
        }
    }
}

static void
a_small_text_buffer_cuts_the_text_only(void **state)
{
    static struct sql_fingerprint f;
    uint8_t buf[20];
    struct sql_statement s;
    const char *text = "SELECT aaaa FROM bbbb WHERE cc = 1; SELECT 2";
    look_str("SELECT aaaa FROM bbbb WHERE cc = 1");
    assert_true(sql_fingerprint_once(&f, slice_from_str(text), buf, sizeof(buf), &s));
    assert_true(s.text_cut);
    assert_memory_equal(s.text.ptr, "select aaaa from", s.text.len);
    assert_true(s.fingerprint == seen.last.fingerprint);
    /* what is behind the first statement leaves no trace in it */
    assert_true(
        sql_fingerprint_once(&f, SLICE_LIT("SELECT 1 /* one */; (/* two */ SELECT 2 /* three */)"),
                             buf, sizeof(buf), &s));
    assert_true(slice_eq(s.comment, SLICE_LIT("one")));
    assert_false(sql_fingerprint_once(&f, SLICE_LIT(" ; /* x */ "), buf, sizeof(buf), &s));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_have_their_shape_and_values),
        cmocka_unit_test(literals_and_binds_meet),
        cmocka_unit_test(kinds_follow_the_first_words),
        cmocka_unit_test(sql_level_prepare_is_the_statement_inside),
        cmocka_unit_test(the_last_comment_is_kept),
        cmocka_unit_test(too_long_a_text_is_flagged_and_its_shape_stays),
        cmocka_unit_test(a_text_buffer_of_any_size_is_kept_to),
        cmocka_unit_test(a_small_text_buffer_cuts_the_text_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
