/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/shapes.h"

#include <stdio.h>

#define VOTES_MAX 1000u

static const char *const body_name[RESPONSE_BODY_COUNT] = {
    "nothing that can be seen", "empty", "a JSON object", "a JSON array", "markup (HTML or XML)",
    "other text or data"};
static const char *const type_name[RESPONSE_TYPE_COUNT] = {"none", "JSON", "HTML", "text",
                                                           "something else"};

/* ---- counting */

/* Under which member the items are is put to the vote while it is being learned. */
static bool
is_item(struct shapes *s, uint16_t item_of, uint32_t n)
{
    bool is_learning = s->deploy_ns == 0 && !s->is_changed;
    if (item_of == s->item_of) {
        s->item_votes = MIN(s->item_votes + n, VOTES_MAX);
        return true;
    }
    if (!is_learning) {
        return false;
    }
    if (s->item_votes >= n) {
        s->item_votes -= n;
        return false;
    }
    shape_counts_forget_items(&s->normal);
    shape_counts_forget_items(&s->older);
    shape_counts_forget_items(&s->fresh);
    s->item_of = item_of;
    s->item_votes = n;
    return true;
}

static void
count_repeated(struct shapes *s)
{
    const struct response_shape *x = &s->last;
    uint32_t n = s->repeated;
    s->repeated = 0;
    if (n == 0) {
        return;
    }
    bool is_of_items = x->item_is_whole && shape_members(x->item_names) <= SHAPE_MEMBERS_MAX &&
                       is_item(s, x->item_of, n);
    shape_counts_one(&s->fresh, x, is_of_items, n);
}

void
shapes_add(struct shapes *s, const struct response_shape *shape)
{
    bool is_seen = shape->body != RESPONSE_UNSEEN && shape->body < RESPONSE_BODY_COUNT &&
                   shape->type < RESPONSE_TYPE_COUNT;
    if (!is_seen) {
        return;
    }
    if (memcmp(&s->last, shape, sizeof(*shape)) != 0) {
        count_repeated(s);
        s->last = *shape;
    }
    s->repeated++;
}

static void
learn(struct shapes *s, const struct shape_counts *c)
{
    bool was_known = s->normal.answers >= SHAPE_NORMAL_MIN;
    shape_counts_add(&s->normal, c);
    s->dirty |= !was_known && s->normal.answers >= SHAPE_NORMAL_MIN;
    s->learned = true;
    while (s->normal.answers > SHAPES_NORMAL_MAX) {
        shape_counts_halve(&s->normal);
    }
}

/* ---- from step to step */

static void
begin_step(struct shapes *s, uint64_t at_ns)
{
    s->fresh = (struct shape_counts){0};
    s->step_ns = at_ns;
}

static void
end_run(struct shapes *s)
{
    s->bad_steps = s->good_steps = 0;
    s->run = (struct shape_counts){0};
    s->loss = (struct shape_loss){0};
}

static void
end_window(struct shapes *s)
{
    s->deploy_ns = 0;
    s->older = (struct shape_counts){0};
    s->dirty = true;
}

/* Nothing was lost: what came since is what is normal, with whatever is new. */
static void
window_is_over(struct shapes *s)
{
    if (s->older.answers >= SHAPE_NORMAL_MIN) {
        s->normal = (struct shape_counts){0};
    }
    learn(s, &s->older);
    end_window(s);
}

/* True: it has been lost for long enough. */
static bool
step_is_bad(struct shapes *s)
{
    struct shape_loss loss = shape_counts_loss(&s->normal, &s->fresh);
    struct shape_loss still = s->bad_steps == 0 ? loss : shape_loss_common(&s->loss, &loss);
    if (!shape_loss_is(&still)) {
        end_run(s);
        still = loss;
    }
    if (shape_loss_is(&still)) {
        s->bad_ns = s->bad_steps == 0 ? MAX(s->step_ns, s->deploy_ns) : s->bad_ns;
        s->loss = still;
        s->bad_steps++;
        shape_counts_add(&s->run, &s->fresh);
    }
    shape_counts_add(&s->older, &s->fresh);
    return s->bad_steps >= SHAPES_STEPS_BAD;
}

static enum shapes_news
compare(struct shapes *s, uint64_t now_ns)
{
    if (step_is_bad(s)) {
        s->is_changed = true;
        s->incident = 0;
        s->dirty = true;
        begin_step(s, now_ns);
        return SHAPES_CHANGED;
    }
    begin_step(s, now_ns);
    return SHAPES_SAME;
}

static enum shapes_news
wait_for_the_way_back(struct shapes *s, uint64_t now_ns)
{
    struct shape_shares shares = shape_loss_shares(&s->loss, &s->normal, &s->fresh);
    struct shape_loss loss = shape_counts_loss(&s->normal, &s->fresh);
    struct shape_loss still = shape_loss_common(&s->loss, &loss);
    bool is_back = !shape_loss_is(&still) && shares.of_now >= SHAPE_STEP_ANSWERS &&
                   shares.now >= 1 - SHAPE_RARELY;
    s->good_steps = is_back ? s->good_steps + 1 : 0;
    if (is_back) {
        s->older = (struct shape_counts){0};
    }
    shape_counts_add(is_back ? &s->older : &s->run, &s->fresh);
    while (s->run.answers > SHAPES_NORMAL_MAX) {
        shape_counts_halve(&s->run);
    }
    begin_step(s, now_ns);
    if (s->good_steps < SHAPES_STEPS_GOOD) {
        return SHAPES_SAME;
    }
    s->is_changed = false;
    end_run(s);
    end_window(s);
    return SHAPES_BACK;
}

