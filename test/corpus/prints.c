/* SPDX-License-Identifier: Apache-2.0
 * Statements from standard input, each with a 0 behind it; for each a line: our fingerprint of it,
 * how many statements it holds, libpg_query's fingerprint (`-` where it does not parse), and the
 * normalized text. */
#include <pg_query.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/sql/sql_fingerprint.h"

#define INPUT_MAX (64u << 20)

static void
count(void *ctx, const struct sql_statement *s)
{
    uint64_t *first = ctx;
    *first = *first == 0 ? s->fingerprint : *first;
}

static void
print_one(const char *text, size_t len)
{
    static struct sql_fingerprint f;
    static uint8_t normal[2 * SQL_TEXT_MAX];
    struct sql_statement s = {0};
    uint64_t first = 0;
    struct sql_handler handler = {.on_statement = count, .ctx = &first};
    sql_fingerprint_init(&f, &handler, NULL, 0);
    sql_fingerprint_feed(&f, slice_of(text, len));
    unsigned statements = sql_fingerprint_finish(&f);
    sql_fingerprint_once(&f, slice_of(text, len), normal, sizeof(normal), &s);
    PgQueryFingerprintResult theirs = pg_query_fingerprint(text);
    printf("%016llx %u %s %.*s\n", (unsigned long long)first, statements,
           theirs.error == NULL ? theirs.fingerprint_str : "-", SLICE_ARG(s.text));
    pg_query_free_fingerprint_result(theirs);
}

int
main(void)
{
    char *input = malloc(INPUT_MAX);
    if (input == NULL) {
        return 1;
    }
    size_t size = fread(input, 1, INPUT_MAX - 1, stdin);
    input[size] = '\0';
    for (size_t at = 0; at < size; at += strlen(input + at) + 1) {
        print_one(input + at, strlen(input + at));
    }
    free(input);
    return 0;
}
