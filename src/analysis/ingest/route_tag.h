/* SPDX-License-Identifier: Apache-2.0
 * analysis/ingest/route_tag.h - the route that an application names in a SQL comment, written as
 * one template whatever framework it comes from.
 *
 *   /api/orders/{order?}                Laravel        -> /api/orders/{order}
 *   api/orders/<int:pk>/                Django, Flask  -> /api/orders/{pk}/
 *   ^api/orders/(?P<pk>[^/.]+)/$        Django         -> /api/orders/{pk}/
 *   /api/orders/:id                     Express, Rails -> /api/orders/{id}
 *
 * A segment that is obviously a value is "{id}", should an application put its path there. Pure. */
#ifndef ANALYSIS_INGEST_ROUTE_TAG_H
#define ANALYSIS_INGEST_ROUTE_TAG_H

#include "base/slice.h"

/* Writes the template and returns its length; 0: it is no path (a route's name, a controller) or
 * does not fit into size. */
size_t route_tag_template(struct slice tag, char *dst, size_t size);

#endif
