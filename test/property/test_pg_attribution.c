/* SPDX-License-Identifier: Apache-2.0
 * Rows, errors and SQLSTATEs end up on the statement they belong to, through random pipelines.
 *
 * A client makes up messages; a model of PostgreSQL's own loop (skip to Sync after an error,
 * swallow Sync within COPY, drop what it skips) answers them, some time later, in other cuts. The
 * n-th statement reads table tn, and what happens to it follows from n alone, so a record that got
 * another statement's reply betrays itself. Every statement that the model ran must have its one
 * record, in order; no other may exist; the session must never become opaque. */
#include "unit/proxy/pg_lab.h"

#include "base/prng.h"

enum { STATEMENTS_MAX = 4000 };

enum fate {
    FATE_ROWS,
    FATE_ERROR,
    FATE_COPY_IN,
    FATE_COPY_OUT,
    FATE_SUSPEND,
};

struct statement {
    enum fate fate;
    unsigned rows;
};

struct model {
    struct lab lab;
    struct prng prng;
    struct buf out;     /* client to server, not sent yet */
    struct buf replies; /* server to client, not sent yet */
    struct buf queue;   /* the server's inbox */
    struct statement statements[STATEMENTS_MAX];
    unsigned made;
    unsigned ran[STATEMENTS_MAX * 2]; /* in order */
    unsigned ran_count;
    bool skipping;
    bool extended;
    unsigned copying; /* statement + 1 that reads from the client */
    bool copy_extended;
    unsigned portal; /* statement + 1 */
    unsigned portal_left;
    unsigned parsed;
};

static struct model m;

static unsigned
chance(unsigned n)
{
    return (unsigned)prng_below(&m.prng, n);
}

static unsigned
make_statement(bool may_copy)
{
    unsigned n = m.made++;
    unsigned dice = chance(20);
    m.statements[n] = (struct statement){
        .fate = dice < 3               ? FATE_ERROR
                : dice < 5 && may_copy ? FATE_COPY_IN
                : dice < 6 && may_copy ? FATE_COPY_OUT
                                       : FATE_ROWS,
        .rows = chance(4),
    };
    return n;
}

static void
sql_of(char sql[64], unsigned n)
{
    switch (m.statements[n].fate) {
    case FATE_COPY_IN:
        snprintf(sql, 64, "copy t%u from stdin", n);
        break;
    case FATE_COPY_OUT:
        snprintf(sql, 64, "copy t%u to stdout", n);
        break;
    default:
        snprintf(sql, 64, "select a from t%u where b = 5", n);
    }
}

/* A Sync among the data only where the COPY succeeds: what an error there skips to is unclear. */
static void
put_copy(bool may_sync)
{
    bool fails = chance(4) == 0;
    for (unsigned i = chance(3); i > 0; i--) {
        lab_message(&m.out, 'd', SLICE_LIT("1\t2\n"));
        if (may_sync && !fails && chance(3) == 0) {
            lab_message(&m.out, 'S', SLICE_NONE);
        }
    }
    lab_message(&m.out, fails ? 'f' : 'c', SLICE_LIT("\0"));
}

static void
put_simple(void)
{
    char sql[64], all[512] = "";
    unsigned copy_count = 0;
    for (unsigned i = 1 + chance(3); i > 0; i--) {
        unsigned n = make_statement(true);
        sql_of(sql, n);
        strcat(all, sql);
        strcat(all, chance(3) == 0 ? " ; ; " : ";");
        if (m.statements[n].fate == FATE_COPY_IN) {
            copy_count++;
        }
    }
    lab_query_message(&m.out, all);
    for (unsigned i = 0; i < copy_count; i++) {
        put_copy(false);
    }
}

static void
put_extended(void)
{
    static const char *const names[] = {"", "a", "b"};
    char sql[64];
    for (unsigned i = 1 + chance(5); i > 0; i--) {
        unsigned n = make_statement(i == 1);
        const char *name = names[chance(3)];
        sql_of(sql, n);
        if (name[0] != '\0') {
            lab_named(&m.out, 'C', 'S', name);
        }
        lab_parse(&m.out, name, sql, 0);
        if (chance(3) == 0) {
            lab_named(&m.out, 'D', 'S', name);
        }
        lab_bind(&m.out, "", name, SLICE_LIT("7"), false);
        if (chance(2) == 0) {
            lab_named(&m.out, 'D', 'P', "");
        }
        if (m.statements[n].fate == FATE_ROWS && m.statements[n].rows > 1 && chance(3) == 0) {
            lab_execute(&m.out, "", 1);
        }
        lab_execute(&m.out, "", 0);
        if (chance(4) == 0) {
            lab_message(&m.out, 'H', SLICE_NONE);
        }
        if (m.statements[n].fate == FATE_COPY_IN) {
            if (chance(2) == 0) {
                lab_message(&m.out, 'S', SLICE_NONE);
            }
            put_copy(true);
        }
    }
    lab_message(&m.out, 'S', SLICE_NONE);
}

