/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/intake/trace.h"

#include <stdlib.h>

const char *
link_basis_name(enum link_basis basis)
{
    static const char *const names[LINK_BASIS_COUNT] = {"own_burst", "traceparent", "values",
                                                        "contained", "own_session", "affinity"};
    return (unsigned)basis < LINK_BASIS_COUNT ? names[basis] : "?";
}

struct trace *
trace_new(uint32_t query_count, size_t value_count, struct trace_query **ret_queries,
          uint64_t **ret_values)
{
    assert(query_count <= TRACE_QUERIES_MAX);
    assert(value_count <= (size_t)query_count * TRACE_VALUES_PER_QUERY_MAX);
    size_t queries_at = (sizeof(struct trace) + 7) & ~(size_t)7;
    size_t values_at = queries_at + query_count * sizeof(struct trace_query);
    size_t size = values_at + value_count * sizeof(uint64_t);
    uint8_t *block = check_alloc(1, size);
    struct trace *t = (struct trace *)(void *)block;
    struct trace_query *queries = (struct trace_query *)(void *)(block + queries_at);
    t->query_count = query_count;
    t->queries = queries;
    t->size_bytes = (uint32_t)size;
    *ret_queries = queries;
    *ret_values = (uint64_t *)(void *)(block + values_at);
    return t;
}

void
trace_free(struct trace **trace)
{
    free(*trace);
    *trace = NULL;
}
