/* SPDX-License-Identifier: Apache-2.0
 * base/decode.h - how every decoder of the house answers.
 *
 * The one exception to "0 or -errno": a decoder of bytes from outside says one of four things, and
 * where it says DEC_BAD or DEC_LIMIT it has left a static reason and the offset. */
#ifndef BASE_DECODE_H
#define BASE_DECODE_H

#include <stdint.h>

enum dec {
    DEC_OK,    /* done with what was given */
    DEC_MORE,  /* right so far; more bytes are needed */
    DEC_BAD,   /* not this protocol: the session becomes opaque or is refused */
    DEC_LIMIT, /* right, but over one of our limits */
};

struct dec_error {
    const char *reason; /* static text, without any byte of the input */
    uint64_t offset;    /* bytes consumed on this side of the session before it */
};

/* Returns from the caller what a step has answered, unless that is DEC_OK. */
#define DEC_TRY(step)                                                                              \
    do {                                                                                           \
        enum dec dec_ = (step);                                                                    \
        if (dec_ != DEC_OK) {                                                                      \
            return dec_;                                                                           \
        }                                                                                          \
    } while (0)

#endif
