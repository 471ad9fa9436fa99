/* SPDX-License-Identifier: Apache-2.0
 * proto/sql/sql_tags.h - what a statement's comment says about where it came from.
 *
 *   traceparent='00-0af7...-01',route='%2Fapi%2Forders%2F{id}',framework='laravel%3A8'
 *   application:Shop,controller:orders,action:index
 *
 * sqlcommenter (keys and values url-encoded, values in '...', `\'` inside) and marginalia
 * (key:value) alike; `+` is a blank, as several PHP packages write it. Blanks around pairs and a
 * trailing `;` or closing mark are skipped. Keys are compared without case. Pure; no allocation. */
#ifndef PROTO_SQL_SQL_TAGS_H
#define PROTO_SQL_SQL_TAGS_H

#include "base/check.h"
#include "base/slice.h"

#define SQL_TAG_VALUE_MAX 256

/* Takes the next pair off *rest (the inside of a comment), decoded; a value longer than its buffer
 * is cut. False: none left. Pieces that are no pair are skipped. */
bool sql_tags_next(struct slice *rest, char ret_key[static 64],
                   char ret_value[static SQL_TAG_VALUE_MAX]);

/* What the rest of the house asks for; "" where absent. */
struct sql_tags {
    char traceparent[64];
    char route[SQL_TAG_VALUE_MAX];
    char controller[SQL_TAG_VALUE_MAX];
    char action[SQL_TAG_VALUE_MAX];
    char framework[64];
    char application[128];
};

/* True when at least one of them was there. db_driver and the like are passed over. */
bool sql_tags_parse(struct slice comment, struct sql_tags *ret_tags);

#endif
