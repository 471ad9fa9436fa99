/* SPDX-License-Identifier: Apache-2.0
 * export/member.h - members of the documents that exporters turn into others' formats. What is not
 * there, or is of another type, reads as "" and 0. Texts are borrowed from the document. */
#ifndef EXPORT_MEMBER_H
#define EXPORT_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static inline const char *
member_text(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

static inline double
member_number(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

/* The application itself has named the document's route: what OpenTelemetry calls http.route. */
static inline bool
member_is_route_given(const json_t *o)
{
    return strcmp(member_text(o, "route_basis"), "application") == 0;
}

#endif
