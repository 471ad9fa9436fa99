/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "store/sqlite/db.h"
#include "store/sqlite/retain.h"
#include "unit/store/store_kit.h"

static uint64_t
now_s(void)
{
    return (uint64_t)time(NULL);
}

static struct store *
open_store(const char *dir, uint64_t size_max)
{
    struct store_config config = {.dir = dir,
                                  .size_max_bytes = size_max,
                                  .commit_ns = 10 * NS_PER_MS,
                                  .retry_ns = 20 * NS_PER_MS};
    struct diag diag = {0};
    struct store *s = NULL;
    int r = store_open(&config, &diag, &s);
    if (r != 0) {
        print_message("# %s\n", diag.message);
    }
    assert_int_equal(r, 0);
    return s;
}

struct got {
    unsigned incidents, fingerprints, windows, states, traces, deploys;
    uint64_t deploy_ns; /* the last one's */
    uint64_t calls;
    char blob[32], text[64], state[32];
};

static void
on_record(void *ctx, const struct stored *r)
{
    struct got *g = ctx;
    switch (r->kind) {
    case STORED_INCIDENT:
        g->incidents++;
        slice_to_str(r->incident.blob, g->blob, sizeof(g->blob));
        break;
    case STORED_FINGERPRINT:
        g->fingerprints++;
        slice_to_str(r->fingerprint.text, g->text, sizeof(g->text));
        break;
    case STORED_WINDOW:
        g->windows++;
        g->calls += r->window.calls;
        break;
    case STORED_DEPLOY:
        g->deploys++;
        assert_true(r->deploy.at_wall_ns > g->deploy_ns);
        assert_true(slice_eq(r->deploy.affects, SLICE_LIT("GET /a")));
        g->deploy_ns = r->deploy.at_wall_ns;
        break;
    case STORED_STATE:
        g->states++;
        slice_to_str(r->state.blob, g->state, sizeof(g->state));
        break;
    case STORED_TRACE:
        g->traces++;
        assert_int_equal(r->trace.trace_id[0], 0x5c);
        assert_true(slice_eq(r->trace.route, SLICE_LIT("x")));
        break;
    default:
        fail();
    }
}

static void
put_everything(struct store *s)
{
    uint8_t saved[SKETCH_SAVED_MAX];
    struct sketch sketch = {0};
    for (uint64_t i = 1; i <= 100; i++) {
        sketch_add(&sketch, i * NS_PER_MS);
    }
    struct slice blob = slice_of(saved, sketch_save(&sketch, saved, sizeof(saved)));
    sketch_fini(&sketch);
    static uint64_t minute; /* one for all: what is put twice is the same */
    minute = minute != 0 ? minute : now_s() / 60 * 60;
    struct stored w = kit_window(minute, 0xfedcba9876543210u, 100, blob);
    store_put(s, &w);
    w.window.route = SLICE_LIT("GET /api/orders");
    store_put(s, &w);
    w.window.fingerprint = 0;
    w.window.calls = 10;
    store_put(s, &w);
    struct stored r = {.kind = STORED_FINGERPRINT};
    r.fingerprint = (struct stored_fingerprint){0xfedcba9876543210u, SLICE_LIT("shop"),
                                                SLICE_LIT("select ? from orders"), 1, 5};
    store_put(s, &r);
    r = (struct stored){.kind = STORED_STATE};
    r.state = (struct stored_state){SLICE_LIT("baseline"), SLICE_LIT("xyz")};
    store_put(s, &r);
    r = (struct stored){.kind = STORED_INCIDENT};
    r.incident = (struct stored_incident){.id = 7,
                                          .state = SLICE_LIT("open"),
                                          .json = SLICE_LIT("{\"id\": 7}"),
                                          .blob = SLICE_LIT("private")};
    store_put(s, &r);
    r.incident.blob = SLICE_NONE; /* keeps the one before */
    store_put(s, &r);
    r = (struct stored){.kind = STORED_DEPLOY};
    r.deploy = (struct stored_deploy){SLICE_LIT("v2"), 9, SLICE_LIT("marked"), SLICE_LIT("GET /a")};
    store_put(s, &r);
    r = (struct stored){.kind = STORED_TIMELINE};
    r.timeline = (struct stored_timeline){7, 9, SLICE_LIT("opened"), SLICE_LIT("it began")};
    store_put(s, &r);
    r = (struct stored){.kind = STORED_FIX};
    r.fix = (struct stored_fix){.incident = 7,
                                .action = SLICE_LIT("a"),
                                .state = SLICE_LIT("landed"),
                                .predicted_ms = 3,
                                .measured_ms = __builtin_nan("")};
    store_put(s, &r);
    r = (struct stored){.kind = STORED_TRACE};
    r.trace = (struct stored_trace){.route = SLICE_LIT("x"),
                                    .json = SLICE_LIT("{\"a\": 1, \"statements\": []}")};
    r.trace.trace_id[0] = 0x5c;
    r.trace.start_wall_ns = now_s() * NS_PER_S;
    store_put(s, &r);
    r = (struct stored){.kind = STORED_FINDING};
    r.finding = (struct stored_finding){
        7, SLICE_LIT("slower"), SLICE_LIT("orders"), SLICE_LIT("measured"), 3, SLICE_LIT("{}")};
    store_put(s, &r);
    r = (struct stored){.kind = STORED_ROUTE};
    r.route = (struct stored_route){SLICE_LIT("GET /api/orders"), ROUTE_BASIS_APPLICATION, 3};
    store_put(s, &r);
}

