/* SPDX-License-Identifier: Apache-2.0
 * What is learned of a route's answers, over a restart. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/series/shapes.h"

#define RESTORED_MAX 1000u /* answers that a restart believes to have seen */

static void
put_set(json_t *list, uint64_t set)
{
    char hex[20];
    snprintf(hex, sizeof(hex), "%016" PRIx64, set);
    json_array_append_new(list, json_string(hex));
}

static bool
take_sets(const json_t *list, uint64_t set[SHAPE_SETS])
{
    for (unsigned i = 0; i < SHAPE_SETS; i++) {
        const char *hex = json_string_value(json_array_get(list, i));
        if (hex == NULL) {
            return false;
        }
        set[i] = strtoull(hex, NULL, 16);
    }
    return true;
}

json_t *
shapes_save(const struct shapes *s, uint64_t deploy_wall_ns, uint64_t bad_wall_ns)
{
    const struct shape_counts *n = &s->normal;
    json_t *always = json_array(), *lost = json_array();
    for (unsigned set = 0; set < SHAPE_SETS; set++) {
        uint64_t bits = 0;
        for (unsigned i = 0; i < 64; i++) {
            bits |= shape_counts_always(n->has[set][i], shape_counts_looked_into(n, set))
                        ? 1ull << i
                        : 0;
        }
        put_set(always, bits);
        put_set(lost, s->is_changed ? s->loss.set[set] : 0);
    }
    return json_pack(
        "{s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:b, s:b, s:b, s:i, s:I, s:I, s:b, s:s%}",
        "answers", (int)n->answers, "roots", (int)n->roots, "items", (int)n->items, "body",
        shape_counts_usual(n->body, RESPONSE_BODY_COUNT, n->answers), "type",
        shape_counts_usual(n->type, RESPONSE_TYPE_COUNT, n->answers), "item_of", (int)s->item_of,
        "always", always, "lost", lost, "changed", s->is_changed, "lost_body", s->loss.body,
        "lost_type", s->loss.type, "incident", (int)s->incident, "deploy",
        (json_int_t)deploy_wall_ns, "since", (json_int_t)bad_wall_ns, "marked", s->deploy_marked,
        "name", s->deploy_name, strlen(s->deploy_name));
}

static uint32_t
count_in(const json_t *o, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(o, key));
    return n < 0 ? 0 : (uint32_t)MIN(n, (json_int_t)RESTORED_MAX);
}

int
shapes_load(struct shapes *s, const json_t *o, uint64_t *ret_deploy_wall_ns,
            uint64_t *ret_bad_wall_ns)
{
    uint64_t always[SHAPE_SETS];
    struct shape_loss lost = {.body = json_is_true(json_object_get(o, "lost_body")),
                              .type = json_is_true(json_object_get(o, "lost_type"))};
    const char *name = json_string_value(json_object_get(o, "name"));
    json_int_t body = json_integer_value(json_object_get(o, "body"));
    json_int_t type = json_integer_value(json_object_get(o, "type"));
    if (name == NULL || !take_sets(json_object_get(o, "always"), always) ||
        !take_sets(json_object_get(o, "lost"), lost.set) || body >= RESPONSE_BODY_COUNT ||
        type >= RESPONSE_TYPE_COUNT) {
        return -EBADMSG;
    }
    struct shape_counts *n = &s->normal;
    n->answers = count_in(o, "answers");
    n->roots = MIN(count_in(o, "roots"), n->answers);
    n->items = MIN(count_in(o, "items"), n->answers);
    if (body >= 0) {
        n->body[body] = n->answers;
    }
    if (type >= 0) {
        n->type[type] = n->answers;
    }
    for (unsigned set = 0; set < SHAPE_SETS; set++) {
        shape_counts_set(n->has[set], always[set], shape_counts_looked_into(n, set));
    }
    s->item_of = (uint16_t)json_integer_value(json_object_get(o, "item_of"));
    s->item_votes = n->items;
    s->is_changed = json_is_true(json_object_get(o, "changed")) && shape_loss_is(&lost);
    if (s->is_changed) {
        s->loss = lost;
    }
    s->incident = (uint32_t)json_integer_value(json_object_get(o, "incident"));
    s->deploy_marked = json_is_true(json_object_get(o, "marked"));
    slice_to_str(slice_from_str(name), s->deploy_name, sizeof(s->deploy_name));
    *ret_deploy_wall_ns = (uint64_t)json_integer_value(json_object_get(o, "deploy"));
    *ret_bad_wall_ns = (uint64_t)json_integer_value(json_object_get(o, "since"));
    return 0;
}