static void
ran(unsigned n)
{
    m.ran[m.ran_count++] = n;
}

static void
answer_error(void)
{
    lab_error(&m.replies, "22012");
    m.skipping = m.extended;
    m.portal = 0;
}

static void
noise(void)
{
    if (chance(10) == 0) {
        lab_message(&m.replies, 'N', SLICE_LIT("SNOTICE\0\0"));
    }
    if (chance(20) == 0) {
        lab_message(&m.replies, 'A', SLICE_LIT("\0\0\0\1x\0y\0"));
    }
}

/* Runs a statement up to where COPY waits for the client. False: an error, or COPY. */
static bool
run(unsigned n, bool describe)
{
    const struct statement *s = &m.statements[n];
    char tag[32];
    noise();
    switch (s->fate) {
    case FATE_ERROR:
        ran(n);
        answer_error();
        return false;
    case FATE_COPY_IN:
        lab_message(&m.replies, 'G', SLICE_LIT("\0\0\0"));
        m.copying = n + 1;
        m.copy_extended = m.extended;
        return false;
    case FATE_COPY_OUT:
        lab_message(&m.replies, 'H', SLICE_LIT("\0\0\0"));
        lab_message(&m.replies, 'd', SLICE_LIT("row\n"));
        lab_message(&m.replies, 'c', SLICE_NONE);
        snprintf(tag, sizeof(tag), "COPY %u", s->rows);
        break;
    default:
        if (describe) {
            lab_columns(&m.replies, 25);
        }
        for (unsigned i = 0; i < (describe ? s->rows : m.portal_left); i++) {
            lab_row(&m.replies, "x");
        }
        snprintf(tag, sizeof(tag), "SELECT %u", describe ? s->rows : m.portal_left);
    }
    lab_complete(&m.replies, tag);
    ran(n);
    return true;
}

static unsigned
number_of(const char *sql)
{
    const char *t = strstr(sql, " t");
    return t == NULL ? 0 : (unsigned)atoi(t + 2);
}

static char simple_rest[512]; /* of a Query that waits in COPY */

static void
run_simple(const char *text)
{
    char piece[128];
    m.extended = false;
    const char *end;
    while ((end = strchr(text, ';')) != NULL) {
        snprintf(piece, sizeof(piece), "%.*s", (int)(end - text), text);
        text = end + 1;
        if (strchr(piece, 't') == NULL) {
            continue;
        }
        if (!run(number_of(piece), true)) {
            if (m.copying != 0) {
                memmove(simple_rest, text, strlen(text) + 1);
                return;
            }
            break;
        }
    }
    lab_ready(&m.replies, 'I');
}

static void
copy_message(char type)
{
    unsigned n = m.copying - 1;
    char tag[32];
    if (type == 'S' || type == 'H' || type == 'd') {
        return;
    }
    m.copying = 0;
    m.extended = m.copy_extended;
    ran(n);
    if (type == 'f') {
        m.statements[n].fate = FATE_ERROR;
        answer_error();
        if (!m.extended) {
            lab_ready(&m.replies, 'I');
        }
        return;
    }
    snprintf(tag, sizeof(tag), "COPY %u", m.statements[n].rows);
    lab_complete(&m.replies, tag);
    if (!m.extended) {
        static char rest[512];
        strcpy(rest, simple_rest);
        run_simple(rest);
    }
}

/* The statement that a name stands for: names[0..2] of put_extended. */
static unsigned named[256];

static void
serve_extended(char type, const char *body)
{
    const struct statement *s;
    unsigned n;
    switch (type) {
    case 'P':
        named[(uint8_t)body[0]] = number_of(body + strlen(body) + 1);
        lab_message(&m.replies, '1', SLICE_NONE);
        break;
    case 'B':
        n = named[(uint8_t)body[1]];
        m.portal = n + 1;
        m.portal_left = m.statements[n].rows;
        lab_message(&m.replies, '2', SLICE_NONE);
        break;
    case 'D':
        if (body[0] == 'S') {
            lab_message(&m.replies, 't', SLICE_LIT("\0\0"));
        }
        n = body[0] == 'S' ? named[(uint8_t)body[1]] : m.portal - 1;
        s = &m.statements[n];
        if (s->fate == FATE_COPY_IN || s->fate == FATE_COPY_OUT) {
            lab_message(&m.replies, 'n', SLICE_NONE);
        } else {
            lab_columns(&m.replies, 25);
        }
        break;
    case 'C':
        lab_message(&m.replies, '3', SLICE_NONE);
        break;
    default:
        n = m.portal - 1;
        if (m.statements[n].fate == FATE_ROWS && body[4] == 1) {
            lab_row(&m.replies, "x");
            m.portal_left--;
            lab_message(&m.replies, 's', SLICE_NONE);
            ran(n);
        } else {
            run(n, false);
        }
    }
}

