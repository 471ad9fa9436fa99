/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/console.h"

#include "base/check.h"

bool
console_is_screen(struct slice path)
{
    static const char *const screens[] = {"/",      "/incidents", "/route",
                                          "/query", "/trace",     "/health"};
    static const char *const below[] = {"/incident/", "/trace/"};
    for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
        if (slice_eq(path, slice_from_str(screens[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(below); i++) {
        struct slice start = slice_from_str(below[i]);
        if (path.len > start.len && slice_eq(slice_sub(path, 0, start.len), start)) {
            return true;
        }
    }
    return false;
}

const struct console_asset *
console_find(struct slice path)
{
    struct slice wanted = console_is_screen(path) ? SLICE_LIT("/") : path;
    for (unsigned i = 0; i < console_asset_count; i++) {
        if (slice_eq(wanted, slice_from_str(console_assets[i].path))) {
            return &console_assets[i];
        }
    }
    return NULL;
}
