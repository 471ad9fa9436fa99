/* SPDX-License-Identifier: Apache-2.0 */
#include "model/route_basis.h"

#include "base/check.h"

static const char *const names[ROUTE_BASIS_COUNT] = {
    [ROUTE_BASIS_PATH] = "path",
    [ROUTE_BASIS_QUERIES] = "queries",
    [ROUTE_BASIS_APPLICATION] = "application",
};

const char *
route_basis_name(enum route_basis basis)
{
    return names[(unsigned)basis < ROUTE_BASIS_COUNT ? basis : ROUTE_BASIS_PATH];
}

enum route_basis
route_basis_by_name(struct slice name)
{
    for (unsigned i = 0; i < ROUTE_BASIS_COUNT; i++) {
        if (slice_eq(name, slice_from_str(names[i]))) {
            return (enum route_basis)i;
        }
    }
    return ROUTE_BASIS_PATH;
}
