/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/shop.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"

#define WALL_OFFSET   1700000000000000000ull
#define ORDERS_LISTED 20
#define MEANS_MAX     8192u
#define KEPT_MAX      64u
#define LEASES_MAX    32u
#define QUERIES_MAX   128u
#define TOLD_MAX      256u
#define ROW_MS        0.007 /* one more of an order's, in the database and in the application */
#define ROW_APP_MS    0.022

enum {
    Q_USER_BY_TOKEN,
    Q_COUNT_ORDERS,
    Q_ORDERS,
    Q_SETTING,
    Q_ITEMS_LAZY,
    Q_ITEMS_EAGER,
    Q_ORDER_BY_ID,
    Q_PENDING,
    Q_INSERT_ORDER,
    Q_USER_BY_EMAIL,
    Q_UPDATE_ORDER,
    Q_COUNT,
};

static const struct {
    const char *text;
    uint8_t kind;
} texts[Q_COUNT] = {
    {"select * from \"users\" where \"api_token\" = ? limit ?", STATEMENT_SELECT},
    {"select count(*) as aggregate from \"orders\" where \"orders\".\"user_id\" = ? and "
     "\"orders\".\"user_id\" is not null",
     STATEMENT_SELECT},
    {"select * from \"orders\" where \"orders\".\"user_id\" = ? and \"orders\".\"user_id\" is not "
     "null order by \"id\" desc limit ? offset ?",
     STATEMENT_SELECT},
    {"select \"value\" from \"settings\" where \"key\" = ? limit ?", STATEMENT_SELECT},
    {"select * from \"items\" where \"items\".\"order_id\" = ? and \"items\".\"order_id\" is not "
     "null",
     STATEMENT_SELECT},
    {"select * from \"items\" where \"items\".\"order_id\" in (?)", STATEMENT_SELECT},
    {"select * from \"orders\" where \"orders\".\"id\" = ? limit ?", STATEMENT_SELECT},
    {"select count(*) as aggregate from \"orders\" where \"status\" = ? and \"user_id\" = ?",
     STATEMENT_SELECT},
    {"insert into \"orders\" (\"user_id\", \"number\") values (?) returning \"id\"",
     STATEMENT_INSERT},
    {"select * from \"users\" where \"email\" = ? limit ?", STATEMENT_SELECT},
    {"update \"orders\" set \"status\" = ? where \"id\" = ?", STATEMENT_UPDATE},
};

enum { R_LOGIN, R_ME, R_ORDERS, R_ORDER, R_CREATE, R_PAY, R_COUNT };
static const struct {
    uint8_t method;
    const char *path;
} routes[R_COUNT] = {
    {METHOD_POST, "/api/login"},  {METHOD_GET, "/api/me"},
    {METHOD_GET, "/api/orders"},  {METHOD_GET, "/api/orders/{id}"},
    {METHOD_POST, "/api/orders"}, {METHOD_POST, "/api/orders/{id}/pay"},
};

struct question {
    uint32_t id;
    uint64_t due_ns;
    char *text;
};

struct kept {
    enum stored_kind kind;
    uint64_t key;
    uint8_t *a, *b, *c;
    size_t a_len, b_len, c_len;
    struct stored record;
};

struct shop {
    struct prng prng;
    struct judge *judge;
    struct wire *wire; /* NULL: traces go to the judge as they are */
    struct shop_state state;
    uint64_t now_ns, next_request_ns, mark_ns;
    double busy; /* queries in progress, smoothed: decides how long one waits */
    uint32_t next_question;
    struct question question[64];
    uint64_t lease_fingerprint[LEASES_MAX];
    unsigned lease_count[LEASES_MAX], lease_rows[LEASES_MAX];
    double mean[MEANS_MAX];
    uint64_t mean_at[MEANS_MAX];
    unsigned mean_count;
    struct kept kept[KEPT_MAX];
    unsigned kept_count;
    char told[TOLD_MAX][24]; /* events of the judge's log */
    unsigned told_count;
    uint64_t session;
    double table_writes;
    unsigned plans_kept;
    uint64_t items_shape; /* of the plan of the items that was kept last */
    /* the request being made */
    struct trace_query q[QUERIES_MAX];
    uint64_t values[QUERIES_MAX][4];
    unsigned query_count;
    uint64_t at_ns;
};

