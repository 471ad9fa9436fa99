/* SPDX-License-Identifier: Apache-2.0
 * proxy/link.h - the bytes between the two sides of a session.
 *
 * A chunk is shown to the driver and written on from the worker's read buffer, in one write; what
 * the other side does not take is queued there, and this side is not read until it has drained
 * (link_drained). A passive or opaque side is written first and shown afterwards, so that the
 * driver's work is not in the way: where the loop sends what a turn has to send together, when all
 * of it is written (loop_after_sends). Whatever else happens to the session comes after that. */
#ifndef PROXY_LINK_H
#define PROXY_LINK_H

#include "proxy/session.h"

/* A chunk has come from one side. */
void link_relay(struct session *s, enum side from, struct slice chunk, uint64_t at_ns);
/* The queue towards `to` is empty again. */
void link_drained(struct session *s, enum side to);
/* The end of one side; comes into effect after what is held of it. */
void link_ended(struct session *s, enum side from, int err);
/* Shows held bytes again. */
void link_unhold(struct session *s, enum side from);
/* Writes our own bytes to one side. False when the session has ended. */
bool link_insert(struct session *s, enum side to, struct slice bytes);
void link_drop_held(struct session *s);
/* Shows what the driver has not seen yet: before anything else is asked of it. */
void link_catch_up(struct session *s);
/* session.show, once the kernel has what was written. */
void link_show(struct loop_task *task);

#endif
