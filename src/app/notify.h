/* SPDX-License-Identifier: Apache-2.0
 * app/notify.h - tells systemd how we are (sd_notify(3) without its library).
 *
 * A datagram to $NOTIFY_SOCKET; nothing where there is none. Never waits. */
#ifndef APP_NOTIFY_H
#define APP_NOTIFY_H

/* "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=...": one or several lines. */
void notify_send(const char *state);
/* RELOADING=1 with the monotonic time that Type=notify-reload wants. */
void notify_reloading(unsigned long long now_ns);

#endif