static uint64_t
fp_of(unsigned q)
{
    return hash_bytes(slice_from_str(texts[q].text));
}

static double
uniform(struct shop *s)
{
    return ((double)(prng_next(&s->prng) >> 11) + 0.5) / 9007199254740992.0;
}

/* Log-normal around 1. */
static double
noise(struct shop *s, double sigma)
{
    double g = sqrt(-2 * log(uniform(s))) * cos(6.283185307179586 * uniform(s));
    return exp(sigma * g - sigma * sigma / 2);
}

/* ---- the judge's world */

static uint32_t
world_ask(void *ctx, const char *text)
{
    struct shop *s = ctx;
    if (s->state.no_advisor) {
        return 0;
    }
    for (unsigned i = 0; i < ARRAY_LEN(s->question); i++) {
        if (s->question[i].id == 0) {
            s->question[i].id = ++s->next_question;
            s->question[i].text = check_strdup(text);
            s->question[i].due_ns = s->now_ns + 300 * NS_PER_MS;
            return s->question[i].id;
        }
    }
    return 0;
}

static void
world_lens(void *ctx, uint64_t fingerprint, unsigned count, unsigned rows, uint64_t until_ns)
{
    struct shop *s = ctx;
    unsigned at = (unsigned)(fingerprint % LEASES_MAX);
    s->lease_fingerprint[at] = fingerprint;
    s->lease_count[at] = count;
    s->lease_rows[at] = rows;
}

static uint8_t *
copy_bytes(struct slice x, size_t *ret_len)
{
    uint8_t *p = check_alloc(1, x.len + 1);
    if (x.len > 0) {
        memcpy(p, x.ptr, x.len);
    }
    *ret_len = x.len;
    return p;
}

/* The store, as far as a restart needs it. */
static void
world_store(void *ctx, const struct stored *r)
{
    struct shop *s = ctx;
    struct slice a, b = SLICE_NONE, c = SLICE_NONE;
    uint64_t key;
    if (r->kind == STORED_INCIDENT) {
        key = r->incident.id;
        a = r->incident.state, b = r->incident.json, c = r->incident.blob;
    } else if (r->kind == STORED_STATE) {
        key = hash_bytes(r->state.name);
        a = r->state.name, b = r->state.blob;
    } else if (r->kind == STORED_FINGERPRINT) {
        key = r->fingerprint.fingerprint;
        a = r->fingerprint.database, b = r->fingerprint.text;
    } else if (r->kind == STORED_TRACE) {
        key = hash_bytes(slice_of(r->trace.trace_id, sizeof(r->trace.trace_id)));
        a = r->trace.route, b = r->trace.json;
    } else if (r->kind == STORED_PLAN) {
        s->plans_kept++;
        s->items_shape =
            r->plan.fingerprint == fp_of(Q_ITEMS_LAZY) ? r->plan.shape : s->items_shape;
        return;
    } else {
        return;
    }
    struct kept *k = NULL;
    for (unsigned i = 0; i < s->kept_count; i++) {
        k = s->kept[i].kind == r->kind && s->kept[i].key == key ? &s->kept[i] : k;
    }
    if (k == NULL) {
        assert(s->kept_count < KEPT_MAX);
        k = &s->kept[s->kept_count++];
    }
    free(k->a);
    free(k->b);
    free(k->c);
    k->kind = r->kind;
    k->key = key;
    k->record = *r;
    k->a = copy_bytes(a, &k->a_len);
    k->b = copy_bytes(b, &k->b_len);
    k->c = copy_bytes(c, &k->c_len);
}

