/* SPDX-License-Identifier: Apache-2.0
 * advisor/plan.h - what EXPLAIN (FORMAT JSON, VERBOSE) said, read and freed of literals.
 *
 * Pure; the JSON stays the caller's. Plans are walked by recursion; the reader's own limit bounds
 * their depth. */
#ifndef ADVISOR_PLAN_H
#define ADVISOR_PLAN_H

#include "advisor/names.h"

#define PLAN_SCANS_MAX 16
#define PLAN_NODES_MAX 60
/* Of the conditions of all nodes of a plan; what is beyond is left out. */
#define PLAN_CONDITIONS_BYTES (12u * 1024)

/* A node that reads a table, and what the whole plan says about that table's columns. */
struct plan_scan {
    char node[32];
    char schema[64];
    char table[64];
    char alias[64];
    double cost;          /* of this node */
    double rows_returned; /* planned */
    double table_rows;    /* filled in by statistics */
    double table_bytes;
    bool has_filter;
    bool is_sequential;
    struct names equal; /* column = value, IN, IS NULL */
    struct names range; /* column < value, BETWEEN, ... */
    struct names join;  /* column = another table's column */
    struct names order; /* of a Sort over this table's columns alone */
};

struct plan {
    double cost;
    uint64_t shape; /* of nodes, tables, indexes and conditions without literals */
    unsigned scan_count;
    struct plan_scan scan[PLAN_SCANS_MAX];
    struct names tables; /* schema.table, quoted where needed */
};

/* explain: the array that EXPLAIN returns. 0 or -EBADMSG. */
MUST_CHECK int plan_read(const json_t *explain, struct plan *ret_plan);

/* The plan's nodes for a reader, each before its children, literals as `?`; a new array of
 * {depth, node, table | null, index | null, cost, own_cost, rows, conditions: ["Filter: ...",
 * ...]}. own_cost is that of the node without its children, for all the times that it runs. */
json_t *plan_nodes(const json_t *explain);

/* Cost of the node that scans this alias by an index of this name; negative: there is none. */
double plan_index_cost(const json_t *explain, const char *alias, const char *index);

#endif
