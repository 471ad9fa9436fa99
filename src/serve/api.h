/* SPDX-License-Identifier: Apache-2.0
 * serve/api.h - what a request to the admin API means, and whether it is allowed. No I/O.
 *
 * Looks at one whole request and says what to answer, or which command to wait for. The serve
 * thread only; costs a look at a path, and for one incident of many the parsing of the list. */
#ifndef SERVE_API_H
#define SERVE_API_H

#include "proto/http/http_head.h"
#include "serve/console.h"
#include "serve/serve.h"
#include "serve/token.h"

enum api_peer {
    API_UNIX,     /* the 0600 socket: may do everything */
    API_LOOPBACK, /* TCP from this machine: may read */
    API_REMOTE,   /* TCP from elsewhere, where the user opened it: nothing without the token */
};

struct api_request {
    enum api_peer peer;
    const struct http_head *head;
    struct slice bytes; /* the head's */
    struct slice body;
};

enum api_form { API_JSON, API_METRICS, API_OPENMETRICS };

struct api_reply {
    unsigned status;
    const char *allow;       /* for 405, or NULL */
    const char *type;        /* NULL: JSON */
    struct serve_text *text; /* owned by whoever gets the reply; NULL with an asset or a stream */
    const struct console_asset *asset; /* with 304: not modified, no body */
    bool streams;                      /* events follow until the client goes */
    enum api_form form;                /* what is made of the command's answer */
    bool waits;                        /* `command` is to be handed on; its result is the reply */
    bool asks;                         /* so is `question` */
    struct serve_command command;
    struct serve_question question;
};

/* token: NULL when there is none, then no token opens anything. */
void api_request(const struct api_request *request, const struct serve_source *source,
                 const struct token *token, struct api_reply *ret_reply);

/* The reply to a command by its result. Takes the text. */
void api_result(int result, struct serve_text **text, struct api_reply *ret_reply);

/* Its Content-Type; NULL: JSON. */
const char *api_form_type(enum api_form form);

/* {"error": "..."} */
void api_error(unsigned status, const char *message, struct api_reply *ret_reply);

#endif
