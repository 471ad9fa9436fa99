/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "model/json_text.h"

static double
number(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static uint64_t
fingerprint_of(const json_t *o, const char *key)
{
    const char *hex = json_string_value(json_object_get(o, key));
    return hex == NULL ? 0 : strtoull(hex, NULL, 16);
}

/* All that are in the answer, or none: a part would name the wrong ones. */
static void
read_chain(const json_t *list, struct waiting_block *b)
{
    size_t i;
    const json_t *o;
    size_t n = json_array_size(list);
    json_array_foreach(list, i, o)
    {
        if (n > WAITING_CHAIN_MAX) {
            break;
        }
        struct waiting_session *s = &b->chain[b->chain_count++];
        *s = (struct waiting_session){.statement = fingerprint_of(o, "statement"),
                                      .waited_ms = number(o, "waited_ms"),
                                      .idle_ms = number(o, "idle_ms"),
                                      .transaction_ms = number(o, "transaction_ms")};
        json_text_copy(json_object_get(o, "state"), s->state, sizeof(s->state));
        json_text_copy(json_object_get(o, "lock"), s->lock, sizeof(s->lock));
    }
}

static struct waiting_block
read_block(const json_t *o, uint64_t now_ns)
{
    struct waiting_block b = {
        .waiting = fingerprint_of(o, "waiting"),
        .holder = fingerprint_of(o, "holder"),
        .samples = number(o, "samples"),
        .waiters = number(o, "waiters"),
        .depth = number(o, "depth"),
        .lock_ms = number(o, "lock_ms"),
        .waited_ms = number(o, "waited_ms"),
        .idle_ms = number(o, "idle_ms"),
        .transaction_ms = number(o, "transaction_ms"),
        .seen_ns = now_ns,
    };
    json_text_copy(json_object_get(o, "state"), b.state, sizeof(b.state));
    json_text_copy(json_object_get(o, "lock"), b.lock, sizeof(b.lock));
    read_chain(json_object_get(o, "chain"), &b);
    return b;
}

static struct waiting_block *
find(struct waiting *w, const struct waiting_block *like)
{
    for (unsigned i = 0; i < w->count; i++) {
        struct waiting_block *x = &w->block[i];
        if (x->waiting == like->waiting && x->holder == like->holder &&
            strcmp(x->state, like->state) == 0 && strcmp(x->lock, like->lock) == 0) {
            return x;
        }
    }
    return NULL;
}

static struct waiting_block *
room(struct waiting *w)
{
    struct waiting_block *oldest = &w->block[0];
    if (w->count < WAITING_BLOCKS_MAX) {
        return &w->block[w->count++];
    }
    for (unsigned i = 1; i < w->count; i++) {
        oldest = w->block[i].seen_ns < oldest->seen_ns ? &w->block[i] : oldest;
    }
    return oldest;
}

static void
forget(struct waiting *w, uint64_t now_ns)
{
    for (unsigned i = w->count; i-- > 0;) {
        if (now_ns > w->block[i].seen_ns + WAITING_FORGET_NS) {
            w->block[i] = w->block[--w->count];
        }
    }
}

/* Seen again: what was longest, and the deepest queue as it is now. */
static void
merge(struct waiting_block *x, const struct waiting_block *b)
{
    x->samples += b->samples;
    x->lock_ms += b->lock_ms;
    x->waiters = MAX(x->waiters, b->waiters);
    x->waited_ms = MAX(x->waited_ms, b->waited_ms);
    x->idle_ms = MAX(x->idle_ms, b->idle_ms);
    x->transaction_ms = MAX(x->transaction_ms, b->transaction_ms);
    x->seen_ns = b->seen_ns;
    if (b->depth >= x->depth) {
        x->depth = b->depth;
        x->chain_count = b->chain_count;
        memcpy(x->chain, b->chain, sizeof(x->chain));
    }
}

static void
add_sums(struct waiting *w, uint64_t database, const json_t *answer)
{
    struct waiting_sums *s = &w->sums;
    const json_t *cpu = json_object_get(answer, "server_cpu");
    unsigned i = 0;
    s->samples += number(answer, "samples");
    s->active += number(answer, "active");
    s->lock_waits += number(answer, "lock_waits");
    s->io_waits += number(answer, "io_waits");
    s->server_cpu = json_is_number(cpu) ? json_number_value(cpu) : -1;
    while (i < w->sampled_count && w->sampled[i].database != database) {
        i++;
    }
    if (i == w->sampled_count && i < WAITING_DATABASES_MAX) {
        w->sampled[w->sampled_count++] = (struct waiting_sampled){.database = database};
    }
    if (i < w->sampled_count) {
        w->sampled[i].samples += number(answer, "samples");
    }
}

void
waiting_restart(struct waiting *w)
{
    w->sums = (struct waiting_sums){.server_cpu = w->sums.server_cpu};
}

bool
waiting_take_sampled(struct waiting *w, uint64_t database)
{
    for (unsigned i = 0; i < w->sampled_count; i++) {
        if (w->sampled[i].database == database) {
            bool any = w->sampled[i].samples > 0;
            w->sampled[i].samples = 0;
            return any;
        }
    }
    return false;
}

double
waiting_take_lock_ms(struct waiting *w, uint64_t fingerprint)
{
    double ms = 0;
    for (unsigned i = 0; i < w->count && fingerprint != 0; i++) {
        if (w->block[i].waiting == fingerprint) {
            ms += w->block[i].lock_ms;
            w->block[i].lock_ms = 0;
        }
    }
    return ms;
}

void
waiting_answer(struct waiting *w, uint64_t database, const json_t *answer, uint64_t now_ns)
{
    size_t i;
    const json_t *o;
    double samples = number(answer, "samples");
    if (!json_is_true(json_object_get(answer, "ok"))) {
        return;
    }
    forget(w, now_ns);
    add_sums(w, database, answer);
    for (unsigned k = 0; k < w->count; k++) {
        w->block[k].of += samples;
    }
    json_array_foreach(json_object_get(answer, "blocks"), i, o)
    {
        struct waiting_block b = read_block(o, now_ns);
        struct waiting_block *x = find(w, &b);
        if (x == NULL) {
            x = room(w);
            *x = b;
            x->of = samples;
            continue;
        }
        merge(x, &b);
    }
}

const struct waiting_block *
waiting_of(const struct waiting *w, uint64_t fingerprint)
{
    const struct waiting_block *most = NULL;
    for (unsigned i = 0; i < w->count && fingerprint != 0; i++) {
        const struct waiting_block *x = &w->block[i];
        if (x->waiting == fingerprint && (most == NULL || x->samples > most->samples)) {
            most = x;
        }
    }
    return most;
}

unsigned
waiting_between(const struct waiting_block *b)
{
    return b->depth > 1 && b->depth < 1000 ? (unsigned)b->depth - 1 : 0;
}

bool
waiting_is_cut(const struct waiting_block *b)
{
    return strcmp(b->state, "not known") == 0;
}

bool
waiting_is_idle(const struct waiting_block *b)
{
    return strcmp(b->state, "active") != 0 && !waiting_is_cut(b);
}
