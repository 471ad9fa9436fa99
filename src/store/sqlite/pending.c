/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/pending.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "store/store.h"

#define SLICES_MAX 6

/* The texts of a record, to be copied with it. */
static unsigned
slices_of(struct stored *r, struct slice *ret_slices[SLICES_MAX])
{
    unsigned n = 0;
    switch (r->kind) {
    case STORED_FINGERPRINT:
        ret_slices[n++] = &r->fingerprint.database;
        ret_slices[n++] = &r->fingerprint.text;
        break;
    case STORED_ROUTE:
        ret_slices[n++] = &r->route.text;
        break;
    case STORED_WINDOW:
        ret_slices[n++] = &r->window.database;
        ret_slices[n++] = &r->window.route;
        ret_slices[n++] = &r->window.sketch;
        ret_slices[n++] = &r->window.plan;
        break;
    case STORED_STATE:
        ret_slices[n++] = &r->state.name;
        ret_slices[n++] = &r->state.blob;
        break;
    case STORED_TRACE:
        ret_slices[n++] = &r->trace.route;
        ret_slices[n++] = &r->trace.json;
        break;
    case STORED_FINDING:
        ret_slices[n++] = &r->finding.kind;
        ret_slices[n++] = &r->finding.subject;
        ret_slices[n++] = &r->finding.evidence;
        ret_slices[n++] = &r->finding.json;
        break;
    case STORED_INCIDENT:
        ret_slices[n++] = &r->incident.state;
        ret_slices[n++] = &r->incident.json;
        ret_slices[n++] = &r->incident.blob;
        break;
    case STORED_TIMELINE:
        ret_slices[n++] = &r->timeline.kind;
        ret_slices[n++] = &r->timeline.text;
        break;
    case STORED_DEPLOY:
        ret_slices[n++] = &r->deploy.name;
        ret_slices[n++] = &r->deploy.basis;
        ret_slices[n++] = &r->deploy.affects;
        break;
    case STORED_FIX:
        ret_slices[n++] = &r->fix.action;
        ret_slices[n++] = &r->fix.state;
        ret_slices[n++] = &r->fix.json;
        break;
    case STORED_PLAN:
        ret_slices[n++] = &r->plan.database;
        ret_slices[n++] = &r->plan.json;
        break;
    default:
        break;
    }
    return n;
}

static uint64_t
key_of(const struct stored *r)
{
    uint64_t k = hash_combine(0, r->kind);
    switch (r->kind) {
    case STORED_FINGERPRINT:
        k = hash_combine(k, r->fingerprint.fingerprint);
        return hash_combine(k, hash_bytes(r->fingerprint.database));
    case STORED_ROUTE:
        return hash_combine(k, hash_bytes(r->route.text));
    case STORED_WINDOW:
        k = hash_combine(k, r->window.start_wall_ns);
        k = hash_combine(k, r->window.length_s);
        k = hash_combine(k, r->window.upstream);
        k = hash_combine(k, r->window.fingerprint);
        k = hash_combine(k, hash_bytes(r->window.database));
        return hash_combine(k, hash_bytes(r->window.route));
    case STORED_STATE:
        return hash_combine(k, hash_bytes(r->state.name));
    case STORED_TRACE:
        return hash_combine(k, hash_bytes(slice_of(r->trace.trace_id, 16)));
    case STORED_FINDING:
        k = hash_combine(k, r->finding.incident);
        k = hash_combine(k, hash_bytes(r->finding.kind));
        return hash_combine(k, hash_bytes(r->finding.subject));
    case STORED_INCIDENT:
        return hash_combine(k, r->incident.id);
    case STORED_TIMELINE:
        k = hash_combine(k, r->timeline.incident);
        k = hash_combine(k, r->timeline.at_wall_ns);
        k = hash_combine(k, hash_bytes(r->timeline.kind));
        return hash_combine(k, hash_bytes(r->timeline.text));
    case STORED_DEPLOY:
        return hash_combine(hash_combine(k, hash_bytes(r->deploy.name)), r->deploy.at_wall_ns);
    case STORED_FIX:
        return hash_combine(hash_combine(k, r->fix.incident), hash_bytes(r->fix.action));
    case STORED_PLAN:
        k = hash_combine(hash_combine(k, r->plan.fingerprint), r->plan.shape);
        return hash_combine(k, hash_bytes(r->plan.database));
    default:
        return k;
    }
}

