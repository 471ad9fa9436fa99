/* SPDX-License-Identifier: Apache-2.0
 * proto/trace_context.h - the W3C Trace Context `traceparent`, read and written.
 *
 *   00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
 *
 * As in https://www.w3.org/TR/trace-context/ level 1: lower-case hex only, an all-zero trace or
 * parent id and version ff are invalid, version 00 is exactly this long, a later version may go on
 * after a further `-`. Pure; any thread; no allocation. */
#ifndef PROTO_TRACE_CONTEXT_H
#define PROTO_TRACE_CONTEXT_H

#include "base/check.h"
#include "base/slice.h"

#define TRACE_CONTEXT_LEN 55

struct trace_context {
    uint8_t trace_id[16];
    uint8_t span_id[8]; /* of the caller: the parent of whatever the receiver does */
    uint8_t flags;      /* bit 0: sampled */
};

/* 0, or -EINVAL: not a valid traceparent, start a new trace. */
MUST_CHECK int trace_context_parse(struct slice text, struct trace_context *ret_context);

/* Writes the version 00 form and a NUL. Returns dst. */
char *trace_context_format(const struct trace_context *context, char dst[TRACE_CONTEXT_LEN + 1]);

#endif
