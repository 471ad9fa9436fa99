/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <stdio.h>
#include <unistd.h>

#include "app/address.h"

int
supervise_open_listeners(struct supervisor *s, struct diag *diag)
{
    static const char *const names[] = {[PROTOCOL_POSTGRES] = "postgres", [PROTOCOL_HTTP] = "http"};
    for (unsigned i = 0; i < s->config->listener_count; i++) {
        const struct config_listener *l = &s->config->listeners[i];
        char what[CONFIG_NAME_MAX + ADDRESS_TEXT_MAX + 32];
        snprintf(what, sizeof(what), "the %s listener %s%s%s", names[l->protocol], l->name,
                 l->name[0] == '\0' ? "" : " on ", l->listen.text);
        if (s->listen_fds[i] < 0) {
            int r = address_listen(
                &l->listen, (unsigned)config_number(s->config, SETTING_unix_socket_permissions),
                what, diag, &s->listen_fds[i]);
            if (r < 0) {
                return r;
            }
        }
    }
    return 0;
}

void
supervise_close_listeners(struct supervisor *s)
{
    for (unsigned i = 0; i < CONFIG_LISTENERS_MAX; i++) {
        if (s->listen_fds[i] >= 0) {
            close(s->listen_fds[i]);
            s->listen_fds[i] = -1;
        }
    }
}

int
supervise_open_admin(struct supervisor *s, struct diag *diag)
{
    const char *text = config_text(s->config, SETTING_admin);
    struct address address;
    if (s->admin_fd >= 0 || strcmp(text, "off") == 0) {
        return 0;
    }
    int r = address_parse(slice_from_str(text), diag, &address);
    if (r < 0) {
        return r;
    }
    char what[ADDRESS_TEXT_MAX + 32];
    snprintf(what, sizeof(what), "the admin API on %s", address.text);
    return address_listen(&address, 0600, what, diag, &s->admin_fd);
}
