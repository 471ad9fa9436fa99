/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/mute.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"

static struct mute *
find(struct mutes *m, struct slice subject)
{
    for (unsigned i = 0; i < m->count; i++) {
        if (slice_eq(slice_from_str(m->mute[i].subject), subject)) {
            return &m->mute[i];
        }
    }
    return NULL;
}

static void
drop(struct mutes *m, struct mute *x)
{
    *x = m->mute[--m->count];
}

int
mutes_set(struct mutes *m, struct slice subject, uint64_t wall_ns, uint32_t seconds)
{
    if (subject.len == 0 || subject.len >= MUTE_SUBJECT_MAX || seconds > MUTE_SECONDS_MAX) {
        return -EINVAL;
    }
    struct mute *x = find(m, subject);
    if (seconds == 0) {
        if (x == NULL) {
            return -ENOENT;
        }
        drop(m, x);
        return 0;
    }
    if (x == NULL) {
        if (m->count == MUTES_MAX) {
            return -ENOSPC;
        }
        x = &m->mute[m->count++];
        slice_to_str(subject, x->subject, sizeof(x->subject));
        x->since_wall_ns = wall_ns;
    }
    x->until_wall_ns = wall_ns + seconds * NS_PER_S;
    return 0;
}

uint64_t
mutes_until(const struct mutes *m, const char *kind, const char *name)
{
    char subject[MUTE_SUBJECT_MAX];
    snprintf(subject, sizeof(subject), "%s %s", kind, name);
    for (unsigned i = 0; i < m->count; i++) {
        if (strcmp(m->mute[i].subject, subject) == 0) {
            return m->mute[i].until_wall_ns;
        }
    }
    return 0;
}

bool
mutes_expire(struct mutes *m, uint64_t wall_ns)
{
    unsigned before = m->count;
    for (unsigned i = m->count; i-- > 0;) {
        if (m->mute[i].until_wall_ns <= wall_ns) {
            drop(m, &m->mute[i]);
        }
    }
    return m->count != before;
}

json_t *
mutes_save(const struct mutes *m)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < m->count; i++) {
        const struct mute *x = &m->mute[i];
        json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "subject", x->subject, "since_ns",
                                              (json_int_t)x->since_wall_ns, "until_ns",
                                              (json_int_t)x->until_wall_ns));
    }
    return list;
}

void
mutes_load(struct mutes *m, const json_t *saved, uint64_t wall_ns)
{
    size_t i;
    const json_t *o;
    json_array_foreach(saved, i, o)
    {
        const char *subject = json_string_value(json_object_get(o, "subject"));
        json_int_t since = json_integer_value(json_object_get(o, "since_ns"));
        json_int_t until = json_integer_value(json_object_get(o, "until_ns"));
        uint64_t longest = wall_ns + MUTE_SECONDS_MAX * NS_PER_S;
        if (subject == NULL || since < 0 || until < 0 || (uint64_t)until <= wall_ns ||
            (uint64_t)until > longest || mutes_set(m, slice_from_str(subject), wall_ns, 1) != 0) {
            continue;
        }
        struct mute *x = find(m, slice_from_str(subject));
        x->since_wall_ns = (uint64_t)since;
        x->until_wall_ns = (uint64_t)until;
    }
}
