/* SPDX-License-Identifier: Apache-2.0
 * test/fuzz/replay.c - runs a fuzz target over the files of its seed directory (argv[1]), so that
 * the seeds are an ordinary test of every build, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/target.h"

static uint8_t input[1 << 20];

int
main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (dir == NULL) {
        fprintf(stderr, "usage: replay SEED-DIRECTORY\n");
        return 2;
    }
    unsigned count = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (file != NULL) {
            size_t len = fread(input, 1, sizeof(input), file);
            fclose(file);
            LLVMFuzzerTestOneInput(input, len);
            count++;
        }
    }
    closedir(dir);
    printf("%u seeds\n", count);
    return count > 0 ? 0 : 1;
}