static void
world_log(void *ctx, const char *event, const char *text)
{
    struct shop *s = ctx;
    if (s->told_count < TOLD_MAX) {
        snprintf(s->told[s->told_count++], sizeof(s->told[0]), "%s", event);
    }
    if (getenv("SIM_LOG") != NULL) {
        fprintf(stderr, "# %8.1f %-16s %s\n", (double)s->now_ns / 1e9, event, text);
    }
}

unsigned
shop_told(const struct shop *s, const char *event)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->told_count; i++) {
        n += strcmp(s->told[i], event) == 0;
    }
    return n;
}

/* ---- the scripted advisor */

static json_t *
explain_answer(struct shop *s, const json_t *q)
{
    const char *hex = json_string_value(json_object_get(q, "fingerprint"));
    uint64_t fp = strtoull(hex, NULL, 16);
    bool items = fp == fp_of(Q_ITEMS_LAZY) || fp == fp_of(Q_ITEMS_EAGER);
    bool orders = fp == fp_of(Q_ORDERS) || fp == fp_of(Q_COUNT_ORDERS) || fp == fp_of(Q_PENDING);
    bool email = fp == fp_of(Q_USER_BY_EMAIL) && s->state.email_index_gone;
    bool token = fp == fp_of(Q_USER_BY_TOKEN) && s->state.token_index_gone;
    bool missing =
        (items && !s->state.index) || (orders && s->state.user_index_gone) || email || token;
    json_t *plan =
        json_pack("{s:s, s:f, s:[]}", "shape", missing ? "00000000000000aa" : "00000000000000bb",
                  "cost", missing ? 5600.0 : 12.0, "nodes");
    if (!missing) {
        return json_pack("{s:s, s:b, s:s, s:o, s:n, s:n, s:s}", "ask", "explain", "ok", 1,
                         "fingerprint", hex, "plan", plan, "scan", "index", "index_reason",
                         "an index is used");
    }
    const char *table = items ? "items" : email || token ? "users" : "orders";
    const char *column = items ? "order_id" : email ? "email" : token ? "api_token" : "user_id";
    char ddl[128];
    snprintf(ddl, sizeof(ddl), "CREATE INDEX CONCURRENTLY ON %s (%s)", table, column);
    return json_pack("{s:s, s:b, s:s, s:o, s:s, s:{s:s, s:s, s:i, s:i, s:i}, s:{s:s, s:s, s:s, "
                     "s:[s], s:s, s:f, s:f,"
                     " s:i, s:i}}",
                     "ask", "explain", "ok", 1, "fingerprint", hex, "plan", plan, "basis", "values",
                     "scan", "schema", "public", "table", table, "table_rows", 300000, "rows_read",
                     300000, "rows_returned", 3, "index", "evidence", "proved", "schema", "public",
                     "table", table, "columns", column, "ddl", ddl, "cost_before", 5600.0,
                     "cost_after", 12.0, "build_ms", 1900, "size_bytes", 7000000);
}

static json_t *
answer_to(struct shop *s, const json_t *q)
{
    const char *ask = json_string_value(json_object_get(q, "ask"));
    if (strcmp(ask, "explain") == 0) {
        return explain_answer(s, q);
    }
    if (strcmp(ask, "indexes") == 0) {
        const char *table = json_string_value(json_object_get(q, "table"));
        bool covered = strcmp(table, "items") == 0 ? s->state.index
                       : strcmp(table, "users") == 0
                           ? !s->state.email_index_gone && !s->state.token_index_gone
                           : !s->state.user_index_gone;
        return json_pack("{s:s, s:b, s:b}", "ask", "indexes", "ok", 1, "covered", covered);
    }
    if (strcmp(ask, "columns") == 0) {
        return json_pack("{s:s, s:b, s:[{s:s, s:s, s:s}]}", "ask", "columns", "ok", 1, "columns",
                         "schema", "public", "table", "orders", "column", "id");
    }
    if (strcmp(ask, "tables") == 0) {
        json_t *list = json_array();
        size_t i;
        json_t *name;
        json_array_foreach(json_object_get(q, "tables"), i, name)
        {
            const char *bare = strrchr(json_string_value(name), '.');
            bare = bare == NULL ? json_string_value(name) : bare + 1;
            bool written = strcmp(bare, "orders") == 0;
            json_array_append_new(list, json_pack("{s:O, s:i, s:f, s:i, s:i}", "name", name, "rows",
                                                  1000, "inserted", written ? s->table_writes : 0.0,
                                                  "updated", 0, "deleted", 0));
        }
        return json_pack("{s:s, s:b, s:o}", "ask", "tables", "ok", 1, "tables", list);
    }
    if (strcmp(ask, "waits") == 0) {
        return json_pack("{s:s, s:b, s:i, s:i, s:i}", "ask", "waits", "ok", 1, "samples", 40,
                         "lock_waits", 0, "active", 30);
    }
    return json_pack("{s:s, s:b, s:s}", "ask", ask, "ok", 0, "reason", "not in this play");
}

