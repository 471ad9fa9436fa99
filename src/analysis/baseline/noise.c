/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/baseline/noise.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

#define CELL_MIN     1e-4f /* |residual|; cells are half powers of two */
#define DAY_S        86400
#define DAY_DECAY    0.8f
#define MAD          1.4826f
#define KEPT_MIN     100.0f /* residuals before a spread is said */
#define V0_SHARE_MIN 0.01f
#define SLOW         0.002f
#define LONG_RUN_MIN 0.5f
#define PRIOR        (1 / (NOISE_SCALE_EARLY * NOISE_SCALE_EARLY)) /* L of the shortest blocks */
#define PRIOR_TIMES  2.0f /* L of longer ones, of that of the next shorter */
#define BIAS_MAX     0.3f
#define SQRT2_BITS   0x3504f3u /* of a float's fraction */
#define RESIDUAL_MIN 1e-6f

/* What is known before there are blocks counts as much as so many of them. Long blocks are few, so
 * they are remembered for longer. */
static const float prior_blocks[NOISE_SCALES - 1] = {24, 12, 8};
static const float block_decay[NOISE_SCALES - 1] = {0.995f, 0.99f, 0.98f};

static unsigned
cell_of(float residual)
{
    float a = fabsf(residual) / CELL_MIN;
    if (!(a > 1)) {
        return 0;
    }
    uint32_t bits; /* a = m 2^e, m in [1, 2) */
    memcpy(&bits, &a, sizeof(bits));
    int e = (int)(bits >> 23) - 127;
    int cell = 2 * e + ((bits & 0x7fffff) >= SQRT2_BITS ? 1 : 0) + 1;
    return (unsigned)MIN(cell, (int)NOISE_CELLS - 1);
}

static float
cell_lower(unsigned cell)
{
    return cell == 0 ? 0 : CELL_MIN * exp2f((float)(cell - 1) / 2);
}

static void
make_spread(struct noise *s, const struct noise_past *past)
{
    float total = 0, seen = 0;
    for (unsigned i = 0; i < NOISE_CELLS; i++) {
        total += past->kept[i];
    }
    if (total < KEPT_MIN) {
        return;
    }
    for (unsigned i = 0; i < NOISE_CELLS; i++) {
        if (seen + past->kept[i] >= total / 2) {
            float share = (total / 2 - seen) / past->kept[i];
            float low = cell_lower(i), high = cell_lower(i + 1);
            s->s = MAX(MAD * (low + share * (high - low)), RESIDUAL_MIN);
            return;
        }
        seen += past->kept[i];
    }
}

static void
new_day(struct noise *s, struct noise_past *past, uint32_t day, bool may_learn)
{
    for (unsigned i = 0; i < NOISE_CELLS && may_learn; i++) {
        past->kept[i] = DAY_DECAY * past->kept[i] + (float)past->yesterday[i];
    }
    bool is_next = day == s->day + 1;
    if (may_learn && !is_next) { /* what lies before the gap is older than a day as well */
        for (unsigned i = 0; i < NOISE_CELLS; i++) {
            past->kept[i] += (float)s->today[i];
        }
    }
    make_spread(s, past);
    for (unsigned i = 0; i < NOISE_CELLS; i++) {
        past->yesterday[i] = is_next ? s->today[i] : 0;
    }
    memset(s->today, 0, sizeof(s->today));
    s->day = day;
}

float
noise_spread(const struct noise *s, float n)
{
    if (s->s == 0) {
        return NAN;
    }
    float whole = s->s * s->s;
    float v0 = MAX(V0_SHARE_MIN * whole, whole - s->v1 * s->inverse_n);
    return sqrtf(v0 + s->v1 / MAX(n, 1));
}

/* Of sums over as many windows: squares of `times` sums a block, the prior for as many blocks. */
static float
long_run(const struct noise_blocks *b, float squares, float times, float windows, float prior,
         float blocks)
{
    float around = b->count > 0 ? squares - b->sums * b->sums / (times * b->count) : 0;
    return (prior * blocks + MAX(around, 0) / (times * windows)) / (blocks + b->count);
}

static void
make_long_run(struct noise *s, const struct noise_past *past)
{
    const struct noise_blocks *least = &past->blocks[0];
    float bias = least->sums / (prior_blocks[0] + least->count) / NOISE_BLOCK;
    float size = NOISE_BLOCK, quarter = size / NOISE_QUARTERS;
    float prior = PRIOR, floor = LONG_RUN_MIN;
    s->bias = MAX(MIN(bias, BIAS_MAX), -BIAS_MAX);
    float l = long_run(least, past->quarters, NOISE_QUARTERS, quarter, PRIOR, prior_blocks[0]);
    s->scale[0] = 1 / sqrtf(MAX(l, floor));
    for (unsigned i = 0; i + 1 < NOISE_SCALES; i++, size *= NOISE_SCALE_TIMES) {
        const struct noise_blocks *b = &past->blocks[i];
        floor = MAX(long_run(b, b->squares, 1, size, prior, prior_blocks[i]), floor);
        s->scale[i + 1] = 1 / sqrtf(floor);
        prior = PRIOR_TIMES * floor;
    }
}

