/* SPDX-License-Identifier: Apache-2.0
 * model/route_basis.h - what a route's name rests on: the application's own word, a template that
 * was inferred from paths, or the queries of work that no request was seen for. The last two are
 * guesses: a reader is told, and http.route never has them.
 *
 * Numbers are kept by the store: they never change. Pure; any thread. */
#ifndef MODEL_ROUTE_BASIS_H
#define MODEL_ROUTE_BASIS_H

#include "base/slice.h"

enum route_basis {
    ROUTE_BASIS_PATH = 0,
    ROUTE_BASIS_QUERIES = 1,
    ROUTE_BASIS_APPLICATION = 2,
    ROUTE_BASIS_COUNT,
};

/* Static: "path", "queries", "application". What is none of them is "path". */
const char *route_basis_name(enum route_basis basis);

/* ROUTE_BASIS_PATH for what is no name of one: nobody has named it. */
enum route_basis route_basis_by_name(struct slice name);

#endif
