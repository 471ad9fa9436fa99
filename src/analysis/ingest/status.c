/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/status.h"

void
status_fini(struct status *s)
{
    *s = (struct status){0};
}

/* Of now, not of all that was. */
static bool
is_gauge(unsigned counter)
{
    return counter == COUNTER_sessions_now || counter == COUNTER_workers_io_uring;
}

static void
saw_counters(struct status *s, const struct intake_item *item)
{
    uint64_t *mine = s->counters[item->counters.worker];
    const uint64_t *value = item->counters.value;
    bool is_another = false;
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        is_another = is_another || (!is_gauge(i) && value[i] < mine[i]);
    }
    for (unsigned i = 0; is_another && i < COUNTER_COUNT; i++) {
        s->past[i] += is_gauge(i) ? 0 : mine[i];
    }
    memcpy(mine, value, sizeof(item->counters.value));
    s->heard_at_ns[item->counters.worker] = item->time_ns;
    s->now_ns = MAX(s->now_ns, item->time_ns);
}

static bool
is_gone(const struct status *s, unsigned worker)
{
    uint64_t at_ns = s->heard_at_ns[worker];
    return at_ns == 0 || at_ns + STATUS_SILENT_NS < s->now_ns;
}

void
status_saw(struct status *s, const struct intake_item *item)
{
    if (item->kind == INTAKE_COUNTERS && item->counters.worker < STATUS_WORKERS_MAX) {
        saw_counters(s, item);
    } else if (item->kind == INTAKE_IN_FLIGHT && item->in_flight.head.worker < STATUS_WORKERS_MAX) {
        s->in_flight[item->in_flight.head.worker] = item->in_flight.in_flight;
        s->in_transaction[item->in_flight.head.worker] = item->in_flight.in_transaction;
    }
}

static void
write_proxy(const struct status *s, struct buf *b)
{
    static const char *const names[] = {
#define COUNTER(name, doc) #name,
#include "model/counter.tbl"
#undef COUNTER
    };
    uint64_t sum[COUNTER_COUNT];
    memcpy(sum, s->past, sizeof(sum));
    uint64_t in_flight = 0, in_transaction = 0;
    unsigned workers = 0;
    for (unsigned w = 0; w < STATUS_WORKERS_MAX; w++) {
        bool gone = is_gone(s, w);
        workers += !gone;
        in_flight += gone ? 0 : s->in_flight[w];
        in_transaction += gone ? 0 : s->in_transaction[w];
        for (unsigned i = 0; i < COUNTER_COUNT; i++) {
            sum[i] += gone && is_gauge(i) ? 0 : s->counters[w][i];
        }
    }
    (void)buf_printf(b,
                     "\"proxy\":{\"workers\":%u,\"queries_in_flight\":%llu,"
                     "\"idle_in_transaction\":%llu",
                     workers, (unsigned long long)in_flight, (unsigned long long)in_transaction);
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        (void)buf_printf(b, ",\"%s\":%llu", names[i], (unsigned long long)sum[i]);
    }
    (void)buf_append_str(b, "}");
}

static void
write_number(struct buf *b, const char *name, uint64_t value)
{
    (void)buf_printf(b, ",\"%s\":%llu", name, (unsigned long long)value);
}

static double
mean_us(uint64_t sum_ns, uint64_t count)
{
    return count == 0 ? 0 : (double)sum_ns / (double)count / (double)NS_PER_US;
}

static void
write_linked(const struct link_totals *l, struct buf *b)
{
    uint64_t all = l->pieces_unlinked;
    for (unsigned i = 0; i < LINK_BASIS_COUNT; i++) {
        all += l->pieces[i];
    }
    (void)buf_printf(b, ",\"linked\":{\"pieces\":%llu", (unsigned long long)all);
    for (unsigned i = 0; i < LINK_BASIS_COUNT; i++) {
        (void)buf_printf(b, ",\"%s_share\":%.4f", link_basis_name((enum link_basis)i),
                         all == 0 ? 0 : (double)l->pieces[i] / (double)all);
    }
    (void)buf_printf(b, ",\"unlinked_share\":%.4f",
                     all == 0 ? 0 : (double)l->pieces_unlinked / (double)all);
    write_number(b, "requests", l->requests);
    write_number(b, "requests_waiting", l->requests_now);
    write_number(b, "traces_partial", l->partial);
    write_number(b, "requests_shed", l->requests_shed);
    write_number(b, "pieces_shed", l->pieces_shed);
    write_number(b, "sessions_now", l->sessions_now);
    write_number(b, "sessions_refused", l->sessions_refused);
    write_number(b, "sessions_swept", l->sessions_swept);
    write_number(b, "memory_bytes", l->bytes_now);
    (void)buf_append_str(b, "}");
}

void
status_write(const struct status *s, const struct ingest_totals *in,
             const struct subscriber_totals *rings, size_t waiting, struct buf *b)
{
    (void)buf_printf(b,
                     "\"added\":{\"query_mean_us\":%.1f,\"query_max_us\":%.1f,"
                     "\"request_mean_us\":%.1f,\"request_max_us\":%.1f},",
                     mean_us(in->query_proxy_ns, in->link.queries),
                     (double)in->query_proxy_max_ns / (double)NS_PER_US,
                     mean_us(in->request_proxy_ns, in->requests),
                     (double)in->request_proxy_max_ns / (double)NS_PER_US);
    write_proxy(s, b);
    (void)buf_printf(b, ",\"analyzer\":{\"epoch\":%u", rings->epoch);
    write_number(b, "rings", rings->rings);
    write_number(b, "records", rings->received);
    write_number(b, "records_missing", rings->missing);
    write_number(b, "records_skipped", rings->skipped);
    write_number(b, "records_bad", in->bad);
    write_number(b, "rings_broken", rings->broken);
    write_number(b, "rings_abandoned", rings->abandoned);
    write_number(b, "waiting", waiting);
    write_number(b, "traces_folded", in->shed);
    write_number(b, "items_dropped", in->dropped);
    write_number(b, "routes", in->routes);
    write_number(b, "statements", in->statements);
    (void)buf_append_str(b, "}");
    write_linked(&in->link, b);
}
