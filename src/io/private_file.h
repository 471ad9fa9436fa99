/* SPDX-License-Identifier: Apache-2.0
 * io/private_file.h - files with a secret inside, which nobody else may read.
 *
 * PostgreSQL's own rule for its key: a regular file that is ours and nobody else's, or root's and
 * readable by its group. Opens a file: blocks. */
#ifndef IO_PRIVATE_FILE_H
#define IO_PRIVATE_FILE_H

#include <stdio.h>

#include "base/check.h"
#include "base/diag.h"

/* what: "key file", for the diag. 0 or -errno with a diag that names the file. */
MUST_CHECK int private_file_open(const char *path, const char *what, struct diag *diag,
                                 FILE **ret_file);
/* Also as the cleanup of a FILE *. */
void private_file_close(FILE **file);

#endif
