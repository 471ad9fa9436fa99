/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/configure.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "bus/ring.h"
#include "proxy/worker.h"

#define SESSIONS_MAX_MAX 65536
#define INSPECT_MAX_MAX  65536      /* what the fingerprint reads of a text */
#define IDLE_MS_MAX      2147483647 /* PostgreSQL's own */

static void
json_free(json_t **json)
{
    json_decref(*json);
}

void
configure_defaults(struct proxy_config *config)
{
    *config = (struct proxy_config){
        .workers = 2,
        .sessions_max = 4096,
        .ring_bytes = RING_BYTES_DEFAULT,
        .connect_timeout_ns = 5 * NS_PER_S,
        .login_timeout_ns = 60 * NS_PER_S,
        .drain_ns = 30 * NS_PER_S,
        .client_ns = 60 * NS_PER_S,
        .response_ns = 600 * NS_PER_S,
        .keep_alive_ns = 300 * NS_PER_S,
        .inspect_max = INSPECT_MAX_MAX,
    };
}

/* Leaves *value alone when the key is missing. */
static int
get_number(const json_t *object, const char *key, uint64_t min, uint64_t max, uint64_t unit,
           struct diag *diag, uint64_t *value)
{
    const json_t *j = json_object_get(object, key);
    if (j == NULL) {
        return 0;
    }
    if (!json_is_integer(j) || json_integer_value(j) < (json_int_t)min ||
        (uint64_t)json_integer_value(j) > max) {
        return diag_set(diag, -EINVAL, "%s must be a number from %llu to %llu", key,
                        (unsigned long long)min, (unsigned long long)max);
    }
    *value = (uint64_t)json_integer_value(j) * unit;
    return 0;
}

static int
get_count(const json_t *object, const char *key, struct diag *diag, uint32_t *value)
{
    uint64_t number = *value;
    int err = get_number(object, key, 0, SESSIONS_MAX_MAX, 1, diag, &number);
    *value = (uint32_t)number;
    return err;
}

static int
get_key(const json_t *object, struct diag *diag, struct hash_key *key)
{
    const json_t *j = json_object_get(object, "hash_key");
    uint8_t bytes[HASH_KEY_LEN];
    if (j == NULL) {
        return 0;
    }
    if (json_string_length(j) != 2 * sizeof(bytes)) {
        return diag_set(diag, -EINVAL, "hash_key must be %zu hex digits", 2 * sizeof(bytes));
    }
    const char *text = json_string_value(j);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        unsigned byte;
        if (strspn(text + 2 * i, "0123456789abcdefABCDEF") < 2 ||
            sscanf(text + 2 * i, "%2x", &byte) != 1) {
            return diag_set(diag, -EINVAL, "hash_key must be %zu hex digits", 2 * sizeof(bytes));
        }
        bytes[i] = (uint8_t)byte;
    }
    *key = hash_key_from_bytes(bytes);
    return 0;
}

static int
get_text(const json_t *object, const char *key, struct diag *diag, char dst[LISTENER_NAME_MAX])
{
    const json_t *j = json_object_get(object, key);
    if (!json_is_string(j) || json_string_length(j) == 0 ||
        json_string_length(j) >= LISTENER_NAME_MAX) {
        return diag_set(diag, -EINVAL, "a listener needs its %s", key);
    }
    slice_to_str(slice_from_str(json_string_value(j)), dst, LISTENER_NAME_MAX);
    return 0;
}

static int
get_security(const json_t *object, struct diag *diag, struct listener_settings *settings)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(object, "security"), key, value)
    {
        int err =
            listener_settings_set(settings, key, slice_from_str(json_string_value(value)), diag);
        if (err == -EINVAL || !json_is_string(value)) {
            return diag_set(diag, -EINVAL, "%s is not a text", key);
        }
    }
    return 0;
}