static void
answer_questions(struct shop *s)
{
    for (unsigned i = 0; i < ARRAY_LEN(s->question); i++) {
        struct question *x = &s->question[i];
        if (x->id == 0 || s->now_ns < x->due_ns) {
            continue;
        }
        json_t *q = json_loads(x->text, 0, NULL);
        json_t *answer = answer_to(s, q);
        assert(answer != NULL);
        char *text = json_dumps(answer, 0);
        if (getenv("SIM_TALK") != NULL) {
            fprintf(stderr, "# %8.1f %s\n#          %s\n", (double)s->now_ns / 1e9, x->text, text);
        }
        uint32_t id = x->id;
        x->id = 0;
        judge_answer(s->judge, s->now_ns, id, slice_from_str(text));
        free(x->text);
        free(text);
        json_decref(answer);
        json_decref(q);
    }
}

/* ---- requests */

static void
item_give(struct shop *s, struct intake_item *item)
{
    judge_item(s->judge, s->now_ns, item);
    intake_item_free(&item);
}

static double
cost_ms(struct shop *s, unsigned q)
{
    const struct shop_state *x = &s->state;
    double ms = 0.5;
    switch (q) {
    case Q_ITEMS_LAZY:
        ms = x->index ? 0.55 : 16;
        break;
    case Q_ITEMS_EAGER:
        ms = x->index ? 0.9 : 18;
        break;
    case Q_ORDERS:
        ms = (x->user_index_gone ? 11 : 1.2) * x->growth;
        break;
    case Q_COUNT_ORDERS:
        ms = x->user_index_gone ? 9 : 0.7;
        break;
    case Q_USER_BY_EMAIL:
        ms = x->email_index_gone ? 35 : ms;
        break;
    case Q_USER_BY_TOKEN:
        ms = x->token_index_gone ? 14 : ms;
        break;
    default:
        break;
    }
    if (x->database_times > 0) {
        ms *= x->database_times;
    }
    double rho = MIN(s->busy / 2, 0.9);
    double wait = ms * 0.3 * rho / (1 - rho) + 0.2 * rho / (1 - rho);
    return ms * noise(s, 0.15) + wait * noise(s, 0.3);
}

/* The application computes. */
static void
compute(struct shop *s, double ms, double sigma)
{
    double times = s->state.machine_times > 0 ? s->state.machine_times * noise(s, 0.4) : 1;
    s->at_ns += (uint64_t)(ms * 1e6 * noise(s, sigma) * times);
}

