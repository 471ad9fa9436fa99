/* SPDX-License-Identifier: Apache-2.0
 * test/unit/proxy/pg_lab.h - one PostgreSQL session of the driver, without a network: bytes go in,
 * records come out of a publisher that only remembers. Include it in one file of an executable. */
#ifndef UNIT_PROXY_PG_LAB_H
#define UNIT_PROXY_PG_LAB_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "proto/sql/sql_fingerprint.h"
#include "proxy/cancels.h"
#include "proxy/census.h"
#include "proxy/driver.h"
#include "proxy/listener.h"
#include "proxy/server_timing.h"
#include "unit/unit.h"

#define LAB_EVENTS_MAX 20000

struct lab_event {
    union event ev;
    struct slice tail;
    uint8_t *bytes;
};

struct lab {
    void *worker;
    struct driver_env env;
    struct driver_session s;
    struct cancels *cancels;
    struct census *census;
    struct server_timing *timing;
    struct limits limits;
    struct resolve_address address; /* of the server */
    uint64_t counters[COUNTER_COUNT];
    uint64_t now_ns;
    struct buf upstream; /* what reached the server */
    struct buf client;   /* what slowburn itself said to the client */
    struct buf aside;
    bool connect;
    bool close;
    bool to_address; /* connect, or aside, is for one address */
};

/* The publisher. */
static struct lab_event lab_events[LAB_EVENTS_MAX];
static unsigned lab_event_count;
static uint32_t lab_epoch = 1;
static uint64_t lab_known[4096];
static unsigned lab_known_count;

uint32_t
publisher_epoch(const struct publisher *p)
{
    return lab_epoch;
}

void
publisher_send(struct publisher *p, uint64_t now_ns, union event *ev, const struct slice *tails,
               size_t tail_count)
{
    assert_true(lab_event_count < LAB_EVENTS_MAX);
    struct lab_event *e = &lab_events[lab_event_count++];
    size_t len = 0;
    for (size_t i = 0; i < tail_count; i++) {
        len += tails[i].len;
    }
    e->ev = *ev;
    e->bytes = len == 0 ? NULL : malloc(len);
    e->tail = slice_of(e->bytes, len);
    assert_true(event_body_size(ev->head.type) + len <= EVENT_LEN_MAX);
    for (size_t i = 0, at = 0; i < tail_count; at += tails[i++].len) {
        if (tails[i].len > 0) {
            memcpy(e->bytes + at, tails[i].ptr, tails[i].len);
        }
    }
}

uint32_t
publisher_name(struct publisher *p, uint64_t now_ns, enum name_kind kind, struct slice text)
{
    return (uint32_t)hash_bytes(text);
}

bool
publisher_wants_statement(struct publisher *p, uint64_t fingerprint, uint32_t database)
{
    for (unsigned i = 0; i < lab_known_count; i++) {
        if (lab_known[i] == fingerprint) {
            return false;
        }
    }
    assert_true(lab_known_count < ARRAY_LEN(lab_known));
    lab_known[lab_known_count++] = fingerprint;
    return true;
}

static inline void
lab_forget(void)
{
    for (unsigned i = 0; i < lab_event_count; i++) {
        free(lab_events[i].bytes);
    }
    lab_event_count = 0;
}

/* The n-th record of a type, or NULL. */
static inline const struct lab_event *
lab_find(unsigned type, unsigned n)
{
    for (unsigned i = 0; i < lab_event_count; i++) {
        if (lab_events[i].ev.head.type == type && n-- == 0) {
            return &lab_events[i];
        }
    }
    return NULL;
}

static inline const struct event_query *
lab_query(unsigned n)
{
    const struct lab_event *e = lab_find(EV_QUERY, n);
    return e == NULL ? NULL : &e->ev.as_event_query;
}