/* One message as PostgreSQL's main loop takes it. */
static void
serve(char type, const char *body)
{
    if (m.copying != 0) {
        copy_message(type);
        return;
    }
    if (type == 'S') {
        m.skipping = false;
        lab_ready(&m.replies, 'I');
        return;
    }
    if (m.skipping || type == 'H' || type == 'd' || type == 'c' || type == 'f') {
        return;
    }
    if (type == 'Q') {
        char text[512];
        snprintf(text, sizeof(text), "%s", body);
        run_simple(text);
        return;
    }
    m.extended = true;
    serve_extended(type, body);
}

static void
serve_all(unsigned messages)
{
    while (messages-- > 0 && m.queue.len >= 5) {
        const uint8_t *d = m.queue.data;
        size_t len = (size_t)d[1] << 24 | (size_t)d[2] << 16 | (size_t)d[3] << 8 | d[4];
        if (m.queue.len < len + 1) {
            return;
        }
        char body[1024];
        memcpy(body, d + 5, len - 4);
        char type = (char)d[0];
        buf_consume(&m.queue, len + 1);
        serve(type, body);
    }
}

/* Some bytes of one direction, in cuts. */
static void
move(struct buf *from, bool client, size_t len)
{
    len = MIN(len, from->len);
    size_t at = 0;
    while (at < len) {
        size_t cut = 1 + chance(chance(2) ? 5 : 200);
        size_t n = MIN(cut, len - at);
        struct slice piece = slice_sub(buf_slice(from), at, n);
        lab_feed(&m.lab, client, piece);
        if (client) {
            assert_int_equal(buf_append(&m.queue, piece), 0);
        }
        at += n;
    }
    buf_consume(from, len);
}

static void
check(void)
{
    unsigned seen = 0;
    unsigned rows_of[STATEMENTS_MAX] = {0};
    for (unsigned i = 0; lab_query(i) != NULL; i++) {
        const struct event_query *q = lab_query(i);
        if (q->role != ROLE_EXECUTE) {
            continue;
        }
        assert_true(seen < m.ran_count);
        unsigned n = m.ran[seen++];
        const struct statement *s = &m.statements[n];
        char sql[64];
        bool copies = q->kind == STATEMENT_COPY;
        sql_of(sql, n);
        if (copies) {
            assert_int_equal(s->fate == FATE_ROWS, false);
        } else {
            assert_true(q->fingerprint == lab_fingerprint(sql));
        }
        assert_int_equal((q->flags & QUERY_ERROR) != 0, s->fate == FATE_ERROR);
        if (s->fate != FATE_ERROR) {
            assert_true(q->fingerprint == lab_fingerprint(sql));
            rows_of[n] += (unsigned)q->rows;
        }
        assert_int_equal((q->flags & QUERY_UNFINISHED) != 0, 0);
    }
    assert_int_equal(seen, m.ran_count);
    for (unsigned i = 0; i < m.ran_count; i++) {
        const struct statement *s = &m.statements[m.ran[i]];
        if (s->fate != FATE_ERROR) {
            assert_int_equal(rows_of[m.ran[i]], s->rows);
        }
    }
}

static void
one_round(uint64_t seed)
{
    struct buf login;
    memset(&m, 0, sizeof(m));
    m.prng.state = seed;
    buf_init(&login, 1 << 12);
    lab_login(&m.lab, &login);
    buf_fini(&login);
    m.lab.upstream.len_max = 1 << 24;
    buf_init(&m.out, 1 << 22);
    buf_init(&m.replies, 1 << 22);
    buf_init(&m.queue, 1 << 22);
    for (int batch = 0; batch < 30; batch++) {
        bool simple = chance(2) == 0;
        simple ? put_simple() : put_extended();
        /* Sometimes the client waits for everything, sometimes it goes on, and sometimes the server
         * answers each message before the next one comes. */
        unsigned pace = chance(3);
        bool waits = pace == 0, prompt = pace == 1;
        do {
            move(&m.out, true, waits ? m.out.len : chance(prompt ? 20 : 400));
            serve_all(pace != 2 ? 1000 : chance(4));
            move(&m.replies, false, pace != 2 ? m.replies.len : chance(400));
        } while (prompt ? m.out.len > 0 : !waits && chance(3) != 0);
    }
    move(&m.out, true, m.out.len);
    serve_all(100000);
    move(&m.replies, false, m.replies.len);
    assert_int_equal(m.queue.len, 0);
    assert_false(m.lab.s.opaque);
    check();
    buf_fini(&m.out);
    buf_fini(&m.replies);
    buf_fini(&m.queue);
    lab_close(&m.lab);
    lab_forget();
}

static void
replies_are_given_to_their_statements(void **state)
{
    const char *seed = getenv("SLOWBURN_SEED");
    uint64_t first = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    for (uint64_t i = first; i < first + (seed == NULL ? 300 : 1); i++) {
        print_message("# SLOWBURN_SEED=%llu\n", (unsigned long long)i);
        one_round(i);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(replies_are_given_to_their_statements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