static void
check_documents(const char *dir)
{
    json_t *list = NULL;
    assert_int_equal(store_document(dir, "incidents", &list), 0);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "id")), 7);
    json_decref(list);
    assert_int_equal(store_document(dir, "queries", &list), 0);
    assert_int_equal(json_array_size(list), 1);
    json_t *row = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(row, "fingerprint")), "fedcba9876543210");
    assert_string_equal(json_string_value(json_object_get(row, "statement")),
                        "select ? from orders");
    assert_int_equal(json_integer_value(json_object_get(row, "calls")), 100);
    assert_true(json_number_value(json_object_get(row, "p95_ms")) > 90);
    assert_string_equal(json_string_value(json_array_get(json_object_get(row, "routes"), 0)),
                        "GET /api/orders");
    json_decref(list);
    assert_int_equal(store_document(dir, "requests", &list), 0);
    row = json_array_get(list, 0);
    assert_int_equal(json_integer_value(json_object_get(row, "requests")), 10);
    assert_true(json_number_value(json_object_get(row, "queries_per_request")) == 10);
    assert_true(json_number_value(json_object_get(row, "db_ms")) == 10);
    assert_true(json_number_value(json_object_get(row, "app_ms")) == 0);
    assert_string_equal(json_string_value(json_object_get(row, "method")), "GET");
    assert_string_equal(json_string_value(json_object_get(row, "route_basis")), "application");
    assert_true(json_is_null(json_object_get(row, "basis")));
    json_decref(list);
    assert_int_equal(store_document(dir, "traces", &list), 0);
    assert_int_equal(json_array_size(list), 1);
    assert_null(json_object_get(json_array_get(list, 0), "statements"));
    json_decref(list);
    char one[] = "traces/5c000000000000000000000000000000";
    assert_int_equal(store_document(dir, one, &list), 0);
    assert_non_null(json_object_get(list, "statements"));
    json_decref(list);
    one[8] = 'd';
    assert_int_equal(store_document(dir, one, &list), -ENOENT);
    assert_int_equal(store_document(dir, "nothing", &list), -ENOENT);
    assert_int_equal(store_document("/nowhere", "queries", &list), -ENOENT);
}

/* Characters that mean something in a URI, too. */
static void
a_folder_may_have_any_name(void **state)
{
    char dir[64], odd[128];
    kit_folder(dir);
    snprintf(odd, sizeof(odd), "%s/100%%41 a?b#c", dir);
    assert_int_equal(mkdir(odd, 0700), 0);
    struct store *s = open_store(odd, 0);
    put_everything(s);
    assert_int_equal(store_sync(s), 0);
    check_documents(odd);
    struct got got = {0};
    assert_int_equal(store_restore(s, on_record, &got), 0);
    assert_int_equal(got.incidents, 1);
    assert_int_equal(got.deploys, 1);
    store_free(&s);
    check_documents(odd);
    kit_remove(odd);
    kit_remove(dir);
}

