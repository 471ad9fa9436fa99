/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/lens.h"

#include <stdlib.h>

struct lease {
    uint64_t fingerprint;
    uint64_t until_ns;
    uint32_t count; /* 0: the slot is free, or all captures of it are under way */
    uint32_t rows;
};

struct lens_capture {
    uint64_t fingerprint;
    uint32_t rows_max;
    uint32_t row_count;
    uint32_t text_len;
    uint32_t params_len;
    uint32_t param_at; /* of the length of the parameter being read */
    uint16_t param_count;
    uint16_t column_count;
    bool in_use;
    bool values_spoilt;
    bool binary;
    bool param_open;
    bool has_columns;
    struct event_lens_column columns[EVENT_LENS_COLUMNS_MAX];
    uint64_t cells[EVENT_LENS_ROWS_MAX * EVENT_LENS_COLUMNS_MAX];
    uint8_t text[EVENT_LENS_TEXT_MAX];
    uint8_t params[LENS_PARAMS_LEN_MAX];
};

struct lens {
    unsigned lease_count; /* with a count left */
    struct lease leases[LENS_LEASES_MAX];
    struct lens_capture *captures[LENS_CAPTURES_MAX];
};

struct lens *
lens_new(void)
{
    return check_alloc(1, sizeof(struct lens));
}

void
lens_free(struct lens **lens)
{
    if (*lens != NULL) {
        for (unsigned i = 0; i < LENS_CAPTURES_MAX; i++) {
            free((*lens)->captures[i]);
        }
    }
    free(*lens);
    *lens = NULL;
}

static void
recount(struct lens *lens)
{
    lens->lease_count = 0;
    for (unsigned i = 0; i < LENS_LEASES_MAX; i++) {
        lens->lease_count += lens->leases[i].count > 0;
    }
}

static struct lease *
find(struct lens *lens, uint64_t fingerprint)
{
    for (unsigned i = 0; i < LENS_LEASES_MAX; i++) {
        if (lens->leases[i].fingerprint == fingerprint && lens->leases[i].until_ns != 0) {
            return &lens->leases[i];
        }
    }
    return NULL;
}

void
lens_lease(struct lens *lens, uint64_t fingerprint, uint32_t count, uint32_t rows,
           uint64_t until_ns)
{
    struct lease *lease = find(lens, fingerprint);
    if (lease == NULL) {
        lease = &lens->leases[0];
        for (unsigned i = 1; i < LENS_LEASES_MAX; i++) {
            if (lens->leases[i].until_ns < lease->until_ns) {
                lease = &lens->leases[i];
            }
        }
    }
    *lease = (struct lease){fingerprint, until_ns, count, MIN(rows, EVENT_LENS_ROWS_MAX)};
    recount(lens);
}

void
lens_expire(struct lens *lens, uint64_t now_ns)
{
    for (unsigned i = 0; i < LENS_LEASES_MAX; i++) {
        if (lens->leases[i].until_ns <= now_ns) {
            lens->leases[i] = (struct lease){0};
        }
    }
    recount(lens);
}

struct lens_capture *
lens_begin(struct lens *lens, uint64_t fingerprint, uint64_t now_ns)
{
    if (lens->lease_count == 0) {
        return NULL;
    }
    struct lease *lease = find(lens, fingerprint);
    if (lease == NULL || lease->count == 0 || lease->until_ns <= now_ns) {
        return NULL;
    }
    for (unsigned i = 0; i < LENS_CAPTURES_MAX; i++) {
        struct lens_capture *c = lens->captures[i];
        if (c == NULL) {
            c = lens->captures[i] = malloc(sizeof(*c));
        } else if (c->in_use) {
            continue;
        }
        if (c == NULL) {
            return NULL;
        }
        memset(c, 0, offsetof(struct lens_capture, columns));
        c->in_use = true;
        c->fingerprint = fingerprint;
        c->rows_max = lease->rows;
        lease->count--;
        recount(lens);
        return c;
    }
    return NULL;
}

void
lens_drop(struct lens *lens, struct lens_capture **capture)
{
    if (*capture == NULL) {
        return;
    }
    struct lease *lease = find(lens, (*capture)->fingerprint);
    if (lease != NULL) {
        lease->count++;
        recount(lens);
    }
    (*capture)->in_use = false;
    *capture = NULL;
}

void
lens_text(struct lens_capture *c, struct slice text)
{
    if (text.len == 0 || text.len > sizeof(c->text)) {
        c->values_spoilt = true;
        return;
    }
    memcpy(c->text, text.ptr, text.len);
    c->text_len = (uint32_t)text.len;
}

