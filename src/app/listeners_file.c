/* SPDX-License-Identifier: Apache-2.0 */
#include "app/listeners_file.h"

#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN_MAX 512

int
listeners_file_write(const char *data, const struct config *c)
{
    char path[PATH_LEN_MAX], beside[PATH_LEN_MAX];
    snprintf(path, sizeof(path), "%s/listeners.json", data);
    snprintf(beside, sizeof(beside), "%s/listeners.json.new", data);
    json_t *list = json_array();
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct config_listener *l = &c->listeners[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "protocol",
                                              l->protocol == PROTOCOL_HTTP ? "http" : "postgres",
                                              "name", l->name, "listen", l->listen.text, "upstream",
                                              l->upstream.text));
    }
    mode_t mask = umask(0077);
    int bad = json_dump_file(list, beside, JSON_INDENT(2));
    umask(mask);
    json_decref(list);
    if (bad != 0) {
        return -EIO;
    }
    return rename(beside, path) < 0 ? -errno : 0;
}

static int
read_one(const json_t *o, struct config_listener *l)
{
    struct diag diag = {0};
    const char *protocol = json_string_value(json_object_get(o, "protocol"));
    const char *name = json_string_value(json_object_get(o, "name"));
    const char *listen = json_string_value(json_object_get(o, "listen"));
    const char *upstream = json_string_value(json_object_get(o, "upstream"));
    if (protocol == NULL || name == NULL || listen == NULL || upstream == NULL) {
        return -EBADMSG;
    }
    *l = (struct config_listener){.protocol = strcmp(protocol, "http") == 0 ? PROTOCOL_HTTP
                                                                            : PROTOCOL_POSTGRES,
                                  .has_listen = true,
                                  .has_upstream = true};
    snprintf(l->name, sizeof(l->name), "%s", name);
    int r = address_parse(slice_from_str(listen), &diag, &l->listen);
    return r < 0 ? r : address_parse(slice_from_str(upstream), &diag, &l->upstream);
}

int
listeners_file_read(const char *data, struct config *c)
{
    char path[PATH_LEN_MAX];
    snprintf(path, sizeof(path), "%s/listeners.json", data);
    if (access(path, F_OK) < 0) {
        return -errno;
    }
    json_t *list = json_load_file(path, 0, NULL);
    size_t at;
    const json_t *o;
    int r = json_is_array(list) ? 0 : -EBADMSG;
    json_array_foreach(list, at, o)
    {
        if (at < CONFIG_LISTENERS_MAX && r == 0) {
            r = read_one(o, &c->listeners[at]);
            c->listener_count = (unsigned)at + (r == 0);
        }
    }
    json_decref(list);
    return r;
}
