/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uri.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

char *
uri_path(const char *path, char *dst, size_t size)
{
    size_t len = 0;
    for (; *path != '\0' && len + 3 < size; path++) {
        uint8_t c = (uint8_t)*path;
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                     strchr("/-._~", c) != NULL;
        len += (size_t)snprintf(dst + len, size - len, plain ? "%c" : "%%%02X", c);
    }
    dst[len] = '\0';
    return dst;
}