static struct pending_record *
record_new(const struct stored *record)
{
    struct stored copy = *record;
    struct slice *slices[SLICES_MAX];
    unsigned n = slices_of(&copy, slices);
    size_t size = sizeof(struct pending_record);
    for (unsigned i = 0; i < n; i++) {
        size += slices[i]->len;
    }
    struct pending_record *w = check_alloc(1, size);
    uint8_t *at = (uint8_t *)w + sizeof(*w);
    for (unsigned i = 0; i < n; i++) {
        if (slices[i]->len > 0) {
            memcpy(at, slices[i]->ptr, slices[i]->len);
        }
        *slices[i] = slice_of(at, slices[i]->len);
        at += slices[i]->len;
    }
    w->record = copy;
    w->size = size;
    w->key = key_of(record);
    list_init(&w->in_order);
    return w;
}

/* An incident that comes without its private part keeps the one that waits. */
static bool
keeps_older_blob(const struct pending_record *old, const struct stored *record)
{
    return record->kind == STORED_INCIDENT && record->incident.blob.len == 0 &&
           old->record.incident.blob.len > 0;
}

void
pending_init(struct pending *p)
{
    *p = (struct pending){0};
    list_init(&p->in_order);
    map_init(&p->by_key, STORE_PENDING_MAX);
}

void
pending_fini(struct pending *p)
{
    pending_free(&p->in_order);
    map_fini(&p->by_key);
}

void
pending_free(struct list *batch)
{
    LIST_FOREACH (it, batch) {
        list_remove(it);
        free(LIST_ENTRY(it, struct pending_record, in_order));
    }
}

void
pending_put(struct pending *p, const struct stored *record)
{
    struct stored whole = *record;
    struct pending_record *old = map_get(&p->by_key, key_of(record));
    if (old != NULL && keeps_older_blob(old, record)) {
        whole.incident.blob = old->record.incident.blob;
    }
    struct pending_record *w = record_new(&whole);
    size_t others = p->bytes - (old == NULL ? 0 : old->size);
    if (others + w->size > STORE_PENDING_BYTES || map_put(&p->by_key, w->key, w) != 0) {
        p->dropped++;
        free(w);
        return;
    }
    if (old != NULL) {
        p->replaced++;
        list_remove(&old->in_order);
        free(old);
    }
    list_append(&p->in_order, &w->in_order);
    p->bytes = others + w->size;
}

size_t
pending_take(struct pending *p, size_t bytes_max, struct list *batch)
{
    size_t count = 0, bytes = 0;
    LIST_FOREACH (it, &p->in_order) {
        struct pending_record *w = LIST_ENTRY(it, struct pending_record, in_order);
        bytes += w->size;
        if (count > 0 && bytes > bytes_max) {
            break;
        }
        p->bytes -= w->size;
        map_remove(&p->by_key, w->key);
        list_remove(it);
        list_append(batch, it);
        count++;
    }
    return count;
}

void
pending_give_back(struct pending *p, struct list *batch)
{
    struct list newer;
    list_init(&newer);
    LIST_FOREACH (it, &p->in_order) {
        list_remove(it);
        list_append(&newer, it);
    }
    LIST_FOREACH (it, batch) {
        struct pending_record *w = LIST_ENTRY(it, struct pending_record, in_order);
        list_remove(it);
        bool fits = p->bytes + w->size <= STORE_PENDING_BYTES;
        if (map_get(&p->by_key, w->key) != NULL) {
            p->replaced++;
            free(w);
        } else if (!fits || map_put(&p->by_key, w->key, w) != 0) {
            p->dropped++;
            free(w);
        } else {
            p->bytes += w->size;
            list_append(&p->in_order, it);
        }
    }
    LIST_FOREACH (it, &newer) {
        list_remove(it);
        list_append(&p->in_order, it);
    }
}
