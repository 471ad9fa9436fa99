/* SPDX-License-Identifier: Apache-2.0
 *
 * trace.json -> trace.txt, to the letter, within 80 columns; colour changes nothing but colour. */
#include "cli/waterfall.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/text.h"
#include "unit/unit.h"

static char *
waterfall_of(const json_t *trace, bool colour)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    waterfall_print(out, trace, text_parse_time("2026-11-23T14:05:51.000Z"), colour);
    fclose(out);
    return text;
}

static json_t *
load(void)
{
    json_t *trace = json_load_file(FIXTURES "/trace.json", 0, NULL);
    assert_non_null(trace);
    return trace;
}

static void
the_waterfall_reads_as_agreed(void **state)
{
    char want[8192] = "";
    FILE *f = fopen(FIXTURES "/trace.txt", "re");
    assert_non_null(f);
    want[fread(want, 1, sizeof(want) - 1, f)] = '\0';
    fclose(f);
    json_t *trace = load();
    char *text = waterfall_of(trace, false);
    assert_string_equal(text, want);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (text_width(line) > 80) {
            fail_msg("too wide: %s", line);
        }
    }
    free(text);
    json_decref(trace);
}

static void
without_its_colours_a_coloured_one_is_the_same(void **state)
{
    json_t *trace = load();
    char *plain = waterfall_of(trace, false), *coloured = waterfall_of(trace, true);
    char *to = coloured;
    assert_non_null(strstr(coloured, "\033[33m"));
    for (const char *from = coloured; *from != '\0'; from++) {
        if (*from == '\033') {
            from = strchr(from, 'm');
            continue;
        }
        *to++ = *from;
    }
    *to = '\0';
    assert_string_equal(coloured, plain);
    free(plain);
    free(coloured);
    json_decref(trace);
}

/* Another version's document, and one of work that no request was seen for. */
static void
a_bare_document_prints(void **state)
{
    json_t *trace = json_pack("{s:[{},{s:i}], s:n}", "statements", "calls", 3, "status");
    char *text = waterfall_of(trace, false);
    assert_non_null(strstr(text, "no request seen"));
    free(text);
    json_decref(trace);
}

int
main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_waterfall_reads_as_agreed),
        cmocka_unit_test(without_its_colours_a_coloured_one_is_the_same),
        cmocka_unit_test(a_bare_document_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
