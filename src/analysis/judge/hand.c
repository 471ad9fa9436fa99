/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person says of an incident: seen, noted, over, meant to be so. One of an earlier build is
 * there as its document only (judge_restore): the document is then what is changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/state.h"
#include "base/iso_time.h"

static struct incident *
incident_by_id(const struct judge *j, uint32_t id)
{
    for (unsigned i = 0; i < j->incident_count; i++) {
        if (j->incident[i]->id == id) {
            return j->incident[i];
        }
    }
    return NULL;
}

static json_t *
document_by_id(const struct judge *j, uint32_t id)
{
    size_t i;
    json_t *doc;
    json_array_foreach(j->archive, i, doc)
    {
        if (json_integer_value(json_object_get(doc, "id")) == id) {
            return doc;
        }
    }
    return NULL;
}

static const char *
member(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

/* One line more in a document's timeline, and the moment under `key` where there is one. */
static void
change_document(struct judge *j, json_t *doc, const char *key, const char *kind, const char *text)
{
    char at[ISO_TIME_SIZE];
    uint64_t wall_ns = judge_wall(j, j->now_ns);
    iso_time_write(wall_ns, at);
    json_t *timeline = json_object_get(doc, "timeline");
    json_array_append_new(timeline,
                          json_pack("{s:s, s:s, s:s}", "at", at, "kind", kind, "text", text));
    json_object_set_new(doc, "updated_at", json_string(at));
    if (key != NULL) {
        json_object_set_new(doc, key, json_string(at));
    }
    char *json = json_dumps(doc, JSON_COMPACT);
    if (json == NULL) {
        return;
    }
    uint32_t id = (uint32_t)json_integer_value(json_object_get(doc, "id"));
    const char *state = member(doc, "state");
    struct stored record = {
        .kind = STORED_INCIDENT,
        .incident = {id, slice_from_str(state), iso_time_read(member(doc, "opened_at")), wall_ns,
                     iso_time_read(member(doc, "closed_at")), slice_from_str(json), SLICE_NONE}};
    judge_give(j, &record);
    struct stored entry = {.kind = STORED_TIMELINE,
                           .timeline = {id, wall_ns, slice_from_str(kind), slice_from_str(text)}};
    judge_give(j, &entry);
    free(json);
    if (j->out.changed != NULL) {
        j->out.changed(j->out.ctx);
    }
}

int
judge_ack(struct judge *j, uint64_t now_ns, uint32_t id)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    static const char kind[] = "acknowledged", text[] = "someone is on it";
    struct incident *inc = incident_by_id(j, id);
    json_t *doc = document_by_id(j, id);
    j->now_ns = MAX(j->now_ns, now_ns);
    if (inc == NULL && doc == NULL) {
        return -ENOENT;
    }
    if (inc != NULL ? inc->acknowledged_ns != 0 : member(doc, "acknowledged_at")[0] != '\0') {
        return -EALREADY;
    }
    if (inc == NULL) {
        change_document(j, doc, "acknowledged_at", kind, text);
        return 0;
    }
    inc->acknowledged_ns = j->now_ns;
    incident_note(inc, j->now_ns, kind, text);
    judge_publish(j, inc);
    return 0;
}

static unsigned
annotations_of(const json_t *doc)
{
    size_t i;
    const json_t *entry;
    unsigned n = 0;
    json_array_foreach(json_object_get(doc, "timeline"), i, entry)
    {
        n += strcmp(member(entry, "kind"), INCIDENT_ANNOTATION) == 0;
    }
    return n;
}

int
judge_annotate(struct judge *j, uint64_t now_ns, uint32_t id, struct slice words)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    char text[ANNOTATION_LEN_MAX + 1];
    struct incident *inc = incident_by_id(j, id);
    json_t *doc = document_by_id(j, id);
    j->now_ns = MAX(j->now_ns, now_ns);
    if (words.len == 0 || words.len > ANNOTATION_LEN_MAX) {
        return -EINVAL;
    }
    slice_to_str(words, text, sizeof(text));
    if (inc != NULL) {
        if (!incident_annotate(inc, j->now_ns, text)) {
            return -ENOSPC;
        }
        judge_publish(j, inc);
        return 0;
    }
    if (doc == NULL) {
        return -ENOENT;
    }
    if (annotations_of(doc) >= ANNOTATIONS_MAX) {
        return -ENOSPC;
    }
    change_document(j, doc, NULL, INCIDENT_ANNOTATION, text);
    return 0;
}

/* Ended by hand: as it is now is normal, and is learned. */
static int
end_by_hand(struct judge *j, uint64_t now_ns, uint32_t id, const char *kind, const char *why)
{
    struct incident *inc = incident_by_id(j, id);
    json_t *doc = document_by_id(j, id);
    j->now_ns = MAX(j->now_ns, now_ns);
    if (inc == NULL && doc == NULL) {
        return -ENOENT;
    }
    if (inc != NULL ? inc->state == INCIDENT_CLOSED : strcmp(member(doc, "state"), "closed") == 0) {
        return -EALREADY;
    }
    if (inc == NULL) {
        json_object_set_new(doc, "state", json_string("closed"));
        change_document(j, doc, "closed_at", kind, why);
        return 0;
    }
    inc->closed_ns = j->now_ns;
    if (inc->state == INCIDENT_RECOVERED) {
        inc->state = INCIDENT_CLOSED;
        incident_note(inc, j->now_ns, kind, why);
        judge_publish(j, inc);
    } else {
        char text[128];
        snprintf(text, sizeof(text), "%s; as it is now is normal", why);
        judge_end_burn(j, inc, INCIDENT_CLOSED, kind, text);
        if (!inc->of_answers || inc->episode.id != 0) { /* else nothing was slower */
            judge_monitor_expect(j, inc);
        }
    }
    return 0;
}

int
judge_close(struct judge *j, uint64_t now_ns, uint32_t id)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    return end_by_hand(j, now_ns, id, "closed", "closed by hand");
}

int
judge_expect(struct judge *j, uint64_t now_ns, uint32_t id)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    return end_by_hand(j, now_ns, id, "expected", "marked as expected");
}

/* The incident of "incident 7" must be there; what a route or statement is called, nobody checks:
 * it may be seen tomorrow. */
int
judge_mute(struct judge *j, uint64_t now_ns, struct slice subject, uint32_t seconds)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    struct slice prefix = SLICE_LIT("incident ");
    j->now_ns = MAX(j->now_ns, now_ns);
    if (seconds > 0 && slice_starts_with_ci(subject, prefix)) {
        uint64_t id = 0;
        struct slice digits = slice_sub(subject, prefix.len, subject.len);
        if (slice_to_u64(digits, &id) != 0 || id > UINT32_MAX) {
            return -EINVAL;
        }
        if (incident_by_id(j, (uint32_t)id) == NULL && document_by_id(j, (uint32_t)id) == NULL) {
            return -ENOENT;
        }
    }
    int err = mutes_set(&j->mutes, subject, judge_wall(j, j->now_ns), seconds);
    if (err == 0) {
        judge_mutes_changed(j);
    }
    return err;
}
