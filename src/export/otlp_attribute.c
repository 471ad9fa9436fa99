/* SPDX-License-Identifier: Apache-2.0 */
#include "export/otlp_attribute.h"

enum any_value { ANY_STRING = 1, ANY_INT = 3, ANY_DOUBLE = 4 };

struct attribute {
    size_t at, value;
};

static struct attribute
open_attribute(struct buf *b, unsigned field, const char *key)
{
    struct attribute a = {.at = protobuf_open(b, field)};
    protobuf_string(b, 1, key);
    a.value = protobuf_open(b, 2);
    return a;
}

static void
close_attribute(struct buf *b, struct attribute a)
{
    protobuf_close(b, a.value);
    protobuf_close(b, a.at);
}

void
otlp_attribute_string(struct buf *b, unsigned field, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        struct attribute a = open_attribute(b, field, key);
        protobuf_string(b, ANY_STRING, value);
        close_attribute(b, a);
    }
}

void
otlp_attribute_int(struct buf *b, unsigned field, const char *key, int64_t value)
{
    struct attribute a = open_attribute(b, field, key);
    protobuf_varint(b, ANY_INT, (uint64_t)value);
    close_attribute(b, a);
}

void
otlp_attribute_double(struct buf *b, unsigned field, const char *key, double value)
{
    struct attribute a = open_attribute(b, field, key);
    protobuf_double(b, ANY_DOUBLE, value);
    close_attribute(b, a);
}
