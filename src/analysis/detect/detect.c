/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/detect.h"

#include <stdio.h>

/* Less of the route's own change than this explains nothing; nor does what a larger part dwarfs. */
#define STANDS_OUT_SHARE      0.2
#define STANDS_OUT_OF_LARGEST 0.4
#define THROUGH_NAMED         2 /* of those in a queue; the others are counted */

static void
make_plain(struct statement_names *names)
{
    for (unsigned i = 0; i < names->count; i++) {
        char plain[STATEMENT_NAME_LEN];
        statement_plain_name(names->name[i], plain);
        memcpy(names->name[i], plain, sizeof(plain));
    }
}

void
detect_about(struct finding *f, const struct statement *s)
{
    f->tables = s->writes.count > 0 ? s->writes : s->reads;
    f->columns = s->columns;
    make_plain(&f->tables);
    make_plain(&f->columns);
}

void
detect_begin(const struct detect_input *in, enum finding_kind kind, enum evidence evidence,
             const char *basis, struct finding *f)
{
    memset(f, 0, sizeof(*f));
    f->kind = kind;
    f->evidence = evidence;
    f->cost_ratio = 1;
    snprintf(f->basis, sizeof(f->basis), "%s", basis);
    if (in->statement == NULL) {
        return;
    }
    f->fingerprint = in->now->fingerprint;
    detect_about(f, in->statement);
}

bool
detect_matters(const struct detect_input *in, double saving_ms)
{
    return saving_ms >= MAX(DETECT_SAVING_MIN_MS, DETECT_SAVING_SHARE * in->route->now.mean_ms);
}

bool
detect_stands_out(const struct detect_input *in)
{
    double change = in->part->change_ms;
    return change >= STANDS_OUT_SHARE * in->route->own_ms &&
           change >= STANDS_OUT_OF_LARGEST * in->largest_ms;
}

const char *
detect_holder(const struct detect_input *in, const struct waiting_block *b, char *dst, size_t size)
{
    const struct statement *holder = statement_get(in->statements, b->holder);
    const char *label = holder != NULL ? holder->label : "a statement that is not known";
    if (strcmp(b->state, "prepared transaction") == 0) {
        snprintf(dst, size, "a prepared transaction");
    } else if (waiting_is_cut(b)) {
        snprintf(dst, size, "a holder that is not known (the queue was not followed to its end)");
    } else if (waiting_is_idle(b)) {
        snprintf(dst, size, "a session that ran %.70s and is idle in its transaction (%.1f s)",
                 label, b->idle_ms / 1000);
    } else {
        snprintf(dst, size, "a session that runs %.70s", label);
    }
    return dst;
}

const char *
detect_through(const struct detect_input *in, const struct waiting_block *b, char *dst, size_t size)
{
    unsigned named = 0, between = waiting_between(b);
    size_t len = 0;
    dst[0] = '\0';
    for (unsigned i = 1; i + 1 < b->chain_count && named < THROUGH_NAMED && len < size; i++) {
        const struct statement *s = statement_get(in->statements, b->chain[i].statement);
        len += (size_t)snprintf(dst + len, size - len, "%s%.50s",
                                named == 0 ? ", through " : ", which waits for ",
                                s != NULL ? s->label : "a statement that is not known");
        named++;
    }
    if (named > 0 && between > named && len < size) {
        len +=
            (size_t)snprintf(dst + len, size - len, ", which waits for %u more", between - named);
    }
    if (named > 0 && len < size) {
        snprintf(dst + len, size - len, "%s",
                 between > named ? ", the last for it" : ", which waits for it");
    }
    return dst;
}

const char *
detect_count(double n, char dst[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%.0f", n < 0 ? 0 : n > 1e15 ? 1e15 : n);
    int at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            dst[at++] = ',';
        }
        dst[at++] = digits[i];
    }
    dst[at] = '\0';
    return dst;
}
