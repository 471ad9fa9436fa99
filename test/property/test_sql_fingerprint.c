/* SPDX-License-Identifier: Apache-2.0
 * Random texts out of SQL's own pieces keep the promises of sql_check.h. SLOWBURN_SEED=n and
 * SLOWBURN_ROUNDS=n choose others. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/sql_check.h"

static const char *const pieces[] = {
    "select",    "from",        "where",      "in",         "(",
    ")",         "(",           ")",          ",",          ",",
    "values",    "insert into", "array",      "[",          "]",
    "prepare",   "execute",     "deallocate", "as",         "all",
    "savepoint", "fetch",       "close",      "declare",    "cursor for",
    "rollback",  "to",          "release",    "current of", "null",
    "true",      "is",          "not",        "set",        "with",
    "update",    "begin",       "end",        "case",       "create function",
    "explain",   "a",           "b",          "Tbl",        "e",
    "u",         "x",           "\"Q\"",      "\"q\"\"r\"", "'s'",
    "''",        "'it''s'",     "E'\\n\\''",  "$$d$$",      "$t$ $ $t $t$",
    "$1",        "$23",         "?",          ":n",         "::",
    ":",         ":=",          "1",          "-5",         "1e5",
    "0x1f",      ".5",          "-",          "+",          "--c\n",
    "/*c*/",     "/* /* */ */", "/*a='b'*/",  "*",          "/",
    "=",         "<=",          "?|",         "@?",         "->>",
    "||",        ";",           ".",          "\xc3\xa4",   "\xff",
    "\\",        "{",           "$",          "\"",         "'",
    "U&\"x\"",   "u&'y'",       "?-",         "@-"};

static struct slice
random_text(struct prng *prng, uint8_t *text, size_t size)
{
    size_t len = 0;
    size_t count = 1 + prng_below(prng, 40);
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[prng_below(prng, ARRAY_LEN(pieces))];
        size_t n = strlen(piece);
        if (len + n + 1 > size) {
            break;
        }
        memcpy(text + len, piece, n);
        len += n;
        if (prng_below(prng, 3) > 0) {
            text[len++] = ' ';
        }
    }
    return slice_of(text, len);
}

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);
    return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

int
main(void)
{
    uint64_t seed = number_of("SLOWBURN_SEED", 1);
    uint64_t rounds = number_of("SLOWBURN_ROUNDS", 5000);
    struct prng prng = {seed};
    uint8_t text[2048];
    printf("1..1\n# seed %llu, %llu texts\n", (unsigned long long)seed, (unsigned long long)rounds);
    fflush(stdout);
    for (uint64_t i = 0; i < rounds; i++) {
        struct slice s = random_text(&prng, text, sizeof(text));
        if (getenv("SLOWBURN_PRINT") != NULL) {
            fprintf(stderr, "%.*s\n", SLICE_ARG(s));
        }
        sql_check(s, prng_next(&prng));
    }
    printf("ok 1 - sql_fingerprint\n");
    return 0;
}
