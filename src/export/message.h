/* SPDX-License-Identifier: Apache-2.0
 * export/message.h - what is said of an incident to each kind of receiver, as the body of a
 * request.
 *
 * Made from the incident's document alone, which holds no literal. The same incident has the same
 * name everywhere (message_key): of the installation, its number, and when it was opened, so that
 * one which begins to count anew is not taken for the former. Pure. */
#ifndef EXPORT_MESSAGE_H
#define EXPORT_MESSAGE_H

#include <jansson.h>

#include "export/announce.h"
#include "model/webhook_setting.h"

#define MESSAGE_KEY_MAX 256

/* All borrowed. */
struct message {
    const json_t *incident;
    enum announce_change change;
    unsigned number;      /* of the messages about this incident to this receiver, from 1 */
    const char *instance; /* whose incident */
    const char *console;  /* where people find the console; "": nowhere */
    const char *receiver; /* its name in the configuration */
    const char *secret;   /* PagerDuty's routing key */
    const char *channel;  /* Slack's; "": an incoming webhook */
    const char *thread;   /* Slack's first message about it; "": this is the first */
    int64_t now_s;
};

void message_key(const json_t *incident, const char *instance, char ret_key[MESSAGE_KEY_MAX]);

/* Is this change one that the receiver knows? Alertmanager and PagerDuty have only firing and
 * resolved: closed after recovered is nothing to them, nor to Slack. */
bool message_is_for(enum webhook_kind kind, enum announce_change change, enum announce_change told);

/* JSON; the caller frees it. */
char *message_body(enum webhook_kind kind, const struct message *m);

#endif
