/* SPDX-License-Identifier: Apache-2.0
 * proxy/neighbours.h - the proxies that live side by side while one follows another, and what they
 * tell one another: where their sessions' cancel requests belong.
 *
 *     new proxy, before it accepts ──CANCELS {slot}, its table──> control socket of each other slot
 *                                  <──CANCELS {slot}, its table──
 *
 * From then on either finds the other's keys (proxy/cancels.h), as long as both accept and when the
 * older one only finishes its sessions. A proxy that does not answer within NEIGHBOURS_WAIT_MS, or
 * is of a version that cannot, is gone on without. Main thread. */
#ifndef PROXY_NEIGHBOURS_H
#define PROXY_NEIGHBOURS_H

#include "bus/channel.h"
#include "proxy/beside.h"
#include "proxy/cancels.h"

#define NEIGHBOURS_WAIT_MS 500

/* Blocks for so long at most for each; who is met is told to `beside`. */
void neighbours_meet(const char *data_dir, unsigned slot, struct cancels *cancels,
                     struct beside *beside);

/* Takes what such a message brings. False: nothing that can be used. */
bool neighbours_take(const struct channel_message *m, struct cancels *cancels);

#endif
