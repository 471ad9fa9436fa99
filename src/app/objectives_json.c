/* SPDX-License-Identifier: Apache-2.0 */
#include "app/objectives_json.h"

bool
objective_fits_json(const struct objective_setting *s)
{
    json_t *name = json_string(s->name), *route = json_string(s->route);
    bool fits = name != NULL && route != NULL;
    json_decref(name);
    json_decref(route);
    return fits;
}

json_t *
objectives_to_json(const struct objectives *objectives)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < objectives->count; i++) {
        const struct objective_setting *s = &objectives->of[i];
        json_t *o = json_object();
        assert(objective_fits_json(s)); /* checked when it was read */
        json_object_set_new(o, "name", json_string(s->name));
        json_object_set_new(o, "route", json_string(s->route));
        json_object_set_new(o, "availability", json_real(s->availability));
        json_object_set_new(o, "latency_ms", json_real(s->latency_ms));
        json_object_set_new(o, "latency", json_real(s->latency));
        json_object_set_new(o, "days", json_integer((json_int_t)s->days));
        json_array_append_new(list, o);
    }
    return list;
}

static void
take_text(const json_t *o, const char *key, char *dst, size_t size)
{
    slice_to_str(slice_from_str(json_string_value(json_object_get(o, key))), dst, size);
}

void
objectives_from_json(const json_t *list, struct objectives *ret)
{
    size_t i;
    const json_t *o;
    ret->count = 0;
    json_array_foreach(list, i, o)
    {
        if (ret->count == OBJECTIVES_MAX) {
            break;
        }
        struct objective_setting *s = &ret->of[ret->count++];
        *s = (struct objective_setting){
            .availability = json_real_value(json_object_get(o, "availability")),
            .latency_ms = json_real_value(json_object_get(o, "latency_ms")),
            .latency = json_real_value(json_object_get(o, "latency")),
            .days = (unsigned)json_integer_value(json_object_get(o, "days")),
        };
        take_text(o, "name", s->name, sizeof(s->name));
        take_text(o, "route", s->route, sizeof(s->route));
    }
}