static void
the_last_deploys_come_back(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    for (unsigned i = 1; i <= 40; i++) {
        struct stored r = {
            .kind = STORED_DEPLOY,
            .deploy = {SLICE_LIT("v2"), i, SLICE_LIT("marked"), SLICE_LIT("GET /a")}};
        store_put(s, &r);
    }
    assert_int_equal(store_sync(s), 0);
    struct got got = {.deploy_ns = 8};
    assert_int_equal(store_restore(s, on_record, &got), 0);
    assert_int_equal(got.deploys, 32);
    assert_int_equal(got.deploy_ns, 40);
    store_free(&s);
    kit_remove(dir);
}

struct in_order {
    unsigned fingerprints, windows, deploys;
    uint64_t last_ns;
    bool route_first;
    unsigned enough; /* windows; 0: never */
};

static bool
on_window(void *ctx, const struct stored *r)
{
    struct in_order *o = ctx;
    if (r->kind == STORED_FINGERPRINT) {
        assert_int_equal(o->windows + o->deploys, 0);
        o->fingerprints++;
        return true;
    }
    bool is_window = r->kind == STORED_WINDOW;
    uint64_t at =
        is_window ? r->window.start_wall_ns + r->window.length_s * NS_PER_S : r->deploy.at_wall_ns;
    assert_true(at >= o->last_ns);
    if (is_window && o->windows++ == 0) {
        o->route_first = r->window.fingerprint == 0;
        assert_true(r->window.sketch.len > 0);
    }
    o->deploys += is_window ? 0 : 1;
    o->last_ns = at;
    return o->enough == 0 || o->windows < o->enough;
}

/* The text came with the database that it was first seen in. */
static void
a_statement_of_two_databases_has_its_text_in_both(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    put_everything(s);
    struct stored w = kit_window(now_s() / 60 * 60, 0xfedcba9876543210u, 1, SLICE_NONE);
    w.window.database = SLICE_LIT("another");
    store_put(s, &w);
    store_free(&s);
    json_t *list = NULL;
    assert_int_equal(store_document(dir, "queries", &list), 0);
    assert_int_equal(json_array_size(list), 2);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *text = json_object_get(json_array_get(list, i), "statement");
        assert_string_equal(json_string_value(text), "select ? from orders");
    }
    json_decref(list);
    kit_remove(dir);
}

/* Windows in the order of their time, beside the writer; routes before their statements. */
static void
windows_come_in_order(void **state)
{
    char dir[64];
    struct in_order o = {0}, later = {0};
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    put_everything(s);
    struct stored w = {.kind = STORED_DEPLOY};
    w.deploy =
        (struct stored_deploy){SLICE_LIT("v3"), (now_s() + 100) * NS_PER_S, SLICE_LIT("marked")};
    store_put(s, &w);
    assert_int_equal(store_sync(s), 0);
    assert_int_equal(store_windows(dir, 0, on_window, &o), 0);
    assert_int_equal(o.fingerprints, 1);
    assert_true(o.windows >= 3);
    assert_true(o.route_first);
    assert_int_equal(o.deploys, 2);
    assert_int_equal(store_windows(dir, (int64_t)now_s() + 50, on_window, &later), 0);
    assert_int_equal(later.windows, 0);
    assert_int_equal(later.deploys, 1);
    struct in_order first = {.enough = 1};
    assert_int_equal(store_windows(dir, 0, on_window, &first), 0);
    assert_int_equal(first.windows, 1);
    store_free(&s);
    assert_int_equal(store_windows("/nowhere", 0, on_window, &o), -ENOENT);
    kit_remove(dir);
}

/* SQLite's shared lock, as another process sees it. */
static bool
is_locked(const char *dir)
{
    char path[128];
    int status = 0;
    snprintf(path, sizeof(path), "%s/" STORE_FILE, dir);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_start = 0x40000002, .l_len = 510};
        int fd = open(path, O_RDWR);
        _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

