/* SPDX-License-Identifier: Apache-2.0
 * model/question.h - what the analyzer may ask the advisor, and what comes back.
 *
 * Payloads of CHANNEL_ASK and CHANNEL_ANSWER: one JSON object each, at most
 * CHANNEL_MESSAGE_MAX bytes. Every question carries {"ask": NAME, "database": "shop"}; every answer
 * repeats "ask" and carries "ok". {"ok": false, "reason": "..."} is always possible (no login for
 * that database, no right, a timeout, a limit) and means: use weaker evidence and say why.
 * Fingerprints are 16 hex digits. Unknown keys are skipped. Text that comes back holds no literal:
 * plans are stripped. The names below are the whole vocabulary.
 *
 * explain    {fingerprint, statement (normalized), samples: [{text, params: [text | null]}, ...]}
 *            samples: raw statements with their bound values as text, as the wire had them, at
 *            most 8; without samples a generic plan is used.
 *         -> {fingerprint, basis: "values" | "generic", reads: ["public.items"],
 *             writes: ["public.orders"],
 *             plan: {shape, node, table, cost, rows_read, rows_returned, nodes: [...]} | null,
 *             nodes: each before its children, {depth, node, table | null, index | null, cost,
 *             own_cost, rows, conditions: ["Filter: (order_id = ?)", ...]}
 *             scan: {schema, table, table_rows, table_bytes, rows_read, rows_returned} | null,
 *             indexes: [{table, name, columns, unique, partial}, ...]  those that there are
 *             index: {evidence: "proved" | "suspected", schema, table, columns: ["order_id"], ddl,
 *                     cost_before, cost_after, build_ms, size_bytes, write_us,
 *                     nodes: of the plan with it | null (not tried out),
 *                     doubt: "why it is not proved", where there is one} | null,
 *             index_reason: "why there is none", when index is null,
 *             unused_index: "name" of one that would fit, on what is read in full | null}
 * describe   {statements: [{fingerprint, statement}, ...]} (at most 32)
 *         -> {statements: [{fingerprint, reads: [...], writes: [...], columns: [...]}, ...]}
 *            columns: those compared with a value in its predicates. Needs no login.
 * tables     {tables: ["public.settings", ...]}
 *         -> {tables: [{name, rows, bytes, inserted, updated, deleted, seq_scans, seq_rows,
 *             index_scans, index_rows}, ...]}        counters as pg_stat_user_tables has them
 * indexes    {schema, table, columns: [...]}
 *         -> {covered: bool, index: "name" | null}   a valid index has these as its first columns
 * columns    {columns: [{table_oid, attnum}, ...]} -> {columns: [{schema, table, column}, ...]}
 * waits      {} -> {samples, active, lock_waits, io_waits, idle_in_transaction,
 *             server_cpu (cores busy, null: not on this host),
 *             blocks: [{waiting: fingerprint | null, holder: fingerprint | null (what it ran last),
 *                       state: "active" | "idle in transaction" | "prepared transaction" (of the
 *                       holder) | "not known" (all that were looked at wait),
 *                       lock: "transactionid", samples, waiters, depth, waited_ms, idle_ms,
 *                       transaction_ms, lock_ms (that all of them waited),
 *                       chain: from who waits to the holder, at most 8; depth is of all:
 *                              [{statement: fingerprint | null, state: "waiting" or as above,
 *                                lock ("": it waits for none), waited_ms, idle_ms,
 *                                transaction_ms}, ...]}, ...],
 *             blocks_refused}                         since the last such question
 *             database: {deadlocks, temp_files, temp_bytes, sessions (null: not counted),
 *                        reset (when it began; seconds since 1970, 0: never reset)} | null
 *                                                     counters as pg_stat_database has them
 */
#ifndef MODEL_QUESTION_H
#define MODEL_QUESTION_H

#define QUESTION_EXPLAIN  "explain"
#define QUESTION_DESCRIBE "describe"
#define QUESTION_TABLES   "tables"
#define QUESTION_INDEXES  "indexes"
#define QUESTION_COLUMNS  "columns"
#define QUESTION_WAITS    "waits"

#define QUESTION_SAMPLES_MAX    8
#define QUESTION_STATEMENTS_MAX 32

#endif
