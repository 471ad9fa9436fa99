/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/target.h"
#include "proto/sql/sql_tags.h"
#include "proto/trace_context.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char key[64];
    char value[SQL_TAG_VALUE_MAX];
    struct slice rest = slice_of(data, size);
    size_t before = rest.len + 1;
    while (sql_tags_next(&rest, key, value)) {
        assert(rest.len < before); /* it gets on */
        assert(strlen(key) < sizeof(key) && strlen(value) < sizeof(value));
        before = rest.len;
    }
    struct sql_tags tags;
    sql_tags_parse(slice_of(data, size), &tags);
    struct trace_context context;
    if (trace_context_parse(slice_of(data, size), &context) == 0 && size == TRACE_CONTEXT_LEN &&
        data[0] == '0' && data[1] == '0') {
        char text[TRACE_CONTEXT_LEN + 1];
        assert(memcmp(trace_context_format(&context, text), data, size) == 0);
    }
    return 0;
}