/* Or another process takes the writer for gone, and its log away with it. */
static void
reading_leaves_the_writer_its_locks(void **state)
{
    char dir[64];
    struct in_order o = {0};
    json_t *list = NULL;
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    put_everything(s);
    assert_int_equal(store_sync(s), 0);
    assert_true(is_locked(dir));
    assert_int_equal(store_windows(dir, 0, on_window, &o), 0);
    assert_int_equal(store_document(dir, "requests", &list), 0);
    json_decref(list);
    assert_true(is_locked(dir));
    store_free(&s);
    assert_false(is_locked(dir));
    kit_remove(dir);
}

struct between {
    uint64_t end_s[2]; /* of the last window before the deploy, of the first behind it */
    uint64_t deploy_s;
    char affects[64]; /* its */
    struct stored_window last;
    char plan[40]; /* its */
};

static bool
on_between(void *ctx, const struct stored *r)
{
    struct between *b = ctx;
    if (r->kind == STORED_DEPLOY) {
        b->deploy_s = r->deploy.at_wall_ns / NS_PER_S;
        slice_to_str(r->deploy.affects, b->affects, sizeof(b->affects));
    } else if (r->kind == STORED_WINDOW) {
        b->end_s[b->deploy_s != 0] = r->window.start_wall_ns / NS_PER_S + r->window.length_s;
        b->last = r->window;
        slice_to_str(r->window.plan, b->plan, sizeof(b->plan));
    }
    return true;
}

/* A deploy is there before what happened after it; what few windows have comes back. */
static void
a_deploy_comes_before_its_windows(void **state)
{
    char dir[64];
    struct between b = {0};
    uint64_t minute = now_s() / 60 * 60 - 600;
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    struct stored d = {.kind = STORED_DEPLOY};
    char affects[] = "GET /a\n00c0ffee00c0ffee";
    d.deploy = (struct stored_deploy){SLICE_LIT("v2"), (minute + 90) * NS_PER_S + 5,
                                      SLICE_LIT("marked"), slice_from_str(affects)};
    store_put(s, &d);
    affects[0] = '!'; /* it was copied */
    for (unsigned i = 0; i < 2; i++) {
        struct stored w = kit_window(minute + 60 * i, 7, 100, SLICE_NONE);
        w.window.errors_by_class[ERROR_CLASS_DEADLOCK] = 3 * i;
        w.window.errors_by_class[ERROR_CLASS_LOGIN] = i;
        w.window.oldest_ns = 25 * NS_PER_S * i;
        w.window.plan = i == 0 ? SLICE_NONE : SLICE_LIT("00ff Seq Scan");
        window_amounts_add(&w.window.amounts, AMOUNT_ROWS_READ, 7 * i);
        store_put(s, &w);
    }
    assert_int_equal(store_sync(s), 0);
    assert_int_equal(store_windows(dir, (int64_t)minute, on_between, &b), 0);
    assert_int_equal(b.end_s[0], minute + 60);
    assert_int_equal(b.deploy_s, minute + 90);
    assert_string_equal(b.affects, "GET /a\n00c0ffee00c0ffee");
    assert_int_equal(b.end_s[1], minute + 120);
    assert_int_equal(b.last.errors_by_class[ERROR_CLASS_DEADLOCK], 3);
    assert_int_equal(b.last.errors_by_class[ERROR_CLASS_LOGIN], 1);
    assert_int_equal(b.last.errors_by_class[ERROR_CLASS_OTHER], 0);
    assert_int_equal(b.last.oldest_ns, 25 * NS_PER_S);
    assert_int_equal(b.last.amounts.known, 1u << AMOUNT_ROWS_READ); /* the others are unknown */
    assert_int_equal(b.last.amounts.of[AMOUNT_ROWS_READ], 7);
    assert_string_equal(b.plan, "00ff Seq Scan");
    store_free(&s);
    kit_remove(dir);
}

