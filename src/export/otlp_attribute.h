/* SPDX-License-Identifier: Apache-2.0
 * export/otlp_attribute.h - OpenTelemetry's attributes: KeyValue messages, in the field that each
 * kind of item keeps them in. An empty string is no attribute and is left out. Pure. */
#ifndef EXPORT_OTLP_ATTRIBUTE_H
#define EXPORT_OTLP_ATTRIBUTE_H

#include "export/protobuf.h"

void otlp_attribute_string(struct buf *b, unsigned field, const char *key, const char *value);
void otlp_attribute_int(struct buf *b, unsigned field, const char *key, int64_t value);
void otlp_attribute_double(struct buf *b, unsigned field, const char *key, double value);

#endif