static void
pad(struct lens_capture *c)
{
    while (c->params_len % 4 != 0) {
        c->params[c->params_len++] = 0;
    }
}

void
lens_param(struct lens_capture *c, bool is_null, bool binary)
{
    if (c->param_open) {
        pad(c);
    }
    if (c->params_len + 8 > sizeof(c->params) || c->param_count == UINT16_MAX) {
        c->values_spoilt = true;
        return;
    }
    int32_t len = is_null ? -1 : 0;
    c->param_at = c->params_len;
    memcpy(c->params + c->params_len, &len, sizeof(len));
    c->params_len += 4;
    c->param_count++;
    c->param_open = true;
    c->binary |= binary;
}

void
lens_param_bytes(struct lens_capture *c, struct slice piece)
{
    if (piece.len == 0 || c->values_spoilt || !c->param_open) {
        return;
    }
    if (piece.len > sizeof(c->params) - 4 - c->params_len) {
        c->values_spoilt = true;
        return;
    }
    memcpy(c->params + c->params_len, piece.ptr, piece.len);
    c->params_len += (uint32_t)piece.len;
    int32_t len;
    memcpy(&len, c->params + c->param_at, sizeof(len));
    len += (int32_t)piece.len;
    memcpy(c->params + c->param_at, &len, sizeof(len));
}

void
lens_columns(struct lens_capture *c, unsigned count)
{
    c->column_count = (uint16_t)MIN(count, EVENT_LENS_COLUMNS_MAX);
    c->has_columns = true;
    c->row_count = 0;
    memset(c->columns, 0, sizeof(c->columns));
}

void
lens_column(struct lens_capture *c, unsigned index, const struct event_lens_column *column)
{
    if (index < c->column_count) {
        c->columns[index] = *column;
    }
}

bool
lens_has_columns(const struct lens_capture *c)
{
    return c->has_columns;
}

unsigned
lens_column_type(const struct lens_capture *c, unsigned index)
{
    return index < c->column_count ? c->columns[index].type_oid : 0;
}

bool
lens_wants_row(const struct lens_capture *c)
{
    return c->has_columns && c->row_count < c->rows_max;
}

void
lens_cell(struct lens_capture *c, unsigned index, uint64_t hash)
{
    if (index < c->column_count && c->row_count < EVENT_LENS_ROWS_MAX) {
        c->cells[c->row_count * c->column_count + index] = hash;
    }
}

void
lens_row_end(struct lens_capture *c)
{
    c->row_count++;
}

static void
send_values(struct lens_capture *c, struct publisher *publisher, const struct lens_query *query,
            uint64_t now_ns)
{
    pad(c);
    union event ev = {0};
    ev.as_event_lens_values = (struct event_lens_values){
        .head.type = EV_LENS_VALUES,
        .fingerprint = query->fingerprint,
        .session = query->session,
        .query_start_ns = query->start_ns,
        .session_seq = query->session_seq,
        .database = query->database,
        .user = query->user,
        .text_len = c->text_len,
        .param_count = c->param_count,
        .format_binary = c->binary,
    };
    /* Parameters begin right behind the text: the reader counts from text_len. */
    const struct slice tails[2] = {slice_of(c->text, c->text_len),
                                   slice_of(c->params, c->params_len)};
    publisher_send(publisher, now_ns, &ev, tails, 2);
}

static void
send_rows(struct lens_capture *c, struct publisher *publisher, const struct lens_query *query,
          uint64_t now_ns)
{
    union event ev = {0};
    ev.as_event_lens_rows = (struct event_lens_rows){
        .head.type = EV_LENS_ROWS,
        .fingerprint = query->fingerprint,
        .session = query->session,
        .query_start_ns = query->start_ns,
        .session_seq = query->session_seq,
        .row_count = c->row_count,
        .rows_total = (uint32_t)MIN(query->rows, UINT32_MAX),
        .column_count = c->column_count,
    };
    const struct slice tails[2] = {
        slice_of(c->columns, c->column_count * sizeof(c->columns[0])),
        slice_of(c->cells, (size_t)c->row_count * c->column_count * sizeof(c->cells[0]))};
    publisher_send(publisher, now_ns, &ev, tails, 2);
}

unsigned
lens_send(struct lens *lens, struct lens_capture **capture, struct publisher *publisher,
          const struct lens_query *query, uint64_t now_ns)
{
    struct lens_capture *c = TAKE(*capture);
    unsigned sent = 0;
    if (!c->values_spoilt && c->text_len > 0) {
        send_values(c, publisher, query, now_ns);
        sent++;
    }
    if (c->has_columns && c->rows_max > 0) {
        send_rows(c, publisher, query, now_ns);
        sent++;
    }
    c->in_use = false;
    return sent;
}