static void
what_is_put_comes_back(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    put_everything(s);
    assert_int_equal(store_sync(s), 0);
    check_documents(dir); /* beside the writer */
    put_everything(s);    /* writing it twice is harmless */
    store_free(&s);
    s = open_store(dir, 0);
    struct got g = {0};
    assert_int_equal(store_restore(s, on_record, &g), 0);
    assert_int_equal(g.incidents, 1);
    assert_string_equal(g.blob, "private");
    assert_string_equal(g.text, "select ? from orders");
    assert_string_equal(g.state, "xyz");
    assert_int_equal(g.windows, 3);
    assert_int_equal(g.traces, 1);
    assert_int_equal(g.calls, 210);
    struct store_totals t = store_totals(s);
    assert_true(t.size_bytes > 0);
    store_free(&s);
    check_documents(dir);
    kit_remove(dir);
}

struct no_overlap {
    uint64_t calls, deadlocks, end_s[2], counts[2]; /* minutes, hours */
    uint64_t same, hours_with_plan;
};

static bool
on_no_overlap(void *ctx, const struct stored *r)
{
    struct no_overlap *o = ctx;
    if (r->kind == STORED_WINDOW) {
        bool is_hour = r->window.length_s == 3600;
        uint64_t start_s = r->window.start_wall_ns / NS_PER_S;
        assert_true(start_s >= o->end_s[!is_hour]);
        o->end_s[is_hour] = start_s + r->window.length_s;
        o->counts[is_hour]++;
        o->calls += r->window.calls;
        o->deadlocks += r->window.errors_by_class[ERROR_CLASS_DEADLOCK];
        assert_int_equal(r->window.amounts.known, 1u << AMOUNT_SAME_VALUES);
        o->same += r->window.amounts.of[AMOUNT_SAME_VALUES];
        o->hours_with_plan += is_hour && slice_eq(r->window.plan, SLICE_LIT("Sort"));
    }
    return true;
}

/* Hours are the sum of their minutes, and each counts once. */
static void
minutes_roll_up(void **state)
{
    char dir[64], path[128];
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    uint64_t now = now_s(), first = (now - 30 * 3600) / 3600 * 3600, sum = 0;
    for (uint64_t m = 0; m < 29 * 60; m++) {
        struct stored w = kit_window(first + 60 * m, 1 + m % 2, m, SLICE_NONE);
        sum += m;
        w.window.errors_by_class[ERROR_CLASS_DEADLOCK] = 2;
        w.window.plan = m % 60 == 30 ? SLICE_LIT("Sort") : SLICE_NONE;
        window_amounts_add(&w.window.amounts, AMOUNT_SAME_VALUES, 3);
        store_put(s, &w);
    }
    store_free(&s);
    snprintf(path, sizeof(path), "%s/" STORE_FILE, dir);
    struct db db;
    struct diag diag = {0};
    assert_int_equal(db_open(&db, path, "local", STORE_SIZE_DEFAULT, &diag), 0);
    bool more = true;
    unsigned hours = 0;
    for (; more; hours += more) {
        assert_int_equal(retain_roll_up(&db, now, &more), SQLITE_DONE);
    }
    assert_int_equal(hours, 29);
    assert_int_equal(retain_by_age(&db, now + 40 * 3600), SQLITE_DONE);
    db_close(&db);
    s = open_store(dir, 0);
    struct got g = {0};
    assert_int_equal(store_restore(s, on_record, &g), 0);
    assert_int_equal(g.calls, sum);
    assert_int_equal(g.windows, 4); /* two for each series */
    struct no_overlap o = {0};
    assert_int_equal(store_windows(dir, 0, on_no_overlap, &o), 0);
    /* Six hours of minutes, and what of the seventh lies before this time of the hour. */
    assert_true(o.counts[0] >= 6 * 60 && o.counts[1] > 20 * 2 && o.calls <= sum);
    assert_true(o.deadlocks > 27 * 60 * 2 && o.deadlocks <= 29 * 60 * 2);
    assert_true(o.same > 27 * 60 * 3 && o.same <= 29 * 60 * 3);
    assert_true(o.hours_with_plan > 20);
    store_free(&s);
    kit_remove(dir);
}