static inline void
lab_open(struct lab *lab)
{
    memset(lab, 0, sizeof(*lab));
    lab_known_count = 0;
    assert_int_equal(cancels_new(4, (struct hash_key){5, 6}, &lab->cancels), 0);
    atomic_store(&lab->limits.inspect_max, 65536);
    lab->census = census_new(4, (struct hash_key){5, 6});
    lab->timing = server_timing_new(4, (struct hash_key){5, 6});
    lab->env = (struct driver_env){.sessions_max = 4,
                                   .counters = lab->counters,
                                   .cancels = lab->cancels,
                                   .census = lab->census,
                                   .server_timing = lab->timing,
                                   .limits = &lab->limits,
                                   .hash_key = {1, 2},
                                   .seed = 3};
    assert_int_equal(pg_driver.worker_new(&lab->env, &lab->worker), 0);
    lab->address = (struct resolve_address){.sa = {.ss_family = 1}, .len = 2};
    lab->s = (struct driver_session){
        .id = 77, .backend_id = 78, .start_ns = 1, .address = &lab->address};
    lab->s.state = calloc(1, pg_driver.session_size);
    lab->now_ns = 1000;
    buf_init(&lab->upstream, 1 << 22);
    buf_init(&lab->client, 1 << 16);
    buf_init(&lab->aside, 1 << 16);
    struct driver_out out = {0};
    pg_driver.open(lab->worker, &lab->s, lab->now_ns, &out);
}

static inline void
lab_close(struct lab *lab)
{
    pg_driver.close(lab->worker, &lab->s, CLOSE_CLIENT, lab->now_ns);
    pg_driver.worker_free(lab->worker);
    cancels_free(&lab->cancels);
    census_free(&lab->census);
    server_timing_free(&lab->timing);
    free(lab->s.state);
    buf_fini(&lab->upstream);
    buf_fini(&lab->client);
    buf_fini(&lab->aside);
}

/* As session.c does it. */
static inline void
lab_feed(struct lab *lab, bool from_client, struct slice bytes)
{
    lab->now_ns += 10;
    lab->s.inside_ns += 7;
    while (bytes.len > 0) {
        struct driver_out out = {0};
        size_t used = bytes.len;
        if (!lab->s.opaque) {
            used = (from_client ? pg_driver.client_bytes : pg_driver.upstream_bytes)(
                lab->worker, &lab->s, bytes, lab->now_ns, &out);
        }
        assert_true(used > 0 && used <= bytes.len);
        if (from_client && !out.drop) {
            assert_int_equal(buf_append(&lab->upstream, slice_sub(bytes, 0, used)), 0);
        }
        assert_int_equal(buf_append(&lab->upstream, out.to_upstream), 0);
        assert_int_equal(buf_append(&lab->client, out.to_client), 0);
        assert_int_equal(buf_append(&lab->aside, out.aside), 0);
        lab->connect |= out.connect;
        lab->to_address |= out.address != NULL;
        lab->close |= out.close;
        bytes = slice_sub(bytes, used, bytes.len);
    }
}

static inline void
lab_int(struct buf *b, uint32_t v, unsigned size)
{
    while (size-- > 0) {
        assert_int_equal(buf_append_byte(b, (uint8_t)(v >> (8 * size))), 0);
    }
}

static inline void
lab_message(struct buf *b, char type, struct slice body)
{
    lab_int(b, (uint32_t)type, 1);
    lab_int(b, (uint32_t)body.len + 4, 4);
    assert_int_equal(buf_append(b, body), 0);
}

static inline void
lab_text(struct buf *b, const char *s)
{
    assert_int_equal(buf_append(b, slice_of(s, strlen(s) + 1)), 0);
}

static inline void
lab_query_message(struct buf *b, const char *sql)
{
    lab_message(b, 'Q', slice_of(sql, strlen(sql) + 1));
}

static inline void
lab_parse(struct buf *b, const char *name, const char *sql, uint32_t type)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    lab_text(&body, name);
    lab_text(&body, sql);
    lab_int(&body, type != 0, 2);
    if (type != 0) {
        lab_int(&body, type, 4);
    }
    lab_message(b, 'P', buf_slice(&body));
    buf_fini(&body);
}

