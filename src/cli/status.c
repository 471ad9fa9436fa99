/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/document.h"
#include "cli/text.h"
#include "cli/verbs.h"

static void
print_value(const json_t *v)
{
    if (json_is_string(v)) {
        fputs(json_string_value(v), stdout);
    } else if (json_is_integer(v)) {
        fputs(text_count(json_number_value(v)).s, stdout);
    } else if (json_is_real(v)) {
        printf("%.3f", json_real_value(v));
    } else if (json_is_boolean(v)) {
        fputs(json_is_true(v) ? "yes" : "no", stdout);
    } else {
        fputs("–", stdout);
    }
}

/* Sections are objects, lines their members: the page follows the document, so that a daemon that
 * knows more shows more. */
static void
print_members(const json_t *object, unsigned depth)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char label[128];
        snprintf(label, sizeof(label), "%*s%s", (int)(2 * depth), "", key);
        for (char *c = label; *c != '\0'; c++) {
            *c = *c == '_' ? ' ' : *c;
        }
        if (json_is_object(value)) {
            printf("%s\n", label);
            print_members(value, depth + 1);
            continue;
        }
        if (json_is_array(value)) {
            printf("%s\n", label);
            for (size_t i = 0; i < json_array_size(value); i++) {
                const json_t *item = json_array_get(value, i);
                if (json_is_object(item)) {
                    print_members(item, depth + 1);
                } else {
                    printf("%*s", (int)(2 * depth + 2), "");
                    print_value(item);
                    putchar('\n');
                }
            }
            continue;
        }
        text_put_left(stdout, label, 34);
        print_value(value);
        putchar('\n');
    }
}

int
verb_status(int argc, char **argv)
{
    struct options o;
    json_t *doc = NULL;
    int r = options_parse(argc, argv, "json", 0, 0, &o);
    if (r == CLI_OK) {
        r = document_get(&o, argv[0], "status", &doc);
    }
    if (r != CLI_OK) {
        return r;
    }
    if (o.json) {
        document_print(doc);
    } else {
        print_members(doc, 0);
    }
    json_decref(doc);
    return CLI_OK;
}