struct in_turn {
    struct stored_window windows[4];
    unsigned count;
};

static void
on_turn(void *ctx, const struct stored *r)
{
    struct in_turn *t = ctx;
    assert_true(r->kind == STORED_WINDOW && t->count < ARRAY_LEN(t->windows));
    t->windows[t->count++] = r->window;
}

/* The judge writes a minute as a whole each time, so it has to know what that minute had before
 * it was started again: not as part of a sum. */
static void
the_newest_window_comes_back_by_itself(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    uint64_t minute = now_s() / 60 * 60;
    for (uint64_t i = 0; i < 3; i++) { /* 10 at minute - 2, 11, 12 */
        struct stored w = kit_window(minute - 120 + 60 * i, 1, 10 + i, SLICE_NONE);
        store_put(s, &w);
    }
    struct stored lone = kit_window(minute, 2, 5, SLICE_NONE);
    store_put(s, &lone);
    assert_int_equal(store_sync(s), 0);
    struct in_turn t = {0};
    assert_int_equal(store_restore(s, on_turn, &t), 0);
    assert_int_equal(t.count, 3);
    assert_int_equal(t.windows[0].calls, 21);
    assert_int_equal(t.windows[0].start_wall_ns, (minute - 120) * NS_PER_S);
    assert_int_equal(t.windows[1].calls, 12);
    assert_int_equal(t.windows[1].start_wall_ns, minute * NS_PER_S);
    assert_int_equal(t.windows[1].fingerprint, 1);
    assert_int_equal(t.windows[2].calls, 5);
    assert_int_equal(t.windows[2].start_wall_ns, minute * NS_PER_S);
    json_t *list = NULL;
    assert_int_equal(store_document(dir, "queries", &list), 0);
    json_int_t calls = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        calls += json_integer_value(json_object_get(json_array_get(list, i), "calls"));
    }
    assert_int_equal(calls, 38);
    json_decref(list);
    store_free(&s);
    kit_remove(dir);
}

