/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/statement.h - what the judge knows about each statement: its text, a short name
 * for it, and the tables and columns it touches.
 *
 * Tables and columns come from the words of the normalized text first, and from the advisor's
 * parser (QUESTION_DESCRIBE) once it has answered. Texts are cut at STATEMENT_TEXT_MAX. Belongs to
 * the judge; holds at most the number of statements it was made for and STATEMENT_TEXTS_MAX bytes
 * of text; what does not fit is simply not known. */
#ifndef ANALYSIS_SERIES_STATEMENT_H
#define ANALYSIS_SERIES_STATEMENT_H

#include <jansson.h>

#include "base/map.h"
#include "base/slice.h"

#define STATEMENT_TEXT_MAX    8192
#define STATEMENT_TEXTS_MAX   (32u * 1024 * 1024)
#define STATEMENT_NAMES_MAX   6
#define STATEMENT_NAME_LEN    64
#define STATEMENT_LABEL_LEN   96
#define STATEMENT_SUMMARY_LEN 128
#define STATEMENT_PLAN_LEN    120

struct statement_names {
    unsigned count;
    char name[STATEMENT_NAMES_MAX][STATEMENT_NAME_LEN];
};

enum statement_source {
    STATEMENT_BY_WORDS,  /* keywords of the text: good enough to show, weak as evidence */
    STATEMENT_BY_PARSER, /* the advisor's */
};

struct statement {
    uint64_t fingerprint;
    uint32_t database;
    uint8_t kind;      /* enum statement_kind */
    uint8_t source;    /* enum statement_source */
    bool asked;        /* the advisor has been asked to describe it */
    bool kept_unnamed; /* its database had no name then */
    uint64_t kept_ns;  /* when the store was given it; 0: not by this judge */
    uint64_t first_ns;
    uint64_t planned_ns; /* when its plan was last looked at; 0: never */
    char *plan;          /* its shape: "3f2a66d8e901c3b7 Sort, Seq Scan"; NULL: not known */
    uint64_t plan_hash;  /* of that; 0: not known */
    double plan_rows;    /* that a call reads by it; 0: not known */
    /* Of a call, in the minute that ended last; < 0: not known. */
    double rows_of_call, lock_ms_of_call;
    char *text;
    char label[STATEMENT_LABEL_LEN]; /* "items by order_id" */
    struct statement_names reads;
    struct statement_names writes;
    struct statement_names columns;
};

struct statement_table {
    struct map by_fingerprint;
    size_t text_bytes;
    uint64_t refused;
};

void statement_table_init(struct statement_table *t, size_t count_max);
void statement_table_fini(struct statement_table *t);

/* Adds it or leaves what is there. NULL when full. */
struct statement *statement_add(struct statement_table *t, uint64_t fingerprint, uint32_t database,
                                uint8_t kind, struct slice text, uint64_t now_ns);
struct statement *statement_get(const struct statement_table *t, uint64_t fingerprint);

/* The advisor's word replaces the guess. */
void statement_describe(struct statement *s, const struct statement_names *reads,
                        const struct statement_names *writes,
                        const struct statement_names *columns);

/* The plan as the advisor told it (question.h). */
void statement_set_plan(struct statement *s, const json_t *plan);

/* The label of one by its words alone, for who has no table. */
void statement_label(struct slice text, char dst[STATEMENT_LABEL_LEN]);

/* What it does, and to which table: "SELECT orders"; a kind alone where the table is not known.
 * "other" for NULL. */
void statement_summary(const struct statement *s, char dst[STATEMENT_SUMMARY_LEN]);

/* Session set-up, transaction control and the like: never a finding's subject. */
bool statement_is_exempt(const struct statement *s);
/* One that the planner chooses a way for. */
bool statement_has_plan(const struct statement *s);

bool statement_names_have(const struct statement_names *names, const char *name);
void statement_names_add(struct statement_names *names, struct slice name);
/* A list of texts; what is no text, or has no room, is left out. */
void statement_names_read(const json_t *list, struct statement_names *ret_names);

/* Names are kept as SQL writes them: shop."Order". "public.items" and "items" are one table. */
const char *statement_bare_name(const char *qualified);

/* As people write it: shop."Order" -> Order. */
void statement_plain_name(const char *qualified, char dst[STATEMENT_NAME_LEN]);

#endif
