/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plans.h"

#include <stdlib.h>

#include "advisor/dsn.h"
#include "cli/budget.h"
#include "cli/dbenv.h"
#include "cli/document.h"

bool
plans_is_dsn(const char *word)
{
    char *readable = dsn_resolve(word);
    free(readable);
    return readable != NULL;
}

char *
plans_login(const char *advisor, const char *postgres)
{
    char *found = advisor == NULL && postgres == NULL ? dbenv_login() : NULL;
    const char *dsn = advisor != NULL ? advisor : found;
    char *login = dsn == NULL ? NULL : dsn_resolve(dsn);
    free(found);
    return login;
}

json_t *
plans_statements(const json_t *queries, const json_t *wanted)
{
    json_t *one, *some = json_array();
    size_t i;
    json_array_foreach(queries, i, one)
    {
        if (json_object_get(wanted, document_text(one, "fingerprint", "")) != NULL) {
            json_array_append(some, one);
        }
    }
    return some;
}

const json_t *
plans_large_scan(const json_t *scans)
{
    size_t i;
    const json_t *one, *largest = NULL;
    json_array_foreach(scans, i, one)
    {
        double rows = document_number(one, "rows", 0);
        if (rows >= BUDGET_SCAN_ROWS &&
            (largest == NULL || rows > document_number(largest, "rows", 0))) {
            largest = one;
        }
    }
    return largest;
}