static uint64_t
file_size(const char *dir, const char *name)
{
    char path[128];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* Far more than fits: the file stays below its limit, and the newest is there. */
static void
the_size_limit_holds(void **state)
{
    char dir[64];
    kit_folder(dir);
    struct store *s = open_store(dir, STORE_SIZE_MIN);
    uint8_t noise[2000];
    memset(noise, 7, sizeof(noise));
    uint64_t first = now_s() / 60 * 60 - 60 * 400;
    for (uint64_t m = 0; m < 400; m++) {
        for (uint64_t f = 1; f <= 10; f++) {
            struct stored w = kit_window(first + 60 * m, f, 1, slice_of(noise, sizeof(noise)));
            store_put(s, &w);
        }
        if (m % 10 == 9) {
            (void)!store_sync(s);
            assert_true(file_size(dir, STORE_FILE) <= STORE_SIZE_MIN);
        }
    }
    /* What was refused meanwhile is tried again. */
    for (int i = 0; i < 100 && store_sync(s) != 0; i++) {
    }
    struct store_totals t = store_totals(s);
    assert_string_equal(t.error, "");
    assert_int_equal(t.pending, 0);
    store_free(&s);
    json_t *list = NULL;
    assert_int_equal(store_document(dir, "queries", &list), 0);
    assert_int_equal(json_array_size(list), 10);
    json_decref(list);
    kit_remove(dir);
}

/* In a child: files may not grow, as on a full disk; then they may again. */
static void
play_full_disk(const char *dir)
{
    signal(SIGXFSZ, SIG_IGN);
    struct store *s = open_store(dir, 0);
    struct stored w = kit_window(now_s() / 60 * 60, 1, 1, SLICE_NONE);
    store_put(s, &w);
    assert_int_equal(store_sync(s), 0);
    struct rlimit none = {64, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    w.window.calls = 2;
    store_put(s, &w);
    assert_int_equal(store_sync(s), -EIO);
    w.window.calls = 3;
    store_put(s, &w);
    struct store_totals t = store_totals(s);
    assert_true(t.failures > 0);
    assert_true(t.error[0] != '\0');
    struct rlimit enough = {RLIM_INFINITY, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &enough), 0);
    assert_int_equal(store_sync(s), 0);
    assert_string_equal(store_totals(s).error, "");
    store_free(&s);
}

static void
a_full_disk_is_survived(void **state)
{
    char dir[64];
    kit_folder(dir);
    pid_t child = fork();
    if (child == 0) {
        play_full_disk(dir);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    json_t *list = NULL;
    assert_int_equal(store_document(dir, "queries", &list), 0);
    json_t *row = json_array_get(list, 0);
    assert_int_equal(json_integer_value(json_object_get(row, "calls")), 3);
    json_decref(list);
    kit_remove(dir);
}

static void
a_damaged_file_is_set_aside(void **state)
{
    char dir[64], path[128];
    kit_folder(dir);
    snprintf(path, sizeof(path), "%s/" STORE_FILE, dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++) {
        fputs("this is no database at all, ", f);
    }
    fclose(f);
    struct store *s = open_store(dir, 0);
    put_everything(s);
    store_free(&s);
    check_documents(dir);
    assert_true(file_size(dir, STORE_FILE ".damaged") > 0);
    kit_remove(dir);
}

/* Its first pages are as they should be: it is seen by whoever looks at every page. */
static void
a_file_damaged_inside_is_set_aside(void **state)
{
    char dir[64], path[128];
    kit_folder(dir);
    snprintf(path, sizeof(path), "%s/" STORE_FILE, dir);
    struct store *s = open_store(dir, 0);
    put_everything(s);
    store_free(&s);
    sqlite3 *sql = NULL;
    sqlite3_stmt *root = NULL;
    assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
    const char *find = "SELECT rootpage FROM sqlite_schema WHERE name = 'windows'";
    assert_int_equal(sqlite3_prepare_v2(sql, find, -1, &root, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(root), SQLITE_ROW);
    long page = (long)sqlite3_column_int64(root, 0) - 1;
    sqlite3_finalize(root);
    sqlite3_close(sql);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fseek(f, page * 4096, SEEK_SET);
    fputs("\x0d\x7f\x7f\x7f\x7f\x7f\x7f\x7f", f);
    fclose(f);
    s = open_store(dir, 0);
    put_everything(s);
    assert_int_equal(store_sync(s), 0);
    assert_true(store_totals(s).began_anew);
    store_free(&s);
    assert_true(file_size(dir, STORE_FILE ".damaged") > 0);
    check_documents(dir);
    s = open_store(dir, 0);
    assert_int_equal(store_sync(s), 0);
    assert_false(store_totals(s).began_anew);
    store_free(&s);
    kit_remove(dir);
}

static void
a_newer_version_is_refused(void **state)
{
    char dir[64], path[128];
    kit_folder(dir);
    struct store *s = open_store(dir, 0);
    store_free(&s);
    snprintf(path, sizeof(path), "%s/" STORE_FILE, dir);
    sqlite3 *sql = NULL;
    assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sql, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sql);
    struct diag diag = {0};
    struct store_config config = {.dir = dir};
    assert_int_equal(store_open(&config, &diag, &s), -EPROTO);
    assert_non_null(strstr(diag.message, "newer slowburn"));
    kit_remove(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_comes_back),
        cmocka_unit_test(a_folder_may_have_any_name),
        cmocka_unit_test(the_last_deploys_come_back),
        cmocka_unit_test(a_statement_of_two_databases_has_its_text_in_both),
        cmocka_unit_test(windows_come_in_order),
        cmocka_unit_test(reading_leaves_the_writer_its_locks),
        cmocka_unit_test(a_deploy_comes_before_its_windows),
        cmocka_unit_test(minutes_roll_up),
        cmocka_unit_test(the_newest_window_comes_back_by_itself),
        cmocka_unit_test(the_size_limit_holds),
        cmocka_unit_test(a_full_disk_is_survived),
        cmocka_unit_test(a_damaged_file_is_set_aside),
        cmocka_unit_test(a_file_damaged_inside_is_set_aside),
        cmocka_unit_test(a_newer_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