static uint64_t
query(struct shop *s, unsigned q, const uint64_t *values, unsigned value_count, uint64_t result,
      uint64_t rows)
{
    struct trace_query *t = &s->q[s->query_count];
    compute(s, 0.35, 0.2); /* the client's own */
    double ms = cost_ms(s, q) + (q == Q_ORDER_BY_ID && rows > 1 ? ROW_MS * (double)rows : 0);
    if (s->state.machine_times > 0) {
        ms *= s->state.machine_times * noise(s, 0.5);
    }
    uint64_t hash = 0;
    for (unsigned i = 0; i < value_count; i++) {
        s->values[s->query_count][i] = values[i];
        hash = hash_combine(hash, values[i]);
    }
    *t = (struct trace_query){
        .fingerprint = fp_of(q),
        .values_hash = hash,
        .result_hash = result,
        .start_ns = s->at_ns,
        .end_ns = s->at_ns + (uint64_t)(ms * 1e6),
        .rows = rows,
        .session = s->session,
        .session_seq = s->query_count,
        .database = 1,
        .flags = QUERY_VALUES_HASHED | QUERY_RESULT_HASHED | QUERY_PREPARED,
        .value_count = (uint16_t)value_count,
        .kind = texts[q].kind,
        .sqlstate = "00000",
        .values = s->values[s->query_count],
    };
    s->query_count++;
    s->at_ns = t->end_ns;
    s->busy += ms / 1000 / 5;
    return t->start_ns;
}

static unsigned
take_lease(struct shop *s, uint64_t fingerprint, unsigned *ret_rows)
{
    unsigned at = (unsigned)(fingerprint % LEASES_MAX);
    if (s->lease_fingerprint[at] != fingerprint || s->lease_count[at] == 0) {
        return 0;
    }
    *ret_rows = s->lease_rows[at];
    return s->lease_count[at]--;
}

static void
lens_values(struct shop *s, unsigned q, unsigned value)
{
    unsigned rows = 0;
    if (take_lease(s, fp_of(q), &rows) == 0) {
        return;
    }
    char param[16];
    int len = snprintf(param, sizeof(param), "%u", value);
    int32_t len32 = len;
    uint8_t *tail = NULL;
    struct intake_item *item = intake_item_new(INTAKE_LENS_VALUES, s->now_ns, 128, &tail);
    memcpy(tail, &len32, 4);
    memcpy(tail + 4, param, (size_t)len);
    item->lens_values.event.fingerprint = fp_of(q);
    item->lens_values.event.param_count = 1;
    item->lens_values.params = slice_of(tail, 4 + (((size_t)len + 3) & ~(size_t)3));
    item->lens_values.text = slice_from_str(texts[q].text);
    item_give(s, item);
}

/* orders.id and orders.total of the listed rows. */
static void
lens_rows(struct shop *s, const uint64_t *ids, unsigned n, unsigned seq)
{
    unsigned rows = 0;
    if (take_lease(s, fp_of(Q_ORDERS), &rows) == 0 || rows == 0) {
        return;
    }
    struct event_lens_column columns[2] = {{.table_oid = 16401, .attnum = 1, .type_oid = 20},
                                           {.table_oid = 16401, .attnum = 5, .type_oid = 23}};
    uint64_t hashes[ORDERS_LISTED * 2];
    for (unsigned i = 0; i < n; i++) {
        hashes[2 * i] = ids[i];
        hashes[2 * i + 1] = prng_mix(ids[i]);
    }
    uint8_t *tail = NULL;
    struct intake_item *item = intake_item_new(INTAKE_LENS_ROWS, s->now_ns, 8, &tail);
    item->lens_rows.event.fingerprint = fp_of(Q_ORDERS);
    item->lens_rows.event.session = s->session;
    item->lens_rows.event.session_seq = seq;
    item->lens_rows.event.row_count = n;
    item->lens_rows.event.rows_total = n;
    item->lens_rows.event.column_count = 2;
    item->lens_rows.columns = columns;
    item->lens_rows.hashes = hashes;
    item_give(s, item);
}

static void
setting(struct shop *s, unsigned key)
{
    uint64_t v = prng_mix(900 + key);
    if (!s->state.cache) {
        query(s, Q_SETTING, &v, 1, prng_mix(v), 1);
    }
}

