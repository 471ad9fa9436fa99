/* SPDX-License-Identifier: Apache-2.0
 * analysis/ingest/route.h - which route a request or a piece of work belongs to, by a small index.
 *
 * Requests: method and path, whose obvious values are "{id}" already. What else is a value is
 * learned: when more than ROUTE_VARIETY different segments follow the same parent and, after ten
 * times as many requests, most of them were seen a few times only, they fold to "{x}" (names in an
 * API are few and come back, slugs are many and do not); above ROUTE_VARIETY_MAX they fold in any
 * case. Privacy does not wait for that: of the segments below one parent the first
 * ROUTE_FIRST_NAMES are shown at once, and any later one is "{x}" until it has come ROUTE_FAMILIAR
 * times. So a slug that looks like a word can be shown when it is among the first few or comes
 * back; a mark or a number in it makes it a value in any case (http_path.h).
 *
 * A route that the application itself names in a comment takes the place of what its path would be.
 *
 * Work without a request: the name in the statement's comment, else the *set* of its first
 * ROUTE_FIRST different statements that are not set-up. A set that is new takes over an
 * established route when it contains all of that route's statements and the route itself has not
 * been seen since: a deploy that adds a query changes a route, it does not make a new one. Work
 * that is nothing but set-up has no route (TRACE_ROUTE_UNLINKED).
 *
 * At most ROUTES_MAX routes; the last index is "other" for all that comes after. Indices are
 * never reused. One thread; time comes in. */
#ifndef ANALYSIS_INGEST_ROUTE_H
#define ANALYSIS_INGEST_ROUTE_H

#include "analysis/intake/trace.h"
#include "model/route_basis.h"

#define ROUTES_MAX        1000u
#define ROUTE_OTHER       (ROUTES_MAX - 1)
#define ROUTE_VARIETY     40u
#define ROUTE_VARIETY_MAX 120u
#define ROUTE_FIRST_NAMES 8u
#define ROUTE_FAMILIAR    5u
#define ROUTE_NODES_MAX   8192u
#define ROUTE_FIRST       3u
#define ROUTE_TEXT_MAX    256

struct route_out {
    void *ctx;
    /* A new index and what it stands for; again where the application names what was inferred. */
    void (*announce)(void *ctx, uint32_t index, uint16_t listener, uint8_t method,
                     enum route_basis basis, struct slice text);
    /* A few words for a statement, or empty when its text is not known. */
    struct slice (*statement_words)(void *ctx, uint64_t fingerprint);
};

struct routes;

struct routes *routes_new(const struct route_out *out);
void routes_free(struct routes **routes);

uint32_t routes_of_request(struct routes *r, uint16_t listener, uint8_t method, struct slice path);
/* The request belongs to `route` by its path, and its statements' comment names this route. A tag
 * that is a path template (route_tag.h) is the route's name from then on, also for requests of
 * `route` without one; else the answer is what it was so far. */
uint32_t routes_of_tag(struct routes *r, uint32_t route, uint16_t listener, uint8_t method,
                       struct slice tag);
/* The application itself has named it. */
uint32_t routes_of_name(struct routes *r, uint16_t listener, uint8_t method, struct slice name);
uint32_t routes_of_work(struct routes *r, const struct trace *trace, struct slice tag);
size_t routes_count(const struct routes *r);

#endif
