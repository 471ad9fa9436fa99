/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/sampler.h"

const char *
sampler_reason_name(enum sampler_reason reason)
{
    static const char *const names[] = {[SAMPLER_IS_SLOW] = "slow",
                                        [SAMPLER_IS_RANDOM] = "random",
                                        [SAMPLER_HAS_FAILED] = "failed",
                                        [SAMPLER_IS_PINNED] = "incident"};
    return (unsigned)reason < ARRAY_LEN(names) ? names[reason] : "?";
}

void
sampler_init(struct sampler *s, struct sampler_budget *budget, uint64_t seed)
{
    *s = (struct sampler){.budget = budget, .prng = {seed}};
}

static void
let_go(struct sampler *s, struct sample **slot)
{
    if (*slot != NULL) {
        s->budget->bytes -= (*slot)->size_bytes;
        sample_free(slot);
    }
}

static void
let_go_period(struct sampler *s, struct sampler_period *p)
{
    for (unsigned i = 0; i < SAMPLER_SLOW; i++) {
        let_go(s, &p->slow[i]);
    }
    for (unsigned i = 0; i < SAMPLER_RANDOM; i++) {
        let_go(s, &p->random[i]);
    }
    *p = (struct sampler_period){0};
}

void
sampler_fini(struct sampler *s)
{
    let_go_period(s, &s->now);
    let_go_period(s, &s->before);
    for (unsigned i = 0; i < SAMPLER_FAILED; i++) {
        let_go(s, &s->failed[i]);
    }
    for (unsigned i = 0; i < SAMPLER_PINNED; i++) {
        let_go(s, &s->pinned[i]);
    }
}

/* NULL: there is no room for it. */
static struct sample *
take(struct sampler *s, const struct trace *t)
{
    struct sample *sample = sample_new(t);
    if (s->budget->bytes + sample->size_bytes > s->budget->bytes_max) {
        let_go_period(s, &s->before);
    }
    if (s->budget->bytes + sample->size_bytes > s->budget->bytes_max) {
        s->budget->refused++;
        sample_free(&sample);
        return NULL;
    }
    s->budget->bytes += sample->size_bytes;
    return sample;
}

static const struct sample *
put(struct sampler *s, struct sample **slot, struct sample *sample)
{
    if (sample != NULL) {
        let_go(s, slot);
        *slot = sample;
    }
    return sample;
}

static uint64_t
duration_ns(const struct sample *s)
{
    return s->end_ns - s->start_ns;
}

/* NULL: it was not one of the slowest. */
static const struct sample *
add_slow(struct sampler *s, const struct trace *t)
{
    struct sample **slow = s->now.slow;
    uint64_t took_ns = t->end_ns - MIN(t->start_ns, t->end_ns);
    unsigned at = SAMPLER_SLOW;
    while (at > 0 && (slow[at - 1] == NULL || duration_ns(slow[at - 1]) < took_ns)) {
        at--;
    }
    struct sample *sample = at == SAMPLER_SLOW ? NULL : take(s, t);
    if (sample == NULL) {
        return NULL;
    }
    let_go(s, &slow[SAMPLER_SLOW - 1]);
    for (unsigned i = SAMPLER_SLOW - 1; i > at; i--) {
        slow[i] = slow[i - 1];
    }
    slow[at] = sample;
    return sample;
}

const struct sample *
sampler_add(struct sampler *s, const struct trace *t, enum sampler_reason *ret_reason)
{
    if (t->end_ns > s->now.start_ns + SAMPLER_PERIOD_NS) {
        let_go_period(s, &s->before);
        s->before = s->now;
        s->now = (struct sampler_period){.start_ns = t->end_ns};
    }
    if (trace_has_failed(t)) {
        *ret_reason = SAMPLER_HAS_FAILED;
        return put(s, &s->failed[s->failed_next++ % SAMPLER_FAILED], take(s, t));
    }
    const struct sample *slow = add_slow(s, t);
    if (slow != NULL) {
        *ret_reason = SAMPLER_IS_SLOW;
        return slow;
    }
    /* Each of the others has the same chance to be one of the few (Vitter's algorithm R). */
    uint64_t at = s->now.others++;
    if (at >= SAMPLER_RANDOM) {
        at = prng_below(&s->prng, s->now.others);
    }
    *ret_reason = SAMPLER_IS_RANDOM;
    return at < SAMPLER_RANDOM ? put(s, &s->now.random[at], take(s, t)) : NULL;
}

static void
each_of(struct sample *const *slot, unsigned count, enum sampler_reason reason, sampler_cb *cb,
        void *ctx)
{
    for (unsigned i = 0; i < count; i++) {
        if (slot[i] != NULL) {
            cb(ctx, slot[i], reason);
        }
    }
}

