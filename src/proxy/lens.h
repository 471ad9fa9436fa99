/* SPDX-License-Identifier: Apache-2.0
 * proxy/lens.h - the deep look: text, bound values and hashed rows of the next few executions of a
 * fingerprint that somebody asked about.
 *
 * A lease names a fingerprint, how many executions and how many rows of each, and when it ends. A
 * capture belongs to one execution; its driver fills it and either sends it when the query has
 * ended well, or drops it. Literals stay in the capture and in LENS_VALUES, never anywhere else.
 *
 * One lens per worker, on its thread. LENS_LEASES_MAX leases, LENS_CAPTURES_MAX captures at a time
 * (about 100 KiB each, taken when first needed and kept); when all are in use the execution passes
 * unseen and the lease waits for the next. Without a lease lens_begin costs one branch. */
#ifndef PROXY_LENS_H
#define PROXY_LENS_H

#include "base/hash.h"
#include "bus/publish.h"
#include "model/event.h"

#define LENS_LEASES_MAX     64
#define LENS_CAPTURES_MAX   8
#define LENS_PARAMS_LEN_MAX 16384u

struct lens;
struct lens_capture;

struct lens *lens_new(void);
void lens_free(struct lens **lens);

/* Adds, or renews the lease of the same fingerprint; when full the one that ends first makes
 * room. */
void lens_lease(struct lens *lens, uint64_t fingerprint, uint32_t count, uint32_t rows,
                uint64_t until_ns);
void lens_expire(struct lens *lens, uint64_t now_ns);

/* A capture for an execution that begins now, or NULL. */
struct lens_capture *lens_begin(struct lens *lens, uint64_t fingerprint, uint64_t now_ns);
/* Gives the capture up; the lease gets its turn back. */
void lens_drop(struct lens *lens, struct lens_capture **capture);

/* Too much of anything spoils the values part (text, params) or ends the rows part (rows); neither
 * is then sent cut. */
void lens_text(struct lens_capture *c, struct slice text);
void lens_param(struct lens_capture *c, bool is_null, bool binary);
void lens_param_bytes(struct lens_capture *c, struct slice piece);
void lens_columns(struct lens_capture *c, unsigned count); /* how many; then each */
void lens_column(struct lens_capture *c, unsigned index, const struct event_lens_column *column);
bool lens_has_columns(const struct lens_capture *c);
unsigned lens_column_type(const struct lens_capture *c, unsigned index); /* oid; 0: unknown */
bool lens_wants_row(const struct lens_capture *c);
/* Hashes of one row, in column order. */
void lens_cell(struct lens_capture *c, unsigned index, uint64_t hash);
void lens_row_end(struct lens_capture *c);

/* What identifies the execution. */
struct lens_query {
    uint64_t fingerprint;
    uint64_t session;
    uint64_t start_ns;
    uint64_t rows;
    uint32_t session_seq;
    uint32_t database;
    uint32_t user;
};
/* Sends LENS_VALUES and LENS_ROWS and takes the capture. Returns how many records. */
unsigned lens_send(struct lens *lens, struct lens_capture **capture, struct publisher *publisher,
                   const struct lens_query *query, uint64_t now_ns);

#endif
