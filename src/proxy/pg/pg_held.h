/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_held.h - messages of one type are held until they are whole, all others pass; private
 * to this folder.
 *
 * For logins, where a message must be known before it goes on, or does not go on at all. A longer
 * one than PG_HELD_MAX passes; PG_HELD_ALL holds every other one. Zeroed memory is the start; about
 * 1 KiB. */
#ifndef PROXY_PG_PG_HELD_H
#define PROXY_PG_PG_HELD_H

#include "base/check.h"
#include "base/slice.h"

#define PG_HELD_ALL 0
#define PG_HEAD_LEN 5 /* type and length */
#define PG_HELD_MAX (PG_HEAD_LEN + 1536u)

struct pg_held {
    uint32_t fill; /* of message */
    uint32_t left; /* of one that passes */
    uint8_t message[PG_HELD_MAX];
};

enum pg_held_step {
    PG_HELD_MORE,  /* what was used is kept */
    PG_HELD_PASS,  /* *ret_piece is of a message that is not held: of the chunk, or its head, which
                      was kept before */
    PG_HELD_WHOLE, /* *ret_piece is a message; valid until the next call */
};

enum pg_held_step pg_held_next(struct pg_held *h, char type, struct slice chunk, size_t *ret_used,
                               struct slice *ret_piece);
/* True where a message of our own can stand: everything before is passed whole. */
static inline bool
pg_held_is_between(const struct pg_held *h)
{
    return h->left == 0;
}

static inline uint32_t
pg_held_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#endif
