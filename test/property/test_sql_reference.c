/* SPDX-License-Identifier: Apache-2.0
 * Statements of real applications, as they are and mutated: in any cuts the same (sql_check.h), and
 * where the plain reference knows them, the same text. Arguments: files of statements. */
#include "property/sql_reference.h"

#include <stdlib.h>

#include "fuzz/sql_check.h"

static struct prng prng = {1};
static unsigned compared;

static void
look(const char *text)
{
    static struct reference reference;
    static struct sql_fingerprint f;
    static uint8_t buf[64 * 1024];
    struct sql_statement s;
    sql_check(slice_from_str(text), prng_next(&prng));
    if (!reference_read(&reference, text)) {
        return;
    }
    compared++;
    bool found = sql_fingerprint_once(&f, slice_from_str(text), buf, sizeof(buf), &s);
    if (!found || !slice_eq(s.text, slice_from_str(reference.out))) {
        printf("not ok 1 - sql_reference\n# %s\n# %.*s\n# %s\n", text, SLICE_ARG(s.text),
               reference.out);
        exit(1);
    }
}

/* Some bytes are changed, doubled, dropped or swapped for what matters to a lexer. */
static void
mutate(char *text, size_t size)
{
    static const char bytes[] = "'\"$()[],.;:?-+*/=<>| \n0e5aN\xc3\\";
    size_t len = strlen(text);
    for (uint64_t times = 1 + prng_below(&prng, 3); times > 0 && len > 2; times--) {
        size_t at = prng_below(&prng, len);
        size_t run = 1 + prng_below(&prng, 12);
        switch (prng_below(&prng, 3)) {
        case 0:
            text[at] = bytes[prng_below(&prng, sizeof(bytes) - 1)];
            break;
        case 1:
            run = MIN(run, len - at);
            memmove(text + at, text + at + run, len - at - run + 1);
            len -= run;
            break;
        default:
            run = MIN(run, MIN(len - at, size - 1 - len));
            memmove(text + at + run, text + at, len - at + 1);
            len += run;
            break;
        }
    }
}

static void
look_at_all(char *bytes, unsigned mutations)
{
    static char text[64 * 1024];
    char *end;
    for (char *at = bytes; (end = strstr(at, "\n;\n")) != NULL; at = end + 3) {
        *end = '\0';
        look(at);
        for (unsigned i = 0; i < mutations && (size_t)(end - at) + 64 < sizeof(text); i++) {
            memcpy(text, at, (size_t)(end - at) + 1);
            mutate(text, sizeof(text));
            look(text);
        }
    }
}

int
main(int argc, char **argv)
{
    const char *rounds = getenv("SLOWBURN_ROUNDS");
    const char *seed = getenv("SLOWBURN_SEED");
    prng.state = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    printf("1..1\n");
    for (int i = 1; i < argc; i++) {
        static char bytes[4 << 20];
        FILE *in = fopen(argv[i], "rb");
        size_t len = in == NULL ? 0 : fread(bytes, 1, sizeof(bytes) - 1, in);
        if (len == 0) {
            printf("not ok 1 - cannot read %s\n", argv[i]);
            return 1;
        }
        fclose(in);
        bytes[len] = '\0';
        look_at_all(bytes, rounds == NULL ? 4 : (unsigned)atoi(rounds));
    }
    printf("# %u texts compared with the reference\n%sok 1 - sql_reference\n", compared,
           compared > 3000 ? "" : "not ");
    return compared > 3000 ? 0 : 1;
}