enum shapes_news
shapes_turn(struct shapes *s, uint64_t now_ns)
{
    if (s->step_ns == 0) {
        s->step_ns = now_ns;
    }
    if (now_ns < s->step_ns + SHAPES_STEP_NS) {
        return SHAPES_SAME;
    }
    if (s->deploy_ns != 0 && !s->is_changed && s->bad_steps == 0 &&
        s->step_ns >= s->deploy_ns + SHAPES_WINDOW_NS) {
        window_is_over(s);
    }
    count_repeated(s);
    if (s->fresh.answers < SHAPE_STEP_ANSWERS) {
        if (now_ns >= s->step_ns + SHAPES_STEP_MAX_NS) {
            begin_step(s, now_ns);
            if (!s->is_changed) {
                end_run(s);
            }
        }
        return SHAPES_SAME;
    }
    if (s->is_changed) {
        return wait_for_the_way_back(s, now_ns);
    }
    if (s->deploy_ns != 0) {
        return compare(s, now_ns);
    }
    learn(s, &s->older);
    s->older = s->fresh;
    begin_step(s, now_ns);
    return SHAPES_SAME;
}

static void
name_deploy(struct shapes *s, const char *name, bool is_marked)
{
    s->deploy_marked = is_marked;
    slice_to_str(slice_from_str(name), s->deploy_name, sizeof(s->deploy_name));
    s->dirty = true;
}

void
shapes_deploy(struct shapes *s, uint64_t now_ns, uint64_t at_ns, const char *name, bool is_marked)
{
    if (s->is_changed || s->bad_steps > 0) {
        if (is_marked && !s->deploy_marked && s->deploy_ns != 0 &&
            at_ns <= s->deploy_ns + SHAPES_LATE_NS) {
            name_deploy(s, name, true);
        }
        return;
    }
    count_repeated(s);
    if (s->deploy_ns != 0) {
        learn(s, &s->older); /* the one before did no harm */
    }
    end_run(s);
    s->older = (struct shape_counts){0};
    begin_step(s, now_ns);
    s->deploy_ns = MAX(at_ns, 1);
    name_deploy(s, name, is_marked);
}

void
shapes_adopt(struct shapes *s, uint64_t now_ns)
{
    s->normal = s->run;
    s->is_changed = false;
    s->incident = 0;
    end_run(s);
    end_window(s);
    begin_step(s, now_ns);
}

/* ---- in words */

static unsigned
always_of(const struct shapes *s, unsigned set)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 64; i++) {
        n += shape_counts_always(s->normal.has[set][i], shape_counts_looked_into(&s->normal, set));
    }
    return n;
}

/* Which it mostly is now. */
static unsigned
most(const uint32_t *counts, unsigned count)
{
    unsigned best = 0;
    for (unsigned i = 1; i < count; i++) {
        best = counts[i] > counts[best] ? i : best;
    }
    return best;
}

static void
describe_members(const struct shapes *s, char dst[128])
{
    const uint64_t *set = s->loss.set;
    bool is_missing = (set[SHAPE_ROOT_NAMES] | set[SHAPE_ITEM_NAMES]) != 0;
    bool is_root = is_missing ? set[SHAPE_ROOT_NAMES] != 0 : set[SHAPE_ROOT_TYPED] != 0;
    unsigned names = is_root ? SHAPE_ROOT_NAMES : SHAPE_ITEM_NAMES;
    unsigned n = shape_members(set[is_missing ? names : names + 1]);
    snprintf(dst, 128, "%u of %u members that each answer%s had %s %s", n,
             MAX(always_of(s, names), n), is_root ? "" : "'s first item", n == 1 ? "is" : "are",
             is_missing ? "missing" : "of another type, null or missing");
}

const char *
shapes_describe(const struct shapes *s, char dst[256])
{
    char what[128];
    const struct shape_counts *normal = &s->normal;
    int body = shape_counts_usual(normal->body, RESPONSE_BODY_COUNT, normal->answers);
    int type = shape_counts_usual(normal->type, RESPONSE_TYPE_COUNT, normal->answers);
    struct shape_shares shares = shape_loss_shares(&s->loss, normal, &s->run);
    bool is_members = (s->loss.set[0] | s->loss.set[1] | s->loss.set[2] | s->loss.set[3]) != 0;
    if (s->loss.body && body > RESPONSE_EMPTY) {
        snprintf(what, sizeof(what), "bodies were %s and are %s now", body_name[body],
                 body_name[most(s->run.body, RESPONSE_BODY_COUNT)]);
    } else if (is_members || type <= RESPONSE_TYPE_NONE) {
        describe_members(s, what);
    } else {
        snprintf(what, sizeof(what), "the Content-Type was %s and is %s now", type_name[type],
                 type_name[most(s->run.type, RESPONSE_TYPE_COUNT)]);
    }
    snprintf(dst, 256,
             "%s: as before were %.1f %% of %u answers, and since the deploy are %.1f %% of %u",
             what, 100 * shares.before, shares.of_before, 100 * shares.now, shares.of_now);
    return dst;
}
