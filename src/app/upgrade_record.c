/* SPDX-License-Identifier: Apache-2.0 */
#include "app/upgrade_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/now.h"

#define PATH_LEN_MAX 512

void
upgrade_record_time(time_t at, char *text)
{
    struct tm tm;
    if (localtime_r(&at, &tm) == NULL ||
        strftime(text, UPGRADE_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0) {
        text[0] = '\0';
    }
}

static void
take_text(const json_t *o, const char *key, char *dst, size_t size)
{
    const char *s = json_string_value(json_object_get(o, key));
    snprintf(dst, size, "%s", s == NULL ? "" : s);
}

struct upgrade_record
upgrade_record_of(const json_t *o)
{
    struct upgrade_record r = {0};
    json_int_t id = json_integer_value(json_object_get(o, "id"));
    if (id > 0) {
        r.id = (uint64_t)id;
        take_text(o, "state", r.state, sizeof(r.state));
        take_text(o, "from", r.from, sizeof(r.from));
        take_text(o, "to", r.to, sizeof(r.to));
        take_text(o, "reason", r.reason, sizeof(r.reason));
        take_text(o, "at", r.at, sizeof(r.at));
    }
    return r;
}

struct upgrade_record
upgrade_record_read(const char *data)
{
    char path[PATH_LEN_MAX];
    snprintf(path, sizeof(path), "%s/upgrade.json", data);
    json_t *o = json_load_file(path, 0, NULL);
    struct upgrade_record r = upgrade_record_of(o);
    json_decref(o);
    return r;
}

json_t *
upgrade_record_json(const struct upgrade_record *r)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "id", (json_int_t)r->id, "state", r->state,
                     "from", r->from, "to", r->to, "reason", r->reason, "at", r->at);
}

int
upgrade_record_write(const char *data, struct upgrade_record *r)
{
    char path[PATH_LEN_MAX], beside[PATH_LEN_MAX];
    upgrade_record_time(now_wall_s(), r->at);
    snprintf(path, sizeof(path), "%s/upgrade.json", data);
    snprintf(beside, sizeof(beside), "%s/upgrade.json.new", data);
    json_t *o = upgrade_record_json(r);
    mode_t mask = umask(0077);
    int bad = json_dump_file(o, beside, JSON_INDENT(2));
    umask(mask);
    json_decref(o);
    if (bad != 0) {
        return -EIO;
    }
    return rename(beside, path) < 0 ? -errno : 0;
}

bool
upgrade_record_is_over(const struct upgrade_record *r)
{
    return r->id == 0 || strcmp(r->state, "done") == 0 || strcmp(r->state, "failed") == 0;
}
