/* SPDX-License-Identifier: Apache-2.0
 *
 * proxy_host DATA_DIR CHANNEL_FD: the proxy process with all drivers, for tests that play its
 * supervisor. */
#include <stdio.h>
#include <stdlib.h>

#include "io/log.h"
#include "proxy/proxy.h"

int
main(int argc, char **argv)
{
    static const struct driver_ops *const drivers[] = {&pg_driver, &http_driver, &raw_driver, NULL};
    if (argc != 3) {
        fprintf(stderr, "usage: proxy_host DATA_DIR CHANNEL_FD\n");
        return 2;
    }
    log_init(2, LOG_FORMAT_JSON, LOG_LEVEL_INFO, "proxy");
    return proxy_main(&(struct proxy_options){
        .channel_fd = atoi(argv[2]), .data_dir = argv[1], .drivers = drivers});
}
