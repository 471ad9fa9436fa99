/* SPDX-License-Identifier: Apache-2.0
 * analysis/window/history.h - windows as lines of JSON, one object a line: slowburn-windows(5).
 *
 *   {"t":1700000000,"len":60,"route":"GET /a","fingerprint":"5c1f...","calls":12,"hist":[[950,7],
 *    [1100,5]],...}
 *   {"t":1700000000,"deploy":"v42","affects":["GET /a"]}
 *
 * Reading is tolerant of keys that it does not know (any value, nested at most HISTORY_DEPTH_MAX)
 * and of optional ones that are absent, and strict about everything else: a value of the wrong kind
 * or out of its range is refused with a message. The scanner is our own because a month of 250
 * series is 11 million lines, which must not take longer to read than to judge.
 *
 * Pure; no allocation while reading. One thread per struct history. */
#ifndef ANALYSIS_WINDOW_HISTORY_H
#define ANALYSIS_WINDOW_HISTORY_H

#include "analysis/window/reading.h"
#include "base/buf.h"
#include "base/diag.h"
#include "model/stored.h"

#define HISTORY_LINE_MAX    (1024u * 1024)
#define HISTORY_CELLS_MAX   4096u
#define HISTORY_TEXT_MAX    (64u * 1024) /* of all texts of a line, unescaped */
#define HISTORY_AFFECTS_MAX DEPLOY_AFFECTS_MAX
#define HISTORY_DEPTH_MAX   32u
#define HISTORY_T_MAX       (1ll << 40)
#define HISTORY_LENGTH_MAX  86400u

enum history_kind { HISTORY_NOTHING, HISTORY_READING, HISTORY_DEPLOY };

struct history_deploy {
    int64_t at_s;
    struct slice name;
    struct slice affects[HISTORY_AFFECTS_MAX]; /* routes or fingerprints; none: all may be */
    unsigned affects_count;
};

/* Where a line is taken apart; about 100 KB. The results of a call live until the next one. */
struct history {
    struct reading_cell cell[HISTORY_CELLS_MAX];
    uint8_t text[HISTORY_TEXT_MAX];
    size_t text_len;
    struct reading reading;
    struct history_deploy deploy;
};

/* One line without its end. HISTORY_NOTHING: it is blank. 0, or -EBADMSG with the reason. */
MUST_CHECK int history_line(struct history *h, struct slice line, struct diag *diag,
                            enum history_kind *ret_kind);

/* One that the store keeps; borrows its texts. Names beyond HISTORY_AFFECTS_MAX are left out. */
void history_deploy_make(const struct stored_deploy *stored, struct history_deploy *ret_deploy);

/* Append one line. 0 or -E2BIG. */
int history_write(const struct reading *r, struct buf *ret_text);
int history_write_deploy(const struct history_deploy *d, struct buf *ret_text);

#endif