static void
list_orders(struct shop *s, uint64_t user)
{
    const struct shop_state *x = &s->state;
    uint64_t ids[ORDERS_LISTED];
    unsigned n = 8 + (unsigned)(user % 13); /* 8 to 20 orders */
    for (unsigned i = 0; i < n; i++) {
        ids[i] = prng_mix(user * 1000 + 100 - i);
    }
    query(s, Q_COUNT_ORDERS, &user, 1, prng_next(&s->prng), 1);
    unsigned seq = s->query_count;
    query(s, Q_ORDERS, &user, 1, prng_next(&s->prng), n);
    lens_rows(s, ids, n, seq);
    if (x->one_more) {
        query(s, Q_PENDING, &user, 1, prng_next(&s->prng), 1);
    }
    if (x->v2 && x->eager) {
        query(s, Q_ITEMS_EAGER, ids, 4, prng_next(&s->prng), 3ull * n);
        s->at_ns += (uint64_t)(0.02e6 * n);
    }
    for (unsigned i = 0; i < n && x->v2; i++) {
        uint64_t value = x->decoy ? prng_mix(7000 + i) : ids[i];
        if (!x->eager) {
            query(s, Q_ITEMS_LAZY, &value, 1, prng_next(&s->prng), 3);
            lens_values(s, Q_ITEMS_LAZY, x->decoy ? i : 100000 + (unsigned)user * 100 - i);
        }
        setting(s, i % 3);
    }
    setting(s, 0);
    compute(s, 9, 0.15);
}

static void
run_route(struct shop *s, unsigned route, uint64_t user, uint64_t token)
{
    if (route != R_LOGIN) {
        query(s, Q_USER_BY_TOKEN, &token, 1, token, 1);
    }
    switch (route) {
    case R_LOGIN:
        query(s, Q_USER_BY_EMAIL, &user, 1, user, 1);
        compute(s, 45, 0.1);
        break;
    case R_ORDERS:
        list_orders(s, user);
        break;
    case R_ORDER:
        query(s, Q_ORDER_BY_ID, &user, 1, user, MAX(s->state.order_rows, 1));
        if (s->state.order_rows > 0) {
            compute(s, ROW_APP_MS * s->state.order_rows, 0.15);
        }
        setting(s, 0);
        break;
    case R_CREATE:
        query(s, Q_INSERT_ORDER, &user, 1, prng_next(&s->prng), 1);
        s->table_writes++;
        break;
    case R_PAY:
        query(s, Q_ORDER_BY_ID, &user, 1, user, 1);
        query(s, Q_UPDATE_ORDER, &user, 1, 0, 1);
        s->table_writes++;
        break;
    default:
        break;
    }
    compute(s, 6 + (route == R_ME ? s->state.me_app_ms : 0), 0.15);
}

static void
one_request(struct shop *s)
{
    static const double share[R_COUNT] = {0.05, 0.3, 0, 0.4, 0.1, 0.15};
    double u = uniform(s);
    unsigned route = R_ORDERS;
    if (u >= s->state.bad_share) {
        u = (u - s->state.bad_share) / (1 - s->state.bad_share);
        for (route = 0; route < R_COUNT - 1 && u >= share[route]; route++) {
            u -= share[route];
        }
    }
    s->session++;
    s->query_count = 0;
    uint64_t start = s->next_request_ns;
    s->at_ns = start + 4 * NS_PER_MS;
    uint64_t user = prng_below(&s->prng, 400);
    uint64_t carried[2] = {prng_mix(user + 5000), user};
    run_route(s, route, user, carried[0]);
    struct trace_query *queries;
    uint64_t *values;
    struct trace *t = trace_new(s->query_count, s->query_count * 4ull, &queries, &values);
    for (unsigned i = 0; i < s->query_count; i++) {
        queries[i] = s->q[i];
        memcpy(values + 4 * i, s->values[i], sizeof(s->values[i]));
        queries[i].values = values + 4 * i;
    }
    t->request = s->session;
    t->route = route;
    t->start_ns = start;
    t->end_ns = s->at_ns;
    t->status = 200;
    t->probability = 1;
    t->basis = LINK_VALUES;
    memcpy(t->trace_id, &t->request, sizeof(t->request));
    if (route == R_ORDERS) {
        s->mean[s->mean_count % MEANS_MAX] = (double)(t->end_ns - t->start_ns) / 1e6;
        s->mean_at[s->mean_count % MEANS_MAX] = start;
        s->mean_count++;
    }
    if (s->wire != NULL) {
        wire_trace(s->wire, t, routes[route].method, routes[route].path, carried, 2);
        trace_free(&t);
        return;
    }
    item_give(s, intake_item_of_trace(&t));
}

