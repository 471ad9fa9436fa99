/* SPDX-License-Identifier: Apache-2.0 */
#include "io/private_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
private_file_close(FILE **file)
{
    FILE *f = TAKE(*file);
    if (f != NULL) {
        fclose(f);
    }
}

static int
check(FILE *file, const char *path, const char *what, struct diag *diag)
{
    struct stat st;
    if (fstat(fileno(file), &st) != 0) {
        return diag_set(diag, -errno, "cannot read the %s %s", what, path);
    }
    if (!S_ISREG(st.st_mode)) {
        return diag_set(diag, -EINVAL, "the %s %s is not a regular file", what, path);
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return diag_set(diag, -EACCES, "the %s %s belongs to somebody else", what, path);
    }
    mode_t refused = st.st_uid == geteuid() ? S_IRWXG | S_IRWXO : S_IWGRP | S_IXGRP | S_IRWXO;
    if ((st.st_mode & refused) != 0) {
        return diag_set_hint(diag, -EACCES, "chmod 600", "others may read the %s %s", what, path);
    }
    return 0;
}

int
private_file_open(const char *path, const char *what, struct diag *diag, FILE **ret_file)
{
    __attribute__((cleanup(private_file_close))) FILE *file = fopen(path, "re");
    if (file == NULL) {
        int err = -errno;
        return diag_set(diag, err, "cannot open the %s %s: %s", what, path, strerrordesc_np(-err));
    }
    int err = check(file, path, what, diag);
    if (err == 0) {
        *ret_file = TAKE(file);
    }
    return err;
}
