/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/report/put.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/iso_time.h"
#include "model/json_text.h"

void
put_text(json_t *o, const char *key, const char *text)
{
    json_object_set_new(o, key, json_text(slice_from_str(text)));
}

void
put_ms(json_t *o, const char *key, double ms)
{
    json_object_set_new(o, key, isfinite(ms) ? json_real(round(ms * 1000) / 1000) : json_null());
}

void
put_int(json_t *o, const char *key, double n)
{
    json_object_set_new(o, key, json_integer((json_int_t)llround(n)));
}

void
put_time(json_t *o, const char *key, uint64_t at_ns, const struct wall_clock *clock)
{
    char text[ISO_TIME_SIZE];
    iso_time_write(wall_clock_of(clock, at_ns), text);
    json_object_set_new(o, key, at_ns == 0 ? json_null() : json_string(text));
}

void
put_hex(json_t *o, const char *key, uint64_t fingerprint)
{
    char hex[17];
    snprintf(hex, sizeof(hex), "%016" PRIx64, fingerprint);
    json_object_set_new(o, key, fingerprint == 0 ? json_null() : json_string(hex));
}