/* ---- */

static void
announce(struct shop *s)
{
    uint8_t *tail = NULL;
    struct intake_item *item = intake_item_new(INTAKE_NAME, s->now_ns, 8, &tail);
    item->name.id = 1;
    item->name.kind = NAME_DATABASE;
    item->name.text = SLICE_LIT("shop");
    item_give(s, item);
    for (unsigned i = 0; i < R_COUNT; i++) {
        item = intake_item_new(INTAKE_ROUTE, s->now_ns, 8, &tail);
        item->route.index = i;
        item->route.method = routes[i].method;
        item->route.text = slice_from_str(routes[i].path);
        item_give(s, item);
    }
    for (unsigned i = 0; i < Q_COUNT; i++) {
        item = intake_item_new(INTAKE_STATEMENT, s->now_ns, 8, &tail);
        item->statement.fingerprint = fp_of(i);
        item->statement.database = 1;
        item->statement.kind = texts[i].kind;
        item->statement.text = slice_from_str(texts[i].text);
        item_give(s, item);
    }
}

static void
start_judge(struct shop *s)
{
    struct judge_config config = {.cores = 2};
    struct judge_out out = {s, world_ask, world_lens, world_store, world_log, NULL, NULL};
    int err = judge_new(&config, &out, s->now_ns, s->now_ns + WALL_OFFSET, &s->judge);
    assert(err == 0);
}

static struct shop *
begin(uint64_t seed)
{
    struct shop *s = check_alloc(1, sizeof(*s));
    s->prng.state = seed * 7919 + 1;
    s->now_ns = 1000 * NS_PER_S;
    s->next_request_ns = s->now_ns;
    s->state = (struct shop_state){.growth = 1, .rate_per_s = 16.7, .bad_share = 0.12};
    start_judge(s);
    return s;
}

struct shop *
shop_new(uint64_t seed)
{
    struct shop *s = begin(seed);
    announce(s);
    return s;
}

static struct slice
wire_text_of(void *ctx, uint64_t fingerprint)
{
    for (unsigned i = 0; i < Q_COUNT; i++) {
        if (fp_of(i) == fingerprint) {
            return slice_from_str(texts[i].text);
        }
    }
    return SLICE_NONE;
}

static void
wire_item(void *ctx, const struct intake_item *item)
{
    struct shop *s = ctx;
    judge_item(s->judge, s->now_ns, item);
}

struct shop *
shop_new_on_wire(uint64_t seed, size_t ring_bytes)
{
    struct shop *s = begin(seed);
    struct wire_out out = {s, wire_text_of, wire_item};
    s->wire = wire_new(ring_bytes, &out);
    return s;
}

struct wire *
shop_wire(struct shop *s)
{
    return s->wire;
}

void
shop_restart_judge(struct shop *s)
{
    judge_free(&s->judge); /* without a flush: what was stored is all there is */
    for (unsigned i = 0; i < ARRAY_LEN(s->question); i++) {
        if (s->question[i].id != 0) {
            free(s->question[i].text);
            s->question[i].id = 0;
        }
    }
    start_judge(s);
    for (unsigned i = 0; i < s->kept_count; i++) {
        struct kept *k = &s->kept[i];
        struct stored r = k->record;
        if (r.kind == STORED_INCIDENT) {
            r.incident.state = slice_of(k->a, k->a_len);
            r.incident.json = slice_of(k->b, k->b_len);
            r.incident.blob = slice_of(k->c, k->c_len);
        } else if (r.kind == STORED_STATE) {
            r.state.name = slice_of(k->a, k->a_len);
            r.state.blob = slice_of(k->b, k->b_len);
        } else if (r.kind == STORED_TRACE) {
            r.trace.route = slice_of(k->a, k->a_len);
            r.trace.json = slice_of(k->b, k->b_len);
        } else {
            r.fingerprint.database = slice_of(k->a, k->a_len);
            r.fingerprint.text = slice_of(k->b, k->b_len);
        }
        int err = judge_restore(s->judge, &r);
        assert(err == 0);
    }
    announce(s);
}