/* A block is over; so may be a longer one that it is part of. */
static void
learn_block(struct noise_past *past, const struct noise_block *block)
{
    float sum = block->sum;
    past->quarters = block_decay[0] * past->quarters + block->squares;
    for (unsigned i = 0; i + 1 < NOISE_SCALES; i++) {
        struct noise_blocks *b = &past->blocks[i];
        b->sums = block_decay[i] * b->sums + sum;
        b->squares = block_decay[i] * b->squares + sum * sum;
        b->count = block_decay[i] * b->count + 1;
        if (i + 2 == NOISE_SCALES) {
            return;
        }
        struct noise_blocks *longer = &past->blocks[i + 1];
        longer->sum += sum;
        if (++longer->parts < NOISE_SCALE_TIMES) {
            return;
        }
        sum = longer->sum;
        longer->sum = 0;
        longer->parts = 0;
    }
}

/* What is not learned is missing in longer blocks, too: they begin anew. */
static void
skip_block(struct noise_past *past)
{
    for (unsigned i = 1; i + 1 < NOISE_SCALES; i++) {
        past->blocks[i].sum = 0;
        past->blocks[i].parts = 0;
    }
}

static void
end_block(struct noise *s, struct noise_past *past, bool may_learn)
{
    struct noise_block *old = &past->pending[past->pending_at];
    if (past->pending_count == NOISE_BLOCKS_KEPT) {
        if (may_learn && !isnan(old->sum)) {
            learn_block(past, old);
            s->blocks_seen++;
        } else {
            skip_block(past);
        }
    } else {
        past->pending_count++;
    }
    *old = s->block;
    past->pending_at = (uint8_t)((past->pending_at + 1) % NOISE_BLOCKS_KEPT);
    s->block = (struct noise_block){0};
    s->quarters_sum = 0;
    s->block_count = 0;
    make_long_run(s, past);
}

static void
add_to_block(struct noise *s, struct noise_past *past, float z, bool may_learn)
{
    s->block.sum += z;
    if (++s->block_count % (NOISE_BLOCK / NOISE_QUARTERS) != 0) {
        return;
    }
    float quarter = s->block.sum - s->quarters_sum;
    s->block.squares += quarter * quarter;
    s->quarters_sum = s->block.sum;
    if (s->block_count == NOISE_BLOCK) {
        end_block(s, past, may_learn);
    }
}

void
noise_add(struct noise *s, struct noise_past *past, int64_t t, float residual, float z, float n,
          float v1, bool may_learn)
{
    uint32_t day = (uint32_t)(t / DAY_S);
    if (day != s->day) {
        new_day(s, past, day, may_learn);
    }
    uint16_t *cell = &s->today[cell_of(residual)];
    *cell = (uint16_t)MIN(*cell + 1, UINT16_MAX);
    if (may_learn) {
        bool first = s->inverse_n == 0;
        s->v1 += (first ? 1 : SLOW) * (v1 - s->v1);
        s->inverse_n += (first ? 1 : SLOW) * (1 / MAX(n, 1) - s->inverse_n);
    }
    if (!isnan(z)) {
        add_to_block(s, past, z > NOISE_SPIKE ? s->bias : noise_clip(z, 0), may_learn);
    }
}

/* Blocks stay in their places: who skips one begins longer ones anew. */
void
noise_forget(struct noise *s, struct noise_past *past, int64_t now, int64_t since)
{
    int64_t windows = MAX(now - since, 0) / 60;
    int64_t blocks = MIN(windows / NOISE_BLOCK + 1, (int64_t)past->pending_count);
    for (unsigned i = 1; i <= blocks; i++) {
        past->pending[(past->pending_at + NOISE_BLOCKS_KEPT - i) % NOISE_BLOCKS_KEPT].sum = NAN;
    }
    s->block.sum = s->quarters_sum = NAN;
    memset(s->today, 0, sizeof(s->today));
    if (since / DAY_S < s->day) {
        memset(past->yesterday, 0, sizeof(past->yesterday));
    }
}

float
noise_lasting(const struct noise *s, unsigned scale)
{
    return 1 / (s->scale[scale] > 0 ? s->scale[scale] : NOISE_SCALE_EARLY);
}

bool
noise_is_ready(const struct noise *s)
{
    return s->blocks_seen >= NOISE_BLOCKS_READY;
}

float
noise_doubt(const struct noise *s)
{
    float missing = (float)NOISE_BLOCKS_SURE - (float)s->blocks_seen;
    return MAX(MIN(missing / (NOISE_BLOCKS_SURE - NOISE_BLOCKS_READY), 1), 0);
}
