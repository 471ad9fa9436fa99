/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_client.h - what the client says: statements, portals and executions come to be, and
 * each message that has an answer goes into the queue of expected replies; private to this folder.
 *
 * pg_client.c walks through the messages and has what they share; pg_query.c and pg_extended.c are
 * the two ways of running a statement. One worker's thread. */
#ifndef PROXY_PG_PG_CLIENT_H
#define PROXY_PG_PG_CLIENT_H

#include "proxy/pg/pg_session.h"

/* Queues a message with the execution it is about (may be NULL); the queue has a reference of its
 * own. False: the place is lost. */
bool pg_client_push(struct pg_session *p, enum pg_reply_kind kind, struct pg_exec *e,
                    bool *ret_queued);
/* Begun by the message in hand. NULL: there are too many. */
struct pg_exec *pg_client_exec(struct pg_session *p);
void pg_client_drop(struct pg_session *p, struct pg_exec *e); /* NULL is fine */
/* The execution is one of this statement's: its shape, and what preparing it took. */
void pg_client_execute(struct pg_session *p, struct pg_exec *e, struct pg_statement *s);
/* The comment's trace context, and the tags for the record. */
bool pg_client_read_tags(struct pg_session *p, struct slice comment, struct pg_text **ret_tags,
                         uint8_t trace_id[16], uint8_t parent_span[8]);
/* Bytes of a message that are looked at. */
uint32_t pg_client_inspect_max(const struct pg_session *p);

/* One statement of a Query's text, and its end; as pg_client_push says. */
void pg_query_statement(void *ctx, struct pg_reader *r, const struct sql_statement *sql);
bool pg_query_end(struct pg_session *p, const struct pg_fact *f);

/* The text of a Parse, what a Bind brings, and the ends of the messages. */
void pg_extended_statement(void *ctx, struct pg_reader *r, const struct sql_statement *sql);
void pg_extended_bind_begin(struct pg_session *p, const struct pg_fact *f);
void pg_extended_bind_value(struct pg_session *p, const struct pg_fact *f);
bool pg_extended_parse(struct pg_session *p, const struct pg_fact *f);
bool pg_extended_bind(struct pg_session *p, const struct pg_fact *f);
bool pg_extended_execute(struct pg_session *p, const struct pg_fact *f);
bool pg_extended_describe(struct pg_session *p, const struct pg_fact *f);
bool pg_extended_close(struct pg_session *p, const struct pg_fact *f);

#endif
