/* SPDX-License-Identifier: Apache-2.0
 * app/objectives_json.h - objectives on their way from the supervisor, which has read them, to the
 * analyzer (jansson).
 *
 * Any thread. What comes was checked when the configuration was read. */
#ifndef APP_OBJECTIVES_JSON_H
#define APP_OBJECTIVES_JSON_H

#include <jansson.h>

#include "model/objective_setting.h"

/* Its texts are UTF-8, as JSON must be. */
bool objective_fits_json(const struct objective_setting *s);

/* Of those that fit. A list that the caller owns. */
json_t *objectives_to_json(const struct objectives *objectives);

/* What is beyond OBJECTIVES_MAX is left out. NULL: there are none. */
void objectives_from_json(const json_t *list, struct objectives *ret_objectives);

#endif