void
sampler_each(const struct sampler *s, sampler_cb *cb, void *ctx)
{
    each_of(s->pinned, SAMPLER_PINNED, SAMPLER_IS_PINNED, cb, ctx);
    each_of(s->failed, SAMPLER_FAILED, SAMPLER_HAS_FAILED, cb, ctx);
    each_of(s->now.slow, SAMPLER_SLOW, SAMPLER_IS_SLOW, cb, ctx);
    each_of(s->now.random, SAMPLER_RANDOM, SAMPLER_IS_RANDOM, cb, ctx);
    each_of(s->before.slow, SAMPLER_SLOW, SAMPLER_IS_SLOW, cb, ctx);
    each_of(s->before.random, SAMPLER_RANDOM, SAMPLER_IS_RANDOM, cb, ctx);
}

struct search {
    const uint8_t *trace_id; /* NULL: by time */
    uint64_t from_ns;
    uint64_t duration_ns;
    const struct sample *found;
    enum sampler_reason reason;
};

static void
try_id(void *ctx, const struct sample *sample, enum sampler_reason reason)
{
    struct search *search = ctx;
    if (memcmp(sample->trace_id, search->trace_id, sizeof(sample->trace_id)) == 0) {
        search->found = sample;
        search->reason = reason;
    }
}

const struct sample *
sampler_find(const struct sampler *s, const uint8_t trace_id[16], enum sampler_reason *ret_reason)
{
    struct search search = {.trace_id = trace_id};
    sampler_each(s, try_id, &search);
    if (search.found != NULL) {
        *ret_reason = search.reason;
    }
    return search.found;
}

static bool
tell_of(struct sample *const *slot, unsigned count, const uint8_t trace_id[16])
{
    for (unsigned i = 0; i < count; i++) {
        bool is_it =
            slot[i] != NULL && memcmp(slot[i]->trace_id, trace_id, sizeof(slot[i]->trace_id)) == 0;
        if (is_it && !slot[i]->is_told) {
            slot[i]->is_told = true;
            return true;
        }
    }
    return false;
}

bool
sampler_tell(struct sampler *s, const uint8_t trace_id[16])
{
    return tell_of(s->pinned, SAMPLER_PINNED, trace_id) ||
           tell_of(s->failed, SAMPLER_FAILED, trace_id) ||
           tell_of(s->now.slow, SAMPLER_SLOW, trace_id) ||
           tell_of(s->now.random, SAMPLER_RANDOM, trace_id) ||
           tell_of(s->before.slow, SAMPLER_SLOW, trace_id) ||
           tell_of(s->before.random, SAMPLER_RANDOM, trace_id);
}

static uint64_t
distance(const struct sample *s, uint64_t wanted_ns)
{
    uint64_t ns = duration_ns(s);
    return ns > wanted_ns ? ns - wanted_ns : wanted_ns - ns;
}

static void
try_near(void *ctx, const struct sample *sample, enum sampler_reason reason)
{
    struct search *search = ctx;
    if (sample->start_ns >= search->from_ns &&
        (search->found == NULL ||
         distance(sample, search->duration_ns) < distance(search->found, search->duration_ns))) {
        search->found = sample;
    }
}

const struct sample *
sampler_nearest(const struct sampler *s, uint64_t from_ns, uint64_t wanted_ns)
{
    struct search search = {.from_ns = from_ns, .duration_ns = wanted_ns};
    sampler_each(s, try_near, &search);
    return search.found;
}

/* Takes it out of its place, if it is there; those behind it move up. */
static bool
take_out(struct sample **slot, unsigned count, const struct sample *sample)
{
    unsigned at = 0;
    while (at < count && slot[at] != sample) {
        at++;
    }
    if (at == count) {
        return false;
    }
    for (; at + 1 < count; at++) {
        slot[at] = slot[at + 1];
    }
    slot[at] = NULL;
    return true;
}

void
sampler_pin(struct sampler *s, const struct sample *sample)
{
    struct sampler_period *periods[] = {&s->now, &s->before};
    bool ours = take_out(s->failed, SAMPLER_FAILED, sample);
    for (unsigned i = 0; i < ARRAY_LEN(periods) && !ours; i++) {
        ours = take_out(periods[i]->slow, SAMPLER_SLOW, sample) ||
               take_out(periods[i]->random, SAMPLER_RANDOM, sample);
    }
    if (ours) { /* else it is pinned already */
        put(s, &s->pinned[s->pinned_next++ % SAMPLER_PINNED], (struct sample *)sample);
    }
}