static inline void
lab_bind(struct buf *b, const char *portal, const char *name, struct slice value, bool binary)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    lab_text(&body, portal);
    lab_text(&body, name);
    lab_int(&body, 1, 2);
    lab_int(&body, binary, 2);
    lab_int(&body, value.ptr != NULL, 2);
    if (value.ptr != NULL) {
        lab_int(&body, (uint32_t)value.len, 4);
        assert_int_equal(buf_append(&body, value), 0);
    }
    lab_int(&body, 0, 2);
    lab_message(b, 'B', buf_slice(&body));
    buf_fini(&body);
}

static inline void
lab_execute(struct buf *b, const char *portal, uint32_t rows)
{
    struct buf body;
    buf_init(&body, 1 << 10);
    lab_text(&body, portal);
    lab_int(&body, rows, 4);
    lab_message(b, 'E', buf_slice(&body));
    buf_fini(&body);
}

static inline void
lab_named(struct buf *b, char type, char target, const char *name)
{
    struct buf body;
    buf_init(&body, 1 << 10);
    lab_int(&body, (uint32_t)target, 1);
    lab_text(&body, name);
    lab_message(b, type, buf_slice(&body));
    buf_fini(&body);
}

static inline void
lab_ready(struct buf *b, char tx_state)
{
    lab_message(b, 'Z', slice_of(&tx_state, 1));
}

static inline void
lab_complete(struct buf *b, const char *tag)
{
    lab_message(b, 'C', slice_of(tag, strlen(tag) + 1));
}

static inline void
lab_error(struct buf *b, const char *sqlstate)
{
    char body[64];
    int n = snprintf(body, sizeof(body), "SERROR%cVERROR%cC%s%cMno%c", 0, 0, sqlstate, 0, 0);
    lab_message(b, 'E', slice_of(body, (size_t)n + 1));
}

static inline void
lab_columns(struct buf *b, uint32_t type_oid)
{
    struct buf body;
    buf_init(&body, 1 << 10);
    lab_int(&body, 1, 2);
    lab_text(&body, "id");
    lab_int(&body, 4711, 4);
    lab_int(&body, 2, 2);
    lab_int(&body, type_oid, 4);
    lab_int(&body, 4, 2);
    lab_int(&body, UINT32_MAX, 4);
    lab_int(&body, 0, 2);
    lab_message(b, 'T', buf_slice(&body));
    buf_fini(&body);
}

static inline void
lab_row(struct buf *b, const char *value)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    lab_int(&body, 1, 2);
    lab_int(&body, (uint32_t)strlen(value), 4);
    assert_int_equal(buf_append(&body, slice_from_str(value)), 0);
    lab_message(b, 'D', buf_slice(&body));
    buf_fini(&body);
}

/* Sends what is in b and empties it. */
static inline void
lab_client(struct lab *lab, struct buf *b)
{
    lab_feed(lab, true, buf_slice(b));
    buf_reset(b);
}

static inline void
lab_server(struct lab *lab, struct buf *b)
{
    lab_feed(lab, false, buf_slice(b));
    buf_reset(b);
}

#define LAB_STARTUP "\0\0\0\x21\0\x03\0\0user\0anna\0database\0shop\0\0"

/* Logged in, with nothing remembered of it but the records. */
static inline void
lab_login(struct lab *lab, struct buf *b)
{
    lab_open(lab);
    lab_feed(lab, true, slice_of(LAB_STARTUP, sizeof(LAB_STARTUP) - 1));
    lab_message(b, 'R', SLICE_LIT("\0\0\0\0"));
    lab_message(b, 'S', SLICE_LIT("client_encoding\0UTF8\0"));
    lab_message(b, 'K', SLICE_LIT("\0\0\0\x07\0\0\0\x09"));
    lab_ready(b, 'I');
    lab_server(lab, b);
    assert_false(lab->s.opaque);
}

static inline uint64_t
lab_fingerprint(const char *sql)
{
    static struct sql_fingerprint f;
    struct sql_statement statement;
    return sql_fingerprint_once(&f, slice_from_str(sql), NULL, 0, &statement)
               ? statement.fingerprint
               : 0;
}

#endif
