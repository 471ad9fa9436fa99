/* SPDX-License-Identifier: Apache-2.0 */
#include "app/configure.h"

#include <jansson.h>
#include <unistd.h>

#include "app/objectives_json.h"

static const char *
protocol_name(enum protocol p)
{
    return p == PROTOCOL_HTTP ? "http" : "postgres";
}

static void
set_number(json_t *o, const char *key, const struct config *c, enum setting s)
{
    json_object_set_new(o, key, json_integer(config_number(c, s)));
}

static char *
finish(json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    assert(text != NULL);
    return text;
}

unsigned
configure_workers(const struct config *c)
{
    long n = (long)config_number(c, SETTING_workers);
    if (n == 0) {
        /* The others are for whom it serves. Fewer loops find more to do at each turn: that costs
         * less for each query, and less waking up. */
        n = sysconf(_SC_NPROCESSORS_ONLN) / 2;
    }
    return (unsigned)MAX(1, MIN(n, 16));
}

static json_t *
settings_of(const struct config_listener *l)
{
    json_t *o = json_object();
    for (unsigned i = 0; i < LISTENER_SETTING_COUNT; i++) {
        if (l->settings.text[i][0] != '\0') {
            json_object_set_new(o, listener_setting_name((enum listener_setting)i),
                                json_string(l->settings.text[i]));
        }
    }
    return o;
}

static json_t *
listeners_of(const struct config *c)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct config_listener *l = &c->listeners[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o}", "protocol",
                                              protocol_name(l->protocol), "name", l->name,
                                              "address", l->listen.text, "upstream",
                                              l->upstream.text, "security", settings_of(l)));
    }
    return list;
}

char *
configure_proxy(const struct config *c, const uint8_t key[HASH_KEY_LEN], bool whole)
{
    json_t *o = json_object();
    set_number(o, "sessions_max", c, SETTING_sessions_max);
    set_number(o, "connect_timeout_ms", c, SETTING_connect_timeout_ms);
    set_number(o, "login_timeout_ms", c, SETTING_login_timeout_ms);
    set_number(o, "drain_ms", c, SETTING_drain_ms);
    set_number(o, "idle_session_timeout_ms", c, SETTING_idle_session_timeout_ms);
    set_number(o, "idle_in_transaction_timeout_ms", c, SETTING_idle_in_transaction_timeout_ms);
    set_number(o, "http_client_timeout_ms", c, SETTING_http_client_timeout_ms);
    set_number(o, "http_response_timeout_ms", c, SETTING_http_response_timeout_ms);
    set_number(o, "http_keep_alive_timeout_ms", c, SETTING_http_keep_alive_timeout_ms);
    set_number(o, "sessions_per_listener", c, SETTING_sessions_per_listener);
    set_number(o, "sessions_per_address", c, SETTING_sessions_per_address);
    set_number(o, "sessions_per_user", c, SETTING_sessions_per_user);
    set_number(o, "inspect_max_bytes", c, SETTING_inspect_max_bytes);
    json_object_set_new(o, "log_level", json_string(config_text(c, SETTING_log_level)));
    if (whole) {
        char hex[2 * HASH_KEY_LEN + 1];
        for (size_t i = 0; i < HASH_KEY_LEN; i++) {
            snprintf(hex + 2 * i, 3, "%02x", key[i]);
        }
        json_object_set_new(o, "hash_key", json_string(hex));
        json_object_set_new(o, "workers", json_integer(configure_workers(c)));
        json_object_set_new(o, "event_loop", json_string(config_text(c, SETTING_event_loop)));
        set_number(o, "ring_bytes", c, SETTING_ring_bytes);
        json_object_set_new(o, "listeners", listeners_of(c));
    }
    return finish(o);
}

static json_t *
webhooks_of(const struct config *c)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < c->webhook_count; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "name", json_string(c->webhooks[i].name));
        for (unsigned s = 0; s < WEBHOOK_SETTING_COUNT; s++) {
            json_object_set_new(o, webhook_setting_name((enum webhook_setting)s),
                                json_string(c->webhooks[i].settings.text[s]));
        }
        json_array_append_new(list, o);
    }
    return list;
}

/* The servers behind us, by their listeners' numbers. */
static json_t *
upstreams_of(const struct config *c)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < c->listener_count; i++) {
        json_array_append_new(list, json_string(c->listeners[i].upstream.text));
    }
    return list;
}

static json_t *
otlp_of(const struct config *c)
{
    json_t *o = json_object();
    json_object_set_new(o, "url", json_string(config_text(c, SETTING_otlp)));
    json_object_set_new(o, "headers_file", json_string(config_text(c, SETTING_otlp_headers_file)));
    json_object_set_new(o, "ca_file", json_string(config_text(c, SETTING_otlp_ca_file)));
    json_object_set_new(o, "service", json_string(config_text(c, SETTING_otlp_service_name)));
    set_number(o, "metrics_s", c, SETTING_otlp_metrics_s);
    json_object_set_new(o, "servers", upstreams_of(c));
    return o;
}

/* What this installation is called outside. */
static json_t *
instance_of(const struct config *c)
{
    char host[128] = "";
    const char *name = config_text(c, SETTING_instance);
    if (name[0] == '\0' && gethostname(host, sizeof(host) - 1) == 0) {
        name = host;
    }
    json_t *s = json_string(name);
    return s != NULL ? s : json_string("slowburn"); /* not UTF-8 */
}

char *
configure_analyzer(const struct config *c, const char *data)
{
    json_t *o = json_object();
    json_object_set_new(o, "data", json_string(data));
    json_object_set_new(o, "log_level", json_string(config_text(c, SETTING_log_level)));
    set_number(o, "store_max_bytes", c, SETTING_store_max_bytes);
    set_number(o, "slow_query_ms", c, SETTING_slow_query_ms);
    json_object_set_new(o, "request_log", json_string(config_text(c, SETTING_request_log)));
    set_number(o, "request_log_max_bytes", c, SETTING_request_log_max_bytes);
    set_number(o, "request_log_statements", c, SETTING_request_log_statements);
    set_number(o, "link_alone", c, SETTING_link_alone);
    set_number(o, "utc_offset_min", c, SETTING_utc_offset);
    json_object_set_new(o, "instance", instance_of(c));
    json_object_set_new(o, "console_url", json_string(config_text(c, SETTING_console_url)));
    json_object_set_new(o, "webhooks", webhooks_of(c));
    json_object_set_new(o, "objectives", objectives_to_json(&c->objectives));
    if (config_text(c, SETTING_otlp)[0] != '\0') {
        json_object_set_new(o, "otlp", otlp_of(c));
    }
    json_object_set_new(o, "cores", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    return finish(o);
}

char *
configure_advisor(const struct config *c)
{
    json_t *o = json_object();
    json_t *dsns = json_array();
    for (unsigned i = 0; i < c->login_count; i++) {
        json_array_append_new(dsns, json_string(c->logins[i].dsn));
    }
    json_object_set_new(o, "dsns", dsns);
    json_object_set_new(o, "log_level", json_string(config_text(c, SETTING_log_level)));
    set_number(o, "per_minute", c, SETTING_advisor_per_minute);
    return finish(o);
}
