/* SPDX-License-Identifier: Apache-2.0
 * cli/dev_detail.h - the last requests of `slowburn dev`, and one of them in detail when a key
 * asks.
 *
 * Everything is printed below what was there: the command prints into the same terminal. Keeps at
 * most DEV_DETAIL_MAX requests; numbers go on. One thread. */
#ifndef CLI_DEV_DETAIL_H
#define CLI_DEV_DETAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define DEV_DETAIL_MAX 200u

struct dev_detail {
    json_t *requests;  /* an array, the oldest first */
    unsigned count;    /* of all that there ever were: the last one's number */
    unsigned selected; /* number; 0: the last one */
    unsigned typed;    /* digits so far; 0: none */
};

void dev_detail_init(struct dev_detail *d);
void dev_detail_fini(struct dev_detail *d);

/* A line of the request log; borrowed. Returns its number. */
unsigned dev_detail_add(struct dev_detail *d, const json_t *request);

/* What a key (keys.h) means. True: the details of a request are wanted, dev_detail_print. */
bool dev_detail_key(struct dev_detail *d, int key, FILE *out, bool colour);

/* Does `queries` have the texts of the selected request's statements? The daemon tells of what is
 * new a moment later. */
bool dev_detail_is_told(const struct dev_detail *d, const json_t *queries);

/* The selected request: its statements, repeats folded, with their texts (queries: the daemon's
 * document; NULL: their short names) and how each was tied to it. now: wall-clock seconds. */
void dev_detail_print(struct dev_detail *d, const json_t *queries, double now, FILE *out,
                      bool colour);

#endif
