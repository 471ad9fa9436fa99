/* SPDX-License-Identifier: Apache-2.0
 * Of a build without the console. */
#include "serve/console.h"

const struct console_asset console_assets[1];
const unsigned console_asset_count = 0;
