/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "advisor/advisor.h"
#include "app/analyzer_process.h"
#include "app/handover.h"
#include "app/run.h"
#include "base/slice.h"
#include "bus/channel.h"
#include "io/log.h"
#include "proxy/proxy.h"

struct child_options {
    const char *name;
    const char *data;
    int channel_fd;
    unsigned slot;
    enum log_format format;
    enum log_level level;
};

static bool
parse(int argc, char **argv, struct child_options *o)
{
    *o = (struct child_options){.channel_fd = -1, .level = LOG_LEVEL_INFO};
    if (argc < 2) {
        return false;
    }
    o->name = argv[1];
    for (int i = 2; i + 1 < argc; i += 2) {
        struct slice value = slice_from_str(argv[i + 1]);
        uint64_t number;
        if (strcmp(argv[i], "--data") == 0) {
            o->data = argv[i + 1];
        } else if (strcmp(argv[i], "--channel-fd") == 0) {
            if (slice_to_u64(value, &number) < 0 || number > 1024) {
                return false;
            }
            o->channel_fd = (int)number;
        } else if (strcmp(argv[i], "--slot") == 0) {
            if (slice_to_u64(value, &number) < 0 || number >= CHANNEL_PROXIES_MAX) {
                return false;
            }
            o->slot = (unsigned)number;
        } else if (strcmp(argv[i], "--log-format") == 0) {
            if (log_format_from_str(value, &o->format) < 0) {
                return false;
            }
        } else if (strcmp(argv[i], "--log-level") == 0) {
            if (log_level_from_str(value, &o->level) < 0) {
                return false;
            }
        } else {
            return false;
        }
    }
    return o->data != NULL && o->channel_fd >= 0;
}

static int
run_proxy(const struct child_options *o)
{
    static const struct driver_ops *const drivers[] = {&pg_driver, &http_driver, &raw_driver, NULL};
    log_init(2, o->format, o->level, "proxy");
    struct proxy_options options = {
        .channel_fd = o->channel_fd, .data_dir = o->data, .slot = o->slot, .drivers = drivers};
    return proxy_main(&options);
}

/* Who looks at what has passed has its share of the processors, but does not push aside, when it
 * wakes up, whoever relays at that moment. Another policy than the usual one was somebody's choice
 * for all of slowburn, and stays. */
static void
let_others_go_first(void)
{
    const struct sched_param param = {0};
    if (sched_getscheduler(0) == SCHED_OTHER && sched_setscheduler(0, SCHED_BATCH, &param) != 0) {
        log_debug("app", "no_batch", "this process is scheduled as the proxy is");
    }
}

int
run_child(int argc, char **argv)
{
    struct child_options o;
    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "slowburn child: the supervisor starts this, nobody else\n");
        return 2;
    }
    if (strcmp(o.name, "proxy") == 0) {
        return run_proxy(&o);
    }
    if (strcmp(o.name, "analyzer") == 0) {
        log_init(2, o.format, o.level, "analyzer");
        let_others_go_first();
        return analyzer_process(o.channel_fd, o.data);
    }
    if (strcmp(o.name, "trial") == 0) {
        return handover_trial(o.channel_fd);
    }
    if (strcmp(o.name, "advisor") == 0) {
        log_init(2, o.format, o.level, "advisor");
        let_others_go_first();
        return advisor_main(o.channel_fd);
    }
    return 2;
}
