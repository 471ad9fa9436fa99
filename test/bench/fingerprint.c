/* SPDX-License-Identifier: Apache-2.0
 * Bytes per second of fingerprinting files of statements, on one core, beside libpg_query.
 *
 *   fingerprint [-s SECONDS] [-r ROUNDS] FILE...
 *
 * A statement is followed by a line with nothing but `;`. Ours does what the proxy does with a text
 * that came in one piece: the normalized text is written, values are told; `values` also hashes
 * each under a key. With -r: so many rounds of ours alone, for callgrind. */
#include <pg_query.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "proto/sql/sql_fingerprint.h"

#define STATEMENTS_MAX 100000u

struct corpus {
    char *bytes;
    size_t len; /* of the statements alone */
    unsigned count;
    struct slice statements[STATEMENTS_MAX]; /* each with a 0 behind it */
};

/* What keeps the compiler from leaving the work out. */
static uint64_t sum;

static void
load(struct corpus *c, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL || fseek(in, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    size_t size = (size_t)ftell(in);
    rewind(in);
    c->bytes = malloc(size + 1);
    if (c->bytes == NULL || fread(c->bytes, 1, size, in) != size) {
        perror(path);
        exit(1);
    }
    fclose(in);
    c->bytes[size] = '\0';
    c->count = 0;
    c->len = 0;
    char *end;
    for (char *at = c->bytes; (end = strstr(at, "\n;\n")) != NULL; at = end + 3) {
        if (c->count == STATEMENTS_MAX) {
            fprintf(stderr, "%s: more than %u statements\n", path, STATEMENTS_MAX);
            exit(1);
        }
        *end = '\0';
        c->statements[c->count++] = slice_of(at, (size_t)(end - at));
        c->len += (size_t)(end - at);
    }
}

static uint64_t
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- Ours ----------------------------------------------------------------------------------- */

struct values {
    struct hash_key key;
    struct hash_stream value;
    bool open;
};

static void
count_bytes(void *ctx, struct slice bytes)
{
    sum += bytes.len;
}

static void
count_end(void *ctx, enum sql_value_kind kind, unsigned param)
{
    sum += param;
}

static void
hash_value_bytes(void *ctx, struct slice bytes)
{
    struct values *v = ctx;
    if (!v->open) {
        hash_stream_init(&v->value, &v->key);
        v->open = true;
    }
    hash_stream_add(&v->value, bytes);
}

static void
hash_value_end(void *ctx, enum sql_value_kind kind, unsigned param)
{
    struct values *v = ctx;
    if (v->open) {
        sum = hash_combine(sum, hash_stream_value(&v->value));
        v->open = false;
    }
}

static void
on_statement(void *ctx, const struct sql_statement *s)
{
    sum += s->fingerprint;
}

static struct values values = {.key = {1, 2}};

static void
ours(const struct corpus *c, bool hashes)
{
    static struct sql_fingerprint f;
    static uint8_t text[16384];
    const struct sql_handler handler = {
        hashes ? hash_value_bytes : count_bytes,
        hashes ? hash_value_end : count_end,
        on_statement,
        &values,
    };
    for (unsigned i = 0; i < c->count; i++) {
        sql_fingerprint_init(&f, &handler, text, sizeof(text));
        sql_fingerprint_feed(&f, c->statements[i]);
        sql_fingerprint_finish(&f);
    }
}

static void
shape_and_values(const struct corpus *c)
{
    ours(c, false);
}

static void
hashed_values(const struct corpus *c)
{
    ours(c, true);
}

/* --- Theirs --------------------------------------------------------------------------------- */

static void
theirs(const struct corpus *c)
{
    for (unsigned i = 0; i < c->count; i++) {
        PgQueryFingerprintResult r = pg_query_fingerprint((const char *)c->statements[i].ptr);
        sum += r.fingerprint;
        pg_query_free_fingerprint_result(r);
    }
}

/* --- The table ------------------------------------------------------------------------------ */

/* The best of five parts of the time: what disturbs only makes it slower. */
static double
mb_per_second(const struct corpus *c, void (*work)(const struct corpus *c), double seconds)
{
    double best = 0;
    work(c);
    for (int part = 0; part < 5; part++) {
        uint64_t start = now_ns();
        uint64_t end = start + (uint64_t)(seconds * 1e9 / 5);
        uint64_t now;
        uint64_t rounds = 0;
        do {
            work(c);
            rounds++;
            now = now_ns();
        } while (now < end);
        double rate = (double)(rounds * c->len) / 1e6 / ((double)(now - start) / 1e9);
        best = rate > best ? rate : best;
    }
    return best;
}

int
main(int argc, char **argv)
{
    static struct corpus c;
    double seconds = 2;
    int at = 1;
    unsigned rounds = 0;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        if (argv[at][1] == 's') {
            seconds = atof(argv[at + 1]);
        } else {
            rounds = (unsigned)atoi(argv[at + 1]);
        }
    }
    if (rounds == 0) {
        printf("%-28s %10s %8s | %8s %14s %12s\n", "corpus", "statements", "bytes", "MB/s",
               "values hashed", "libpg_query");
    }
    for (; at < argc; at++) {
        load(&c, argv[at]);
        if (rounds > 0) {
            for (unsigned i = 0; i < rounds; i++) {
                shape_and_values(&c);
            }
            printf("%zu\n", c.len * rounds);
        } else {
            const char *name = strrchr(argv[at], '/');
            printf("%-28s %10u %8zu | %8.0f", name == NULL ? argv[at] : name + 1, c.count, c.len,
                   mb_per_second(&c, shape_and_values, seconds));
            printf(" %14.0f", mb_per_second(&c, hashed_values, seconds));
            printf(" %12.1f\n", mb_per_second(&c, theirs, seconds));
            fflush(stdout);
        }
        free(c.bytes);
    }
    return sum == 42;
}