void
shop_free(struct shop **shop)
{
    struct shop *s = *shop;
    judge_free(&s->judge);
    wire_free(&s->wire);
    for (unsigned i = 0; i < ARRAY_LEN(s->question); i++) {
        if (s->question[i].id != 0) {
            free(s->question[i].text);
        }
    }
    for (unsigned i = 0; i < s->kept_count; i++) {
        free(s->kept[i].a);
        free(s->kept[i].b);
        free(s->kept[i].c);
    }
    free(s);
    *shop = NULL;
}

struct shop_state *
shop_state(struct shop *s)
{
    return &s->state;
}

unsigned
shop_plans(const struct shop *s, uint64_t *ret_items_shape)
{
    *ret_items_shape = s->items_shape;
    return s->plans_kept;
}

struct judge *
shop_judge(struct shop *s)
{
    return s->judge;
}

uint64_t
shop_now(const struct shop *s)
{
    return s->now_ns;
}

void
shop_play(struct shop *s, double seconds)
{
    uint64_t end = s->now_ns + (uint64_t)(seconds * 1e9);
    while (s->now_ns < end) {
        s->now_ns += 100 * NS_PER_MS;
        s->busy *= exp(-0.1 / 5);
        while (s->next_request_ns + 500 * NS_PER_MS < s->now_ns) {
            one_request(s);
            double gap = -log(uniform(s)) / s->state.rate_per_s;
            s->next_request_ns += (uint64_t)(gap * 1e9);
        }
        if (s->wire != NULL) { /* all that happened until then is known */
            wire_play(s->wire, s->now_ns - 500 * NS_PER_MS, s->state.stalled);
        }
        if (s->state.stalled) {
            continue;
        }
        answer_questions(s);
        judge_tick(s->judge, s->now_ns, s->now_ns + WALL_OFFSET);
    }
}

void
shop_deploy(struct shop *s, const char *name)
{
    judge_deploy(s->judge, s->now_ns, slice_from_str(name));
}

static json_t *
document(struct shop *s, enum judge_document which)
{
    AUTO_BUF struct buf b;
    buf_init(&b, JUDGE_DOCUMENT_MAX);
    int err = judge_document(s->judge, s->now_ns, which, &b);
    assert(err == 0);
    return json_loads(buf_str(&b), 0, NULL);
}

json_t *
shop_incidents(struct shop *s)
{
    json_t *list = document(s, JUDGE_INCIDENTS);
    assert(json_is_array(list));
    return list;
}

json_t *
shop_status(struct shop *s)
{
    json_t *status = document(s, JUDGE_STATUS);
    assert(json_is_object(status));
    return status;
}

double
shop_mean_ms(const struct shop *s, unsigned n)
{
    double sum = 0;
    n = MIN(n, MIN(s->mean_count, MEANS_MAX));
    for (unsigned i = 0; i < n; i++) {
        sum += s->mean[(s->mean_count - 1 - i) % MEANS_MAX];
    }
    return n == 0 ? 0 : sum / n;
}

void
shop_mark(struct shop *s)
{
    s->mark_ns = s->next_request_ns;
}

uint64_t
shop_nth_bad_ns(const struct shop *s, unsigned n)
{
    unsigned have = MIN(s->mean_count, MEANS_MAX), seen = 0;
    for (unsigned i = have; i-- > 0;) {
        uint64_t at = s->mean_at[(s->mean_count - 1 - i) % MEANS_MAX];
        if (at >= s->mark_ns && ++seen == n) {
            return at;
        }
    }
    return 0;
}