static int
get_listener(const json_t *object, const struct driver_ops *const *drivers, struct diag *diag,
             struct listener *listener)
{
    char protocol[LISTENER_NAME_MAX];
    int err = get_text(object, "protocol", diag, protocol);
    err = err != 0 ? err : get_text(object, "address", diag, listener->name);
    err = err != 0 ? err : get_text(object, "upstream", diag, listener->upstream);
    err = err != 0 ? err : get_security(object, diag, &listener->settings);
    if (err != 0) {
        return err;
    }
    listener->fd = -1;
    for (; *drivers != NULL; drivers++) {
        if (strcmp((*drivers)->name, protocol) == 0) {
            listener->ops = *drivers;
            return 0;
        }
    }
    return diag_set(diag, -EINVAL, "unknown protocol \"%s\"", protocol);
}

static int
get_listeners(const json_t *object, const struct driver_ops *const *drivers, struct diag *diag,
              struct proxy_config *config)
{
    const json_t *list = json_object_get(object, "listeners");
    if (list == NULL) {
        return 0;
    }
    if (!json_is_array(list) || json_array_size(list) > LISTENERS_MAX) {
        return diag_set(diag, -EINVAL, "at most %d listeners", LISTENERS_MAX);
    }
    config->listener_count = (unsigned)json_array_size(list);
    for (unsigned i = 0; i < config->listener_count; i++) {
        config->listeners[i] = (struct listener){.index = (uint16_t)i};
        int err = get_listener(json_array_get(list, i), drivers, diag, &config->listeners[i]);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static int
get_loop(const json_t *object, struct diag *diag, struct proxy_config *config)
{
    const json_t *j = json_object_get(object, "event_loop");
    if (j == NULL) {
        return 0;
    }
    if (loop_kind_from_str(slice_from_str(json_string_value(j)), &config->loop) != 0) {
        return diag_set(diag, -EINVAL, "event_loop must be auto, epoll or io_uring");
    }
    return 0;
}

static int
get_log_level(const json_t *object, struct diag *diag, struct proxy_config *config)
{
    const json_t *j = json_object_get(object, "log_level");
    if (j == NULL) {
        return 0;
    }
    config->has_log_level = true;
    if (log_level_from_str(slice_from_str(json_string_value(j)), &config->log_level) != 0) {
        return diag_set(diag, -EINVAL, "log_level must be error, warn, info or debug");
    }
    return 0;
}

int
configure_parse(struct slice json, const struct driver_ops *const *drivers, struct diag *diag,
                struct proxy_config *config)
{
    struct proxy_config c = *config;
    uint64_t workers = c.workers, sessions = c.sessions_max;
    json_error_t error;
    __attribute__((cleanup(json_free))) json_t *root =
        json_loadb((const char *)json.ptr, json.len, 0, &error);
    if (!json_is_object(root)) {
        return diag_set(diag, -EINVAL, "the configuration is not a JSON object");
    }
    int err = get_number(root, "workers", 1, WORKERS_MAX, 1, diag, &workers);
    err |= get_number(root, "sessions_max", 1, SESSIONS_MAX_MAX, 1, diag, &sessions);
    err |= get_number(root, "ring_bytes", RING_CAPACITY_MIN, RING_CAPACITY_MAX, 1, diag,
                      &c.ring_bytes);
    err |=
        get_number(root, "connect_timeout_ms", 1, 600000, NS_PER_MS, diag, &c.connect_timeout_ns);
    err |= get_number(root, "login_timeout_ms", 1, 3600000, NS_PER_MS, diag, &c.login_timeout_ns);
    err |= get_number(root, "drain_ms", 0, 3600000, NS_PER_MS, diag, &c.drain_ns);
    err |= get_number(root, "idle_session_timeout_ms", 0, IDLE_MS_MAX, NS_PER_MS, diag, &c.idle_ns);
    err |= get_number(root, "idle_in_transaction_timeout_ms", 0, IDLE_MS_MAX, NS_PER_MS, diag,
                      &c.idle_in_transaction_ns);
    err |=
        get_number(root, "http_client_timeout_ms", 0, IDLE_MS_MAX, NS_PER_MS, diag, &c.client_ns);
    err |= get_number(root, "http_response_timeout_ms", 0, IDLE_MS_MAX, NS_PER_MS, diag,
                      &c.response_ns);
    err |= get_number(root, "http_keep_alive_timeout_ms", 0, IDLE_MS_MAX, NS_PER_MS, diag,
                      &c.keep_alive_ns);
    err |= get_count(root, "sessions_per_listener", diag, &c.per_listener_max);
    err |= get_count(root, "sessions_per_address", diag, &c.per_address_max);
    err |= get_count(root, "sessions_per_user", diag, &c.per_user_max);
    uint64_t inspect_max = c.inspect_max;
    err |= get_number(root, "inspect_max_bytes", 1024, INSPECT_MAX_MAX, 1, diag, &inspect_max);
    c.inspect_max = (uint32_t)inspect_max;
    err |= get_key(root, diag, &c.hash_key);
    err |= get_loop(root, diag, &c);
    err |= get_log_level(root, diag, &c);
    err |= get_listeners(root, drivers, diag, &c);
    if (err != 0) {
        return -EINVAL;
    }
    c.workers = (unsigned)workers;
    c.sessions_max = (uint32_t)sessions;
    *config = c;
    return 0;
}

void
configure_change(struct proxy_config *config, const struct proxy_config *changed)
{
    config->has_log_level = changed->has_log_level;
    config->log_level = changed->log_level;
    config->connect_timeout_ns = changed->connect_timeout_ns;
    config->login_timeout_ns = changed->login_timeout_ns;
    config->drain_ns = changed->drain_ns;
    config->idle_ns = changed->idle_ns;
    config->idle_in_transaction_ns = changed->idle_in_transaction_ns;
    config->client_ns = changed->client_ns;
    config->response_ns = changed->response_ns;
    config->keep_alive_ns = changed->keep_alive_ns;
    config->per_listener_max = changed->per_listener_max;
    config->per_address_max = changed->per_address_max;
    config->per_user_max = changed->per_user_max;
    config->inspect_max = changed->inspect_max;
    config->sessions_max = changed->sessions_max;
}

void
configure_limits(const struct proxy_config *config, struct limits *limits)
{
    uint32_t each = (config->sessions_max + config->workers - 1) / config->workers;
    atomic_store(&limits->sessions_max, each);
    atomic_store(&limits->connect_timeout_ns, config->connect_timeout_ns);
    atomic_store(&limits->login_timeout_ns, config->login_timeout_ns);
    atomic_store(&limits->drain_ns, config->drain_ns);
    atomic_store(&limits->idle_ns, config->idle_ns);
    atomic_store(&limits->idle_in_transaction_ns, config->idle_in_transaction_ns);
    atomic_store(&limits->client_ns, config->client_ns);
    atomic_store(&limits->response_ns, config->response_ns);
    atomic_store(&limits->keep_alive_ns, config->keep_alive_ns);
    atomic_store(&limits->per_listener_max, config->per_listener_max);
    atomic_store(&limits->per_address_max, config->per_address_max);
    atomic_store(&limits->per_user_max, config->per_user_max);
    atomic_store(&limits->inspect_max, config->inspect_max);
}

int
configure_parse_lease(struct slice json, struct driver_lease *ret_lease)
{
    struct driver_lease lease = {0};
    struct diag diag = {0};
    uint64_t count = 0, rows = 0;
    char *end = NULL;
    __attribute__((cleanup(json_free))) json_t *root =
        json_loadb((const char *)json.ptr, json.len, 0, NULL);
    const char *fingerprint = json_string_value(json_object_get(root, "fingerprint"));
    int err = get_number(root, "count", 0, 100000, 1, &diag, &count);
    err |= get_number(root, "rows", 0, EVENT_LENS_ROWS_MAX, 1, &diag, &rows);
    err |= get_number(root, "until_ns", 0, INT64_MAX, 1, &diag, &lease.until_ns);
    if (err != 0 || fingerprint == NULL || strlen(fingerprint) != 16) {
        return -EINVAL;
    }
    lease.fingerprint = strtoull(fingerprint, &end, 16);
    if (*end != '\0') {
        return -EINVAL;
    }
    lease.count = (uint32_t)count;
    lease.rows = (uint32_t)rows;
    *ret_lease = lease;
    return 0;
}
