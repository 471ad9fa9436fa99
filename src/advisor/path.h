/* SPDX-License-Identifier: Apache-2.0
 * advisor/path.h - in which schemas a statement's unqualified names are looked up.
 *
 * The wire does not say a session's search_path. It matters only where a name stands for more than
 * one table: a name that one schema alone has means that one, whatever the session's path is, and
 * is found by adding its schema behind the login's own. A name that several schemas have is looked
 * up as the login sees it, and is a doubt that lowers the grade of whatever rests on it.
 * PostgreSQL's own schemas and temporary tables do not count. One catalog query each. */
#ifndef ADVISOR_PATH_H
#define ADVISOR_PATH_H

#include "advisor/login.h"
#include "advisor/names.h"

struct path {
    struct login *login; /* borrowed; NULL: not entered, nothing to leave */
    bool widened;
    char doubt[160]; /* "items is in 2 schemas: ..."; "": none */
};

/* names: as written, quoted where they need it. On failure the path stays as it is, and that is a
 * doubt. */
void path_enter(struct path *path, struct login *login, const struct names *names);
/* The login's own path again. Harmless when it was not entered. */
void path_leave(struct path *path);

#endif
